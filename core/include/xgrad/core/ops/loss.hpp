#pragma once

#include "xgrad/core/tensor.hpp"

// Losses of a prediction and a target, of the same shape unless the loss says otherwise: Throws Error when
// they differ, since a target [n] against a prediction [n, 1] would broadcast to n^2 losses. Integers and
// bools take the floating dtype of the other operand. The common losses have an exact two-argument overload,
// so that they can be passed as functions; options follow in braces: {.reduction = Reduction::sum}. They
// stand in PyTorch's order, but `reduction` is always the last, and C++ wants those that are given in this
// order. A cotangent of exactly 0 gives a gradient of exactly 0.

namespace xgrad {

enum class Reduction : std::uint8_t {
  none,       ///< every loss
  mean,       ///< their mean; of weighted labels the weighted mean
  sum,        ///< their sum
  batchmean,  ///< their sum over the size of the first axis
};

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

// Distances ------------------------------------------------------------------------------------------------

/// (input - target)^2.
Tensor mse_loss(const Tensor& input, const Tensor& target);
Tensor mse_loss(const Tensor& input, const Tensor& target, LossOptions options);
/// |input - target|; d/dx at 0 is 0.
Tensor l1_loss(const Tensor& input, const Tensor& target);
Tensor l1_loss(const Tensor& input, const Tensor& target, LossOptions options);

struct SmoothL1Options {
  double beta = 1.0;  ///< where the square ends, >= 0
  Reduction reduction = Reduction::mean;
};
/// With d = input - target: d^2 / (2 beta) for |d| < beta, else |d| - beta / 2. Girshick, 2015.
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, SmoothL1Options options = {});

struct HuberOptions {
  double delta = 1.0;  ///< where the square ends, > 0
  Reduction reduction = Reduction::mean;
};
/// With d = input - target: d^2 / 2 for |d| <= delta, else delta (|d| - delta / 2). Huber, 1964.
Tensor huber_loss(const Tensor& input, const Tensor& target, HuberOptions options = {});

// Classes --------------------------------------------------------------------------------------------------

/// -(t log p + (1 - t) log(1 - p)) of probabilities p; each logarithm is at least -100, and d/dp is
/// (p - t) / max(p (1 - p), 1e-12). Throws Error, naming the element, for a p outside [0, 1].
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target);
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, BceOptions options);
/// The same of sigmoid(input), computed from the logits as max(x, 0) - x t + log(1 + e^-|x|): exact in the
/// tails.
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target);
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target, BceOptions options);

/// binary_cross_entropy_with_logits(mv(x, weight) + bias, target), the mean, of a linear model with one
/// output: x[rows, features], weight[features] or [1, features], one bias or an undefined one, target[rows].
/// It reads x once: the gradients by weight and bias are made in the same pass, whether they are wanted or
/// not, which is what counts where x is larger than the caches. Logistic regression, Cox, 1958. nan for no
/// rows.
Tensor logistic_loss(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& target);

/// -log softmax(input)[target] of logits [rows, classes], [classes] or [rows, classes, ...], and either int64
/// labels of the same shape without the axis of classes, or a probability for each class of the same shape.
///
/// The mean is weighted by the class weights, as PyTorch's; nan where every row is ignored. No gradient
/// reaches the weight. +inf, with the gradient softmax(input) - target, where the logit of a label is -inf;
/// the softmax of a row that is wholly -inf is 0. Throws Error, naming the row, its label and the number of
/// classes, for a label out of range.
Tensor cross_entropy(const Tensor& input, const Tensor& target);
Tensor cross_entropy(const Tensor& input, const Tensor& target, CrossEntropyOptions options);
/// -input[target] of log-probabilities, with shapes, weights, mean and errors as cross_entropy has them for
/// labels.
Tensor nll_loss(const Tensor& input, const Tensor& target);
Tensor nll_loss(const Tensor& input, const Tensor& target, NllOptions options);

