#include <algorithm>
#include <cmath>

#include "kernels/blas/cofactor.hpp"
#include "kernels/blas/lapack.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/work.hpp"
#include "ops/linalg/matrices.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/promote.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// A number for each matrix, as a batch of 1 x 1 matrices.
Tensor as_matrices(const Tensor& x) { return unsqueeze(unsqueeze(x, -1), -1); }

// The derivatives of the determinant ------------------------------------------------------------------------

Tensor cofactor_vjp(const Tensor& g, const Tensor& a);

Tensor cofactor(const Tensor& a) {
  static constexpr Op op = {.name = "cofactor",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return cofactor_vjp(g, f.x(0)); }}}},
                            .again = [](Call c) { return cofactor(c.x(0)); }};
  const MatrixSizes sizes(a);
  Tensor y = new_like(a);
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < sizes.count; ++i)
      cofactors(sizes.rows, ptr<T>(a) + i * sizes.elements, ptr<T>(y) + i * sizes.elements);
  });
  return record(op, {a}, std::move(y));
}

/// The gradient of sum(h * cofactor_vjp(g, a)) with respect to a: the third derivative of det a. With y =
/// a^-1 and t(x) = tr(y x) it is det a ((t(g) t(h) - t(g y h)) y - t(h) y g y - t(g) y h y + y g y h y + y h
/// y g y)^T.
Tensor third_derivative(const Tensor& h, const Tensor& g, const Tensor& a) {
  if (a.size(-1) <= 2) return zeros_of(a.shape(), a.dtype());
  if (a.size(-1) == 3) return cofactor_vjp(h, g);  // of a cubic it is constant
  const Tensor y = inverse(a), yg = matmul(y, g), yh = matmul(y, h), ygyh = matmul(yg, yh);
  const Tensor tg = as_matrices(trace(yg)), th = as_matrices(trace(yh)), tgh = as_matrices(trace(ygyh));
  const Tensor sum = matmul(ygyh + matmul(yh, yg) - th * yg - tg * yh, y) + (tg * th - tgh) * y;
  return as_matrices(det(a)) * matrix_transpose(sum);
}

Tensor cofactor_vjp(const Tensor& g, const Tensor& a) {
  static constexpr Op op = {
      .name = "cofactor_vjp",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return cofactor_vjp(h, f.x(1)); }},  // dg
               {keep::x(0) | keep::x(1), [](Grad h, Fn f) { return third_derivative(h, f.x(0), f.x(1)); }}}},
      .again = [](Call c) { return cofactor_vjp(c.x(0), c.x(1)); }};
  const MatrixSizes sizes(a);
  Tensor y = new_like(a);
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < sizes.count; ++i)
      cofactor_derivative(sizes.rows, ptr<T>(a) + i * sizes.elements, ptr<T>(g) + i * sizes.elements,
                          ptr<T>(y) + i * sizes.elements);
  });
  return record(op, {g, a}, std::move(y));
}

template <class T>
T determinant(std::int64_t n, T* scratch, std::vector<int>& pivots) {
  if (n <= 3) return small_determinant(n, scratch);
  lu_factor(n, scratch, pivots);
  Product<T> product;
  for (std::int64_t i = 0; i < n; ++i)
    product *= pivots[static_cast<std::size_t>(i)] == i + 1 ? scratch[i * (n + 1)] : -scratch[i * (n + 1)];
  return product.value();
}

}  // namespace

Tensor det(const Tensor& a) {
  static constexpr Op op = {
      .name = "det",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return mul0(as_matrices(g), cofactor(f.x(0))); }}}},
      .again = [](Call c) { return det(c.x(0)); },
      .jvp =
          [](Fn f) {
            return sum(mul0(f.t(0), cofactor(f.x(0))), {-2, -1});
          }};
  check_square("det", a);
  const MatrixSizes sizes(a);
  Tensor y = new_tensor(batch_of(a.shape()), a.dtype());
  const Tensor scratch = repeated(a, a.shape());
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    std::vector<int> pivots;
    for (std::int64_t i = 0; i < sizes.count; ++i)
      ptr<T>(y)[i] = determinant(sizes.rows, ptr<T>(scratch) + i * sizes.elements, pivots);
  });
  return record(op, {a}, std::move(y));
}

