#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <vector>

#include "xgrad/optim/optimizer.hpp"

namespace xgrad::optim {

struct LrRangeTestOptions {
  double start = 1e-7;
  double end = 10;
  std::int64_t steps = 100;
  bool linear = false;     ///< equal differences between the rates in place of equal factors
  double smoothing = 0.9;  ///< how much of the smoothed loss before is in the next one
  double divergence = 4;   ///< over when the smoothed loss is so many times the least
};

/// A learning rate, the loss of the step that was made with it, and that loss smoothed.
struct LrLoss {
  double lr, loss, smoothed;
};

/// What lr_range_test has found.
struct LrRange {
  std::vector<LrLoss> points;
  bool diverged = false;  ///< it ended early: the loss was no number, or too large

  /// The rate at which the smoothed loss falls most over the logarithm of the rate: a good one to begin with,
  /// or a little less. Throws Error where it falls nowhere.
  double steepest() const;
};

namespace detail {
LrRange run_range_test(Optimizer& optimizer, const std::function<double()>& step,
                       const LrRangeTestOptions& options,
                       const std::vector<std::function<Visitor()>>& restored);
}  // namespace detail

/// Makes training steps with learning rates from `start` to `end`, in all groups, until the loss diverges,
/// and brings back what there was before: parameters, their gradients, the optimizer and its rates. Smith,
/// 2017; the smoothing has no bias, as Adam's moments.
///
///     const auto range = optim::lr_range_test(adam, [&] {
///       adam.zero_grad();
///       Tensor loss = nn::cross_entropy(model(x), y);  // of the next batch
///       loss.backward();
///       adam.step();
///       return loss;
///     }, {.start = 1e-6, .end = 1}, model);
///     adam.set_lr(range.steepest());
///
/// `step` makes one step of training and returns its loss, a number or a tensor. What it changes beside the
/// optimizer's parameters - running means, generators - is brought back where it is named behind the options.
///
/// Throws Error, and changes nothing, for an option out of its range; what `step` throws goes on to the
/// caller when everything is as it was.
template <std::invocable F, Visitable... Restored>
LrRange lr_range_test(Optimizer& optimizer, F step, const LrRangeTestOptions& options = {},
                      Restored&... restored) {
  const auto loss = [&step]() -> double {
    if constexpr (std::is_arithmetic_v<std::invoke_result_t<F&>>)
      return static_cast<double>(step());
    else
      return step().template item<double>();
  };
  return detail::run_range_test(optimizer, loss, options,
                                {std::function<Visitor()>([&restored] { return Visitor::of(restored); })...});
}

}  // namespace xgrad::optim
