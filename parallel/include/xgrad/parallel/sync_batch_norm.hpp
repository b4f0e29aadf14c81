#pragma once

#include "xgrad/nn/normalization.hpp"
#include "xgrad/parallel/communicator.hpp"

namespace xgrad::parallel {

/// The sum of x over all ranks, recorded: its gradient is the sum of the cotangents of all ranks. All ranks
/// must call it, and walk back over it, in the same order.
Tensor sum_of_ranks(const Tensor& x, const Communicator& communicator);

namespace detail {
/// What has a forward that all ranks must be in.
class NeedsAllRanks {
 public:
  virtual ~NeedsAllRanks() = default;
};

/// batch_norm in training, by the mean and variance over the batches of all ranks.
Tensor sync_batch_norm(const char* layer, const nn::detail::ChannelNorm& norm, const Tensor& x,
                       std::optional<double> momentum, double eps, const Communicator& communicator);
}  // namespace detail

/// nn::BatchNorm1d and nn::BatchNorm2d whose statistics in training are those of the batches of all ranks
/// together, which may differ in size: N ranks normalise as one process with the whole batch. State, names
/// and eval mode are those of nn's. Ioffe and Szegedy, 2015.
///
///     parallel::SyncBatchNorm2d norm{world, 16};
///
/// In training every forward is a call of all ranks, and so is backward. Throws Error as nn's do, where the
/// batches together have one value in each channel.
class SyncBatchNorm1d : public nn::BatchNorm1d, public detail::NeedsAllRanks {
 public:
  SyncBatchNorm1d(const Communicator& communicator, std::int64_t features,
                  nn::BatchNormLayerOptions options = {})
      : nn::BatchNorm1d(features, options), communicator_(communicator.duplicate()) {}
  Tensor forward(const Tensor& x) const override;

 private:
  Communicator communicator_;
};

class SyncBatchNorm2d : public nn::BatchNorm2d, public detail::NeedsAllRanks {
 public:
  SyncBatchNorm2d(const Communicator& communicator, std::int64_t features,
                  nn::BatchNormLayerOptions options = {})
      : nn::BatchNorm2d(features, options), communicator_(communicator.duplicate()) {}
  Tensor forward(const Tensor& x) const override;

 private:
  Communicator communicator_;
};

}  // namespace xgrad::parallel
