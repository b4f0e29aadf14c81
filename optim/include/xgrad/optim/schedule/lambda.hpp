#pragma once

#include <functional>

#include "xgrad/optim/schedule/scheduler.hpp"

namespace xgrad::optim {

/// A factor of the learning rate for the number of a step.
using LrLambda = std::function<double(std::int64_t step)>;

/// base_lr f(step), with one function for all groups or one for each. A function is no part of the state.
///
///     optim::LambdaLR schedule(sgd, [](std::int64_t step) { return 1 / std::sqrt(1.0 + step); });
class LambdaLR : public LRScheduler {
 public:
  LambdaLR(Optimizer& optimizer, LrLambda lr_lambda);
  LambdaLR(Optimizer& optimizer, std::vector<LrLambda> lr_lambda);

 private:
  double rate(std::size_t group, std::int64_t step, double lr) const override;

  std::vector<LrLambda> lambdas_;
};

/// Multiplies the rates by f(step) in every step but the first. A function is no part of the state.
class MultiplicativeLR : public LRScheduler {
 public:
  MultiplicativeLR(Optimizer& optimizer, LrLambda lr_lambda);
  MultiplicativeLR(Optimizer& optimizer, std::vector<LrLambda> lr_lambda);

 private:
  double rate(std::size_t group, std::int64_t step, double lr) const override;
  void preview(Move move, std::vector<double>& rates) const override;

  std::vector<LrLambda> lambdas_;
};

}  // namespace xgrad::optim