// Its logarithm ---------------------------------------------------------------------------------------------

namespace {

/// True for each matrix of zeros, as [..., 1, 1].
Tensor is_zero(const Tensor& a) {
  static constexpr Op op = {.name = "is_zero_matrix", .again = [](Call c) { return is_zero(c.x(0)); }};
  const MatrixSizes sizes(a);
  Tensor y = new_tensor(matrix_shape(batch_of(a.shape()), 1, 1), boolean);
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < sizes.count; ++i) {
      const T* p = ptr<T>(a) + i * sizes.elements;
      ptr<bool>(y)[i] = std::all_of(p, p + sizes.elements, [](T x) { return x == 0; });
    }
  });
  return pass(op, {a}, std::move(y));
}

/// The inverse, and for a singular matrix its limit, cofactors / 0: infinite or nan.
Tensor inverse_in_limit(const Tensor& a) {
  static constexpr Op op = {.name = "inverse_in_limit",
                            .vjp = {{{keep::y,
                                      [](Grad g, Fn f) {  // -y^T g y^T, 0 where g is
                                        const Tensor y = where(is_zero(g), 0, f.y());
                                        return -gemm(gemm(y, g, true, false), y, false, true);
                                      }}}},
                            .again = [](Call c) { return inverse_in_limit(c.x(0)); }};
  static constexpr Kernel limit_kernel = {.name = "inverse_limit"};
  const MatrixSizes sizes(a);
  Tensor y = repeated(a, a.shape());
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    std::vector<int> pivots;
    for (std::int64_t i = 0; i < sizes.count; ++i) {
      T* p = ptr<T>(y) + i * sizes.elements;
      if (lu_factor(sizes.rows, p, pivots) == 0) {
        lu_inverse(sizes.rows, p, pivots);
        continue;
      }
      cofactors(sizes.rows, ptr<T>(a) + i * sizes.elements, p);
      launch(limit_kernel, {.bytes = 4 * sizes.elements * bytes_of<T>}, [&] {
        for (std::int64_t r = 0; r < sizes.rows; ++r)
          for (std::int64_t c = 0; c < r; ++c) std::swap(p[r * sizes.columns + c], p[c * sizes.columns + r]);
        for (std::int64_t k = 0; k < sizes.elements; ++k) p[k] /= T(0);
      });
    }
  });
  return record(op, {a}, std::move(y));
}

}  // namespace

SignAndLogarithm slogdet(const Tensor& a) {
  static constexpr Op op = {.name = "slogdet",
                            .vjp = {{{keep::x(0),
                                      [](Grad g, Fn f) {
                                        return mul0(as_matrices(g),
                                                    matrix_transpose(inverse_in_limit(f.x(0))));
                                      }}}},
                            .again_all =
                                [](Call c) {
                                  const auto [sign, logarithm] = slogdet(c.x(0));
                                  return std::vector<Tensor>{sign, logarithm};
                                },
                            .jvp =
                                [](Fn f) {
                                  const Tensor slopes = matrix_transpose(inverse_in_limit(f.x(0)));
                                  return std::vector<Tensor>{Tensor(), sum(mul0(f.t(0), slopes), {-2, -1})};
                                }};
  check_square("slogdet", a);
  const MatrixSizes sizes(a);
  Tensor y[] = {new_tensor(batch_of(a.shape()), a.dtype()), new_tensor(batch_of(a.shape()), a.dtype())};
  const Tensor scratch = repeated(a, a.shape());
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    std::vector<int> pivots;
    for (std::int64_t i = 0; i < sizes.count; ++i) {
      T* p = ptr<T>(scratch) + i * sizes.elements;
      lu_factor(sizes.rows, p, pivots);
      const auto [s, l] = lu_slogdet(sizes.rows, p, pivots);
      ptr<T>(y[0])[i] = s;
      ptr<T>(y[1])[i] = l;
    }
  });
  record_one(op, {a}, y, 1);
  return {y[0], y[1]};
}

Tensor logdet(const Tensor& a) {
  check_square("logdet", a);
  const SignAndLogarithm y = slogdet(a);
  return y.logabsdet + where(y.sign < 0, constant(NAN, a.dtype()), 0);
}

}  // namespace xgrad
