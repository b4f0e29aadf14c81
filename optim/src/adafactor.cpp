#include "xgrad/optim/adafactor.hpp"

#include <algorithm>
#include <cmath>

#include "factored.hpp"
#include "options_check.hpp"
#include "pass.hpp"
#include "sums.hpp"
#include "xgrad/core/creation.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel size_kernel = {.name = "adafactor_size", .owner = "Adafactor.step"},
                         factors_kernel = {.name = "adafactor_factors", .owner = "Adafactor.step"},
                         matrix_kernel = {.name = "adafactor_matrix", .owner = "Adafactor.step"},
                         squares_kernel = {.name = "adafactor_squares",
                                           .elementwise = true,
                                           .owner = "Adafactor.step"},
                         kernel = {.name = "adafactor", .elementwise = true, .owner = "Adafactor.step"};

/// The places of what is remembered.
enum Place : std::size_t { row_var, col_var, variance, exp_avg };

bool is_factored(const Tensor& parameter) { return parameter.dim() >= 2; }

detail::Stack stack_of(const Tensor& parameter) {
  const auto size = [&](int axis) { return static_cast<std::size_t>(parameter.size(axis)); };
  std::size_t count = 1;
  for (int axis = 0; axis < parameter.dim() - 2; ++axis) count *= size(axis);
  return {count, size(-2), size(-1)};
}

/// The shape without one of the last two axes.
Shape without(int axis, const Tensor& parameter) {
  Shape shape;
  for (int i = 0; i < parameter.dim(); ++i)
    if (i != parameter.dim() + axis) shape.push_back(parameter.shape()[i]);
  return shape;
}

/// One number of a parameter goes by u, or by its running mean m.
template <class T>
struct Descent {
  T rate, kept, beta1, intake;
  T scale;  ///< of u, with its sign

  void operator()(T& p, T* m, T u) const {
    u *= scale;
    if (m) *m = u = beta1 * *m + intake * u;
    p = kept * p - rate * u;
  }
};

/// Takes g^2 + eps into v, of which beta is kept; gives the sum of g^2 / v.
template <class T>
double take_squares(std::size_t n, const T* g, T* v, double beta, double eps) {
  const T kept = static_cast<T>(beta), intake = static_cast<T>(1 - beta), more = static_cast<T>(eps);
  for (std::size_t i = 0; i < n; ++i) v[i] = kept * v[i] + intake * (g[i] * g[i] + more);
  return detail::sum_of_squares(n, [=](std::size_t i) { return g[i] / std::sqrt(v[i]); });
}

/// The sum of the squares of a parameter's elements.
double sum_of_squares(const Tensor& parameter) {
  double sum = 0;
  detail::with_type(parameter.dtype(), [&]<class T>(T) {
    const std::span<const T> p = parameter.data<T>();
    detail::launch(size_kernel, {.bytes = std::ssize(p) * std::int64_t{sizeof(T)}},
                   [&] { sum = detail::sum_of_squares(p.size(), [&](std::size_t i) { return p[i]; }); });
  });
  return sum;
}

/// How a step changes a parameter, apart from the size of its direction.
struct Rule {
  const AdafactorOptions& options;
  double lr, t, n;
  double beta2() const { return 1 - std::pow(t, options.beta2_decay); }

  template <class T>
  Descent<T> descent(double squares_of_u, double squares_of_p) const {
    const AdafactorOptions& o = options;
    const auto as = [](double v) { return static_cast<T>(v); };
    const double rate = o.relative_step ? std::min(lr, 1 / std::sqrt(t)) : lr;
    const double size = o.scale_parameter ? std::max(o.eps.second, std::sqrt(squares_of_p / n)) : 1;
    return {.rate = as(rate * size),
            .kept = as(1 - lr * o.weight_decay),
            .beta1 = as(o.beta1),
            .intake = as(1 - o.beta1),
            .scale = as(detail::sign_of(o.maximize) / std::max(1.0, std::sqrt(squares_of_u / n) / o.d))};
  }
};

}  // namespace

Adafactor::Adafactor(const Parameters& parameters, AdafactorOptions options) : WithOptions("Adafactor") {
  add_group(parameters, options);
}

void Adafactor::check(const AdafactorOptions& o) const {
  detail::check_not_negative("Adafactor", "lr", o.lr);
  if (!(o.beta2_decay <= 0 && std::isfinite(o.beta2_decay)))
    throw Error("Adafactor: beta2_decay must be at most 0 and finite: got " + detail::number(o.beta2_decay));
  detail::check_above_zero("Adafactor", "eps.first", o.eps.first);
  detail::check_not_negative("Adafactor", "eps.second", o.eps.second);
  detail::check_above_zero("Adafactor", "d", o.d);
  detail::check_below_one("Adafactor", "beta1", o.beta1);
  detail::check_not_negative("Adafactor", "weight_decay", o.weight_decay);
}

