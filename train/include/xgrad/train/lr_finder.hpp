#pragma once

#include "xgrad/optim/range_test.hpp"
#include "xgrad/train/batches.hpp"
#include "xgrad/train/parts.hpp"

namespace xgrad::train {

struct FindLrOptions {
  optim::LrRangeTestOptions range = {};
  std::int64_t batch_size = 32;  ///< of a data set, which is shuffled by a generator of its own
  std::string svg = "";          ///< where the losses over the rates are drawn; "": nowhere
};

/// optim::lr_range_test on batches of data, over and over: the losses at rising rates. The model, the
/// optimizer and the default generator are as before. Throws Error as that does, for data without a batch,
/// and where the optimizer is a function.
///
///     adam.set_lr(train::find_lr(net, nn::cross_entropy, adam, set).steepest());
optim::LrRange find_lr(const Predictor& model, const Loss& loss, optim::Optimizer& optimizer,
                       const Batches& data, const FindLrOptions& options = {});

}  // namespace xgrad::train