struct MultiMarginOptions {
  int p = 1;  ///< 1 or 2
  double margin = 1.0;
  Tensor weight = {};  ///< [classes]: a factor for each label's losses
  Reduction reduction = Reduction::mean;
};
/// sum over the other classes j of max(0, margin - x[label] + x[j])^p / classes, of scores [rows, classes]
/// and int64 labels [rows], or [classes] and []; d/dx at the margin is 0. Throws Error as cross_entropy.
Tensor multi_margin_loss(const Tensor& input, const Tensor& target, MultiMarginOptions options = {});

struct CtcOptions {
  std::int64_t blank = 0;
  bool zero_infinity = false;             ///< an impossible sequence has loss and gradient 0
  Reduction reduction = Reduction::mean;  ///< of the losses divided by the lengths of their targets
};
/// -log of the probability of a sequence of labels, summed over its alignments: log_probs [steps, batch,
/// classes] or [steps, classes]; int64 targets [batch, labels], or joined without padding [all labels]; an
/// int64 length of each input and target. inf, with a gradient of nan, for an impossible sequence. Throws
/// Error, naming the sequence, for lengths and labels out of range. Graves et al., 2006.
Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                const Tensor& target_lengths, CtcOptions options = {});

// Distributions --------------------------------------------------------------------------------------------

struct KlDivOptions {
  bool log_target = false;  ///< the target is given as logarithms too
  Reduction reduction = Reduction::mean;
};
/// t (log t - x) of log-probabilities x; 0 where t = 0. The Kullback-Leibler divergence with Reduction::sum,
/// or with Reduction::batchmean for the mean over rows.
Tensor kl_div(const Tensor& input, const Tensor& target, KlDivOptions options = {});

struct PoissonNllOptions {
  bool log_input = true;  ///< the input is the logarithm of the rate
  bool full = false;      ///< add Stirling's approximation of log t! where t > 1
  double eps = 1e-8;      ///< added to the rate under the logarithm
  Reduction reduction = Reduction::mean;
};
/// e^x - t x, or x - t log(x + eps) without log_input.
Tensor poisson_nll_loss(const Tensor& input, const Tensor& target, PoissonNllOptions options = {});

struct GaussianNllOptions {
  bool full = false;  ///< add log(2 pi) / 2
  double eps = 1e-6;  ///< the least variance that is used; the gradient passes it
  Reduction reduction = Reduction::mean;
};
/// (log v + (x - t)^2 / v) / 2 with v = max(var, eps); var has the shape of the input, without its last axis
/// or with size 1 there. Throws Error for a negative variance. Nix and Weigend, 1994.
Tensor gaussian_nll_loss(const Tensor& input, const Tensor& target, const Tensor& var,
                         GaussianNllOptions options = {});

// Pairs, with targets 1 (alike) and -1 (not): 0 once a margin is kept, with d/dx = 0 at the margin ---------

/// log(1 + e^(-t x)).
Tensor soft_margin_loss(const Tensor& input, const Tensor& target, LossOptions options = {});

struct HingeEmbeddingOptions {
  double margin = 1.0;
  Reduction reduction = Reduction::mean;
};
/// The distance x where t = 1, max(0, margin - x) where t = -1.
Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target, HingeEmbeddingOptions options = {});

struct MarginRankingOptions {
  double margin = 0.0;
  Reduction reduction = Reduction::mean;
};
/// max(0, margin - t (x1 - x2)): input1 should rank higher where t = 1.
Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                           MarginRankingOptions options = {});

struct TripletMarginOptions {
  double margin = 1.0;
  double p = 2.0;     ///< of the norm
  double eps = 1e-6;  ///< added to each difference
  bool swap = false;  ///< take the smaller of |a - n| and |p - n|. Balntas et al., 2016
  Reduction reduction = Reduction::mean;
};
/// max(0, |a - p| - |a - n| + margin) along the last axis of an anchor, a positive and a negative.
Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           TripletMarginOptions options = {});

struct CosineEmbeddingOptions {
  double margin = 0.0;
  Reduction reduction = Reduction::mean;
};
/// 1 - cos(x1, x2) where t = 1, max(0, cos(x1, x2) - margin) where t = -1, of rows [rows, size] and t [rows],
/// or [size] and [].
Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                             CosineEmbeddingOptions options = {});

}  // namespace xgrad
