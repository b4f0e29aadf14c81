#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/core/function.hpp"

// Products of a Jacobian, or of a Hessian, with several vectors at once, which are the rows of a tensor.

namespace xgrad::detail {

/// As many directions at once as keep a tangent of `most` elements, of the largest that is known of, small.
std::int64_t directions_at_once(std::int64_t most);

/// The tangents [k, f(x)...] of f(x) in the directions v[i], of shape [k, x[i]...]; undefined ones are 0.
Tensor pushed_columns(const char* op, const TensorFunction& f, const std::vector<Tensor>& x,
                      const std::vector<Tensor>& v, bool create_graph);

/// The same of the gradients of f(x), which has one element: [k, x[i]...] for each input, forward over
/// reverse.
std::vector<Tensor> pushed_gradients(const char* op, const TensorFunction& f, const std::vector<Tensor>& x,
                                     const std::vector<Tensor>& v, bool create_graph);

/// Rows [first, first + count) of the identity over all elements of the inputs, as directions for each input.
std::vector<Tensor> unit_directions(const std::vector<Tensor>& x, std::int64_t first, std::int64_t count);

}  // namespace xgrad::detail
