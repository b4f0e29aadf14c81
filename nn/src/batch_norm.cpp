#include <functional>

#include "layer.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/nn/normalization.hpp"

namespace xgrad::nn {

namespace detail {

namespace {

void check_features(const char* layer, std::int64_t features, double eps, DType dtype) {
  check_least(layer, "num_features", features, 1);
  check_weight_dtype(layer, dtype);
  if (!(eps >= 0)) throw Error(std::string(layer) + ": eps must not be negative: got " + number(eps));
}

void check_momentum(const char* layer, double momentum) {
  if (!(momentum >= 0 && momentum <= 1))
    throw Error(std::string(layer) + ": momentum must be in [0, 1]: got " + number(momentum));
}

}  // namespace

ChannelNorm::ChannelNorm(const char* layer, std::int64_t features, double eps, bool affine, bool tracks,
                         DType dtype)
    : features_(features), eps_(eps) {
  check_features(layer, features, eps, dtype);
  if (affine) {
    weight = filled_parameter(layer, {features}, 1, dtype);
    bias = filled_parameter(layer, {features}, 0, dtype);
  }
  if (tracks) {
    running_mean = zeros({features}, dtype);
    running_var = ones({features}, dtype);
    num_batches_tracked = zeros({}, int64);
  }
}

void ChannelNorm::visit(Visitor& v) {
  v("weight", weight), v("bias", bias);
  v.buffer("running_mean", running_mean), v.buffer("running_var", running_var);
  v.buffer("num_batches_tracked", num_batches_tracked);
}

std::string ChannelNorm::describe(std::optional<double> momentum) const {
  return std::to_string(features_) + ", eps=" + number(eps_) +
         ", momentum=" + (momentum ? number(*momentum) : "none") +
         ", affine=" + true_or_false(weight.defined()) +
         ", track_running_stats=" + true_or_false(running_mean.defined());
}

BatchNorm::BatchNorm(const char* layer, std::int64_t features, const BatchNormLayerOptions& options)
    : ChannelNorm(layer, features, options.eps, options.affine, options.track_running_stats, options.dtype),
      momentum_(options.momentum) {
  if (momentum_) check_momentum(layer, *momentum_);
}

Tensor BatchNorm::normalized(const char* layer, const Tensor& x) const {
  const bool by_batch = is_training() || !running_mean.defined();
  if (by_batch && x.numel() == features_)
    throw Error(std::string(layer) + ": training needs more than one value per channel: x is " +
                x.describe() + "; make the batch larger, or call eval()");
  const bool tracks = is_training() && running_mean.defined();
  double momentum = momentum_.value_or(0);
  if (tracks && !momentum_) momentum = 1 / static_cast<double>(num_batches_tracked.item<std::int64_t>() + 1);
  const bool uses_running = !by_batch || tracks;
  Tensor y = batch_norm(x, uses_running ? running_mean : Tensor(), uses_running ? running_var : Tensor(),
                        weight, bias, {.training = by_batch, .momentum = momentum, .eps = eps_});
  if (tracks) {
    const NoGrad guard;
    num_batches_tracked.add_(1);
  }
  return y;
}

void BatchNorm::reset_running_stats() {
  if (!running_mean.defined()) return;
  const NoGrad guard;
  running_mean.fill_(0), running_var.fill_(1), num_batches_tracked.fill_(0);
}

InstanceNorm::InstanceNorm(const char* layer, std::int64_t features, const InstanceNormLayerOptions& options)
    : ChannelNorm(layer, features, options.eps, options.affine, options.track_running_stats, options.dtype),
      momentum_(options.momentum) {
  check_momentum(layer, momentum_);
}

/// Takes the mean of the samples' statistics into the running ones.
void InstanceNorm::track(const Tensor& x) const {
  const NoGrad guard;
  const Tensor values = x.detach().reshape({x.size(0), features_, -1});
  running_mean.mul_(1 - momentum_).add_(mean(mean(values, 2), 0), momentum_);
  running_var.mul_(1 - momentum_).add_(mean(var(values, 2), 0), momentum_);
}

Tensor InstanceNorm::normalized(const char* layer, const Tensor& x, const char* axes, int rank) const {
  check_channels(layer, x, axes, rank, features_);
  if (running_mean.defined() && !is_training())
    return batch_norm(x, running_mean, running_var, weight, bias, {.eps = eps_});
  if (x.numel() == x.size(0) * features_ && x.numel() > 0)
    throw Error(std::string(layer) + ": needs more than one position per channel: x is " + x.describe() +
                "; a single value has no variance");
  if (running_mean.defined() && x.numel() > 0) track(x);
  return instance_norm(x, weight, bias, eps_);
}

}  // namespace detail

void update_batch_norm(ModuleBase& model, const std::function<void()>& pass) {
  std::vector<std::pair<detail::BatchNorm*, std::optional<double>>> before;
  model.apply<detail::BatchNorm>([&](detail::BatchNorm& norm) {
    before.emplace_back(&norm, norm.momentum());
    norm.reset_running_stats();
    norm.set_momentum({});  // all batches count alike
  });
  const auto restore = [&] {
    for (const auto& [norm, momentum] : before) norm->set_momentum(momentum);
  };
  try {
    const NoGrad unrecorded;
    const ModeGuard training(model, true);
    pass();
  } catch (...) {
    restore();
    throw;
  }
  restore();
}

Tensor BatchNorm1d::forward(const Tensor& x) const {
  const bool flat = x.dim("BatchNorm1d") == 2;
  detail::check_channels("BatchNorm1d", x, "[batch, channels] or [batch, channels, length]", flat ? 2 : 3,
                         features_);
  return normalized("BatchNorm1d", x);
}

Tensor BatchNorm2d::forward(const Tensor& x) const {
  detail::check_channels("BatchNorm2d", x, "[batch, channels, height, width]", 4, features_);
  return normalized("BatchNorm2d", x);
}

Tensor InstanceNorm1d::forward(const Tensor& x) const {
  return normalized("InstanceNorm1d", x, "[batch, channels, length]", 3);
}

Tensor InstanceNorm2d::forward(const Tensor& x) const {
  return normalized("InstanceNorm2d", x, "[batch, channels, height, width]", 4);
}

}  // namespace xgrad::nn
