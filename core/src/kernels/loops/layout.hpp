#pragma once

#include "xgrad/core/dtype.hpp"
#include "xgrad/core/launch.hpp"
#include "xgrad/core/shape.hpp"

// Kernels that move elements and compute nothing.

namespace xgrad::detail {

/// A copy between two layouts. Axes are added from the outermost in, with what one step along each moves in
/// the destination and in the source: 0 repeats, negative steps go backwards. Neighbours that run on together
/// are merged, so that most copies are few long runs or one transposition.
class LayoutCopy {
 public:
  void axis(std::int64_t size, std::int64_t to, std::int64_t from);

  /// Copies to[...] = from[...], elements of this dtype; steps start at these places, counted in elements.
  void run(DType dtype, void* to, std::int64_t to_first, const void* from, std::int64_t from_first) const;
  /// The same on this thread, for float, double, int64 or bool; some element is copied.
  template <class T>
  void run_as(T* to, const T* from) const;

 private:
  struct Axis {
    std::int64_t size, to, from;
  };
  template <class T>
  void launch_as(std::int64_t n, T* to, const T* from) const;
  const Kernel& kernel() const;
  LayoutCopy settled() const;  // with zeros in the axes that there are not

  int rank_ = 0;
  Axis axes_[Shape::max_rank + 1];
  bool empty_ = false;
};

/// What one step along each axis of row-major elements of this shape moves.
struct Steps {
  std::int64_t at[Shape::max_rank];
  explicit Steps(const Shape& shape) {
    std::int64_t step = 1;
    for (int i = shape.rank() - 1; i >= 0; --i) {
      at[i] = step;
      step *= shape[i];
    }
  }
  std::int64_t operator[](int i) const { return at[i]; }
};

}  // namespace xgrad::detail
