// What the options of a training must be, and its schedules.

#include <cmath>

#include "loop.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

namespace {

void check_at_least(const char* name, std::int64_t value, std::int64_t least) {
  if (value < least)
    throw Error("fit: " + std::string(name) + " must be at least " + std::to_string(least) + ": it is " +
                std::to_string(value));
}

void check_not_below_0(const char* name, double value) {
  if (!(value >= 0))
    throw Error("fit: " + std::string(name) + " must not be below 0: it is " + std::to_string(value));
}

}  // namespace

void Loop::check_options() const {
  const FitOptions& o = options_;
  check_at_least("epochs", o.epochs, 0);
  check_at_least("batch_size", o.batch_size, 1);
  check_at_least("accumulate", o.accumulate, 1);
  check_not_below_0("clip_norm", o.clip_norm);
  check_not_below_0("clip_value", o.clip_value);
  const bool has_tensors = by_.update && (by_.update->optimizer() || by_.model->module());
  if ((o.clip_norm > 0 || o.clip_value > 0 || o.accumulate > 1) && !has_tensors)
    throw Error(
        "fit: clipping and accumulation need the parameters: give an optimizer or a model, not functions "
        "in the place of both");
  if (by_.function && (o.validation || !o.measures.empty() || o.average))
    throw Error(
        "fit: validation, measures and an average need a model and a loss; with a function that makes the "
        "steps, use a callback");
  if (o.average && !by_.model->module())
    throw Error("fit: an average needs a model; a function stands in its place");
}

void Loop::check_schedules() const {
  for (const Schedule& s : options_.schedules) {
    if (s.function() && !optimizer_)
      throw Error("fit: a schedule by a function needs an optimizer, whose learning rate it sets");
    if (s.plateau() && !validation_ && s.watched().starts_with("val_"))
      throw Error("fit: the schedule watches \"" + s.watched() +
                  "\", and there is no validation; set options.validation, or let it watch \"loss\"");
    const std::int64_t length = s.length();
    if (length < 0 || !options_.whole_schedules || (s.each() == Each::step && batches_ < 0)) continue;
    const std::int64_t per_epoch =
        s.each() == Each::epoch ? 1 : (batches_ + options_.accumulate - 1) / options_.accumulate;
    const std::int64_t planned = epochs_ * per_epoch, left = length - s.scheduler()->last_epoch();
    if (left > planned)
      throw Error("fit: the schedule is longer than the training: it has " + std::to_string(left) +
                  " steps, and there are " + std::to_string(epochs_) + " epochs of " +
                  std::to_string(per_epoch) + "; make both as long, or set whole_schedules = false");
  }
}

void Loop::set_functions(Each each, std::int64_t n) {
  for (const Schedule& s : options_.schedules)
    if (s.function() && s.each() == each) optimizer_->set_lr(s.function()(n));
}

void Loop::step_schedules(Each each, const Scores* epoch) {
  for (const Schedule& s : options_.schedules) {
    if (s.scheduler() && s.each() == each) s.scheduler()->step();
    if (s.plateau() && epoch) s.plateau()->step((*epoch)[s.watched()]);
  }
}

}  // namespace xgrad::train
