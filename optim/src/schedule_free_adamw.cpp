#include "xgrad/optim/schedule_free_adamw.hpp"

#include <algorithm>
#include <cmath>

#include "adam_pass.hpp"
#include "options_check.hpp"
#include "pass.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "schedule_free_adamw",
                                   .elementwise = true,
                                   .owner = "ScheduleFreeAdamW.step"},
                         exchange_kernel = {.name = "schedule_free_exchange",
                                            .elementwise = true,
                                            .owner = "ScheduleFreeAdamW"};

template <class T>
struct ScheduleFreeStep {
  T rate, sign, beta2, intake2, eps, decay;
  T of_z;    ///< 1 - beta1: how much of y is z
  T kept;    ///< 1 - c
  T enters;  ///< 1 - beta1 + beta1 c: how much of the new z enters y
};

/// y = (1 - beta1) z' + beta1 ((1 - c) x + c z'), in which beta1 x is y - (1 - beta1) z.
template <class T>
void adapt(std::span<T> y, const T* g, T* z, T* v, ScheduleFreeStep<T> s) {
  for (std::size_t i = 0; i < y.size(); ++i) {
    const T d = s.sign * g[i], before = z[i];
    const T second = s.beta2 * v[i] + s.intake2 * d * d;
    const T now = before - s.rate * (d / (std::sqrt(second) + s.eps) + s.decay * y[i]);
    v[i] = second;
    z[i] = now;
    y[i] = s.kept * (y[i] - s.of_z * before) + s.enters * now;
  }
}

}  // namespace

ScheduleFreeAdamW::ScheduleFreeAdamW(const Parameters& parameters, ScheduleFreeAdamWOptions options)
    : WithOptions("ScheduleFreeAdamW") {
  add_group(parameters, options);
}

void ScheduleFreeAdamW::check(const ScheduleFreeAdamWOptions& o) const {
  detail::check_adam("ScheduleFreeAdamW", o.lr, o.betas, o.eps, o.weight_decay);
  detail::check_above_zero("ScheduleFreeAdamW", "betas.first", o.betas.first);
  detail::check_not_negative("ScheduleFreeAdamW", "warmup_steps", static_cast<double>(o.warmup_steps));
}

void ScheduleFreeAdamW::check_change(const ScheduleFreeAdamWOptions& before,
                                     const ScheduleFreeAdamWOptions& now) const {
  if (before.betas.first != now.betas.first)
    throw Error("ScheduleFreeAdamW: betas.first cannot go from " + detail::number(before.betas.first) +
                " to " + detail::number(now.betas.first) +
                " once the group is made, for it says what the parameters hold; make the optimizer with it");
}

Optimizer::Remembered ScheduleFreeAdamW::remembered(const ScheduleFreeAdamWOptions&) const {
  return {.tensors = {"z", "exp_avg_sq"}, .numbers = {"weight_sum"}};
}

void ScheduleFreeAdamW::visit_group(Visitor& v, std::size_t group) {
  ScheduleFreeAdamWOptions& o = options(group);
  v("betas.0", o.betas.first), v("betas.1", o.betas.second), v("eps", o.eps);
  v("weight_decay", o.weight_decay), v("warmup_steps", o.warmup_steps), v("maximize", o.maximize);
}

void ScheduleFreeAdamW::visit(Visitor& v) {
  WithOptions::visit(v);
  v("train_mode", training_);
}

void ScheduleFreeAdamW::step() {
  if (!training_)
    throw Error(
        "ScheduleFreeAdamW: the parameters hold the average since eval(); call train() before the loss is "
        "computed");
  WithOptions::step();
}

void ScheduleFreeAdamW::train() {
  if (!training_) exchange(false);
}

void ScheduleFreeAdamW::eval() {
  if (training_) exchange(true);
}

void ScheduleFreeAdamW::exchange(bool to_average) {
  follow_dtypes();
  const NoGrad guard;
  each_slot([&](Slot& slot, std::size_t group) {
    if (slot.steps == 0) return;  // z = x = y
    const double beta1 = options(group).betas.first, share = to_average ? 1 - 1 / beta1 : 1 - beta1;
    detail::update_pass<0>(exchange_kernel, slot.parameter, slot.state[0], {},
                           [&]<class T>(std::span<T> p, const T* z, std::array<T*, 0>) {
                             for (std::size_t i = 0; i < p.size(); ++i)
                               p[i] += static_cast<T>(share) * (z[i] - p[i]);
                           });
  });
  training_ = !to_average;
}

void ScheduleFreeAdamW::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const ScheduleFreeAdamWOptions& o = options(group);
  if (slot.steps == 1) slot.state[0].copy_(slot.parameter);
  const auto t = static_cast<double>(slot.steps), warmup = static_cast<double>(o.warmup_steps);
  const double rate = lr * std::sqrt(1 - std::pow(o.betas.second, t)) * (t < warmup ? t / warmup : 1);
  const double sum = slot.numbers[0] += rate * rate, c = sum > 0 ? rate * rate / sum : 1;
  const double beta1 = o.betas.first;
  detail::update_pass<2>(kernel, slot.parameter, gradient, slot.state,
                         [&]<class T>(std::span<T> p, const T* g, std::array<T*, 2> s) {
                           const auto as = [](double v) { return static_cast<T>(v); };
                           adapt(p, g, s[0], s[1],
                                 {.rate = as(rate),
                                  .sign = as(detail::sign_of(o.maximize)),
                                  .beta2 = as(o.betas.second),
                                  .intake2 = as(1 - o.betas.second),
                                  .eps = as(o.eps),
                                  .decay = as(o.weight_decay),
                                  .of_z = as(1 - beta1),
                                  .kept = as(1 - c),
                                  .enters = as(1 - beta1 + beta1 * c)});
                         });
}

}  // namespace xgrad::optim
