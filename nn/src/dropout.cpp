#include "xgrad/nn/dropout.hpp"

#include <cmath>

#include "layer.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/normalization.hpp"

namespace xgrad::nn {

namespace detail {

Dropping::Dropping(const char* layer, double p, Generator generator)
    : p_(p), generator_(std::move(generator)) {
  if (!(p >= 0 && p <= 1)) throw Error(std::string(layer) + ": p must be in [0, 1]: got " + number(p));
}

void Dropping::visit(Visitor& v) {
  if (&generator_.access() != &default_generator().access()) v("generator", generator_);
}
std::string Dropping::extra_repr() const { return "p=" + number(p_); }

}  // namespace detail

namespace {

/// x times one factor for each of its channels.
Tensor drop_channels(const char* layer, const Tensor& x, const char* axes, int rank, double p,
                     const Generator& generator) {
  if (x.dim(layer) != rank)
    throw Error(std::string(layer) + ": x must be " + axes + ": x is " + x.describe());
  Shape channels = Shape::filled(rank, 1);
  channels[0] = x.size(0), channels[1] = x.size(1);
  return x * dropout(ones(channels, x.dtype()), p, true, generator);
}

}  // namespace

Tensor Dropout::forward(const Tensor& x) const { return dropout(x, p_, is_training(), generator_); }

Tensor Dropout1d::forward(const Tensor& x) const {
  return is_training() ? drop_channels("Dropout1d", x, "[batch, channels, length]", 3, p_, generator_) : x;
}

Tensor Dropout2d::forward(const Tensor& x) const {
  return is_training() ? drop_channels("Dropout2d", x, "[batch, channels, height, width]", 4, p_, generator_)
                       : x;
}

Tensor AlphaDropout::forward(const Tensor& x) const {
  if (!is_training() || p_ == 0) return x;
  if (p_ == 1) return x * 0;
  constexpr double limit = 1.7580993408473766;  // -selu(-inf)
  const double scale = 1 / std::sqrt((limit * limit * p_ + 1) * (1 - p_));
  const Tensor kept = bernoulli(1 - p_, x.shape(), {.dtype = x.dtype()}, generator_);
  return x * (kept * scale) + ((kept - 1) * (limit * scale) + limit * scale * p_);
}

}  // namespace xgrad::nn
