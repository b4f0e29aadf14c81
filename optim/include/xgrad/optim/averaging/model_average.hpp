#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "xgrad/optim/averaging/model_tensors.hpp"

namespace xgrad::optim {

/// A model has other values as long as this lives: see ModelAverage::apply. Those that it had come back at
/// the end of the scope, or by `restore`.
class [[nodiscard]] AppliedAverage {
 public:
  AppliedAverage(AppliedAverage&& other) noexcept : kept_(std::exchange(other.kept_, {})) {}
  AppliedAverage& operator=(AppliedAverage&&) = delete;
  AppliedAverage(const AppliedAverage&) = delete;
  AppliedAverage& operator=(const AppliedAverage&) = delete;
  ~AppliedAverage() { restore(); }

  /// Gives the model its own values back, now; a second call does nothing.
  void restore();

 private:
  friend class ModelAverage;
  explicit AppliedAverage(const ModelTensors& model);

  /// A tensor of the model, and a copy of what it was.
  struct Kept {
    Tensor tensor, values;
  };
  std::vector<Kept> kept_;
};

/// An average of what a model's parameters have been; the base of ExponentialMovingAverage and AveragedModel.
///
///     optim::ExponentialMovingAverage average(model, {.decay = 0.999});
///     for (...) {
///       ...
///       adam.step();
///       average.update_parameters(model);
///     }
///     {
///       const auto applied = average.apply(model);  // the model has the averages
///       evaluate(model);
///     }                                             // and here what it had before
///     average.copy_to(model);                       // or has them for good
///
/// It holds the averages and no tensor of the model, which is passed to each call: a model that was replaced
/// by a clone, or moved to another dtype, which the averages follow, is taken as it is. Values are changed in
/// place, so that optimizers keep what they hold, and a graph that saved the old ones says so.
///
/// Every call throws Error, and changes nothing, when the model has other names or shapes than that of the
/// constructor; the constructor, when it has no parameters, or one is undefined or not floating.
class ModelAverage : public Stateful {
 public:
  ModelAverage(const ModelAverage&) = delete;
  ModelAverage& operator=(const ModelAverage&) = delete;

  /// Takes the model's values into the average: call it after the optimizer's step.
  void update_parameters(const ModelTensors& model);
  /// Gives the model the averages until the returned guard ends. Buffers that are not averaged are kept by
  /// the guard too, so that statistics made anew within its scope go with it.
  AppliedAverage apply(const ModelTensors& model) const;
  /// Gives the model the averages for good.
  void copy_to(const ModelTensors& model) const;

  /// The averages, by the names of what they are of.
  std::vector<NamedTensor> averages() const;
  /// The number of updates so far.
  std::int64_t n_averaged() const { return n_averaged_; }

  void visit(Visitor& v) override;

 protected:
  enum class Buffers : std::uint8_t { left_out, copied, averaged };

  /// The name is a literal, by which errors and states know the average.
  ModelAverage(const char* name, const ModelTensors& model, Buffers buffers);
  ModelAverage(ModelAverage&&) = default;
  ModelAverage& operator=(ModelAverage&&) = default;

  /// The share s of the model in its n-th update, from 1: average += s (model - average).
  virtual double share(std::int64_t n) const = 0;
  virtual void check_options() const {}
  virtual void visit_options(Visitor&) {}

  const char* name() const { return name_; }

 private:
  struct Average {
    std::string name;
    Tensor values;
    bool is_copy;  ///< the last value and no average
  };

  /// The tensors of a model in the order of the averages.
  std::vector<Tensor> matched(const ModelTensors& model) const;

  const char* name_;
  Buffers buffers_;
  std::vector<Average> averages_;
  std::int64_t n_averaged_ = 0;
};

}  // namespace xgrad::optim
