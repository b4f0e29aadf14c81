#include "xgrad/optim/range_test.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "options_check.hpp"
#include "xgrad/core/state/load.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim {

namespace {

constexpr const char* name = "lr_range_test";

void check(const LrRangeTestOptions& o) {
  if (!(o.start > 0 && o.end > o.start && std::isfinite(o.end)))
    throw Error("lr_range_test: start must be above 0 and end above start: start = " +
                detail::number(o.start) + ", end = " + detail::number(o.end));
  if (o.steps < 3)
    throw Error("lr_range_test: steps must be at least 3, so that there is a slope: got " +
                std::to_string(o.steps));
  detail::check_below_one(name, "smoothing", o.smoothing);
  if (!(o.divergence > 1))
    throw Error("lr_range_test: divergence must be above 1: got " + detail::number(o.divergence));
}

double rate_of(const LrRangeTestOptions& o, std::int64_t step) {
  const double share = static_cast<double>(step) / static_cast<double>(o.steps - 1);
  return o.linear ? o.start + (o.end - o.start) * share : o.start * std::pow(o.end / o.start, share);
}

/// All that a test of rates changes, as it was.
class Before {
 public:
  Before(Optimizer& optimizer, const std::vector<std::function<Visitor()>>& others)
      : optimizer_(optimizer), state_(state_dict(optimizer)), others_(others) {
    const NoGrad guard;
    for (const Tensor& p : optimizer.parameters())
      parameters_.push_back({p, p.detach().clone(), p.grad()});  // held, a gradient is not added to in place
    for (const auto& other : others) states_.push_back(xgrad::detail::values_of(other(), true));
  }

  void restore() {
    const NoGrad guard;
    for (std::size_t i = 0; i < others_.size(); ++i) xgrad::detail::load(others_[i](), states_[i], {});
    load_state_dict(optimizer_, state_);
    for (auto& [parameter, values, gradient] : parameters_) {
      parameter.copy_(values);
      parameter.set_grad(gradient);
    }
  }

 private:
  struct Parameter {
    Tensor tensor, values, gradient;
  };

  Optimizer& optimizer_;
  StateDict state_;
  const std::vector<std::function<Visitor()>>& others_;
  std::vector<StateDict> states_;
  std::vector<Parameter> parameters_;
};

LrRange run(Optimizer& optimizer, const std::function<double()>& step, const LrRangeTestOptions& options) {
  LrRange range;
  double sum = 0, weight = 0, least = std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < options.steps && !range.diverged; ++i) {
    const double lr = rate_of(options, i);
    optimizer.set_lr(lr);
    const double loss = step();
    sum = options.smoothing * sum + (1 - options.smoothing) * loss;
    weight = options.smoothing * weight + (1 - options.smoothing);
    const double smoothed = sum / weight;
    range.points.push_back({lr, loss, smoothed});
    least = std::min(least, smoothed);
    range.diverged =
        !std::isfinite(smoothed) || smoothed > least + (options.divergence - 1) * std::abs(least);
  }
  return range;
}

}  // namespace

LrRange detail::run_range_test(Optimizer& optimizer, const std::function<double()>& step,
                               const LrRangeTestOptions& options,
                               const std::vector<std::function<Visitor()>>& restored) {
  check(options);
  Before before(optimizer, restored);
  LrRange range;
  try {
    range = run(optimizer, step, options);
  } catch (...) {
    before.restore();
    throw;
  }
  before.restore();
  return range;
}

double LrRange::steepest() const {
  std::size_t count = points.size();
  while (count > 0 && !std::isfinite(points[count - 1].smoothed)) --count;
  double steepest = 0, lr = 0;
  for (std::size_t i = 0; i < count && count > 1; ++i) {
    const LrLoss &before = points[i > 0 ? i - 1 : 0], &behind = points[std::min(i + 1, count - 1)];
    const double slope = (behind.smoothed - before.smoothed) / std::log(behind.lr / before.lr);
    if (slope < steepest) steepest = slope, lr = points[i].lr;
  }
  if (lr == 0)
    throw Error("lr_range_test: the loss falls at no rate: there are " + std::to_string(count) +
                " points with a finite loss; begin with a smaller start, or make more steps");
  return lr;
}

}  // namespace xgrad::optim
