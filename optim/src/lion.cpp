#include "xgrad/optim/lion.hpp"

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "lion", .elementwise = true, .owner = "Lion.step"};

template <class T>
struct LionStep {
  T rate, decay, sign, intake1, intake2;
};

template <class T>
void adapt(std::span<T> p, const T* g, T* m, LionStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T mean = m[i], change = s.sign * g[i] - mean;  // beta m + (1 - beta) g = m + (1 - beta) (g - m)
    const T u = mean + s.intake1 * change;
    m[i] = mean + s.intake2 * change;
    const T sign = static_cast<T>(u > 0) - static_cast<T>(u < 0) + (u - u);  // nan where u is not finite
    p[i] -= s.rate * (sign + s.decay * p[i]);
  }
}

}  // namespace

Lion::Lion(const Parameters& parameters, LionOptions options) : WithOptions("Lion") {
  add_group(parameters, options);
}

void Lion::check(const LionOptions& o) const {
  detail::check_not_negative("Lion", "lr", o.lr);
  detail::check_below_one("Lion", "betas.first", o.betas.first);
  detail::check_below_one("Lion", "betas.second", o.betas.second);
  detail::check_not_negative("Lion", "weight_decay", o.weight_decay);
}

Optimizer::Remembered Lion::remembered(const LionOptions&) const {
  return {.tensors = {"exp_avg"}, .numbers = {}};
}

void Lion::visit_group(Visitor& v, std::size_t group) {
  LionOptions& o = options(group);
  v("betas.0", o.betas.first), v("betas.1", o.betas.second), v("weight_decay", o.weight_decay);
  v("maximize", o.maximize);
}

void Lion::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const LionOptions& o = options(group);
  detail::update_pass<1>(kernel, slot.parameter, gradient, slot.state,
                         [&]<class T>(std::span<T> p, const T* g, std::array<T*, 1> s) {
                           const auto as = [](double v) { return static_cast<T>(v); };
                           adapt(p, g, s[0],
                                 {.rate = as(lr),
                                  .decay = as(o.weight_decay),
                                  .sign = as(detail::sign_of(o.maximize)),
                                  .intake1 = as(1 - o.betas.first),
                                  .intake2 = as(1 - o.betas.second)});
                         });
}

}  // namespace xgrad::optim
