#include "xgrad/optim/adam.hpp"

#include <cmath>

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "adam", .elementwise = true, .owner = "Adam.step"};

/// What every element of one step shares.
template <class T>
struct AdamStep {
  T rate;        ///< lr / (1 - beta1^t)
  T root_scale;  ///< 1 / sqrt(1 - beta2^t)
  T beta1, intake1, beta2, intake2, eps, decay;
};

/// `top` is the largest second moment so far, for amsgrad.
template <bool decays, bool amsgrad, class T>
void adapt(std::span<T> p, const T* g, T* m, T* v, [[maybe_unused]] T* top, AdamStep<T> s) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const T d = decays ? g[i] + s.decay * p[i] : g[i];
    const T first = s.beta1 * m[i] + s.intake1 * d;
    T second = s.beta2 * v[i] + s.intake2 * d * d;
    m[i] = first;
    v[i] = second;
    if constexpr (amsgrad) top[i] = second = second <= top[i] ? top[i] : second;
    p[i] -= s.rate * (first / (std::sqrt(second) * s.root_scale + s.eps));
  }
}

void check(const AdamOptions& options) {
  detail::check_not_negative("Adam", "lr", options.lr);
  detail::check_below_one("Adam", "betas.first", options.betas.first);
  detail::check_below_one("Adam", "betas.second", options.betas.second);
  detail::check_not_negative("Adam", "eps", options.eps);
  detail::check_not_negative("Adam", "weight_decay", options.weight_decay);
}

}  // namespace

Adam::Adam(const Parameters& parameters, AdamOptions options) : Optimizer("Adam") {
  add_group(parameters, options);
}

void Adam::add_group(const Parameters& parameters, AdamOptions options) {
  check(options);
  std::vector<const char*> moments = {"exp_avg", "exp_avg_sq"};
  if (options.amsgrad) moments.push_back("max_exp_avg_sq");
  options_.reserve(options_.size() + 1);  // so that nothing throws once the group is in
  add(parameters, options.lr, std::move(moments), options.error_if_nonfinite);
  options_.push_back(options);
}

void Adam::visit_group(Visitor& v, std::size_t group) {
  AdamOptions& o = options_[group];
  v("betas.0", o.betas.first), v("betas.1", o.betas.second), v("eps", o.eps);
  v("weight_decay", o.weight_decay), v.fixed("amsgrad", o.amsgrad);
  v.check([&o] { check(o); });
}

void Adam::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const AdamOptions& o = options_[group];
  const auto t = static_cast<double>(slot.steps);
  const double rate = lr / (1 - std::pow(o.betas.first, t));
  const double root_scale = 1 / std::sqrt(1 - std::pow(o.betas.second, t));

  detail::with_type(gradient.dtype(), [&]<class T>(T) {
    const auto as = [](double v) { return static_cast<T>(v); };
    const AdamStep<T> s{.rate = as(rate),
                        .root_scale = as(root_scale),
                        .beta1 = as(o.betas.first),
                        .intake1 = as(1 - o.betas.first),
                        .beta2 = as(o.betas.second),
                        .intake2 = as(1 - o.betas.second),
                        .eps = as(o.eps),
                        .decay = as(o.weight_decay)};
    const std::span<T> p = slot.parameter.mutable_data<T>();
    const T* g = gradient.data<T>().data();
    T* m = slot.state[0].mutable_data<T>().data();
    T* v = slot.state[1].mutable_data<T>().data();
    T* top = o.amsgrad ? slot.state[2].mutable_data<T>().data() : nullptr;
    detail::with_flags(
        [&](auto decays, auto amsgrad) {
          detail::each_part(kernel, amsgrad ? 9 : 7, p, [&](std::int64_t i, std::span<T> part) {
            adapt<decays, amsgrad>(part, g + i, m + i, v + i, amsgrad ? top + i : nullptr, s);
          });
        },
        o.weight_decay != 0, o.amsgrad);
  });
}

}  // namespace xgrad::optim
