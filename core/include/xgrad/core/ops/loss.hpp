#pragma once

#include "xgrad/core/tensor.hpp"

// Losses of a prediction and a target. Each has an exact two-argument overload, so that it can be passed as a
// function; the other takes its options. Reductions: none keeps every element's loss, mean and sum reduce.

namespace xgrad {

enum class Reduction : std::uint8_t { none, mean, sum };

struct LossOptions {
  Reduction reduction = Reduction::mean;
};
struct CrossEntropyOptions {
  Tensor weight = {};                ///< [classes]: a factor for each class
  std::int64_t ignore_index = -100;  ///< a class index whose rows count neither in the sum nor in the mean
  double label_smoothing = 0.0;      ///< in [0, 1]: this share of the target goes to all classes alike
  Reduction reduction = Reduction::mean;
};
struct NllOptions {
  Tensor weight = {};
  std::int64_t ignore_index = -100;
  Reduction reduction = Reduction::mean;
};
struct BceOptions {
  Tensor weight = {};      ///< a factor for each element, broadcast
  Tensor pos_weight = {};  ///< a factor for the positive part; only for the form with logits
  Reduction reduction = Reduction::mean;
};

/// (input - target)^2.
Tensor mse_loss(const Tensor& input, const Tensor& target);
Tensor mse_loss(const Tensor& input, const Tensor& target, LossOptions options);
/// |input - target|; d/dx at 0 is 0.
Tensor l1_loss(const Tensor& input, const Tensor& target);
Tensor l1_loss(const Tensor& input, const Tensor& target, LossOptions options);
/// -(t log p + (1 - t) log(1 - p)) of probabilities p in [0, 1]; each logarithm is at least -100.
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target);
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, BceOptions options);
/// The same of sigmoid(input), computed from the logits as max(x, 0) - x t + log(1 + e^-|x|).
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target);
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target, BceOptions options);
/// -log softmax(input)[target] of logits [rows, classes] (or [classes]) and either int64 class indices [rows]
/// or class probabilities [rows, classes]. The mean is weighted by the class weights, as PyTorch's. Throws
/// Error naming the row and the value of an index out of range.
Tensor cross_entropy(const Tensor& input, const Tensor& target);
Tensor cross_entropy(const Tensor& input, const Tensor& target, CrossEntropyOptions options);
/// -input[target] of log-probabilities [rows, classes] and int64 class indices [rows].
Tensor nll_loss(const Tensor& input, const Tensor& target);
Tensor nll_loss(const Tensor& input, const Tensor& target, NllOptions options);

}  // namespace xgrad
