#include "adam_pass.hpp"

#include <cmath>

#include "options_check.hpp"

namespace xgrad::optim::detail {

namespace {

/// What every element of one step shares.
template <class T>
struct AdamStep {
  T rate;        ///< lr / (1 - beta1^t)
  T root_scale;  ///< 1 / sqrt(1 - beta2^t)
  T sign, beta1, intake1, beta2, intake2, eps;
  T decay;  ///< weight_decay, and where it is decoupled 1 - lr weight_decay
};

enum class Decay { none, in_gradient, decoupled };

/// `top` is the largest second moment so far, for amsgrad.
template <Decay decay, bool amsgrad, class T>
void adapt(std::span<T> p, const T* g, T* m, T* v, [[maybe_unused]] T* top, AdamStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = decay == Decay::in_gradient ? s.sign * g[i] + s.decay * p[i] : s.sign * g[i];
    const T first = s.beta1 * m[i] + s.intake1 * d;
    T second = s.beta2 * v[i] + s.intake2 * d * d;
    m[i] = first;
    v[i] = second;
    if constexpr (amsgrad) top[i] = second = second <= top[i] ? top[i] : second;
    const T kept = decay == Decay::decoupled ? s.decay * p[i] : p[i];
    p[i] = kept - s.rate * (first / (std::sqrt(second) * s.root_scale + s.eps));
  }
}

template <class T>
AdamStep<T> step_of(const AdamRule& rule) {
  const auto as = [](double v) { return static_cast<T>(v); };
  return {.rate = as(rule.lr / rule.corrections.first),
          .root_scale = as(1 / std::sqrt(rule.corrections.second)),
          .sign = as(sign_of(rule.maximize)),
          .beta1 = as(rule.betas.first),
          .intake1 = as(1 - rule.betas.first),
          .beta2 = as(rule.betas.second),
          .intake2 = as(1 - rule.betas.second),
          .eps = as(rule.eps),
          .decay = as(rule.decoupled ? 1 - rule.lr * rule.weight_decay : rule.weight_decay)};
}

template <Decay decay>
void adapt_all(const Kernel& kernel, const AdamRule& rule, Tensor& parameter, const Tensor& gradient,
               std::span<Tensor> state) {
  if (rule.amsgrad)
    update_pass<3>(kernel, parameter, gradient, state,
                   [&]<class T>(std::span<T> p, const T* g, std::array<T*, 3> s) {
                     adapt<decay, true>(p, g, s[0], s[1], s[2], step_of<T>(rule));
                   });
  else
    update_pass<2>(kernel, parameter, gradient, state,
                   [&]<class T>(std::span<T> p, const T* g, std::array<T*, 2> s) {
                     adapt<decay, false>(p, g, s[0], s[1], static_cast<T*>(nullptr), step_of<T>(rule));
                   });
}

}  // namespace

void adam_pass(const Kernel& kernel, const AdamRule& rule, Tensor& parameter, const Tensor& gradient,
               std::span<Tensor> state) {
  if (rule.weight_decay == 0)
    adapt_all<Decay::none>(kernel, rule, parameter, gradient, state);
  else if (rule.decoupled)
    adapt_all<Decay::decoupled>(kernel, rule, parameter, gradient, state);
  else
    adapt_all<Decay::in_gradient>(kernel, rule, parameter, gradient, state);
}

void check_adam(const char* op, double lr, Betas betas, double eps, double weight_decay) {
  check_not_negative(op, "lr", lr);
  check_below_one(op, "betas.first", betas.first);
  check_below_one(op, "betas.second", betas.second);
  check_not_negative(op, "eps", eps);
  check_not_negative(op, "weight_decay", weight_decay);
}

}  // namespace xgrad::optim::detail
