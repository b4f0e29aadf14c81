#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "display.hpp"
#include "interrupt.hpp"
#include "sums.hpp"
#include "xgrad/train/fit.hpp"

namespace xgrad::train {

/// A training, from the first epoch to the last.
class Loop : public Training {
 public:
  /// What makes the steps: a model, its loss and an optimizer, or one function.
  struct Steps {
    const Predictor* model = nullptr;
    const Loss* loss = nullptr;
    const Update* update = nullptr;
    const std::function<double(const std::vector<Tensor>&)>* function = nullptr;
  };

  Loop(Steps steps, const Batches& data, FitOptions options);
  History run();

  const FitOptions& options() const override { return options_; }
  void tell(const std::string& line) override { display_.tell(line); }
  [[noreturn]] void blame(const std::string& what) override;
  void visit(Visitor& v) override;

 private:
  void check_options() const;
  void check_schedules() const;
  void train_epoch();
  void begin_epoch();
  void end_epoch();
  void skip_done(detail::Pass& pass) const;
  void train_batch(const std::vector<Tensor>& batch, bool is_last);
  void check_finite();
  double forward_and_backward(const std::vector<Tensor>& batch);
  void clear_gradients();
  void finish_step();
  void divide_gradients();
  void clip();
  void average_model();
  void step_schedules(Each each, const Scores* epoch);
  void set_functions(Each each, std::int64_t n);
  void validate(Scores& scores);
  void interrupt();
  Scores now() const;
  [[noreturn]] void fail_in_batch(const std::string& what) const;
  template <class F>
  void each_callback(F f) {
    for (AnyCallback& callback : options_.callbacks) f(*callback);
  }

  Steps by_;
  FitOptions options_;
  std::shared_ptr<detail::Passes> data_, validation_;
  std::vector<AnyMeasure> validation_measures_;
  Display display_;
  InterruptGuard interrupt_;
  LossSums sums_;
  std::vector<Tensor> place_;
  std::vector<double> part_values_;
  std::int64_t group_batches_ = 0, group_rows_ = 0;  ///< of the step that is gathered
  bool goes_on_ = false;                             ///< within an epoch, from a state
};

}  // namespace xgrad::train
