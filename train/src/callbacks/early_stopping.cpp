#include "xgrad/train/callbacks/early_stopping.hpp"

#include <cmath>

#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/train/fit.hpp"

namespace xgrad::train {

namespace {

/// The tensors of the model and of its average.
std::vector<Tensor> tensors_of(const Training& training) {
  std::vector<Tensor> tensors;
  const auto add = [&](const Visitor& members) {
    for (const auto& slot : members.slots())
      if (const Tensor* t = slot.tensor()) tensors.push_back(*t);
  };
  if (training.model()) add(Visitor::of(*training.model()));
  if (training.average()) add(Visitor::of(*training.average()));
  return tensors;
}

}  // namespace

bool detail::lower_is_better(const char* op, const Training& training, const std::string& watched,
                             Better better) {
  const bool of_validation = watched.starts_with("val_");
  if (of_validation && !training.options().validation)
    throw Error(std::string(op) + ": \"" + watched +
                "\" needs validation data; set options.validation, or watch \"loss\"");
  const std::string name = of_validation ? watched.substr(4) : watched;
  for (const AnyMeasure& measure : training.measures())
    if (measure->name() == name && better == Better::automatic) return !measure->more_is_better();
  return better != Better::higher;
}

EarlyStopping::EarlyStopping(EarlyStoppingOptions options) : options_(std::move(options)) {
  if (options_.patience < 1)
    throw Error("EarlyStopping: patience must be at least 1: it is " + std::to_string(options_.patience));
  if (!(options_.min_delta >= 0))
    throw Error("EarlyStopping: min_delta must not be below 0: it is " + std::to_string(options_.min_delta));
}

void EarlyStopping::on_begin(Training& training) {
  lower_ = detail::lower_is_better("EarlyStopping", training, options_.watched, options_.better);
  if (options_.restore_best && !training.model())
    throw Error("EarlyStopping: restore_best needs a model; set restore_best = false where functions train");
  constexpr double infinity = std::numeric_limits<double>::infinity();
  best_ = lower_ ? infinity : -infinity;
  best_epoch_ = waited_ = 0;
  weights_.assign(options_.restore_best ? tensors_of(training).size() : 0, Tensor());
}

void EarlyStopping::on_epoch(Training& training) {
  const double value = training.history()[options_.watched].back();
  const bool is_better = lower_ ? value < best_ - options_.min_delta : value > best_ + options_.min_delta;
  if (!is_better) {
    if (++waited_ >= options_.patience)
      training.stop("\"" + options_.watched + "\" has made no progress for " + std::to_string(waited_) +
                    " epochs; its best was " + std::to_string(best_) + " in epoch " +
                    std::to_string(best_epoch_));
    return;
  }
  best_ = value, best_epoch_ = training.epochs_done(), waited_ = 0;
  if (!options_.restore_best) return;
  const NoGrad unrecorded;
  const std::vector<Tensor> tensors = tensors_of(training);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (weights_[i].defined())
      weights_[i].copy_(tensors[i]);
    else
      weights_[i] = tensors[i].detach().clone();
  }
}

void EarlyStopping::on_end(Training& training) {
  if (best_epoch_ == 0 || best_epoch_ == training.epochs_done() || !options_.restore_best) return;
  const NoGrad unrecorded;
  std::vector<Tensor> tensors = tensors_of(training);
  for (std::size_t i = 0; i < tensors.size(); ++i) tensors[i].copy_(weights_[i]);
  training.tell("the weights are those of epoch " + std::to_string(best_epoch_));
}

void EarlyStopping::visit(Visitor& v) {
  v("best", best_), v("best_epoch", best_epoch_), v("waited", waited_);
  v.in("weights", [&] {
    for (std::size_t i = 0; i < weights_.size(); ++i) v.lazy(std::to_string(i), weights_[i]);
  });
}

}  // namespace xgrad::train
