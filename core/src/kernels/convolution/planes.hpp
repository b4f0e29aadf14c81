#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/convolution/im2col.hpp"
#include "kernels/convolution/pairs.hpp"
#include "kernels/loops/part.hpp"
#include "tensor/workspace.hpp"

// Convolutions without patches. An image is laid on planes with its padding, line behind line, so that result
// p and a tap meet at plane[offset of the tap + p] for every p: a convolution is a sum of shifted planes.
// What a stride jumps over lies on planes of its own (a phase), so that the same holds for strides. Results
// behind a line's last one are computed too, from what the next line begins with, and left out when they are
// copied.

namespace xgrad::detail {

/// An axis of an image that is laid by phases. Its element y has the place y + pad; the phase is that modulo
/// the stride, and the places of a phase lie behind each other.
struct PhaseAxis {
  std::int64_t size, stride, pad;
  std::int64_t length = 0;           ///< places of a phase
  std::vector<std::int64_t> phases;  ///< those that are read, in the order in which they lie

  /// The places [begin, end) of a phase that are in the image.
  std::int64_t begin(std::int64_t phase) const {
    return std::clamp<std::int64_t>((pad - phase + stride - 1) / stride, 0, length);
  }
  std::int64_t end(std::int64_t phase) const {
    const std::int64_t last = size - 1 + pad - phase;
    return last < 0 ? 0 : std::clamp<std::int64_t>(last / stride + 1, begin(phase), length);
  }
  std::int64_t element(std::int64_t phase, std::int64_t place) const { return place * stride + phase - pad; }

  /// Where a phase lies among those that are read.
  std::int64_t index_of(std::int64_t phase) const {
    return std::find(phases.begin(), phases.end(), phase) - phases.begin();
  }
  void read(std::int64_t phase) {
    if (index_of(phase) == static_cast<std::int64_t>(phases.size())) phases.push_back(phase);
  }
  /// Zeros that every phase has at its beginning and at its end: a line may end where the next one begins.
  std::int64_t shared_zeros() const {
    std::int64_t n = length;
    for (std::int64_t phase : phases) n = std::min({n, begin(phase), length - end(phase)});
    return n;
  }
};

/// How the channels of an image lie.
struct PlaneLayout {
  std::int64_t channels;
  PhaseAxis h, w;
  std::int64_t pitch;  ///< from line to line
  std::int64_t plane;  ///< from channel to channel: all phases, and room for whole tiles behind them
  bool is_image;       ///< the image lies so already

  /// `columns` are those of the results.
  PlaneLayout(std::int64_t c, PhaseAxis rows, PhaseAxis cols, std::int64_t columns)
      : channels(c), h(std::move(rows)), w(std::move(cols)) {
    pitch = std::max(w.length - w.shared_zeros(), columns);
    is_image = h.stride == 1 && w.stride == 1 && h.pad == 0 && w.pad == 0 && h.length == h.size &&
               pitch == w.size && w.length == w.size;
    constexpr std::int64_t room = 4 * 64 / sizeof(float);  // the widest tile
    const auto phases = static_cast<std::int64_t>(h.phases.size() * w.phases.size());
    plane = (phases * phase_size() + pitch + room + 15) / 16 * 16;
  }

  std::int64_t phase_size() const { return h.length * pitch; }
  /// Where the result's element 0 meets a tap of these phases and places.
  std::int64_t offset(std::int64_t phase_h, std::int64_t row, std::int64_t phase_w,
                      std::int64_t column) const {
    const auto across = static_cast<std::int64_t>(w.phases.size());
    return (h.index_of(phase_h) * across + w.index_of(phase_w)) * phase_size() + row * pitch + column;
  }

  /// Lays an image on planes that are 0 where it is not.
  template <class T>
  void lay(const T* x, T* planes) const {
    if (in_pairs()) return lay_pairs(x, planes);
    for (std::int64_t c = 0; c < channels; ++c, x += h.size * w.size, planes += plane) {
      T* to = planes;
      for (std::int64_t a : h.phases)
        for (std::int64_t b : w.phases) {
          const std::int64_t first = w.begin(b), n = w.end(b) - first, end = h.end(a);
          for (std::int64_t row = h.begin(a); row < end; ++row)
            copy_line(x + h.element(a, row) * w.size + w.element(b, first), w.stride, n,
                      to + row * pitch + first);
          to += phase_size();
        }
    }
  }

