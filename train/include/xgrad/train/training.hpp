#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xgrad/nn/module.hpp"
#include "xgrad/optim/averaging/model_average.hpp"
#include "xgrad/optim/optimizer.hpp"
#include "xgrad/train/history.hpp"
#include "xgrad/train/measure.hpp"
#include "xgrad/train/scores.hpp"

namespace xgrad::train {

struct FitOptions;

/// A training that is going on, as a callback sees it.
class Training {
 public:
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;
  virtual ~Training() = default;

  /// Epochs that are over; the one that runs is the next.
  std::int64_t epochs_done() const { return epochs_done_; }
  std::int64_t epochs() const { return epochs_; }
  /// Batches of this epoch so far, and of all of it; below 0 where that is unknown.
  std::int64_t batches_done() const { return batches_done_; }
  std::int64_t batches() const { return batches_; }
  /// Steps of the optimizer so far, in all epochs.
  std::int64_t steps() const { return steps_; }

  /// The loss of the latest batch.
  double loss() const { return loss_; }
  /// The tensors of the latest batch, and what the model made of it: undefined where a function makes the
  /// steps.
  const std::vector<Tensor>& batch() const { return *batch_; }
  const Tensor& prediction() const { return prediction_; }

  virtual const FitOptions& options() const = 0;
  /// The model; null where a function makes the predictions or the steps.
  nn::ModuleBase* model() const { return model_; }
  /// The optimizer; null where a function makes the steps.
  optim::Optimizer* optimizer() const { return optimizer_; }
  /// The average of the model, where there is one.
  optim::ModelAverage* average() const { return average_; }
  /// What learns: of the optimizer, else of the model; none where both are functions.
  const std::vector<Tensor>& parameters() const { return parameters_; }
  /// The measures of the options, with the rows of the latest validation, or where there is none, of the
  /// latest epoch.
  const std::vector<AnyMeasure>& measures() const { return measures_; }

  /// The epochs that are over.
  History& history() { return history_; }
  const History& history() const { return history_; }

  /// Ends the training behind this step, or behind this epoch when it is over. The reason is shown, and kept
  /// in the history.
  void stop(std::string reason) { stop_ = std::move(reason); }
  /// Shows a line on its own.
  virtual void tell(const std::string& line) = 0;
  /// Makes the latest batch's step again in anomaly mode, and throws Error, which names the first op that
  /// made inf or nan, where one does; `what` is said first.
  [[noreturn]] virtual void blame(const std::string& what) = 0;

  /// Names all that the next steps depend on, under "model", "optimizer", "average", "schedules",
  /// "callbacks", "data", "random" (the default generator) and "progress".
  virtual void visit(Visitor& v) = 0;

 protected:
  Training() = default;

  std::int64_t epochs_done_ = 0, epochs_ = 0, batches_done_ = 0, batches_ = -1, steps_ = 0;
  double loss_ = 0;
  const std::vector<Tensor>* batch_ = nullptr;
  Tensor prediction_;
  nn::ModuleBase* model_ = nullptr;
  optim::Optimizer* optimizer_ = nullptr;
  optim::ModelAverage* average_ = nullptr;
  std::vector<Tensor> parameters_;
  std::vector<AnyMeasure> measures_;
  History history_;
  std::string stop_;
};

}  // namespace xgrad::train
