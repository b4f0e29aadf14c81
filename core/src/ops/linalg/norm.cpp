#include <cmath>
#include <limits>

#include "ops/linalg/matrices.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// The singular values; those that are 0 up to rounding are constants.
Tensor values_above_rounding(const Tensor& a) {
  check_finite("matrix_norm", a);
  const Tensor s = svd(a).s;
  if (s.numel() == 0) return s;
  const double eps = a.dtype() == float64 ? std::numeric_limits<double>::epsilon()
                                          : static_cast<double>(std::numeric_limits<float>::epsilon());
  const Tensor known = s.detach();
  const double size = static_cast<double>(std::max(a.size(-2), a.size(-1)));
  return where(known > amax(known, -1, true) * (size * eps), s, known);
}

Tensor reduced(const Tensor& a, double ord) {
  const double size = std::abs(ord);
  if (size != 1 && size != 2 && size != INFINITY)
    fail("matrix_norm", "the norm must be \"fro\", \"nuc\", 1, -1, 2, -2, inf or -inf: it is " +
                            short_text(ord) + "; norm takes any exponent, over elements");
  if (a.size(-2) == 0 || a.size(-1) == 0)
    fail("matrix_norm", std::string("there is no ") + (ord > 0 ? "largest" : "smallest") +
                            " of nothing: a is " + a.describe() + "; use \"fro\" or \"nuc\", which are 0");
  const Tensor all = size == 2 ? values_above_rounding(a) : sum(abs(a), size == 1 ? -2 : -1);
  return ord > 0 ? amax(all, -1) : amin(all, -1);
}

Tensor with_axes(const Tensor& y, bool keepdim) { return keepdim ? unsqueeze(unsqueeze(y, -1), -1) : y; }

}  // namespace

Tensor matrix_norm(const Tensor& a, std::string_view ord, bool keepdim) {
  check_matrices("matrix_norm", a);
  if (ord == "fro") return norm(a, 2, {-2, -1}, keepdim);
  if (ord != "nuc")
    fail("matrix_norm",
         "the norm must be \"fro\", \"nuc\", 1, -1, 2, -2, inf or -inf: it is \"" + std::string(ord) + "\"");
  return with_axes(sum(values_above_rounding(a), -1), keepdim);
}

Tensor matrix_norm(const Tensor& a, double ord, bool keepdim) {
  check_matrices("matrix_norm", a);
  return with_axes(reduced(a, ord), keepdim);
}

}  // namespace xgrad