void Adafactor::check_change(const AdafactorOptions& before, const AdafactorOptions& now) const {
  detail::check_same_use("Adafactor", "beta1", before.beta1, now.beta1);
}

Optimizer::Remembered Adafactor::remembered(const AdafactorOptions& options) const {
  Remembered all{.tensors = {"row_var", "col_var", "variance"}, .numbers = {}};
  if (options.beta1 != 0) all.tensors.push_back("exp_avg");
  return all;
}

void Adafactor::prepare(Slot& slot, const AdafactorOptions&) const {
  const Tensor& p = slot.parameter;
  if (!is_factored(p)) {
    slot.state[row_var] = slot.state[col_var] = Tensor();
    return;
  }
  slot.state[row_var] = zeros(without(-1, p), {.dtype = p.dtype()});
  slot.state[col_var] = zeros(without(-2, p), {.dtype = p.dtype()});
  slot.state[variance] = Tensor();
}

void Adafactor::visit_group(Visitor& v, std::size_t group) {
  AdafactorOptions& o = options(group);
  v("beta2_decay", o.beta2_decay), v("eps.0", o.eps.first), v("eps.1", o.eps.second), v("d", o.d);
  v("beta1", o.beta1), v("weight_decay", o.weight_decay), v("relative_step", o.relative_step);
  v("scale_parameter", o.scale_parameter), v("maximize", o.maximize);
}

void Adafactor::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  if (gradient.numel() == 0) return;
  const AdafactorOptions& o = options(group);
  const double of_p = o.scale_parameter ? sum_of_squares(slot.parameter) : 0;
  const Rule rule{o, lr, static_cast<double>(slot.steps), static_cast<double>(gradient.numel())};
  const bool has_mean = o.beta1 != 0;

  if (is_factored(slot.parameter)) {
    detail::Factored factored(stack_of(slot.parameter), rows_, columns_);
    detail::with_type(gradient.dtype(), [&]<class T>(T) {
      const T* g = gradient.data<T>().data();
      const std::span<T> rows = slot.state[row_var].mutable_data<T>(),
                         columns = slot.state[col_var].mutable_data<T>();
      T* p = slot.parameter.mutable_data<T>().data();
      T* m = has_mean ? slot.state[exp_avg].mutable_data<T>().data() : nullptr;
      const std::int64_t bytes = gradient.numel() * std::int64_t{sizeof(T)};
      double of_u = 0;
      detail::launch(factors_kernel, {.bytes = 2 * bytes}, [&] {
        factored.take(g, rows, columns, rule.beta2(), o.eps.first);
        of_u = factored.squares_of_direction(g);
      });
      detail::launch(matrix_kernel, {.bytes = (has_mean ? 5 : 3) * bytes}, [&] {
        const Descent<T> descend = rule.descent<T>(of_u, of_p);
        if (has_mean)
          factored.each(g, [&](std::size_t i, T u) { descend(p[i], m + i, u); });
        else
          factored.each(g, [&](std::size_t i, T u) { descend(p[i], nullptr, u); });
      });
    });
    return;
  }

  const std::span<Tensor> state = std::span(slot.state).subspan(variance);
  detail::BlockSums<1> of_u(sums_, gradient.numel());
  detail::update_pass<1>(squares_kernel, slot.parameter, gradient, state,
                         [&]<class T>(std::span<T> p, const T* g, std::array<T*, 1> s, std::int64_t first) {
                           of_u.add(first, {take_squares(p.size(), g, s[0], rule.beta2(), o.eps.first)});
                         });
  const auto descend = [&]<class T>(std::span<T> p, const T* g, const T* v, T* m) {
    const Descent<T> step = rule.descent<T>(of_u.total()[0], of_p);
    for (std::size_t i = 0; i < p.size(); ++i) step(p[i], m ? m + i : nullptr, g[i] / std::sqrt(v[i]));
  };
  if (has_mean)
    detail::update_pass<2>(
        kernel, slot.parameter, gradient, state,
        [&]<class T>(std::span<T> p, const T* g, std::array<T*, 2> s) { descend(p, g, s[0], s[1]); });
  else
    detail::update_pass<1>(kernel, slot.parameter, gradient, state,
                           [&]<class T>(std::span<T> p, const T* g, std::array<T*, 1> s) {
                             descend(p, g, s[0], static_cast<T*>(nullptr));
                           });
}

}  // namespace xgrad::optim
