#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>
#include <xgrad/core.hpp>

#include "core/ops/rows.hpp"

// What the tests of linear algebra share.

namespace xgrad::test {

/// Numbers of both signs that follow from the seed, of size 1 or so.
inline Tensor numbers(const Shape& shape, int seed = 1, DType dtype = float64) {
  std::vector<double> v(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = std::sin(1.7 * static_cast<double>(i) + 0.9 * seed) * 1.3 +
           0.2 * std::cos(3.1 * static_cast<double>(i));
  return tensor(v, shape, {.dtype = dtype});
}

/// Matrices far from singular ones.
inline Tensor regular(const Shape& shape, int seed = 1) {
  return numbers(shape, seed) + 2.5 * eye(shape[shape.rank() - 2], shape.back(), {.dtype = float64});
}

inline Tensor transposed(const Tensor& x) { return transpose(x, -2, -1); }

/// x x^T + 1, symmetric and positive definite.
inline Tensor definite(const Tensor& x) {
  return matmul(x, transposed(x)) + eye(x.size(-2), {.dtype = x.dtype()});
}

/// The largest |a - b|; infinite where shapes or dtypes differ.
inline double distance(const Tensor& a, const Tensor& b) {
  if (!(a.shape() == b.shape()) || a.dtype() != b.dtype()) return INFINITY;
  const std::vector<double> u = a.to_vector<double>(), v = b.to_vector<double>();
  double most = 0;
  for (std::size_t i = 0; i < u.size(); ++i)
    most = std::max(most, std::isnan(u[i] - v[i]) ? INFINITY : std::abs(u[i] - v[i]));
  return most;
}

/// Checks gradients to the second order.
template <class F>
void check_gradients(F&& f, const std::vector<Tensor>& inputs, GradcheckOptions options = {}) {
  if (options.order == 1) options.order = 2;
  const GradcheckResult result = gradcheck(f, inputs, options);
  CHECK_MESSAGE(result.ok(), result.str());
}

}  // namespace xgrad::test
