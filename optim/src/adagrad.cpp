#include "xgrad/optim/adagrad.hpp"

#include <cmath>

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "adagrad", .elementwise = true, .owner = "Adagrad.step"};

template <class T>
struct AdagradStep {
  T rate, sign, decay, eps;
};

template <class T>
void adapt(std::span<T> p, const T* g, T* sum, AdagradStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = s.sign * g[i] + s.decay * p[i];
    const T all = sum[i] + d * d;
    sum[i] = all;
    p[i] -= s.rate * (d / (std::sqrt(all) + s.eps));
  }
}

}  // namespace

Adagrad::Adagrad(const Parameters& parameters, AdagradOptions options) : WithOptions("Adagrad") {
  add_group(parameters, options);
}

void Adagrad::check(const AdagradOptions& o) const {
  detail::check_not_negative("Adagrad", "lr", o.lr);
  detail::check_not_negative("Adagrad", "lr_decay", o.lr_decay);
  detail::check_not_negative("Adagrad", "weight_decay", o.weight_decay);
  detail::check_not_negative("Adagrad", "initial_accumulator_value", o.initial_accumulator_value);
  detail::check_not_negative("Adagrad", "eps", o.eps);
}

Optimizer::Remembered Adagrad::remembered(const AdagradOptions&) const {
  return {.tensors = {"sum"}, .numbers = {}};
}

void Adagrad::prepare(Slot& slot, const AdagradOptions& options) const {
  slot.state[0].fill_(options.initial_accumulator_value);
}

void Adagrad::visit_group(Visitor& v, std::size_t group) {
  AdagradOptions& o = options(group);
  v("lr_decay", o.lr_decay), v("eps", o.eps), v("weight_decay", o.weight_decay);
  v("initial_accumulator_value", o.initial_accumulator_value), v("maximize", o.maximize);
}

void Adagrad::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const AdagradOptions& o = options(group);
  const double rate = lr / (1 + static_cast<double>(slot.steps - 1) * o.lr_decay);
  detail::update_pass<1>(kernel, slot.parameter, gradient, slot.state,
                         [&]<class T>(std::span<T> p, const T* g, std::array<T*, 1> s) {
                           const auto as = [](double v) { return static_cast<T>(v); };
                           adapt(p, g, s[0],
                                 {.rate = as(rate),
                                  .sign = as(detail::sign_of(o.maximize)),
                                  .decay = as(o.weight_decay),
                                  .eps = as(o.eps)});
                         });
}

}  // namespace xgrad::optim
