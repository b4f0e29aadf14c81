#include "xgrad/nn/init.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "number.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/parameter.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::nn::init {

namespace {

/// Throws unless t is floating and somebody sees what is written to it.
void check_target(const char* op, Tensor& t) {
  if (!is_floating(t.dtype(op)))
    throw Error(std::string(op) + ": needs a floating tensor: got " + t.describe());
  t.to_change(op);
  xgrad::detail::note_layer(t, "init");
}

/// Sets each element of `t` to f(z), where z is the element of `source` at its place; computed in the dtype
/// of t.
template <class F>
void transform(Tensor& t, const Tensor& source, F f) {
  const NoGrad guard;
  const auto run = [&]<class T>(std::span<T> to, std::span<const T> from) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = f(from[i]);
  };
  if (t.dtype() == float32)
    run(t.mutable_data<float>(), source.data<float>());
  else
    run(t.mutable_data<double>(), source.data<double>());
}

struct Fans {
  double in;
  double out;
};

Fans fans(const char* op, const Tensor& t) {
  if (t.dim(op) < 2)
    throw Error(std::string(op) + ": fans need a weight of two or more axes: got " + t.describe());
  double field = 1;
  for (int i = 2; i < t.dim(); ++i) field *= static_cast<double>(t.shape()[i]);
  return {static_cast<double>(t.shape()[1]) * field, static_cast<double>(t.shape()[0]) * field};
}

double fan_of(const char* op, const Tensor& t, Fan fan) {
  const Fans both = fans(op, t);
  return fan == Fan::in ? both.in : both.out;
}

/// The inverse of erf: Winitzki's approximation, made exact by Halley's iteration.
double inverse_erf(double x) {
  if (std::abs(x) >= 1) return std::copysign(std::numeric_limits<double>::infinity(), x);
  constexpr double a = 0.147;
  const double logarithm = std::log1p(-x * x);
  const double t = 2 / (std::numbers::pi * a) + logarithm / 2;
  double y = std::copysign(std::sqrt(std::sqrt(t * t - logarithm / a) - t), x);
  for (int i = 0; i < 3; ++i) {
    const double step = (std::erf(y) - x) * std::exp(y * y) * std::sqrt(std::numbers::pi) / 2;
    y -= step / (1 + y * step);
  }
  return y;
}

}  // namespace

Tensor uniform_(Tensor t, double low, double high, Generator generator) {
  check_target("uniform_", t);
  if (!(low <= high))
    throw Error("uniform_: low must not be above high: low = " + detail::number(low) +
                ", high = " + detail::number(high));
  const Tensor u = rand(t.shape(), {.dtype = t.dtype()}, std::move(generator));
  // Fused, as in PyTorch: the last bit depends on it.
  transform(t, u, [&]<class T>(T z) {
    return std::fma(z, static_cast<T>(high) - static_cast<T>(low), static_cast<T>(low));
  });
  return t;
}

Tensor normal_(Tensor t, double mean, double stddev, Generator generator) {
  check_target("normal_", t);
  if (!(stddev >= 0))
    throw Error("normal_: the standard deviation must be at least 0: got " + detail::number(stddev));
  const Tensor z = randn(t.shape(), {.dtype = t.dtype()}, std::move(generator));
  transform(t, z, [&]<class T>(T v) { return std::fma(v, static_cast<T>(stddev), static_cast<T>(mean)); });
  return t;
}

Tensor trunc_normal_(Tensor t, double mean, double stddev, double low, double high, Generator generator) {
  check_target("trunc_normal_", t);
  if (!(stddev > 0 && low < high))
    throw Error("trunc_normal_: needs a standard deviation above 0 and low below high: stddev = " +
                detail::number(stddev) + ", low = " + detail::number(low) +
                ", high = " + detail::number(high));
  const auto scaled = [&](double v) { return std::erf((v - mean) / stddev / std::numbers::sqrt2); };
  uniform_(t, scaled(low), scaled(high), std::move(generator));
  transform(t, t, [&]<class T>(T u) {
    const double v = mean + stddev * std::numbers::sqrt2 * inverse_erf(static_cast<double>(u));
    return static_cast<T>(std::clamp(v, low, high));
  });
  return t;
}

Tensor constant_(Tensor t, double value) {
  check_target("constant_", t);
  const NoGrad guard;
  t.fill_(value);
  return t;
}

Tensor zeros_(Tensor t) {
  check_target("zeros_", t);
  return constant_(std::move(t), 0);
}
Tensor ones_(Tensor t) {
  check_target("ones_", t);
  return constant_(std::move(t), 1);
}

Tensor xavier_uniform_(Tensor t, double gain, Generator generator) {
  const auto [in, out] = fans("xavier_uniform_", t);
  const double bound = gain * std::sqrt(6 / (in + out));
  return uniform_(std::move(t), -bound, bound, std::move(generator));
}

Tensor xavier_normal_(Tensor t, double gain, Generator generator) {
  const auto [in, out] = fans("xavier_normal_", t);
  return normal_(std::move(t), 0, gain * std::sqrt(2 / (in + out)), std::move(generator));
}

double calculate_gain(Nonlinearity nonlinearity, double slope) {
  switch (nonlinearity) {
    case Nonlinearity::tanh:
      return 5.0 / 3;
    case Nonlinearity::relu:
      return std::numbers::sqrt2;
    case Nonlinearity::leaky_relu:
      return std::sqrt(2 / (1 + slope * slope));
    case Nonlinearity::selu:
      return 0.75;
    case Nonlinearity::linear:
    case Nonlinearity::sigmoid:
      break;
  }
  return 1;
}

Tensor kaiming_uniform_(Tensor t, KaimingOptions options, Generator generator) {
  const double fan = fan_of("kaiming_uniform_", t, options.fan);
  const double bound = calculate_gain(options.nonlinearity, options.slope) * std::sqrt(3 / fan);
  return uniform_(std::move(t), -bound, bound, std::move(generator));
}

Tensor kaiming_normal_(Tensor t, KaimingOptions options, Generator generator) {
  const double fan = fan_of("kaiming_normal_", t, options.fan);
  const double stddev = calculate_gain(options.nonlinearity, options.slope) / std::sqrt(fan);
  return normal_(std::move(t), 0, stddev, std::move(generator));
}

}  // namespace xgrad::nn::init
