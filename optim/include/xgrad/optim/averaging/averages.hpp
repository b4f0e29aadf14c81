#pragma once

#include "xgrad/optim/averaging/model_average.hpp"

namespace xgrad::optim {

struct ExponentialMovingAverageOptions {
  double decay = 0.999;
  bool warmup = false;           ///< decay is min(decay, (1 + n) / (10 + n)) in the n-th update
  bool bias_correction = false;  ///< the first values do not count: as Adam's moments, over 1 - decay^n
};

/// average = decay average + (1 - decay) model, from the values that the model has at first. Buffers are
/// copied: running means are averages already. Polyak and Juditsky, 1992; Tarvainen and Valpola, 2017.
class ExponentialMovingAverage : public ModelAverage {
 public:
  explicit ExponentialMovingAverage(const ModelTensors& model, ExponentialMovingAverageOptions options = {});

 private:
  double share(std::int64_t n) const override;
  void check_options() const override;
  void visit_options(Visitor& v) override;

  ExponentialMovingAverageOptions options_;
};

struct AveragedModelOptions {
  bool use_buffers = false;  ///< buffers are averaged too; those of integers are copied
};

/// The mean of the values at each update: average += (model - average) / n. Stochastic weight averaging,
/// Izmailov et al., 2018, with the rates of SWALR.
///
/// The statistics of normalization layers are not those of the averaged weights: make them anew by passes
/// over the data, after copy_to or within the scope of apply, or average them too by `use_buffers`.
class AveragedModel : public ModelAverage {
 public:
  explicit AveragedModel(const ModelTensors& model, AveragedModelOptions options = {});

 private:
  double share(std::int64_t n) const override;
};

}  // namespace xgrad::optim
