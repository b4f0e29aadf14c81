#include "xgrad/optim/radam.hpp"

#include <cmath>

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "radam", .elementwise = true, .owner = "RAdam.step"};

template <class T>
struct RadamStep {
  T rate;  ///< with 1 / (1 - beta1^t), and where it is rectified with r and sqrt(1 - beta2^t)
  T sign, decay, beta1, intake1, beta2, intake2, eps;
};

template <bool rectified, class T>
void adapt(std::span<T> p, const T* g, T* m, T* v, RadamStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = s.sign * g[i] + s.decay * p[i];
    const T first = s.beta1 * m[i] + s.intake1 * d;
    const T second = s.beta2 * v[i] + s.intake2 * d * d;
    m[i] = first;
    v[i] = second;
    p[i] -= s.rate * (rectified ? first / (std::sqrt(second) + s.eps) : first);
  }
}

/// r sqrt(1 - beta2^t) of the correction 1 - beta2^t, or 0 where the second moment is not known well enough.
double rectification(double beta2, double correction, double t) {
  const double power = 1 - correction, longest = 2 / (1 - beta2) - 1;
  const double length = longest - 2 * t * power / correction;
  if (!(length > 5)) return 0;
  return std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length) *
                   correction);
}

}  // namespace

RAdam::RAdam(const Parameters& parameters, RAdamOptions options) : WithOptions("RAdam") {
  add_group(parameters, options);
}

void RAdam::check(const RAdamOptions& o) const {
  detail::check_not_negative("RAdam", "lr", o.lr);
  detail::check_below_one("RAdam", "betas.first", o.betas.first);
  detail::check_below_one("RAdam", "betas.second", o.betas.second);
  detail::check_not_negative("RAdam", "eps", o.eps);
  detail::check_not_negative("RAdam", "weight_decay", o.weight_decay);
}

Optimizer::Remembered RAdam::remembered(const RAdamOptions&) const {
  return {.tensors = {"exp_avg", "exp_avg_sq"}, .numbers = {}};
}

void RAdam::visit_group(Visitor& v, std::size_t group) {
  RAdamOptions& o = options(group);
  v("betas.0", o.betas.first), v("betas.1", o.betas.second), v("eps", o.eps);
  v("weight_decay", o.weight_decay), v("maximize", o.maximize);
}

void RAdam::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const RAdamOptions& o = options(group);
  const auto t = static_cast<double>(slot.steps);
  const auto correction = corrections_.at(o.betas, slot.steps);
  const double r = rectification(o.betas.second, correction.second, t);
  const double rate = lr / correction.first * (r > 0 ? r : 1);
  detail::update_pass<2>(kernel, slot.parameter, gradient, slot.state,
                         [&]<class T>(std::span<T> p, const T* g, std::array<T*, 2> s) {
                           const auto as = [](double v) { return static_cast<T>(v); };
                           const RadamStep<T> step{.rate = as(rate),
                                                   .sign = as(detail::sign_of(o.maximize)),
                                                   .decay = as(o.weight_decay),
                                                   .beta1 = as(o.betas.first),
                                                   .intake1 = as(1 - o.betas.first),
                                                   .beta2 = as(o.betas.second),
                                                   .intake2 = as(1 - o.betas.second),
                                                   .eps = as(o.eps)};
                           if (r > 0)
                             adapt<true>(p, g, s[0], s[1], step);
                           else
                             adapt<false>(p, g, s[0], s[1], step);
                         });
}

}  // namespace xgrad::optim
