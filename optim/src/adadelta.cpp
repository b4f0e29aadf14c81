#include "xgrad/optim/adadelta.hpp"

#include <cmath>

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "adadelta", .elementwise = true, .owner = "Adadelta.step"};

template <class T>
struct AdadeltaStep {
  T lr, sign, decay, rho, intake, eps;
};

template <class T>
void adapt(std::span<T> p, const T* g, T* v, T* a, AdadeltaStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = s.sign * g[i] + s.decay * p[i];
    const T second = s.rho * v[i] + s.intake * d * d;
    const T change = std::sqrt(a[i] + s.eps) / std::sqrt(second + s.eps) * d;
    v[i] = second;
    a[i] = s.rho * a[i] + s.intake * change * change;
    p[i] -= s.lr * change;
  }
}

}  // namespace

Adadelta::Adadelta(const Parameters& parameters, AdadeltaOptions options) : WithOptions("Adadelta") {
  add_group(parameters, options);
}

void Adadelta::check(const AdadeltaOptions& o) const {
  detail::check_not_negative("Adadelta", "lr", o.lr);
  detail::check_at_most_one("Adadelta", "rho", o.rho);
  detail::check_not_negative("Adadelta", "eps", o.eps);
  detail::check_not_negative("Adadelta", "weight_decay", o.weight_decay);
}

Optimizer::Remembered Adadelta::remembered(const AdadeltaOptions&) const {
  return {.tensors = {"square_avg", "acc_delta"}, .numbers = {}};
}

void Adadelta::visit_group(Visitor& v, std::size_t group) {
  AdadeltaOptions& o = options(group);
  v("rho", o.rho), v("eps", o.eps), v("weight_decay", o.weight_decay), v("maximize", o.maximize);
}

void Adadelta::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const AdadeltaOptions& o = options(group);
  detail::update_pass<2>(kernel, slot.parameter, gradient, slot.state,
                         [&]<class T>(std::span<T> p, const T* g, std::array<T*, 2> s) {
                           const auto as = [](double v) { return static_cast<T>(v); };
                           adapt(p, g, s[0], s[1],
                                 {.lr = as(lr),
                                  .sign = as(detail::sign_of(o.maximize)),
                                  .decay = as(o.weight_decay),
                                  .rho = as(o.rho),
                                  .intake = as(1 - o.rho),
                                  .eps = as(o.eps)});
                         });
}

}  // namespace xgrad::optim
