#pragma once

#include <utility>
#include <vector>

#include "xgrad/core/function.hpp"

// Derivatives of plain functions. f takes one tensor, several, or a std::vector<Tensor>, and returns one
// tensor; it is called once or more with leaves of its own, so nobody's `.grad()` changes. The inputs need
// not require gradients.

namespace xgrad {

struct FunctionalOptions {
  bool create_graph = false;  ///< record, so that the result can be differentiated with respect to the inputs
  /// Of jacobian and hessian: row i of the result depends on row i of the inputs only, and the parts that are
  /// not on this diagonal are left out.
  bool independent_rows = false;
};

namespace detail {
std::pair<Tensor, std::vector<Tensor>> vjp_of(const TensorFunction& f, const std::vector<Tensor>& x,
                                              const Tensor& v, FunctionalOptions options);
std::pair<Tensor, Tensor> jvp_of(const TensorFunction& f, const std::vector<Tensor>& x,
                                 const std::vector<Tensor>& v, FunctionalOptions options);
std::vector<Tensor> jacobian_of(const TensorFunction& f, const std::vector<Tensor>& x,
                                FunctionalOptions options);
std::vector<std::vector<Tensor>> hessian_of(const TensorFunction& f, const std::vector<Tensor>& x,
                                            FunctionalOptions options);
std::pair<Tensor, std::vector<Tensor>> hvp_of(const TensorFunction& f, const std::vector<Tensor>& x,
                                              const std::vector<Tensor>& v, FunctionalOptions options);

template <class P>
std::pair<Tensor, Tensor> first_of(P p) {
  return {std::move(p.first), std::move(p.second[0])};
}
}  // namespace detail

/// {f(x), v^T J}: v has the shape of f(x).
template <class F>
std::pair<Tensor, Tensor> vjp(F f, const Tensor& x, const Tensor& v, FunctionalOptions options = {}) {
  return detail::first_of(detail::vjp_of(as_function(std::move(f), "vjp"), {x}, v, options));
}
template <class F>
std::pair<Tensor, std::vector<Tensor>> vjp(F f, const std::vector<Tensor>& x, const Tensor& v,
                                           FunctionalOptions options = {}) {
  return detail::vjp_of(as_function(std::move(f), "vjp"), x, v, options);
}

/// {f(x), J v}: v has the shape of x. By one forward pass, which keeps no tape.
template <class F>
std::pair<Tensor, Tensor> jvp(F f, const Tensor& x, const Tensor& v, FunctionalOptions options = {}) {
  return detail::jvp_of(as_function(std::move(f), "jvp"), {x}, {v}, options);
}
template <class F>
std::pair<Tensor, Tensor> jvp(F f, const std::vector<Tensor>& x, const std::vector<Tensor>& v,
                              FunctionalOptions options = {}) {
  return detail::jvp_of(as_function(std::move(f), "jvp"), x, v, options);
}

/// df_i/dx_j, of shape f(x).shape + x.shape; by a reverse pass for each row, or by forward passes with the
/// columns as directions, whichever are fewer. One for each input.
///
/// With independent_rows f(x) and the inputs have as many rows, row i of f(x) depends on row i of x only, and
/// the result has the blocks df_ij/dx_ik, of shape f(x).shape + x.shape without its rows, by as many passes
/// as a row of f(x) has elements. Throws Error where the numbers of rows differ.
template <class F>
Tensor jacobian(F f, const Tensor& x, FunctionalOptions options = {}) {
  return detail::jacobian_of(as_function(std::move(f), "jacobian"), {x}, options)[0];
}
template <class F>
std::vector<Tensor> jacobian(F f, const std::vector<Tensor>& x, FunctionalOptions options = {}) {
  return detail::jacobian_of(as_function(std::move(f), "jacobian"), x, options);
}

/// d2f / dx_i dx_j of a function with one element, of shape x.shape + x.shape. One for each pair of inputs.
/// With independent_rows f is a sum over rows, and the result has the blocks of shape x.shape + a row's.
template <class F>
Tensor hessian(F f, const Tensor& x, FunctionalOptions options = {}) {
  return detail::hessian_of(as_function(std::move(f), "hessian"), {x}, options)[0][0];
}
template <class F>
std::vector<std::vector<Tensor>> hessian(F f, const std::vector<Tensor>& x, FunctionalOptions options = {}) {
  return detail::hessian_of(as_function(std::move(f), "hessian"), x, options);
}

/// {f(x), H v} of a function with one element, without forming H: forward over reverse. Pearlmutter, 1994.
template <class F>
std::pair<Tensor, Tensor> hvp(F f, const Tensor& x, const Tensor& v, FunctionalOptions options = {}) {
  return detail::first_of(detail::hvp_of(as_function(std::move(f), "hvp"), {x}, {v}, options));
}
template <class F>
std::pair<Tensor, std::vector<Tensor>> hvp(F f, const std::vector<Tensor>& x, const std::vector<Tensor>& v,
                                           FunctionalOptions options = {}) {
  return detail::hvp_of(as_function(std::move(f), "hvp"), x, v, options);
}

}  // namespace xgrad
