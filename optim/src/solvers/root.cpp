#include "xgrad/optim/root.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "flat.hpp"
#include "options_check.hpp"
#include "solvers/system.hpp"
#include "xgrad/core/checkpoint.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/functional.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim::detail {

System::System(const char* solver, const TensorFunction& f, const Tensor& start)
    : function_(f), start_(start) {
  report.solver = solver;
  check_start(solver, start);
  x_ = flat_copy(start);
  f_ = value(x_);
  check_finite_at_start(solver, f_);
}

Tensor System::value(const Tensor& x) {
  const NoGrad guard;
  const Tensor y = one_value(report.solver, function_, {leaf_of(x, start_, false)});
  ++report.nfev;
  if (y.numel() != start_.numel())
    throw Error(report.solver + ": the function must have as many elements as x: it is " + y.describe() +
                ", x is " + start_.describe());
  return flat_copy(y);
}

Tensor System::jacobian(const Tensor& x) {
  ++report.njev;
  const auto f = [this](const Tensor& at) { return one_value(report.solver, function_, {at}); };
  return reshape(flat_copy(xgrad::jacobian(f, leaf_of(x, start_, false))), {x.numel(), x.numel()});
}

void System::move(const Tensor& to, const Tensor& f) { x_ = to, f_ = f; }

RootResult System::result(Stop why) {
  report.stop = why;
  report.value = largest(f_);
  return {leaf_of(x_, start_, false), leaf_of(f_, start_, false), report};
}

namespace {

using Solve = std::function<RootResult(const std::vector<Tensor>& parameters)>;

/// What `solve` finds, with gradients by the parameters where that is a root of the residual.
RootResult with_gradients(const TensorFunction& residual, const Solve& solve,
                          const std::vector<Tensor>& parameters) {
  const bool wanted =
      is_recording() && std::ranges::any_of(parameters, [](const Tensor& p) { return p.requires_grad(); });
  if (!wanted) return solve(parameters);
  const auto kept = std::make_shared<RootResult>();
  const TensorFunction solver = [kept, solve](const std::vector<Tensor>& p) {
    *kept = solve(p);
    return std::vector<Tensor>{std::exchange(kept->x, Tensor())};
  };
  const Tensor x = xgrad::detail::implicit_root_of(residual, solver, parameters);
  RootResult result = std::move(*kept);
  result.x = result.report.success() ? x : x.detach();
  return result;
}

TensorFunction with_parameters(const TensorFunction& f, const std::vector<Tensor>& parameters) {
  std::vector<Tensor> arguments{Tensor()};
  for (const Tensor& p : parameters) arguments.push_back(p.detach());
  return [f, arguments](const std::vector<Tensor>& x) {
    std::vector<Tensor> all = arguments;
    all[0] = x[0];
    return f(all);
  };
}

template <class Options>
void check(const char* solver, const Options& o) {
  check_not_negative(solver, "tol", o.tol);
  check_not_negative(solver, "xtol", o.xtol);
  check_limit(solver, "max_iter", o.max_iter);
  check_not_negative(solver, "history_size", o.history_size);
  if (!(o.mixing != 0 && std::isfinite(o.mixing)))
    throw Error(std::string(solver) + ": mixing must be finite and not 0: got " + number(o.mixing));
}

}  // namespace

RootResult root_of(const TensorFunction& f, const Tensor& x, const RootOptions& options) {
  check("root", options);
  check_limit("root", "max_eval", options.max_eval);
  RootOptions plain = options;
  plain.parameters.clear();
  const Solve solve = [f, start = x.detach(), options = std::move(plain)](const std::vector<Tensor>& p) {
    const TensorFunction bound = with_parameters(f, p);
    System system("root", bound, start);
    RootOptions o = options;
    o.xtol = std::max(o.xtol, 4 * system.epsilon());
    if (o.method == RootMethod::newton) return newton(system, o);
    if (o.method == RootMethod::broyden) return broyden(system, o);
    return anderson(system, {o.tol, o.xtol, std::min(o.max_iter, o.max_eval), o.history_size, 1, {}},
                    -o.mixing);
  };
  return with_gradients(f, solve, options.parameters);
}

RootResult fixed_point_of(const TensorFunction& g, const Tensor& x, const FixedPointOptions& options) {
  check("fixed_point", options);
  const TensorFunction residual = [g](const std::vector<Tensor>& arguments) {
    const Tensor y = one_value("fixed_point", g, arguments);
    if (!(y.shape() == arguments[0].shape()) || y.dtype() != arguments[0].dtype())
      throw Error("fixed_point: g(x) must have the shape and dtype of x: it is " + y.describe() + ", x is " +
                  arguments[0].describe());
    return std::vector<Tensor>{y - arguments[0]};
  };
  FixedPointOptions plain = options;
  plain.parameters.clear();
  const Solve solve = [residual, start = x.detach(),
                       options = std::move(plain)](const std::vector<Tensor>& p) {
    const TensorFunction bound = with_parameters(residual, p);
    System system("fixed_point", bound, start);
    FixedPointOptions o = options;
    o.xtol = std::max(o.xtol, 4 * system.epsilon());
    return anderson(system, o, o.mixing);
  };
  return with_gradients(residual, solve, options.parameters);
}

}  // namespace xgrad::optim::detail
