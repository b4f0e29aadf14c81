#include "xgrad/optim/clip.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "finite.hpp"
#include "options_check.hpp"
#include "pass.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel largest_kernel = {.name = "grad_max", .owner = "clip_grad_norm_"},
                         powers_kernel = {.name = "grad_norm", .owner = "clip_grad_norm_"},
                         scale_kernel = {.name = "grad_scale",
                                         .elementwise = true,
                                         .owner = "clip_grad_norm_"},
                         clamp_kernel = {
                             .name = "grad_clamp", .elementwise = true, .owner = "clip_grad_value_"};

void check_defined(const char* op, const std::vector<Tensor>& parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (!parameters[i].defined())
      throw Error(std::string(op) + ": parameter " + std::to_string(i) +
                  " is undefined; leave it out of the list");
}

/// Each parameter once, in the order of the list.
std::vector<Tensor> each_once(const std::vector<Tensor>& parameters) {
  std::unordered_set<const void*> seen;
  std::vector<Tensor> once;
  for (const Tensor& p : parameters)
    if (seen.insert(p.node()).second) once.push_back(p);
  return once;
}

/// Calls f on the elements of each gradient.
template <class F>
void each_gradient(const std::vector<Tensor>& parameters, F f) {
  for (const Tensor& p : parameters)
    if (Tensor g = p.grad(); g.defined()) detail::with_type(g.dtype(), [&]<class T>(T) { f(T{}, g); });
}

/// Throws Error, before anything is changed, where a gradient is not to be written.
void check_writable(const std::vector<Tensor>& parameters) {
  each_gradient(parameters, [&]<class T>(T, Tensor& g) { g.mutable_data<T>(); });
}

/// The larger of `largest` and all |g|; a nan is taken and stays.
template <class T>
double largest_in(std::span<const T> g, double largest) {
  for (const T v : g) {
    const double size = std::abs(static_cast<double>(v));
    largest = std::isnan(largest) || size <= largest ? largest : size;
  }
  return largest;
}

/// sum + sum (|g| / scale)^p.
template <class T>
double with_powers(double sum, std::span<const T> g, double p, double scale) {
  for (const T v : g) {
    const double whole = std::abs(static_cast<double>(v)), size = scale == 1 ? whole : whole / scale;
    sum += p == 2 ? size * size : std::pow(size, p);
  }
  return sum;
}

/// The door of a kernel that reads a gradient.
template <class T, class F>
void read_by(const detail::Kernel& kernel, std::span<const T> g, const F& f) {
  detail::launch(kernel, {.bytes = std::ssize(g) * std::int64_t{sizeof(T)}}, [&] { f(g); });
}

/// The largest |g|; a nan is taken and stays.
double largest_of(const std::vector<Tensor>& parameters) {
  double largest = 0;
  each_gradient(parameters, [&]<class T>(T, const Tensor& g) {
    read_by(largest_kernel, g.data<T>(),
            [&](std::span<const T> values) { largest = largest_in(values, largest); });
  });
  return largest;
}

/// sum (|g| / scale)^p.
double sum_of_powers(const std::vector<Tensor>& parameters, double p, double scale) {
  double sum = 0;
  each_gradient(parameters, [&]<class T>(T, const Tensor& g) {
    read_by(powers_kernel, g.data<T>(),
            [&](std::span<const T> values) { sum = with_powers(sum, values, p, scale); });
  });
  return sum;
}

/// A norm as a product, of which neither factor leaves the range of double where the norm may.
struct Norm {
  double scale, rest;
  double value() const { return scale * rest; }
};

Norm norm_of_gradients(const std::vector<Tensor>& parameters, double p) {
  const auto root = [p](double sum) { return p == 2 ? std::sqrt(sum) : std::pow(sum, 1 / p); };
  if (std::isinf(p)) return {1, largest_of(parameters)};
  constexpr double small = 1e-280;  // below, powers may have lost digits; above inf, all of them
  if (const double sum = sum_of_powers(parameters, p, 1); sum > small && std::isfinite(sum))
    return {1, root(sum)};
  const double largest = largest_of(parameters);
  if (largest == 0 || !std::isfinite(largest)) return {1, largest};
  return {largest, root(sum_of_powers(parameters, p, largest))};
}

}  // namespace

double clip_grad_norm_(const std::vector<Tensor>& listed, double max_norm, double p,
                       bool error_if_nonfinite) {
  check_defined("clip_grad_norm_", listed);
  detail::check_not_negative("clip_grad_norm_", "max_norm", max_norm);
  if (!(p > 0)) throw Error("clip_grad_norm_: p must be above 0: got " + detail::number(p));
  if (error_if_nonfinite)
    for (std::size_t i = 0; i < listed.size(); ++i)
      if (const Tensor g = listed[i].grad(); g.defined() && !detail::is_finite(g))
        detail::refuse_not_finite("clip_grad_norm_", "parameter " + std::to_string(i), g);

  const std::vector<Tensor> parameters = each_once(listed);
  const Norm norm = norm_of_gradients(parameters, p);
  const double size = norm.value();
  const double factor = std::isfinite(size) ? max_norm / (size + 1e-6) : max_norm / norm.scale / norm.rest;
  if (factor >= 1) return norm.value();  // a nan goes on, into the gradients

  const NoGrad guard;
  check_writable(parameters);
  each_gradient(parameters, [&]<class T>(T, Tensor& g) {
    detail::each_part(scale_kernel, 2, g.mutable_data<T>(), [factor](std::int64_t, std::span<T> part) {
      const T by = static_cast<T>(factor);
      for (T& v : part) v *= by;
    });
  });
  return norm.value();
}

void clip_grad_value_(const std::vector<Tensor>& parameters, double max_value) {
  check_defined("clip_grad_value_", parameters);
  detail::check_not_negative("clip_grad_value_", "max_value", max_value);
  const NoGrad guard;
  check_writable(parameters);
  each_gradient(parameters, [&]<class T>(T, Tensor& g) {
    detail::each_part(clamp_kernel, 2, g.mutable_data<T>(), [max_value](std::int64_t, std::span<T> part) {
      const T most = static_cast<T>(max_value);
      for (T& v : part) v = v < -most ? -most : v > most ? most : v;
    });
  });
}

}  // namespace xgrad::optim
