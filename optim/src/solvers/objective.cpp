#include "solvers/objective.hpp"

#include "xgrad/core/backward.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim::detail {

Objective::Objective(const char* solver, const TensorFunction& f, const Tensor& start)
    : f_(f), start_(start) {
  report.solver = solver;
  check_start(solver, start);
}

double Objective::value(const Tensor& x) {
  const EnableGrad guard;
  tried_ = leaf_of(x, start_, true);
  y_ = one_value(report.solver, f_, {tried_});
  if (y_.numel() != 1)
    throw Error(report.solver + ": the function must return one number: it returned " + y_.describe());
  if (!y_.requires_grad())
    throw Error(report.solver + ": the function must depend on x by recorded ops: it returned " +
                y_.describe());
  if (report.nfev++ == 0) check_finite_at_start(report.solver, y_);
  return y_.item();
}

Tensor Objective::gradient(bool with_products) {
  const EnableGrad guard;
  ++report.njev;
  x_ = tried_;
  g_ = grad({y_}, {x_}, {ones_like(y_.detach())}, {.create_graph = with_products, .allow_unused = true})[0];
  if (!g_.defined()) g_ = zeros_like(x_.detach());
  y_ = Tensor();
  return flat_copy(g_);
}

Tensor Objective::times_hessian(const Tensor& v) {
  ++report.nhev;
  if (!g_.requires_grad()) return zeros_like(v);
  const Tensor hv = grad({g_}, {x_}, {shaped(v)}, {.retain_graph = true, .allow_unused = true})[0];
  return hv.defined() ? flat_copy(hv) : zeros_like(v);
}

}  // namespace xgrad::optim::detail
