#pragma once

#include <limits>

#include "kernels/convolution/planes.hpp"
#include "kernels/loops/batch.hpp"

namespace xgrad::detail {

/// The largest elements of the windows of an image, for as many windows at a time as a register has lanes:
/// the image lies on planes, as for a convolution, with -inf around it. A nan is larger than all.
template <class T>
class LargestOfWindows {
  using V = xsimd::batch<T>;
  static constexpr std::int64_t width = V::size;
  static constexpr T nothing = -std::numeric_limits<T>::infinity();

 public:
  LargestOfWindows(const Window& k, std::int64_t h, std::int64_t w)
      : at_(k, 1, h, w), planes_(at_.layout.plane) {
    std::fill_n(planes_.data(), at_.layout.plane, nothing);
  }

  void lay(const T* image) { at_.layout.lay(image, planes_.data()); }

  /// A line of values.
  void values(std::int64_t row, T* y) const {
    each(row, [&](std::int64_t x, std::int64_t n, const V& best, const V&) { store_part(y + x, n, best); });
  }
  /// A line of the numbers of the first taps that have them; -1 where no tap is above -inf.
  void taps(std::int64_t row, T* taps) const {
    each(row, [&](std::int64_t x, std::int64_t n, const V&, const V& tap) { store_part(taps + x, n, tap); });
  }

 private:
  /// f(column, columns left, values, taps) along a line.
  template <class F>
  void each(std::int64_t row, F f) const {
    const T* first = planes_.data() + row * at_.layout.pitch;
    for (std::int64_t x = 0; x < at_.grid.columns; x += width) {
      V best(nothing), tap(T(-1)), number(T(0));
      for (std::int64_t offset : at_.grid.offsets) {
        const V v = V::load_unaligned(first + offset + x);
        const auto wins = !(best >= v) && best == best;  // a nan is not less, and stays
        best = xsimd::select(wins, v, best), tap = xsimd::select(wins, number, tap);
        number += V(T(1));
      }
      f(x, at_.grid.columns - x, best, tap);
    }
  }

  ForwardPlanes at_;
  Workspace<T> planes_;
};

}  // namespace xgrad::detail
