#include "xgrad/optim/lamb.hpp"

#include <cmath>

#include "adam_pass.hpp"
#include "options_check.hpp"
#include "pass.hpp"
#include "sums.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel moments_kernel = {.name = "lamb_moments", .elementwise = true, .owner = "LAMB.step"},
                         kernel = {.name = "lamb", .elementwise = true, .owner = "LAMB.step"};

template <class T>
struct LambStep {
  T sign, beta1, intake1, beta2, intake2, eps, decay;
  T mean_scale;  ///< 1 / (1 - beta1^t)
  T root_scale;  ///< 1 / sqrt(1 - beta2^t)
};

template <class T>
LambStep<T> step_of(const LambOptions& o, detail::BiasCorrections::Pair corrections) {
  const auto as = [](double v) { return static_cast<T>(v); };
  return {.sign = as(detail::sign_of(o.maximize)),
          .beta1 = as(o.betas.first),
          .intake1 = as(1 - o.betas.first),
          .beta2 = as(o.betas.second),
          .intake2 = as(1 - o.betas.second),
          .eps = as(o.eps),
          .decay = as(o.weight_decay),
          .mean_scale = as(1 / corrections.first),
          .root_scale = as(1 / std::sqrt(corrections.second))};
}

template <class T>
T direction(T p, T m, T v, const LambStep<T>& s) {
  return m * s.mean_scale / (std::sqrt(v) * s.root_scale + s.eps) + s.decay * p;
}

/// Gives the sums of the squares of the parameter and of its direction.
template <class T>
std::array<double, 2> adapt(std::span<T> p, const T* g, T* m, T* v, LambStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = s.sign * g[i];
    m[i] = s.beta1 * m[i] + s.intake1 * d;
    v[i] = s.beta2 * v[i] + s.intake2 * d * d;
  }
  const T* q = p.data();
  return {detail::sum_of_squares(p.size(), [=](std::size_t i) { return q[i]; }),
          detail::sum_of_squares(p.size(), [=](std::size_t i) { return direction(q[i], m[i], v[i], s); })};
}

}  // namespace

LAMB::LAMB(const Parameters& parameters, LambOptions options) : WithOptions("LAMB") {
  add_group(parameters, options);
}

void LAMB::check(const LambOptions& o) const {
  detail::check_adam("LAMB", o.lr, o.betas, o.eps, o.weight_decay);
}

Optimizer::Remembered LAMB::remembered(const LambOptions&) const {
  return {.tensors = {"exp_avg", "exp_avg_sq"}, .numbers = {}};
}

void LAMB::visit_group(Visitor& v, std::size_t group) {
  LambOptions& o = options(group);
  v("betas.0", o.betas.first), v("betas.1", o.betas.second), v("eps", o.eps);
  v("weight_decay", o.weight_decay), v("maximize", o.maximize);
}

void LAMB::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const LambOptions& o = options(group);
  const auto corrections = corrections_.at(o.betas, slot.steps);
  detail::BlockSums<2> sums(sums_, gradient.numel());
  detail::update_pass<2>(moments_kernel, slot.parameter, gradient, slot.state,
                         [&]<class T>(std::span<T> p, const T* g, std::array<T*, 2> s, std::int64_t first) {
                           sums.add(first, adapt(p, g, s[0], s[1], step_of<T>(o, corrections)));
                         });

  const auto [of_p, of_d] = sums.total();
  const double rate = of_p > 0 && of_d > 0 ? lr * std::sqrt(of_p) / std::sqrt(of_d) : lr;
  detail::update_pass<2>(kernel, slot.parameter, gradient, slot.state,
                         [&]<class T>(std::span<T> p, const T*, std::array<T*, 2> s) {
                           const LambStep<T> step = step_of<T>(o, corrections);
                           for (std::size_t i = 0; i < p.size(); ++i)
                             p[i] -= static_cast<T>(rate) * direction(p[i], s[0][i], s[1][i], step);
                         });
}

}  // namespace xgrad::optim
