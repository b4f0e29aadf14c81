#pragma once

#include <span>

#include "xgrad/core/dtype.hpp"
#include "xgrad/core/shape.hpp"

namespace xgrad::detail {

/// Which elements of a larger shape a part names, in the part's row-major order: axes with steps, and one at
/// most along which the elements stand at given offsets instead.
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

/// y = the part of x, elements of this dtype.
void take_part(DType dtype, void* y, const void* x, const PartLayout& part, const std::int64_t* offsets);
/// The part of x = y, or += y.
void put_part(DType dtype, void* x, const void* y, const PartLayout& part, const std::int64_t* offsets,
              bool add);

}  // namespace xgrad::detail
