#include "xgrad/optim/rmsprop.hpp"

#include <cmath>

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "rmsprop", .elementwise = true, .owner = "RMSprop.step"};

/// What every element of one step shares.
template <class T>
struct RmspropStep {
  T lr, sign, alpha, intake, eps, decay, momentum;
};

/// v: second moment; a: mean, where centered; b: momentum, where there is one.
template <bool decays, bool centered, bool has_momentum, class T>
void adapt(std::span<T> p, const T* g, T* v, [[maybe_unused]] T* a, [[maybe_unused]] T* b, RmspropStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = decays ? s.sign * g[i] + s.decay * p[i] : s.sign * g[i];
    T second = s.alpha * v[i] + s.intake * d * d;
    v[i] = second;
    if constexpr (centered) {
      const T mean = s.alpha * a[i] + s.intake * d;
      a[i] = mean;
      second -= mean * mean;
    }
    T change = d / (std::sqrt(second) + s.eps);
    if constexpr (has_momentum) b[i] = change = s.momentum * b[i] + change;
    p[i] -= s.lr * change;
  }
}

}  // namespace

RMSprop::RMSprop(const Parameters& parameters, RmspropOptions options) : WithOptions("RMSprop") {
  add_group(parameters, options);
}

void RMSprop::check(const RmspropOptions& options) const {
  detail::check_not_negative("RMSprop", "lr", options.lr);
  detail::check_not_negative("RMSprop", "alpha", options.alpha);
  detail::check_not_negative("RMSprop", "eps", options.eps);
  detail::check_not_negative("RMSprop", "weight_decay", options.weight_decay);
  detail::check_not_negative("RMSprop", "momentum", options.momentum);
}

void RMSprop::check_change(const RmspropOptions& before, const RmspropOptions& now) const {
  detail::check_same_use("RMSprop", "momentum", before.momentum, now.momentum);
  detail::check_same_use("RMSprop", "centered", before.centered, now.centered);
}

Optimizer::Remembered RMSprop::remembered(const RmspropOptions& options) const {
  Remembered all{.tensors = {"square_avg"}, .numbers = {}};
  if (options.centered) all.tensors.push_back("grad_avg");
  if (options.momentum != 0) all.tensors.push_back("momentum_buffer");
  return all;
}

void RMSprop::visit_group(Visitor& v, std::size_t group) {
  RmspropOptions& o = options(group);
  v("alpha", o.alpha), v("eps", o.eps), v("weight_decay", o.weight_decay), v("momentum", o.momentum);
  v.fixed("centered", o.centered), v("maximize", o.maximize);
}

void RMSprop::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const RmspropOptions& o = options(group);
  detail::with_type(gradient.dtype(), [&]<class T>(T) {
    const auto as = [](double v) { return static_cast<T>(v); };
    const RmspropStep<T> s{.lr = as(lr),
                           .sign = as(detail::sign_of(o.maximize)),
                           .alpha = as(o.alpha),
                           .intake = as(1 - o.alpha),
                           .eps = as(o.eps),
                           .decay = as(o.weight_decay),
                           .momentum = as(o.momentum)};
    const std::span<T> p = slot.parameter.mutable_data<T>();
    const T* g = gradient.data<T>().data();
    const auto state = [&](std::size_t i) { return slot.state[i].mutable_data<T>().data(); };
    T* v = state(0);
    T* a = o.centered ? state(1) : nullptr;
    T* b = o.momentum != 0 ? state(o.centered ? 2 : 1) : nullptr;
    detail::with_flags(
        [&](auto decays, auto centered, auto has_momentum) {
          detail::each_part(
              kernel, 5 + 2 * centered + 2 * has_momentum, p, [&](std::int64_t i, std::span<T> part) {
                adapt<decays, centered, has_momentum>(part, g + i, v + i, centered ? a + i : nullptr,
                                                      has_momentum ? b + i : nullptr, s);
              });
        },
        o.weight_decay != 0, o.centered, o.momentum != 0);
  });
}

}  // namespace xgrad::optim
