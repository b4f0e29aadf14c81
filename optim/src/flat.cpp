#include "flat.hpp"

#include <cmath>

#include "pass.hpp"
#include "xgrad/core/creation.hpp"

namespace xgrad::optim::detail {

namespace {

constexpr Kernel sum_kernel = {.name = "lbfgs_sum", .owner = "LBFGS.step"},
                 mix_kernel = {.name = "lbfgs_mix", .elementwise = true, .owner = "LBFGS.step"};

/// Four sums, which do not wait for each other, of f(i) for i < n.
template <class F>
double sum_of(std::size_t n, std::int64_t bytes, const F& f) {
  double sums[4] = {0, 0, 0, 0};
  launch(sum_kernel, {.bytes = bytes}, [&] {
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4)
      for (std::size_t k = 0; k < 4; ++k) sums[k] += f(i + k);
    for (; i < n; ++i) sums[0] += f(i);
  });
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

double dot(const Tensor& a, const Tensor& b) {
  const std::span<const double> u = a.data<double>(), v = b.data<double>();
  return sum_of(u.size(), 16 * std::ssize(u), [&](std::size_t i) { return u[i] * v[i]; });
}

double size_of(const Tensor& a) {
  const double most = largest(a);
  if (most == 0 || !std::isfinite(most)) return most;
  const std::span<const double> u = a.data<double>();
  return most * std::sqrt(sum_of(u.size(), 8 * std::ssize(u), [&](std::size_t i) {
           const double share = u[i] / most;
           return share * share;
         }));
}

double sum_of_sizes(const Tensor& a) {
  const std::span<const double> u = a.data<double>();
  return sum_of(u.size(), 8 * std::ssize(u), [&](std::size_t i) { return std::abs(u[i]); });
}

double largest(const Tensor& a) {
  const std::span<const double> u = a.data<double>();
  double most = 0;
  launch(sum_kernel, {.bytes = 8 * std::ssize(u)}, [&] {
    for (const double v : u) most = std::isnan(most) || std::abs(v) <= most ? most : std::abs(v);
  });
  return most;
}

void add_to(Tensor& a, double factor, const Tensor& b) {
  const double* v = b.data<double>().data();
  each_part(mix_kernel, 3, a.mutable_data<double>(), [=](std::int64_t first, std::span<double> part) {
    for (std::size_t i = 0; i < part.size(); ++i) part[i] += factor * v[first + static_cast<std::int64_t>(i)];
  });
}

Tensor mixed(double factor, const Tensor& a, double other, const Tensor& b) {
  Tensor sum = empty_like(a);
  const double *u = a.data<double>().data(), *v = b.data<double>().data();
  each_part(mix_kernel, 3, sum.mutable_data<double>(), [=](std::int64_t first, std::span<double> part) {
    for (std::size_t i = 0; i < part.size(); ++i)
      part[i] =
          factor * u[first + static_cast<std::int64_t>(i)] + other * v[first + static_cast<std::int64_t>(i)];
  });
  return sum;
}

}  // namespace xgrad::optim::detail
