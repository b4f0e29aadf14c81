// One step of a training.

#include <cmath>

#include "batches.hpp"
#include "evaluate.hpp"
#include "loop.hpp"
#include "xgrad/core/anomaly.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/optim/clip.hpp"

namespace xgrad::train {

void Loop::fail_in_batch(const std::string& what) const {
  throw Error(what + "; in batch " + std::to_string(batches_done_ + 1) + " of epoch " +
              std::to_string(epochs_done_ + 1) + ": " + describe(*batch_));
}

void Loop::train_batch(const std::vector<Tensor>& batch, bool is_last) {
  try {
    if (group_batches_ == 0) set_functions(Each::step, steps_);
    loss_ = by_.function ? (*by_.function)(batch) : forward_and_backward(batch);
    if (!std::isfinite(loss_)) [[unlikely]]
      check_finite();
    const std::int64_t rows = rows_of(batch);
    sums_.add(loss_, part_values_, rows);
    if (!measures_.empty()) {
      const NoGrad unrecorded;
      for (AnyMeasure& measure : measures_) measure->update(prediction_, target_of(batch));
    }
    group_rows_ += rows;
    if (++group_batches_ >= options_.accumulate || is_last) finish_step();
  } catch (const Error& e) {
    group_batches_ = group_rows_ = 0;
    fail_in_batch(e.what());
  }
  ++batches_done_;
  if (group_batches_ == 0) {
    each_callback([&](Callback& c) { c.on_step(*this); });
    step_schedules(Each::step, nullptr);
  }
  prediction_ = {};
}

double Loop::forward_and_backward(const std::vector<Tensor>& batch) {
  prediction_ = (*by_.model)(inputs_of(batch, place_));
  const Tensor loss = (*by_.loss)(prediction_, target_of(batch), part_values_);
  check_loss(loss);
  const auto value = loss.item();
  if (!std::isfinite(value)) [[unlikely]]
    return value;
  if (group_batches_ == 0) clear_gradients();
  if (options_.accumulate == 1)
    loss.backward();
  else  // the gradients of the sum over examples, see divide_gradients
    (loss * static_cast<double>(rows_of(batch))).backward();
  return value;
}

void Loop::clear_gradients() {
  if (optimizer_)
    optimizer_->zero_grad();
  else if (model_)
    model_->zero_grad();
}

void Loop::finish_step() {
  if (!by_.function) {
    if (options_.accumulate > 1) divide_gradients();
    each_callback([&](Callback& c) { c.on_gradients(*this); });
    clip();
    (*by_.update)();
    if (average_) average_model();
  }
  ++steps_;
  group_batches_ = group_rows_ = 0;
}

void Loop::divide_gradients() {
  const NoGrad unrecorded;
  for (const Tensor& p : parameters_)
    if (Tensor g = p.grad(); g.defined()) g.div_(static_cast<double>(group_rows_));
}

void Loop::clip() {
  if (options_.clip_norm > 0) optim::clip_grad_norm_(parameters_, options_.clip_norm);
  if (options_.clip_value > 0) optim::clip_grad_value_(parameters_, options_.clip_value);
}

void Loop::average_model() { average_->update_parameters(*model_); }

void Loop::check_finite() {
  if (by_.function) throw Error("fit: the loss must be finite: it is " + std::to_string(loss_));
  blame("fit: the loss must be finite: it is " + std::to_string(loss_));
}

void Loop::blame(const std::string& what) {
  if (by_.function) throw Error(what + "; a function makes the steps: call it in AnomalyMode to find the op");
  try {
    const AnomalyMode guard;
    const Tensor prediction = (*by_.model)(inputs_of(*batch_, place_));
    const Tensor loss = (*by_.loss)(prediction, target_of(*batch_), part_values_);
    if (std::isfinite(loss.item())) loss.backward();
  } catch (const Error& e) {
    throw Error(what + "; the first op of it: " + e.what());
  }
  throw Error(what +
              "; made again, the step has no op that makes inf or nan; look at the inputs, and at "
              "the parameters, which may be inf or nan already");
}

}  // namespace xgrad::train
