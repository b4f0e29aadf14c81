#include "xgrad/train/model.hpp"

#include <algorithm>

#include "xgrad/core/error.hpp"

namespace xgrad::train {

namespace {

void add(std::vector<AnyMeasure>& measures, const std::vector<AnyMeasure>& more) {
  measures.insert(measures.begin(), more.begin(), more.end());
}

}  // namespace

void Model::set_compiled(std::shared_ptr<optim::Optimizer> optimizer, Loss loss,
                         std::vector<AnyMeasure> measures) {
  const std::vector<Tensor> own = parameters();
  for (const Tensor& p : optimizer->parameters())
    if (std::ranges::none_of(own, [&](const Tensor& mine) { return mine.node() == p.node(); }))
      throw Error("Model: the optimizer must be of this model's parameters: it has another one of " +
                  p.describe());
  own_.value = Compiled{std::move(optimizer), std::move(loss), std::move(measures)};
}

Model::Compiled& Model::compiled() {
  if (!own_.value) throw Error("Model: it needs an optimizer and a loss; call compile first");
  return *own_.value;
}

History Model::fit(const Batches& data, FitOptions options) {
  Compiled& with = compiled();
  add(options.measures, with.measures);
  return train::fit(*this, with.loss, *with.optimizer, data, std::move(options));
}

History Model::fit(const Tensor& x, const Tensor& y, FitOptions options) {
  return fit(data::TensorDataset(x, y), std::move(options));
}

Scores Model::evaluate(const Batches& data, EvaluateOptions options) {
  Compiled& with = compiled();
  add(options.measures, with.measures);
  return train::evaluate(*this, with.loss, data, std::move(options));
}

Scores Model::evaluate(const Tensor& x, const Tensor& y, EvaluateOptions options) {
  return evaluate(data::TensorDataset(x, y), std::move(options));
}

Tensor Model::predict(const Tensor& x, PredictOptions options) { return train::predict(*this, x, options); }

}  // namespace xgrad::train
