#include "xgrad/optim/averaging/averages.hpp"

#include <algorithm>
#include <cmath>

#include "options_check.hpp"

namespace xgrad::optim {

ExponentialMovingAverage::ExponentialMovingAverage(const ModelTensors& model,
                                                   ExponentialMovingAverageOptions options)
    : ModelAverage("ExponentialMovingAverage", model, Buffers::copied), options_(options) {
  check_options();
}

double ExponentialMovingAverage::share(std::int64_t n) const {
  const double decay = options_.decay, count = static_cast<double>(n);
  if (options_.warmup) return 1 - std::min(decay, (1 + count) / (10 + count));
  // What Adam does by a division: sum decay^(n-i) x_i (1 - decay) / (1 - decay^n), as a recursion.
  if (options_.bias_correction) return (1 - decay) / (1 - std::pow(decay, count));
  return 1 - decay;
}

void ExponentialMovingAverage::check_options() const {
  detail::check_below_one(name(), "decay", options_.decay);
  if (options_.warmup && options_.bias_correction)
    throw Error(
        "ExponentialMovingAverage: warmup and bias_correction are two ways to begin; choose one of them");
}

void ExponentialMovingAverage::visit_options(Visitor& v) {
  v("decay", options_.decay), v("warmup", options_.warmup), v("bias_correction", options_.bias_correction);
}

AveragedModel::AveragedModel(const ModelTensors& model, AveragedModelOptions options)
    : ModelAverage("AveragedModel", model, options.use_buffers ? Buffers::averaged : Buffers::left_out) {}

double AveragedModel::share(std::int64_t n) const { return 1 / static_cast<double>(n); }

}  // namespace xgrad::optim
