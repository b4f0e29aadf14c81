#include "xgrad/optim/nadam.hpp"

#include <cmath>

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "nadam", .elementwise = true, .owner = "NAdam.step"};

template <class T>
struct NadamStep {
  T gradient_rate, mean_rate, sign, decay, beta1, intake1, beta2, intake2, eps;
  T root_scale;  ///< 1 / sqrt(1 - beta2^t)
};

template <class T>
void adapt(std::span<T> p, const T* g, T* m, T* v, NadamStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = s.sign * g[i] + s.decay * p[i];
    const T first = s.beta1 * m[i] + s.intake1 * d;
    const T second = s.beta2 * v[i] + s.intake2 * d * d;
    m[i] = first;
    v[i] = second;
    p[i] -= (s.gradient_rate * d + s.mean_rate * first) / (std::sqrt(second) * s.root_scale + s.eps);
  }
}

/// mu_t: how much of the mean enters the step t.
double momentum_at(const NAdamOptions& o, double t) {
  return o.betas.first * (1 - 0.5 * std::pow(0.96, t * o.momentum_decay));
}

}  // namespace

NAdam::NAdam(const Parameters& parameters, NAdamOptions options) : WithOptions("NAdam") {
  add_group(parameters, options);
}

void NAdam::check(const NAdamOptions& o) const {
  detail::check_not_negative("NAdam", "lr", o.lr);
  detail::check_below_one("NAdam", "betas.first", o.betas.first);
  detail::check_below_one("NAdam", "betas.second", o.betas.second);
  detail::check_not_negative("NAdam", "eps", o.eps);
  detail::check_not_negative("NAdam", "weight_decay", o.weight_decay);
  detail::check_not_negative("NAdam", "momentum_decay", o.momentum_decay);
}

Optimizer::Remembered NAdam::remembered(const NAdamOptions&) const {
  return {.tensors = {"exp_avg", "exp_avg_sq"}, .numbers = {"mu_product"}};
}

void NAdam::prepare(Slot& slot, const NAdamOptions&) const { slot.numbers[0] = 1; }

void NAdam::visit_group(Visitor& v, std::size_t group) {
  NAdamOptions& o = options(group);
  v("betas.0", o.betas.first), v("betas.1", o.betas.second), v("eps", o.eps);
  v("weight_decay", o.weight_decay), v("momentum_decay", o.momentum_decay), v("maximize", o.maximize);
}

void NAdam::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const NAdamOptions& o = options(group);
  const auto t = static_cast<double>(slot.steps);
  const double mu = momentum_at(o, t), next = momentum_at(o, t + 1), product = slot.numbers[0] *= mu;
  const double correction = corrections_.at(o.betas, slot.steps).second;
  detail::update_pass<2>(kernel, slot.parameter, gradient, slot.state,
                         [&]<class T>(std::span<T> p, const T* g, std::array<T*, 2> s) {
                           const auto as = [](double v) { return static_cast<T>(v); };
                           adapt(p, g, s[0], s[1],
                                 {.gradient_rate = as(lr * (1 - mu) / (1 - product)),
                                  .mean_rate = as(lr * next / (1 - product * next)),
                                  .sign = as(detail::sign_of(o.maximize)),
                                  .decay = as(o.weight_decay),
                                  .beta1 = as(o.betas.first),
                                  .intake1 = as(1 - o.betas.first),
                                  .beta2 = as(o.betas.second),
                                  .intake2 = as(1 - o.betas.second),
                                  .eps = as(o.eps),
                                  .root_scale = as(1 / std::sqrt(correction))});
                         });
}

}  // namespace xgrad::optim
