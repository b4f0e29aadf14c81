#pragma once

#include <utility>

#include "xgrad/core/function.hpp"

namespace xgrad {

namespace detail {
Tensor eigh_function_of(const Tensor& a, const TensorFunction& f);
}

/// f of a symmetric matrix, or of a batch: v diag(f(w)) v^T with the eigenvalues w and eigenvectors v of (a +
/// a^T) / 2. f is a function of each element, written in ops, such as `[](const Tensor& w) { return sqrt(w);
/// }`.
///
/// Its derivative is v (D * (v^T da v)) v^T, where D holds the divided differences (f(w_i) - f(w_j)) / (w_i -
/// w_j), and f' where eigenvalues are equal (Daleckii and Krein, 1965): it exists at repeated eigenvalues,
/// where that of `eigh` does not, and so do the second and the third. A fourth one is nan. Throws Error for
/// what is no square matrix, and for an f that returns another shape.
template <class F>
Tensor eigh_function(const Tensor& a, F f) {
  return detail::eigh_function_of(a, as_function(std::move(f), "eigh_function"));
}

}  // namespace xgrad
