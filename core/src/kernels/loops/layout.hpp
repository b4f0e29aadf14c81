#pragma once

#include "kernels/loops/dispatch.hpp"
#include "tensor/node.hpp"

// Kernels that move elements and compute nothing.

namespace xgrad::detail {

/// A copy between two layouts. Axes are added from the outermost in, with what one step along each moves in
/// the destination and in the source: 0 repeats, negative steps go backwards. Neighbours that run on together
/// are merged, so that most copies are few long runs or one transposition.
class LayoutCopy {
 public:
  void axis(std::int64_t size, std::int64_t to, std::int64_t from);

  /// Copies to[...] = from[...]; the tensors have one dtype, and steps start at these elements.
  void run(const Tensor& to, std::int64_t to_first, const Tensor& from, std::int64_t from_first) const;
  /// The same on this thread, for float, double, int64 or bool; some element is copied.
  template <class T>
  void run_as(T* to, const T* from) const;

 private:
  struct Axis {
    std::int64_t size, to, from;
  };
  template <class T>
  void run_in_blocks(T* to, const T* from) const;

  int rank_ = 0;
  Axis axes_[Shape::max_rank + 1];
  bool empty_ = false;
};

/// What one step along each axis of a row-major tensor of this shape moves.
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

/// A place in a tensor: entry `start` along an axis.
struct EntryOf {
  const Tensor& tensor;
  int axis;
  std::int64_t start;
};

/// Copies `count` neighbouring entries along an axis; all other sizes of the two tensors agree.
void copy_entries(EntryOf to, EntryOf from, std::int64_t count);

/// x broadcast to a shape that it broadcasts to, as a copy.
Tensor repeated(const Tensor& x, const Shape& shape);

/// Axis i of the result is axis axes[i] of x.
Tensor permuted(const Tensor& x, const int* axes);

}  // namespace xgrad::detail