  /// Whether neighbours in a line go to two phases, which take all that is read of it.
  bool in_pairs() const {
    if (w.stride != 2 || w.phases.size() != 2) return false;
    const std::int64_t a = w.pad % 2, b = 1 - a, even = w.end(a) - w.begin(a), odd = w.end(b) - w.begin(b);
    return odd > 0 && (even == odd || even == odd + 1) && w.element(a, w.begin(a)) == 0 &&
           w.element(b, w.begin(b)) == 1;
  }

  /// lay, where columns are in pairs.
  template <class T>
  void lay_pairs(const T* x, T* planes) const {
    const std::int64_t a = w.pad % 2, b = 1 - a, pairs = w.end(b) - w.begin(b);
    const std::int64_t even = w.index_of(a) * phase_size() + w.begin(a),
                       odd = w.index_of(b) * phase_size() + w.begin(b);
    const bool is_odd = w.end(a) - w.begin(a) > pairs;
    for (std::int64_t c = 0; c < channels; ++c, x += h.size * w.size, planes += plane) {
      T* to = planes;
      for (std::int64_t phase : h.phases) {
        const std::int64_t end = h.end(phase);
        for (std::int64_t row = h.begin(phase); row < end; ++row) {
          const T* from = x + h.element(phase, row) * w.size;
          T* line_of = to + row * pitch;
          split_pairs(pairs, from, line_of + even, line_of + odd);
          if (is_odd) line_of[even + pairs] = from[2 * pairs];
        }
        to += 2 * phase_size();
      }
    }
  }

  /// to[i] = from[i * step] + b.
  template <class T>
  static void copy_line(const T* from, std::int64_t step, std::int64_t n, T* to, T b = 0) {
    using V = xsimd::batch<T>;
    constexpr std::int64_t width = V::size;
    if (step == 2) {  // which the compiler makes whole registers of
      for (std::int64_t i = 0; i < n; ++i) to[i] = from[2 * i] + b;
      return;
    }
    if (step != 1) {
      for (std::int64_t i = 0; i < n; ++i) to[i] = from[i * step] + b;
      return;
    }
    for (std::int64_t i = 0; i < n; i += width)
      store_part(to + i, n - i, load_part<V>(from + i, n - i, T(0)) + V(b));
  }
};

/// Results that are sums of taps: `rows` lines of a layout's pitch, of which the first `columns` count.
struct TapGrid {
  std::int64_t rows, columns;
  std::vector<std::int64_t> taps;     ///< numbers in the kernel, line by line
  std::vector<std::int64_t> offsets;  ///< of each on a plane

  std::int64_t count() const { return static_cast<std::int64_t>(taps.size()); }
  std::int64_t results() const { return rows * columns; }
  /// Results from the first to the last that counts.
  std::int64_t positions(const PlaneLayout& on) const { return (rows - 1) * on.pitch + columns; }
};

/// Where results belong: those of an output, line by line, at y + output * step.
template <class T>
struct Place {
  T* y;
  std::int64_t step;
};

/// Copies the results of an output, whose lines are a pitch apart, to their place, and adds b.
template <class T>
void place_results(const TapGrid& grid, const T* made, std::int64_t pitch, T b, T* y) {
  for (std::int64_t row = 0; row < grid.rows; ++row, made += pitch, y += grid.columns)
    PlaneLayout::copy_line(made, 1, grid.columns, y, b);
}

/// The planes and taps of a convolution.
struct ForwardPlanes {
  PlaneLayout layout;
  TapGrid grid;

  ForwardPlanes(const Window& k, std::int64_t channels, std::int64_t h, std::int64_t w);
};

/// Those of its transpose, which gives the image's gradient from the cotangent of the result: that one lies
/// on planes, and the image's elements (phases_h q + a, phases_w r + b) for all q and r are the results of
/// grid a * phases_w + b.
struct TransposedPlanes {
  PlaneLayout layout;
  std::int64_t phases_h, phases_w;
  std::vector<TapGrid> grids;

  TransposedPlanes(const Window& k, std::int64_t outputs, std::int64_t h, std::int64_t w);
};

/// Memory for planes: zeros.
template <class T>
Workspace<T> zero_workspace(std::int64_t n) {
  Workspace<T> made(n);
  std::fill_n(made.data(), n, T(0));
  return made;
}

}  // namespace xgrad::detail
