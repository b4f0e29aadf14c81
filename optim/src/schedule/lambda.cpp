#include "xgrad/optim/schedule/lambda.hpp"

#include <string>
#include <utility>

#include "xgrad/core/error.hpp"

namespace xgrad::optim {

namespace {

/// One function for each group.
std::vector<LrLambda> checked(const char* name, std::size_t groups, std::vector<LrLambda> lambdas) {
  if (lambdas.size() != groups)
    throw Error(std::string(name) + ": there must be one function for each group: got " +
                std::to_string(lambdas.size()) + " for " + std::to_string(groups) + " groups");
  for (const LrLambda& f : lambdas)
    if (!f) throw Error(std::string(name) + ": a function is empty; give one that returns a factor");
  return lambdas;
}

}  // namespace

LambdaLR::LambdaLR(Optimizer& optimizer, LrLambda lr_lambda)
    : LambdaLR(optimizer, std::vector<LrLambda>(optimizer.group_count(), std::move(lr_lambda))) {}

LambdaLR::LambdaLR(Optimizer& optimizer, std::vector<LrLambda> lr_lambda)
    : LRScheduler("LambdaLR", optimizer), lambdas_(checked(name(), groups(), std::move(lr_lambda))) {
  start();
}

double LambdaLR::rate(std::size_t group, std::int64_t step, double) const {
  return base_lr(group) * lambdas_[group](step);
}

MultiplicativeLR::MultiplicativeLR(Optimizer& optimizer, LrLambda lr_lambda)
    : MultiplicativeLR(optimizer, std::vector<LrLambda>(optimizer.group_count(), std::move(lr_lambda))) {}

MultiplicativeLR::MultiplicativeLR(Optimizer& optimizer, std::vector<LrLambda> lr_lambda)
    : LRScheduler("MultiplicativeLR", optimizer), lambdas_(checked(name(), groups(), std::move(lr_lambda))) {
  start();
}

double MultiplicativeLR::rate(std::size_t group, std::int64_t step, double lr) const {
  return step == 0 ? lr : lr * lambdas_[group](step);
}

/// PyTorch's goes on from the rates that there are, also where SequentialLR begins it anew.
void MultiplicativeLR::preview(Move move, std::vector<double>& rates) const {
  if (move != Move::restart) LRScheduler::preview(move, rates);
}

}  // namespace xgrad::optim
