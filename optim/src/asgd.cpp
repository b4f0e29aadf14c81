#include "xgrad/optim/asgd.hpp"

#include <algorithm>
#include <cmath>

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "asgd", .elementwise = true, .owner = "ASGD.step"};

template <class T>
struct AsgdStep {
  T eta, kept, mu, sign, decay;
};

template <class T>
void adapt(std::span<T> p, const T* g, T* ax, AsgdStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = s.sign * g[i] + s.decay * p[i];
    const T next = s.kept * p[i] - s.eta * d;
    p[i] = next;
    ax[i] = s.mu == 1 ? next : ax[i] + s.mu * (next - ax[i]);
  }
}

}  // namespace

ASGD::ASGD(const Parameters& parameters, AsgdOptions options) : WithOptions("ASGD") {
  add_group(parameters, options);
}

void ASGD::check(const AsgdOptions& o) const {
  detail::check_not_negative("ASGD", "lr", o.lr);
  detail::check_not_negative("ASGD", "lambd", o.lambd);
  detail::check_not_negative("ASGD", "alpha", o.alpha);
  detail::check_not_negative("ASGD", "t0", o.t0);
  detail::check_not_negative("ASGD", "weight_decay", o.weight_decay);
}

Optimizer::Remembered ASGD::remembered(const AsgdOptions&) const {
  return {.tensors = {"ax"}, .numbers = {"eta", "mu"}};
}

void ASGD::visit_group(Visitor& v, std::size_t group) {
  AsgdOptions& o = options(group);
  v("lambd", o.lambd), v("alpha", o.alpha), v("t0", o.t0);
  v("weight_decay", o.weight_decay), v("maximize", o.maximize);
}

void ASGD::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const AsgdOptions& o = options(group);
  double &eta = slot.numbers[0], &mu = slot.numbers[1];
  if (slot.steps == 1) eta = lr, mu = 1;
  detail::update_pass<1>(kernel, slot.parameter, gradient, slot.state,
                         [&]<class T>(std::span<T> p, const T* g, std::array<T*, 1> s) {
                           const auto as = [](double v) { return static_cast<T>(v); };
                           adapt(p, g, s[0],
                                 {.eta = as(eta),
                                  .kept = as(1 - o.lambd * eta),
                                  .mu = as(mu),
                                  .sign = as(detail::sign_of(o.maximize)),
                                  .decay = as(o.weight_decay)});
                         });
  const auto t = static_cast<double>(slot.steps);
  eta = lr / std::pow(1 + o.lambd * lr * t, o.alpha);
  mu = 1 / std::max(1.0, t - o.t0);
}

}  // namespace xgrad::optim
