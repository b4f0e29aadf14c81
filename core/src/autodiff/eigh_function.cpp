#include "xgrad/core/eigh_function.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "autodiff/divided_differences.hpp"
#include "ops/linalg/matrices.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/custom_op.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {
namespace {

/// A matrix by its eigenvalues, in float64, and what is known of a function there.
class Spectrum {
 public:
  Spectrum(const Tensor& a, const TensorFunction& f) : a_(a.detach()), f_(f), dtype_(a.dtype()) {
    const NoGrad guard;
    const Unheard quiet;
    const Eigh found = eigh(a.to(float64));
    w_ = found.eigenvalues, v_ = found.eigenvectors;
  }

  const TensorFunction& function() const { return f_; }
  bool is_of(const Tensor& a) const { return a.shape() == a_.shape() && equal(a, a_); }

  Tensor value() const { return turned_back(diag_embed(values_of(f_, w_))); }

  /// The derivative in direction g.
  Tensor slope(const Tensor& g) {
    if (!first_.defined()) first_ = first_differences(f_, w_);
    return turned_back(first_ * turned(g));
  }

  /// The second derivative in two directions, symmetric in them and in what it meets.
  Tensor curvature(const Tensor& g, const Tensor& h) {
    prepare_second();
    const Tensor p = turned(g), q = turned(h);
    return turned_back(einsum("...ikj,...ik,...kj->...ij", {second_, p, q}) +
                       einsum("...ikj,...ik,...kj->...ij", {second_, q, p}));
  }

  /// The third derivative in three directions, likewise.
  Tensor third(const Tensor& g, const Tensor& h, const Tensor& k) {
    prepare_second();
    if (!third_.defined()) third_ = third_differences(f_, w_, second_);
    const std::array<Tensor, 3> t = {turned(g), turned(h), turned(k)};
    std::array<std::size_t, 3> order = {0, 1, 2};
    Tensor sum;
    do {
      Tensor part =
          einsum("...iklj,...ik,...kl,...lj->...ij", {third_, t[order[0]], t[order[1]], t[order[2]]});
      sum = sum.defined() ? sum + part : std::move(part);
    } while (std::next_permutation(order.begin(), order.end()));
    return turned_back(sum);
  }

 private:
  void prepare_second() {
    if (!first_.defined()) first_ = first_differences(f_, w_);
    if (!second_.defined()) second_ = second_differences(f_, w_, first_);
  }
  Tensor turned(const Tensor& g) const {
    const Tensor x = g.to(float64);
    return matmul(matmul(matrix_transpose(v_), (x + matrix_transpose(x)) / 2), v_);
  }
  Tensor turned_back(const Tensor& x) const { return matmul(matmul(v_, x), matrix_transpose(v_)).to(dtype_); }

  const Tensor a_;
  const TensorFunction f_;
  const DType dtype_;
  Tensor w_, v_, first_, second_, third_;
};

using Shared = std::shared_ptr<Spectrum>;

/// The same where a is still the matrix: a program runs on others.
Shared of_matrix(const Shared& s, const Tensor& a) {
  return s->is_of(a) ? s : std::make_shared<Spectrum>(a, s->function());
}

/// The third derivative in three directions, in which it is linear; its own derivative by a is nan.
Tensor third_at(const Shared& s, const Tensor& a, const Tensor& g, const Tensor& h, const Tensor& k) {
  const CustomOp op = custom_op(
      "eigh_function_third",
      [s](NoState&, const Tensor& at, const Tensor& u, const Tensor& v, const Tensor& w) {
        return of_matrix(s, at)->third(u, v, w);
      },
      [s](const CustomCall<NoState>& c, const Tensor& u) {
        const Tensor at = c.x(0);
        return std::vector<Tensor>{full_like(at, std::numeric_limits<double>::quiet_NaN()),
                                   third_at(s, at, u, c.x(2), c.x(3)), third_at(s, at, c.x(1), u, c.x(3)),
                                   third_at(s, at, c.x(1), c.x(2), u)};
      });
  return op(a, g, h, k);
}

/// The second derivative in directions g and h, in which it is linear.
Tensor curvature_at(const Shared& s, const Tensor& a, const Tensor& g, const Tensor& h) {
  const CustomOp op = custom_op(
      "eigh_function_curvature",
      [s](NoState&, const Tensor& at, const Tensor& u, const Tensor& v) {
        return of_matrix(s, at)->curvature(u, v);
      },
      [s](const CustomCall<NoState>& c, const Tensor& u) {
        const Tensor at = c.x(0);
        return std::vector<Tensor>{third_at(s, at, c.x(1), c.x(2), u), curvature_at(s, at, u, c.x(2)),
                                   curvature_at(s, at, c.x(1), u)};
      });
  return op(a, g, h);
}

Tensor slope_at(const Shared& s, const Tensor& a, const Tensor& g) {
  const CustomOp op = custom_op(
      "eigh_function_slope",
      [s](NoState&, const Tensor& at, const Tensor& u) { return of_matrix(s, at)->slope(u); },
      [s](const CustomCall<NoState>& c, const Tensor& h) {
        return std::vector<Tensor>{curvature_at(s, c.x(0), c.x(1), h), slope_at(s, c.x(0), h)};
      });
  return op(a, g);
}

struct State {
  Shared spectrum;
};

}  // namespace

Tensor eigh_function_of(const Tensor& a, const TensorFunction& f) {
  check_square("eigh_function", a);
  const CustomOp op = custom_op<State>(
      "eigh_function",
      [f](State& state, const Tensor& at) {
        state.spectrum = std::make_shared<Spectrum>(at, f);
        return state.spectrum->value();
      },
      [](const CustomCall<State>& c, const Tensor& g) { return slope_at(c.state.spectrum, c.x(0), g); });
  return op(a);
}

}  // namespace xgrad::detail
