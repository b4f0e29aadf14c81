#include "xgrad/optim/rprop.hpp"

#include <algorithm>
#include <cmath>

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "rprop", .elementwise = true, .owner = "Rprop.step"};

template <class T>
struct RpropStep {
  T sign, minus, plus, min, max;
};

/// The sign; nan where v is none.
template <class T>
T sign_of(T v) {
  return static_cast<T>(v > 0) - static_cast<T>(v < 0) + (std::isnan(v) ? v : T(0));
}

template <class T>
void adapt(std::span<T> p, const T* g, T* prev, T* size, RpropStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = s.sign * g[i], sign = sign_of(d), with_last = sign * sign_of(prev[i]);
    const T by = size[i] * (with_last > 0 ? s.plus : with_last < 0 ? s.minus : T(1));
    const T kept = std::min(std::max(by, s.min), s.max);
    size[i] = kept;
    prev[i] = with_last < 0 ? T(0) : d;
    p[i] -= kept * (with_last < 0 ? T(0) : sign);
  }
}

}  // namespace

Rprop::Rprop(const Parameters& parameters, RpropOptions options) : WithOptions("Rprop") {
  add_group(parameters, options);
}

void Rprop::check(const RpropOptions& o) const {
  detail::check_not_negative("Rprop", "lr", o.lr);
  if (!(o.etas.minus > 0 && o.etas.minus < 1 && o.etas.plus > 1 && std::isfinite(o.etas.plus)))
    throw Error("Rprop: etas must hold 0 < minus < 1 < plus: minus = " + detail::number(o.etas.minus) +
                ", plus = " + detail::number(o.etas.plus));
  if (!(o.step_sizes.min >= 0 && o.step_sizes.min <= o.step_sizes.max))
    throw Error("Rprop: step_sizes must hold 0 <= min <= max: min = " + detail::number(o.step_sizes.min) +
                ", max = " + detail::number(o.step_sizes.max));
}

Optimizer::Remembered Rprop::remembered(const RpropOptions&) const {
  return {.tensors = {"prev", "step_size"}, .numbers = {}};
}

void Rprop::visit_group(Visitor& v, std::size_t group) {
  RpropOptions& o = options(group);
  v("etas.0", o.etas.minus), v("etas.1", o.etas.plus);
  v("step_sizes.0", o.step_sizes.min), v("step_sizes.1", o.step_sizes.max), v("maximize", o.maximize);
}

void Rprop::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const RpropOptions& o = options(group);
  if (slot.steps == 1) slot.state[1].fill_(lr);
  detail::update_pass<2>(kernel, slot.parameter, gradient, slot.state,
                         [&]<class T>(std::span<T> p, const T* g, std::array<T*, 2> s) {
                           const auto as = [](double v) { return static_cast<T>(v); };
                           adapt(p, g, s[0], s[1],
                                 {.sign = as(detail::sign_of(o.maximize)),
                                  .minus = as(o.etas.minus),
                                  .plus = as(o.etas.plus),
                                  .min = as(o.step_sizes.min),
                                  .max = as(o.step_sizes.max)});
                         });
}

}  // namespace xgrad::optim
