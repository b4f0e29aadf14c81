#pragma once

#include <concepts>
#include <utility>
#include <vector>

#include "xgrad/core/functional.hpp"

// Derivatives of plain functions, as they are asked for most often. As in functional.hpp, f takes one tensor,
// several, or a std::vector<Tensor>, and nobody's `.grad()` changes.

namespace xgrad {

namespace detail {
std::pair<Tensor, std::vector<Tensor>> jvps_of(const TensorFunction& f, const std::vector<Tensor>& x,
                                               const std::vector<std::vector<Tensor>>& v,
                                               FunctionalOptions options);
std::pair<Tensor, std::vector<Tensor>> value_and_grad_of(const char* name, const TensorFunction& f,
                                                         const std::vector<Tensor>& x,
                                                         FunctionalOptions options);
std::vector<std::vector<Tensor>> jacobians_of(const TensorFunction& f, const std::vector<Tensor>& x,
                                              FunctionalOptions options);
std::vector<Tensor> hessian_diagonal_of(const TensorFunction& f, const std::vector<Tensor>& x,
                                        FunctionalOptions options);
}  // namespace detail

/// {f(x), gradient} of a function with one element: one call of f and one reverse pass. Throws Error for a
/// function with more.
template <class F>
std::pair<Tensor, Tensor> value_and_grad(F f, const Tensor& x, FunctionalOptions options = {}) {
  return detail::first_of(
      detail::value_and_grad_of("value_and_grad", as_function(std::move(f), "value_and_grad"), {x}, options));
}
template <class F>
std::pair<Tensor, std::vector<Tensor>> value_and_grad(F f, const std::vector<Tensor>& x,
                                                      FunctionalOptions options = {}) {
  return detail::value_and_grad_of("value_and_grad", as_function(std::move(f), "value_and_grad"), x, options);
}
/// The same with the inputs one behind another: value_and_grad(f, a, b).
template <class F, std::same_as<Tensor>... More>
std::pair<Tensor, std::vector<Tensor>> value_and_grad(F f, const Tensor& a, const Tensor& b,
                                                      const More&... more) {
  return value_and_grad(std::move(f), std::vector<Tensor>{a, b, more...});
}

/// vjp of a function with one element, whose cotangent is 1: {f(x), gradient}.
template <class F>
std::pair<Tensor, Tensor> vjp(F f, const Tensor& x) {
  return detail::first_of(detail::value_and_grad_of("vjp", as_function(std::move(f), "vjp"), {x}, {}));
}
template <class F>
std::pair<Tensor, std::vector<Tensor>> vjp(F f, const std::vector<Tensor>& x) {
  return detail::value_and_grad_of("vjp", as_function(std::move(f), "vjp"), x, {});
}

/// {f(x), {J v_1, J v_2, ...}}: several directions of the shape of x in one forward pass, which computes f
/// once.
template <class F>
std::pair<Tensor, std::vector<Tensor>> jvps(F f, const Tensor& x, const std::vector<Tensor>& v,
                                            FunctionalOptions options = {}) {
  std::vector<std::vector<Tensor>> directions;
  for (const Tensor& t : v) directions.push_back({t});
  return detail::jvps_of(as_function(std::move(f), "jvp"), {x}, directions, options);
}

/// The Jacobians of a function that returns several tensors: [output][input], each of shape output.shape +
/// input.shape. One call of f, and a reverse pass for each element of the outputs.
template <class F>
std::vector<std::vector<Tensor>> jacobians(F f, const std::vector<Tensor>& x,
                                           FunctionalOptions options = {}) {
  return detail::jacobians_of(as_function(std::move(f), "jacobians"), x, options);
}
template <class F>
std::vector<Tensor> jacobians(F f, const Tensor& x, FunctionalOptions options = {}) {
  std::vector<Tensor> out;
  for (auto& of : detail::jacobians_of(as_function(std::move(f), "jacobians"), {x}, options))
    out.push_back(std::move(of[0]));
  return out;
}

/// d2f / dx_i^2 of a function with one element, of the shape of x, without forming the Hessian: a reverse
/// pass over the gradient for each element; with independent_rows for each column.
template <class F>
Tensor hessian_diagonal(F f, const Tensor& x, FunctionalOptions options = {}) {
  return detail::hessian_diagonal_of(as_function(std::move(f), "hessian_diagonal"), {x}, options)[0];
}
template <class F>
std::vector<Tensor> hessian_diagonal(F f, const std::vector<Tensor>& x, FunctionalOptions options = {}) {
  return detail::hessian_diagonal_of(as_function(std::move(f), "hessian_diagonal"), x, options);
}

}  // namespace xgrad
