#include "xgrad/core/eigh_function.hpp"

#include <memory>

#include "autodiff/divided_differences.hpp"
#include "ops/linalg/matrices.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/custom_op.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {
namespace {

/// A matrix by its eigenvalues, in float64, and what is known of a function there.
class Spectrum {
 public:
  Spectrum(const Tensor& a, const TensorFunction& f) : f_(f), dtype_(a.dtype()) {
    const NoGrad guard;
    const Eigh found = eigh(a.to(float64));
    w_ = found.eigenvalues, v_ = found.eigenvectors;
  }

  Tensor value() const { return turned_back(diag_embed(values_of(f_, w_))); }

  /// The derivative in direction g.
  Tensor slope(const Tensor& g) {
    if (!first_.defined()) first_ = first_differences(f_, w_);
    return turned_back(first_ * turned(g));
  }

  /// The second derivative in two directions, symmetric in them and in what it meets.
  Tensor curvature(const Tensor& g, const Tensor& h) {
    if (!first_.defined()) first_ = first_differences(f_, w_);
    if (!second_.defined()) second_ = second_differences(f_, w_, first_);
    const Tensor p = turned(g), q = turned(h);
    return turned_back(einsum("...ikj,...ik,...kj->...ij", {second_, p, q}) +
                       einsum("...ikj,...ik,...kj->...ij", {second_, q, p}));
  }

 private:
  Tensor turned(const Tensor& g) const {
    const Tensor x = g.to(float64);
    return matmul(matmul(matrix_transpose(v_), (x + matrix_transpose(x)) / 2), v_);
  }
  Tensor turned_back(const Tensor& x) const { return matmul(matmul(v_, x), matrix_transpose(v_)).to(dtype_); }

  const TensorFunction f_;
  const DType dtype_;
  Tensor w_, v_, first_, second_;
};

using Shared = std::shared_ptr<Spectrum>;

Tensor curvature_at(const Shared& s, const Tensor& a, const Tensor& g, const Tensor& h) {
  const CustomOp op = custom_op(
      "eigh_function_curvature",
      [s](NoState&, const Tensor&, const Tensor& u, const Tensor& v) { return s->curvature(u, v); },
      [](const CustomCall<NoState>& c, const Tensor& u) -> std::vector<Tensor> {
        fail("eigh_function", "has first and second derivatives only: the cotangent is " + u.describe() +
                                  ", a is " + c.x(0).describe() + "; compose eigh where eigenvalues differ");
      });
  return op(a, g, h);
}

Tensor slope_at(const Shared& s, const Tensor& a, const Tensor& g) {
  const CustomOp op = custom_op(
      "eigh_function_slope", [s](NoState&, const Tensor&, const Tensor& u) { return s->slope(u); },
      [s](const CustomCall<NoState>& c, const Tensor& h) {
        return std::vector<Tensor>{curvature_at(s, c.x(0), c.x(1), h), slope_at(s, c.x(0), h)};
      });
  return op(a, g);
}

}  // namespace

Tensor eigh_function_of(const Tensor& a, const TensorFunction& f) {
  check_square("eigh_function", a);
  const auto s = std::make_shared<Spectrum>(a, f);
  const CustomOp op = custom_op(
      "eigh_function", [s](NoState&, const Tensor&) { return s->value(); },
      [s](const CustomCall<NoState>& c, const Tensor& g) { return slope_at(s, c.x(0), g); });
  return op(a);
}

}  // namespace xgrad::detail
