#pragma once

#include <functional>

#include "autodiff/sparse/coloring.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// The products [k, height] of a matrix with the rows of a tensor [k, width].
using Products = std::function<Tensor(const Tensor& v)>;

/// Where a matrix is other than 0 in its products with vectors that are 0 outside of some columns, and those
/// of `elements` in them, `at_once` of them together. Ranges of
/// columns are hit or not, by as many rows; what is hit is parted in four, and ranges that no row has in
/// common are tried together. Gives up, by a matrix of no width, where nothing can be tried together.
SparseRows probed(std::int64_t width, const Products& products, const Tensor& elements, std::int64_t at_once,
                  bool gives_up);

/// The same of a symmetric matrix, where what is not told apart in a row is seen in another, by the colors of
/// color_symmetric.
SparseRows probed_symmetric(std::int64_t width, const Products& products, const Tensor& elements,
                            std::int64_t at_once);

}  // namespace xgrad::detail
