#pragma once

#include "kernels/loops/dispatch.hpp"
#include "tensor/node.hpp"

namespace xgrad::detail {

/// Which elements of a tensor a part names, in the part's row-major order: axes with steps, and one at most
/// along which the elements stand at given offsets instead.
struct PartLayout {
  int rank = 0;
  int listed = -1;  ///< the axis with offsets; -1 for none
  std::int64_t first = 0;
  std::int64_t size[Shape::max_rank + 1], step[Shape::max_rank + 1];

  void axis(std::int64_t n, std::int64_t s);
  void axis_of_offsets(std::int64_t n);
  Shape shape() const {
    return Shape(std::span(size, static_cast<std::size_t>(rank)));
  }  ///< as few axes as it takes
};

/// y = the part of x.
void take_part(const Tensor& y, const Tensor& x, const PartLayout& part, const Tensor& offsets);
/// The part of x = y, or += y.
void put_part(const Tensor& x, const Tensor& y, const PartLayout& part, const Tensor& offsets, bool add);

}  // namespace xgrad::detail
