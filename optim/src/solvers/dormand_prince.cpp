#include "solvers/dormand_prince.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "pass.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim::detail {

namespace {

constexpr Kernel error_kernel = {.name = "ode_error", .owner = "odeint"};

constexpr std::array nodes{0.0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1.0, 1.0};
/// Row i makes stage i + 1 of the stages before it; the last one makes the result.
constexpr std::array<std::array<double, 6>, 6> weights{{
    {1.0 / 5},
    {3.0 / 40, 9.0 / 40},
    {44.0 / 45, -56.0 / 15, 32.0 / 9},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
    {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84},
}};
/// The result's weights minus those of order 4.
constexpr std::array error_weights{71.0 / 57600,      0.0,        -71.0 / 16695, 71.0 / 1920,
                                   -17253.0 / 339200, 22.0 / 525, -1.0 / 40};
constexpr std::array dense_weights{-12715105075.0 / 11282082432,  0.0,
                                   87487479700.0 / 32700410799,   -10690763975.0 / 1880347072,
                                   701980252875.0 / 199316789632, -1453857185.0 / 822651844,
                                   69997945.0 / 29380423};

/// h sum_i w_i k_i.
template <std::size_t n>
Tensor combined(double h, const std::array<double, n>& w, const std::array<Tensor, 7>& k, std::size_t count) {
  Tensor sum = k[0] * (h * w[0]);
  for (std::size_t i = 1; i < count; ++i)
    if (w[i] != 0) sum = sum + k[i] * (h * w[i]);
  return sum;
}

}  // namespace

Tensor OdeRight::time(double t) const {
  if (clock_.defined()) return clock_ + (t - start_);
  return full({}, t, {.dtype = like_.dtype()});
}

Tensor OdeRight::operator()(double t, const Tensor& y) {
  ++calls_;
  Tensor k = f_(time(t), y);
  if (!k.defined() || !(k.shape() == like_.shape()) || k.dtype() != like_.dtype())
    throw Error("odeint: f(t, y) must have the shape and dtype of y: f is " +
                (k.defined() ? k.describe() : std::string("undefined")) + ", y is " + like_.describe());
  return k;
}

OdeStep::OdeStep(OdeRight& f, double from, double size, const Tensor& start, const Tensor& slope)
    : t(from), h(size), y(start) {
  k[0] = slope;
  for (std::size_t i = 1; i < 7; ++i) {
    y1 = y + combined(h, weights[i - 1], k, i);
    k[i] = f(t + nodes[i] * h, y1);
  }
}

double OdeStep::error(double rtol, double atol) const {
  const NoGrad guard;
  return scaled_size(combined(h, error_weights, k, 7), y, y1, rtol, atol);
}

OdeSegment::OdeSegment(const OdeStep& step) : t(step.t), h(step.h) {
  const Tensor rise = step.y1 - step.y, bend = step.k[0] * h - rise;
  r = {step.y, rise, bend, rise - step.k[6] * h - bend, combined(h, dense_weights, step.k, 7)};
}

Tensor OdeSegment::at(double theta) const {
  const double rest = 1 - theta;
  return r[0] + (r[1] + (r[2] + (r[3] + r[4] * rest) * theta) * rest) * theta;
}

Tensor OdeSegment::at(const Tensor& theta) const {
  const Tensor rest = 1 - theta;
  return r[0] + (r[1] + (r[2] + (r[3] + r[4] * rest) * theta) * rest) * theta;
}

double scaled_size(const Tensor& x, const Tensor& y, const Tensor& z, double rtol, double atol) {
  double sum = 0;
  with_type(x.dtype(), [&]<class T>(T) {
    const std::span<const T> u = x.data<T>(), v = y.data<T>(), w = z.data<T>();
    launch(error_kernel, {.bytes = std::ssize(u) * std::int64_t{3 * sizeof(T)}}, [&] {
      for (std::size_t i = 0; i < u.size(); ++i) {
        const auto most = static_cast<double>(std::max(std::abs(v[i]), std::abs(w[i])));
        const double ratio = static_cast<double>(u[i]) / (atol + rtol * most);
        sum += ratio * ratio + 0 * static_cast<double>(w[i]);  // nan where w is inf, too
      }
    });
  });
  return std::sqrt(sum / static_cast<double>(x.numel()));
}

double first_step_of(OdeRight& f, double t, const Tensor& y, const Tensor& slope, double sign,
                     const OdeOptions& o) {
  if (o.first_step > 0) return std::min(o.first_step, o.max_step);
  const NoGrad guard;
  const double size = scaled_size(y, y, y, o.rtol, o.atol), fast = scaled_size(slope, y, y, o.rtol, o.atol);
  double h = size < 1e-5 || fast < 1e-5 ? 1e-6 : 0.01 * size / fast;
  h = std::min(h, o.max_step);
  const Tensor change = f(t + sign * h, y + slope * (sign * h)) - slope;
  const double curved = scaled_size(change, y, y, o.rtol, o.atol) / h, most = std::max(fast, curved);
  const double next = most <= 1e-15 ? std::max(1e-6, 1e-3 * h) : std::pow(0.01 / most, 0.2);
  return std::min({100 * h, std::isfinite(next) ? next : h, o.max_step});
}

}  // namespace xgrad::optim::detail
