#pragma once

#include <span>
#include <string>

#include "kernels/loops/part_walk.hpp"
#include "xgrad/core/ops/index.hpp"

namespace xgrad::detail {

/// What x[...] names: where its elements stand in x, and the shape that they have together.
struct IndexPlan {
  PartLayout layout;
  Shape shape;
  Tensor offsets;  ///< of the array items, in elements of x; a single 0 without arrays
  bool has_arrays = false;
};

/// Works an index out for a tensor of this shape; throws Error, with `op` at its head, where it does not fit.
IndexPlan plan_index(const char* op, const Tensor& x, std::span<const Index> indices);

/// The items as Python writes them: "1, :5, array, ...".
std::string text_of(std::span<const Index> indices);

}  // namespace xgrad::detail
