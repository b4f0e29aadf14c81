#include "xgrad/parallel/sync_batch_norm.hpp"

#include "xgrad/core/creation.hpp"
#include "xgrad/core/custom_op.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad::parallel {

Tensor sum_of_ranks(const Tensor& x, const Communicator& communicator) {
  const CustomOp op = custom_op<NoState>(
      "sum_of_ranks",
      [communicator](NoState&, const Tensor& value) {
        Tensor sum = value.clone();
        Communicator(communicator).all_reduce(sum);
        return sum;
      },
      [communicator](const CustomCall<NoState>&, const Tensor& g) { return sum_of_ranks(g, communicator); });
  return op(x);
}

namespace detail {

namespace {

/// A value of each channel, as it broadcasts to x[batch, channels, ...].
Tensor by_channel(const Tensor& v, const Tensor& x) {
  Shape shape = Shape::filled(x.dim(), 1);
  shape[1] = x.size(1);
  return v.reshape(shape);
}

Tensor sum_of_channels(const Tensor& x) {
  std::vector<int> axes;
  for (int i = 0; i < x.dim(); ++i)
    if (i != 1) axes.push_back(i);
  return sum(x, axes);
}

void track(const nn::detail::ChannelNorm& norm, const Tensor& mean, const Tensor& var, double n,
           std::optional<double> momentum) {
  if (!norm.running_mean.defined()) return;
  const NoGrad guard;
  norm.num_batches_tracked.add_(1);
  const double share =
      momentum ? *momentum : 1 / static_cast<double>(norm.num_batches_tracked.item<std::int64_t>());
  norm.running_mean.mul_(1 - share).add_(mean.detach(), share);
  norm.running_var.mul_(1 - share).add_(var.detach(), share * n / (n - 1));
}

}  // namespace

Tensor sync_batch_norm(const char* layer, const nn::detail::ChannelNorm& norm, const Tensor& x,
                       std::optional<double> momentum, double eps, const Communicator& communicator) {
  const auto channels = static_cast<double>(x.size(1));
  // The number of values travels with the sums, behind those of the channels.
  const Tensor own = full({1}, static_cast<double>(x.numel()) / channels, {.dtype = x.dtype()});
  const Tensor sums = sum_of_ranks(cat({sum_of_channels(x), own}, 0), communicator);
  const double n = sums.detach().slice(0, x.size(1)).item();
  if (!(n > 1))
    throw Error(std::string(layer) +
                ": training needs more than one value per channel on all ranks together: x is " +
                x.describe() + "; make the batch larger, or call eval()");
  const Tensor mean = sums.slice(0, 0, x.size(1)) / n;
  const Tensor centred = x - by_channel(mean, x);
  const Tensor var = sum_of_ranks(sum_of_channels(square(centred)), communicator) / n;
  track(norm, mean, var, n, momentum);
  const Tensor y = centred * by_channel(rsqrt(var + eps), x);
  if (!norm.weight.defined()) return y;
  return y * by_channel(norm.weight, x) + by_channel(norm.bias, x);
}

}  // namespace detail

Tensor SyncBatchNorm1d::forward(const Tensor& x) const {
  const bool by_batch = is_training() || !running_mean.defined();
  if (!by_batch || x.dim() < 2 || x.dim() > 3 || x.size(1) != features_) return nn::BatchNorm1d::forward(x);
  return detail::sync_batch_norm("SyncBatchNorm1d", *this, x, momentum(), eps_, communicator_);
}

Tensor SyncBatchNorm2d::forward(const Tensor& x) const {
  const bool by_batch = is_training() || !running_mean.defined();
  if (!by_batch || x.dim() != 4 || x.size(1) != features_) return nn::BatchNorm2d::forward(x);
  return detail::sync_batch_norm("SyncBatchNorm2d", *this, x, momentum(), eps_, communicator_);
}

}  // namespace xgrad::parallel
