#include "xgrad/optim/sgd.hpp"

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel gd_kernel = {.name = "gd", .elementwise = true, .owner = "GD.step"},
                         sgd_kernel = {.name = "sgd", .elementwise = true, .owner = "SGD.step"};

/// What every element of one step shares.
template <class T>
struct SgdStep {
  T lr = 0, sign = 1, decay = 0, momentum = 0, intake = 0;
};

template <bool decays, class T>
void descend(std::span<T> p, const T* g, SgdStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i)
    p[i] -= s.lr * (decays ? s.sign * g[i] + s.decay * p[i] : s.sign * g[i]);
}

template <bool decays, bool nesterov, class T>
void descend_with_momentum(std::span<T> p, const T* g, T* b, SgdStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = decays ? s.sign * g[i] + s.decay * p[i] : s.sign * g[i];
    const T m = s.momentum * b[i] + s.intake * d;
    b[i] = m;
    p[i] -= s.lr * (nesterov ? d + s.momentum * m : m);
  }
}

}  // namespace

GD::GD(const Parameters& parameters, GdOptions options) : WithOptions("GD") {
  add_group(parameters, options);
}

void GD::check(const GdOptions& options) const { detail::check_not_negative("GD", "lr", options.lr); }

void GD::visit_group(Visitor& v, std::size_t group) { v("maximize", options(group).maximize); }

void GD::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const double sign = detail::sign_of(options(group).maximize);
  detail::with_type(gradient.dtype(), [&]<class T>(T) {
    const T* g = gradient.data<T>().data();
    detail::each_part(gd_kernel, 3, slot.parameter.mutable_data<T>(), [&](std::int64_t i, std::span<T> part) {
      descend<false>(part, g + i, {static_cast<T>(lr), static_cast<T>(sign)});
    });
  });
}

SGD::SGD(const Parameters& parameters, SgdOptions options) : WithOptions("SGD") {
  add_group(parameters, options);
}

void SGD::check(const SgdOptions& options) const {
  detail::check_not_negative("SGD", "lr", options.lr);
  detail::check_not_negative("SGD", "momentum", options.momentum);
  detail::check_not_negative("SGD", "dampening", options.dampening);
  detail::check_not_negative("SGD", "weight_decay", options.weight_decay);
  if (options.nesterov && !(options.momentum > 0 && options.dampening == 0))
    throw Error("SGD: nesterov needs momentum above 0 and dampening 0: momentum = " +
                detail::number(options.momentum) + ", dampening = " + detail::number(options.dampening));
}

void SGD::check_change(const SgdOptions& before, const SgdOptions& now) const {
  detail::check_same_use("SGD", "momentum", before.momentum, now.momentum);
}

Optimizer::Remembered SGD::remembered(const SgdOptions& options) const {
  if (options.momentum == 0) return {};
  return {.tensors = {"momentum_buffer"}, .numbers = {}};
}

void SGD::visit_group(Visitor& v, std::size_t group) {
  SgdOptions& o = options(group);
  v("momentum", o.momentum), v("dampening", o.dampening), v("weight_decay", o.weight_decay);
  v("nesterov", o.nesterov), v("maximize", o.maximize);
}

void SGD::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const SgdOptions& o = options(group);
  detail::with_type(gradient.dtype(), [&]<class T>(T) {
    const std::span<T> p = slot.parameter.mutable_data<T>();
    const T* g = gradient.data<T>().data();
    // The first momentum is the gradient itself: a buffer of zeros, without dampening.
    const auto intake = static_cast<T>(slot.steps == 1 ? 1 : 1 - o.dampening);
    const SgdStep<T> s{static_cast<T>(lr), static_cast<T>(detail::sign_of(o.maximize)),
                       static_cast<T>(o.weight_decay), static_cast<T>(o.momentum), intake};
    T* b = o.momentum != 0 ? slot.state[0].mutable_data<T>().data() : nullptr;
    detail::with_flags(
        [&](auto decays, auto has_momentum, auto nesterov) {
          detail::each_part(sgd_kernel, has_momentum ? 5 : 3, p, [&](std::int64_t i, std::span<T> part) {
            if constexpr (has_momentum)
              descend_with_momentum<decays, nesterov>(part, g + i, b + i, s);
            else
              descend<decays>(part, g + i, s);
          });
        },
        o.weight_decay != 0, o.momentum != 0, o.nesterov);
  });
}

}  // namespace xgrad::optim
