#pragma once

#include <functional>
#include <optional>

#include "xgrad/core/ops/normalization.hpp"
#include "xgrad/nn/module.hpp"

// Normalisations with weights of their own, which start at 1, and biases, which start at 0.

namespace xgrad::nn {

struct BatchNormLayerOptions {
  double eps = 1e-5;
  std::optional<double> momentum = 0.1;  ///< the share of a new batch; without one, all batches count alike
  bool affine = true;                    ///< has weight and bias
  bool track_running_stats = true;       ///< eval mode normalises by what training has seen
  DType dtype = float32;
};

namespace detail {
/// Weights, biases and running statistics of each channel.
class ChannelNorm : public Module {
 public:
  void visit(Visitor& v) override;

  Tensor weight, bias;                       ///< [channels]; undefined unless affine
  mutable Tensor running_mean, running_var;  ///< [channels]; undefined unless they are tracked
  mutable Tensor num_batches_tracked;        ///< int64; of InstanceNorm it stays 0, as in PyTorch

 protected:
  ChannelNorm(const char* layer, std::int64_t features, double eps, bool affine, bool tracks, DType dtype);
  std::string describe(std::optional<double> momentum) const;

  std::int64_t features_;
  double eps_;
};

/// Batch normalisation of any number of axes behind the channels.
class BatchNorm : public ChannelNorm {
 public:
  std::string extra_repr() const override { return describe(momentum_); }

  /// Forgets all batches: means are 0 and variances 1 again.
  void reset_running_stats();
  std::optional<double> momentum() const { return momentum_; }
  void set_momentum(std::optional<double> momentum) { momentum_ = momentum; }

 protected:
  BatchNorm(const char* layer, std::int64_t features, const BatchNormLayerOptions& options);
  Tensor normalized(const char* layer, const Tensor& x) const;

 private:
  std::optional<double> momentum_;
};
}  // namespace detail

/// (x - mean) / sqrt(variance + eps) * weight + bias of each channel, over the batch and all positions: of
/// x[batch, channels] or x[batch, channels, length]. Training uses the batch's own statistics and updates the
/// running ones, running = (1 - momentum) running + momentum batch, the variance with Bessel's correction;
/// eval mode uses the running ones. Ioffe and Szegedy, 2015.
///
/// Throws Error for other axes or channels, and in training for a batch with one value in each channel, which
/// has no variance.
class BatchNorm1d : public detail::BatchNorm {
 public:
  explicit BatchNorm1d(std::int64_t features, BatchNormLayerOptions options = {})
      : BatchNorm("BatchNorm1d", features, options) {}
  Tensor forward(const Tensor& x) const override;
};

/// The same of x[batch, channels, height, width].
class BatchNorm2d : public detail::BatchNorm {
 public:
  explicit BatchNorm2d(std::int64_t features, BatchNormLayerOptions options = {})
      : BatchNorm("BatchNorm2d", features, options) {}
  Tensor forward(const Tensor& x) const override;
};

/// Makes the running statistics of all BatchNorm layers anew, as the plain mean over the batches that `pass`
/// sends through the model, which is in training and unrecorded meanwhile: for weights that were averaged,
/// whose statistics no training has seen. Modes and momenta come back.
///
///     nn::update_batch_norm(model, [&] { for (const auto& [x, y] : loader) model(x); });
void update_batch_norm(ModuleBase& model, const std::function<void()>& pass);

struct InstanceNormLayerOptions {
  double eps = 1e-5;
  double momentum = 0.1;
  bool affine = false;
  bool track_running_stats = false;
  DType dtype = float32;
};

namespace detail {
class InstanceNorm : public ChannelNorm {
 public:
  std::string extra_repr() const override { return describe(momentum_); }

 protected:
  InstanceNorm(const char* layer, std::int64_t features, const InstanceNormLayerOptions& options);
  Tensor normalized(const char* layer, const Tensor& x, const char* axes, int rank) const;

 private:
  void track(const Tensor& x) const;

  double momentum_;
};
}  // namespace detail

/// (x - mean) / sqrt(variance + eps) over the positions of each channel of each sample: of x[batch, channels,
/// length]. With tracked statistics, eval mode uses these. Ulyanov et al., 2016. Throws Error for other axes
/// or channels, and for samples with one position, which have no variance.
class InstanceNorm1d : public detail::InstanceNorm {
 public:
  explicit InstanceNorm1d(std::int64_t features, InstanceNormLayerOptions options = {})
      : InstanceNorm("InstanceNorm1d", features, options) {}
  Tensor forward(const Tensor& x) const override;
};

/// The same of x[batch, channels, height, width].
class InstanceNorm2d : public detail::InstanceNorm {
 public:
  explicit InstanceNorm2d(std::int64_t features, InstanceNormLayerOptions options = {})
      : InstanceNorm("InstanceNorm2d", features, options) {}
  Tensor forward(const Tensor& x) const override;
};

struct GroupNormOptions {
  double eps = 1e-5;
  bool affine = true;
  DType dtype = float32;
};

/// The same over the channels of each group and all positions: x[batch, channels, ...]. Wu and He, 2018.
/// Throws Error for groups that do not divide the channels.
class GroupNorm : public Module {
 public:
  GroupNorm(int groups, std::int64_t channels, GroupNormOptions options = {});
  Tensor forward(const Tensor& x) const override;
  void visit(Visitor& v) override { v("weight", weight), v("bias", bias); }
  std::string extra_repr() const override;

  Tensor weight, bias;  ///< [channels]; undefined unless affine

 private:
  int groups_;
  std::int64_t channels_;
  double eps_;
};

struct LayerNormOptions {
  double eps = 1e-5;
  bool elementwise_affine = true;
  bool bias = true;  ///< where there is a weight
  DType dtype = float32;
};

/// The same over the last axes, which have `normalized_shape`: `LayerNorm({64})`. Ba et al., 2016. Throws
/// Error where they have another.
class LayerNorm : public Module {
 public:
  explicit LayerNorm(Shape normalized_shape, LayerNormOptions options = {});
  explicit LayerNorm(std::int64_t size, LayerNormOptions options = {}) : LayerNorm(Shape{size}, options) {}
  Tensor forward(const Tensor& x) const override;
  void visit(Visitor& v) override { v("weight", weight), v("bias", bias); }
  std::string extra_repr() const override;

  Tensor weight, bias;  ///< of the normalised shape

 private:
  Shape shape_;
  double eps_;
};

struct RMSNormOptions {
  std::optional<double> eps = {};  ///< without one, the machine epsilon of x's dtype
  bool elementwise_affine = true;
  DType dtype = float32;
};

/// x / sqrt(mean(x^2) + eps) * weight over the last axes. Zhang and Sennrich, 2019. Throws Error where they
/// have another shape.
class RMSNorm : public Module {
 public:
  explicit RMSNorm(Shape normalized_shape, RMSNormOptions options = {});
  explicit RMSNorm(std::int64_t size, RMSNormOptions options = {}) : RMSNorm(Shape{size}, options) {}
  Tensor forward(const Tensor& x) const override;
  void visit(Visitor& v) override { v("weight", weight); }
  std::string extra_repr() const override;

  Tensor weight;  ///< of the normalised shape

 private:
  Shape shape_;
  std::optional<double> eps_;
};

}  // namespace xgrad::nn
