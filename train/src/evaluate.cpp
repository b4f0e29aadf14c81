#include "evaluate.hpp"

#include <optional>

#include "batches.hpp"
#include "sums.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/nn/mode.hpp"

namespace xgrad::train {

namespace {

/// A model in eval mode, without recording.
struct Evaluation {
  explicit Evaluation(const Predictor& model) {
    if (model.module()) mode.emplace(*model.module());
  }
  NoGrad unrecorded;
  std::optional<nn::ModeGuard> mode;
};

}  // namespace

void LossSums::put(const Loss* loss, const std::string& prefix, Scores& scores) const {
  const auto n = static_cast<double>(rows);
  scores.set(prefix + "loss", total / n);
  for (std::size_t i = 0; i < parts.size(); ++i) scores.set(prefix + loss->parts()[i].name, parts[i] / n);
}

void put_measures(const char* op, const std::vector<AnyMeasure>& measures, const std::string& prefix,
                  Scores& scores) {
  for (const AnyMeasure& measure : measures) {
    try {
      scores.set(prefix + measure->name(), measure->value());
    } catch (const Error& e) {
      throw Error(std::string(e.what()) + "; of all rows of " + op);
    }
  }
}

void check_loss(const Tensor& loss) {
  if (loss.numel() != 1) [[unlikely]]
    throw Error("fit: the loss must be one number: it is " + loss.describe() + "; reduce it by mean or sum");
}

void refuse_empty(const char* op) {
  throw Error(std::string(op) + ": the data needs at least one batch: a pass over it has none");
}

void measure_pass(const char* op, const Predictor& model, const Loss& loss, detail::Passes& data,
                  std::vector<AnyMeasure>& measures, const std::string& prefix, Scores& scores) {
  const Evaluation evaluation(model);
  LossSums sums;
  sums.reset(loss.parts().size());
  for (AnyMeasure& measure : measures) measure->reset();
  std::vector<Tensor> place;
  std::vector<double> parts;
  std::int64_t number = 0;
  const auto pass = data.begin();
  while (const std::vector<Tensor>* batch = pass->next()) {
    ++number;
    try {
      const Tensor prediction = model(inputs_of(*batch, place));
      const Tensor value = loss(prediction, target_of(*batch), parts);
      check_loss(value);
      sums.add(value.item(), parts, rows_of(*batch));
      for (AnyMeasure& measure : measures) measure->update(prediction, target_of(*batch));
    } catch (const Error& e) {
      throw Error(std::string(e.what()) + "; in batch " + std::to_string(number) + " of " + op + ": " +
                  describe(*batch));
    }
  }
  if (sums.rows == 0) refuse_empty(op);
  sums.put(&loss, prefix, scores);
  put_measures(op, measures, prefix, scores);
}

Scores evaluate(const Predictor& model, const Loss& loss, const Batches& data, EvaluateOptions options) {
  const auto passes = passes_of(data, {options.batch_size, false, default_generator()});
  Scores scores;
  measure_pass("evaluate", model, loss, *passes, options.measures, "", scores);
  return scores;
}

Tensor predict(const Predictor& model, const Batches& data, PredictOptions options) {
  const Evaluation evaluation(model);
  std::vector<Tensor> parts, place;
  const auto passes = passes_of(data, {options.batch_size, false, default_generator()});
  const auto pass = passes->begin();
  while (const std::vector<Tensor>* batch = pass->next()) {
    rows_of(*batch);
    parts.push_back(model(inputs_of(*batch, place)));
  }
  if (parts.empty()) refuse_empty("predict");
  return cat(parts);
}

Tensor predict(const Predictor& model, const Tensor& inputs, PredictOptions options) {
  return predict(model, data::TensorDataset({inputs}), options);
}

}  // namespace xgrad::train
