#pragma once

#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/random.hpp"

// Weights and biases may be undefined: then they are 1 and 0. eps keeps the divisor away from 0.

namespace xgrad {

/// (x - mean) / sqrt(variance + eps) over the last axes, which have `normalized_shape`, then * weight + bias
/// of that shape. The variance is the biased one. Ba et al., 2016.
Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight = {},
                  const Tensor& bias = {}, double eps = 1e-5);
/// The same over the channels of each group and all positions: x[batch, channels, ...], weight[channels]. Wu
/// and He, 2018.
Tensor group_norm(const Tensor& x, int groups, const Tensor& weight = {}, const Tensor& bias = {},
                  double eps = 1e-5);
/// The same over the positions of each channel: x[batch, channels, ...]. There are no running statistics, so
/// the weight, which PyTorch has behind them, follows x. Ulyanov et al., 2016.
Tensor instance_norm(const Tensor& x, const Tensor& weight = {}, const Tensor& bias = {}, double eps = 1e-5);
/// x / sqrt(mean(x^2) + eps) over the last axes, then * weight. Without eps it is the machine epsilon of x's
/// dtype. Zhang and Sennrich, 2019.
Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight = {},
                std::optional<double> eps = {});

struct BatchNormOptions {
  bool training = false;  ///< normalise by the batch and update the running statistics; else by these
  double momentum = 0.1;  ///< running = (1 - momentum) running + momentum batch
  double eps = 1e-5;
};

/// (x - mean) / sqrt(variance + eps) of each channel of x[batch, channels, ...], over the batch and all
/// positions, then
/// * weight + bias. Running statistics [channels] are changed in place in training (the variance with
/// Bessel's correction) and may be undefined there. Ioffe and Szegedy, 2015.
Tensor batch_norm(const Tensor& x, Tensor running_mean, Tensor running_var, const Tensor& weight = {},
                  const Tensor& bias = {}, const BatchNormOptions& options = {});

/// In training each element is 0 with probability p, else divided by 1 - p; otherwise x. Srivastava et al.,
/// 2014.
Tensor dropout(const Tensor& x, double p = 0.5, bool training = true,
               Generator generator = default_generator());

/// a . b / (max(|a|, eps) max(|b|, eps)) along an axis.
Tensor cosine_similarity(const Tensor& a, const Tensor& b, int axis = 1, double eps = 1e-8);
/// |a - b + eps|_p along the last axis.
Tensor pairwise_distance(const Tensor& a, const Tensor& b, double p = 2, double eps = 1e-6,
                         bool keepdim = false);
/// x / max(|x|_p, eps) along an axis.
Tensor normalize(const Tensor& x, double p = 2, int axis = 1, double eps = 1e-12);

}  // namespace xgrad
