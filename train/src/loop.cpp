#include "loop.hpp"

#include <algorithm>
#include <cmath>

#include "batches.hpp"
#include "evaluate.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

Loop::Loop(Steps steps, const Batches& data, FitOptions options)
    : by_(steps),
      options_(std::move(options)),
      display_(options_.show, options_.epochs),
      interrupt_(options_.interruptible) {
  check_options();
  data_ = passes_of(data, {options_.batch_size, options_.shuffle, options_.generator});
  if (options_.validation)
    validation_ = passes_of(*options_.validation, {options_.batch_size, false, options_.generator});
  epochs_ = options_.epochs;
  batches_ = data_->size();
  measures_ = validation_measures_ = options_.measures;
  average_ = options_.average;
  if (by_.model) model_ = by_.model->module();
  if (by_.update) optimizer_ = by_.update->optimizer();
  if (optimizer_)
    parameters_ = optimizer_->parameters();
  else if (model_)
    parameters_ = model_->trainable_parameters();
  for (AnyMeasure& measure : measures_) measure->reset();
  sums_.reset(by_.loss ? by_.loss->parts().size() : 0);
  check_schedules();
}

History Loop::run() {
  if (model_ && !model_->is_training()) model_->train();
  each_callback([&](Callback& c) { c.on_begin(*this); });
  each_callback([&](Callback& c) { c.on_resume(*this); });
  while (epochs_done_ < epochs_ && stop_.empty()) train_epoch();
  if (!stop_.empty()) display_.tell("training has ended early: " + stop_);
  history_.set_stopped(stop_);
  each_callback([&](Callback& c) { c.on_end(*this); });
  return history_;
}

void Loop::begin_epoch() {
  display_.begin(epochs_done_ + 1, batches_);
  if (goes_on_) return;
  batches_done_ = 0;
  sums_.reset(by_.loss ? by_.loss->parts().size() : 0);
  for (AnyMeasure& measure : measures_) measure->reset();
  set_functions(Each::epoch, epochs_done_);
  each_callback([&](Callback& c) { c.on_epoch_begin(*this); });
}

/// Sources without a state begin anew: those that have one go on by themselves.
void Loop::skip_done(detail::Pass& pass) const {
  if (data_->has_state()) return;
  for (std::int64_t i = 0; i < batches_done_ && pass.next(); ++i) {
  }
}

void Loop::train_epoch() {
  begin_epoch();
  const auto pass = data_->begin();
  if (goes_on_) skip_done(*pass);
  goes_on_ = false;
  const auto live = [this] { return now(); };
  const bool in_groups = options_.accumulate > 1;
  std::vector<Tensor> held;
  for (const std::vector<Tensor>* batch = pass->next(); batch;) {
    const std::vector<Tensor>* next = nullptr;
    if (in_groups) {  // the last batch of a pass makes a step, however small its group
      held = *batch;
      next = pass->next();
      batch_ = &held;
    } else {
      batch_ = batch;
    }
    train_batch(*batch_, in_groups && !next);
    display_.advance(batches_done_, live);
    if (group_batches_ == 0) {
      if (interrupt_.asked()) [[unlikely]]
        interrupt();
      if (!stop_.empty()) [[unlikely]]
        return;
    }
    batch = in_groups ? next : pass->next();
  }
  if (batches_done_ == 0) refuse_empty("fit");
  end_epoch();
}

void Loop::end_epoch() {
  Scores scores;
  sums_.put(by_.loss, "", scores);
  put_measures("fit's training data", measures_, "", scores);
  validate(scores);
  if (optimizer_ && !options_.schedules.empty()) scores.set("lr", optimizer_->lr());
  history_.add(scores);
  ++epochs_done_;
  batches_done_ = 0;
  display_.end(scores);
  step_schedules(Each::epoch, &scores);
  each_callback([&](Callback& c) { c.on_epoch(*this); });
}

void Loop::validate(Scores& scores) {
  if (!validation_) return;
  std::optional<optim::AppliedAverage> applied;
  if (average_ && model_) applied.emplace(average_->apply(*model_));
  measure_pass("fit's validation", *by_.model, *by_.loss, *validation_, validation_measures_, "val_", scores);
  measures_.swap(validation_measures_);
}

void Loop::interrupt() {
  stop_ = "interrupted in epoch " + std::to_string(std::min(epochs_done_ + 1, epochs_)) + " behind step " +
          std::to_string(steps_) + ", whose weights the model has";
  each_callback([&](Callback& c) { c.on_interrupt(*this); });
}

Scores Loop::now() const {
  Scores scores;
  sums_.put(by_.loss, "", scores);
  for (const AnyMeasure& measure : measures_)
    if (measure->is_quick()) scores.set(measure->name(), measure->value());
  return scores;
}

void Loop::visit(Visitor& v) {
  if (model_) v("model", *model_);
  if (optimizer_) v("optimizer", *optimizer_);
  if (average_) v("average", *average_);
  v.in("schedules", [&] {
    for (std::size_t i = 0; i < options_.schedules.size(); ++i) {
      const Schedule& s = options_.schedules[i];
      if (s.scheduler()) v(std::to_string(i), *s.scheduler());
      if (s.plateau()) v(std::to_string(i), *s.plateau());
    }
  });
  v("callbacks", options_.callbacks);
  v.in("data", [&] { data_->visit(v); });
  v("random", default_generator());
  v.in("progress", [&] {
    v("epochs_done", epochs_done_), v("batches_done", batches_done_), v("steps", steps_);
    v("loss", sums_), v("measures", measures_), v("history", history_);
  });
  v.loaded([this] { goes_on_ = batches_done_ > 0; });
}

History fit(const Predictor& model, const Loss& loss, const Update& optimizer, const Batches& data,
            FitOptions options) {
  return Loop({.model = &model, .loss = &loss, .update = &optimizer}, data, std::move(options)).run();
}

History fit(const std::function<double(const std::vector<Tensor>&)>& step, const Batches& data,
            FitOptions options) {
  return Loop({.function = &step}, data, std::move(options)).run();
}

}  // namespace xgrad::train
