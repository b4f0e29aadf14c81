#include "xgrad/optim/adamax.hpp"

#include <cmath>

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "adamax", .elementwise = true, .owner = "Adamax.step"};

template <class T>
struct AdamaxStep {
  T rate, sign, decay, beta1, intake, beta2, eps;
};

template <class T>
void adapt(std::span<T> p, const T* g, T* m, T* u, AdamaxStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = s.sign * g[i] + s.decay * p[i];
    const T first = s.beta1 * m[i] + s.intake * d;
    const T old = s.beta2 * u[i], size = std::abs(d) + s.eps;
    const T largest = size <= old || old != old ? old : size;
    m[i] = first;
    u[i] = largest;
    p[i] -= s.rate * (first / largest);
  }
}

}  // namespace

Adamax::Adamax(const Parameters& parameters, AdamaxOptions options) : WithOptions("Adamax") {
  add_group(parameters, options);
}

void Adamax::check(const AdamaxOptions& o) const {
  detail::check_not_negative("Adamax", "lr", o.lr);
  detail::check_below_one("Adamax", "betas.first", o.betas.first);
  detail::check_below_one("Adamax", "betas.second", o.betas.second);
  detail::check_not_negative("Adamax", "eps", o.eps);
  detail::check_not_negative("Adamax", "weight_decay", o.weight_decay);
}

Optimizer::Remembered Adamax::remembered(const AdamaxOptions&) const {
  return {.tensors = {"exp_avg", "exp_inf"}, .numbers = {}};
}

void Adamax::visit_group(Visitor& v, std::size_t group) {
  AdamaxOptions& o = options(group);
  v("betas.0", o.betas.first), v("betas.1", o.betas.second), v("eps", o.eps);
  v("weight_decay", o.weight_decay), v("maximize", o.maximize);
}

void Adamax::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const AdamaxOptions& o = options(group);
  const double rate = lr / corrections_.at(o.betas, slot.steps).first;
  detail::update_pass<2>(kernel, slot.parameter, gradient, slot.state,
                         [&]<class T>(std::span<T> p, const T* g, std::array<T*, 2> s) {
                           const auto as = [](double v) { return static_cast<T>(v); };
                           adapt(p, g, s[0], s[1],
                                 {.rate = as(rate),
                                  .sign = as(detail::sign_of(o.maximize)),
                                  .decay = as(o.weight_decay),
                                  .beta1 = as(o.betas.first),
                                  .intake = as(1 - o.betas.first),
                                  .beta2 = as(o.betas.second),
                                  .eps = as(o.eps)});
                         });
}

}  // namespace xgrad::optim
