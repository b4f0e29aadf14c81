#include "xgrad/optim/clip.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "options_check.hpp"
#include "pass.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim {

namespace {

/// Calls f on the elements of each gradient.
template <class F>
void each_gradient(const std::vector<Tensor>& parameters, F f) {
  for (const Tensor& p : parameters)
    if (Tensor g = p.grad(); g.defined()) detail::with_type(g.dtype(), [&]<class T>(T) { f(T{}, g); });
}

double norm_of_gradients(const std::vector<Tensor>& parameters, double p) {
  double largest = 0, sum = 0;
  each_gradient(parameters, [&]<class T>(T, const Tensor& g) {
    for (const T v : g.data<T>()) {
      const double size = std::abs(static_cast<double>(v));
      if (std::isinf(p))
        largest = size <= largest ? largest : size;  // a nan is taken and stays
      else
        sum += p == 2 ? size * size : std::pow(size, p);
    }
  });
  return std::isinf(p) ? largest : p == 2 ? std::sqrt(sum) : std::pow(sum, 1 / p);
}

}  // namespace

double clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm, double p) {
  detail::check_not_negative("clip_grad_norm_", "max_norm", max_norm);
  if (!(p > 0)) throw Error("clip_grad_norm_: p must be above 0: got " + detail::number(p));

  const double norm = norm_of_gradients(parameters, p);
  const double factor = max_norm / (norm + 1e-6);
  if (factor >= 1) return norm;  // a nan goes on, into the gradients

  const NoGrad guard;
  each_gradient(parameters, [&]<class T>(T, Tensor& g) {
    for (T& v : g.mutable_data<T>()) v *= static_cast<T>(factor);
  });
  return norm;
}

void clip_grad_value_(const std::vector<Tensor>& parameters, double max_value) {
  detail::check_not_negative("clip_grad_value_", "max_value", max_value);
  const NoGrad guard;
  each_gradient(parameters, [&]<class T>(T, Tensor& g) {
    const T most = static_cast<T>(max_value);
    for (T& v : g.mutable_data<T>()) v = v < -most ? -most : v > most ? most : v;
  });
}

}  // namespace xgrad::optim
