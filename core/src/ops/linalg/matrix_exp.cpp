#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "autodiff/listen.hpp"
#include "ops/linalg/matrices.hpp"
#include "ops/support/promote.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// e^a of one matrix: the diagonal Pade approximant of order 13 of a / 2^s, squared s times. Higham, The
/// scaling and squaring method for the matrix exponential revisited, 2005.
Tensor exponential(const Tensor& a) {
  constexpr double largest = 5.371920351148152;  // the norm up to which the approximant is exact to rounding
  constexpr std::array<double, 14> b = {64764752532480000,
                                        32382376266240000,
                                        7771770303897600,
                                        1187353796428800,
                                        129060195264000,
                                        10559470521600,
                                        670442572800,
                                        33522128640,
                                        1323241920,
                                        40840800,
                                        960960,
                                        16380,
                                        182,
                                        1};
  const double norm = a.numel() == 0 ? 0 : max(sum(abs(a), {0})).item();
  if (!std::isfinite(norm))
    return full(a.shape(), std::numeric_limits<double>::quiet_NaN(), {.dtype = a.dtype()});
  const int squarings = norm > largest ? static_cast<int>(std::ceil(std::log2(norm / largest))) : 0;
  const Tensor x = a * std::ldexp(1.0, -squarings), one = eye(a.size(0), {.dtype = a.dtype()});
  const Tensor x2 = matmul(x, x), x4 = matmul(x2, x2), x6 = matmul(x2, x4);
  const Tensor odd = matmul(
      x, matmul(x6, b[13] * x6 + b[11] * x4 + b[9] * x2) + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * one);
  const Tensor even =
      matmul(x6, b[12] * x6 + b[10] * x4 + b[8] * x2) + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * one;
  Tensor y = solve(even - odd, even + odd);
  for (int k = 0; k < squarings; ++k) y = matmul(y, y);
  return y;
}

Tensor exponentials(const Tensor& a) {
  const NoGrad guard;
  const Unheard quiet;
  if (a.dim() == 2) return exponential(a);
  const MatrixSizes sizes(a);
  if (a.numel() == 0) return zeros_of(a.shape(), a.dtype());
  const Tensor all = reshape(a, {sizes.count, sizes.rows, sizes.rows});
  std::vector<Tensor> y;
  for (std::int64_t i = 0; i < sizes.count; ++i) y.push_back(exponential(select(all, 0, i)));
  return reshape(stack(y), a.shape());
}

/// The derivative of e^a in the direction t: the block above the diagonal of e^[[a, t], [0, a]]. Mathias, A
/// chain rule for matrix functions, 1996.
Tensor along(const Tensor& a, const Tensor& t) {
  if (a.numel() == 0) return t;
  const std::int64_t n = a.size(-1);
  // A large t would cost digits of a: it is linear in t, of which a multiple of magnitude 1 is taken.
  const Tensor size = amax(abs(t.detach()), {-2, -1}, true), scale = where(size == 0, 1, size);
  const Tensor above = cat({a, t / scale}, -1), below = cat({zeros_of(a.shape(), a.dtype()), a}, -1);
  return scale * narrow(narrow(matrix_exp(cat({above, below}, -2)), -2, 0, n), -1, n, n);
}

}  // namespace

Tensor matrix_exp(const Tensor& a) {
  static constexpr Op op = {
      .name = "matrix_exp",
      .vjp = {{{keep::x(0), [](Grad g, Fn f) { return along(matrix_transpose(f.x(0)), g); }}}},
      .again = [](Call c) { return matrix_exp(c.x(0)); },
      .jvp = [](Fn f) { return along(f.x(0), f.t(0)); }};
  check_square("matrix_exp", a);
  return record(op, {a}, exponentials(a));
}

}  // namespace xgrad
