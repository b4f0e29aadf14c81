#pragma once

#include <utility>

#include "xgrad/core/random.hpp"

// First values of weights, by PyTorch's formulas: the same seed gives the same numbers. Each function fills a
// floating leaf in place, outside recording, and returns it. Fans are those of a weight [out, in, ...]: in
// (out) times the sizes behind. Throws Error for a tensor that is not floating, and where a fan is needed but
// there are fewer than two axes, and for a temporary copy of a part of a tensor, such as w.t().

namespace xgrad::nn::init {

/// Uniform in [low, high).
Tensor uniform_(Tensor t, double low = 0, double high = 1, Generator generator = default_generator());
/// Normal with this mean and standard deviation.
Tensor normal_(Tensor t, double mean = 0, double stddev = 1, Generator generator = default_generator());
/// Normal, cut to [low, high] by the inverse distribution function.
Tensor trunc_normal_(Tensor t, double mean = 0, double stddev = 1, double low = -2, double high = 2,
                     Generator generator = default_generator());
Tensor constant_(Tensor t, double value);
Tensor zeros_(Tensor t);
Tensor ones_(Tensor t);

/// The identity matrix, cut off or continued by zeros.
Tensor eye_(Tensor t);
/// The kernels that keep as many channels as there are of both kinds, in each of the groups: 1 at the centre
/// of weight[group * out / groups + i, i, ...], else 0. Throws Error unless t has 3 to 5 axes.
Tensor dirac_(Tensor t, int groups = 1);
/// Normal with standard deviation `stddev`; of each column, a share of `sparsity` (rounded up) is then made 0
/// at random. Martens, 2010. Throws Error for other than two axes.
Tensor sparse_(Tensor t, double sparsity, double stddev = 0.01, Generator generator = default_generator());

/// Uniform in [-b, b], b = gain sqrt(6 / (fan_in + fan_out)). Glorot and Bengio, 2010.
Tensor xavier_uniform_(Tensor t, double gain = 1, Generator generator = default_generator());
/// Normal with standard deviation gain sqrt(2 / (fan_in + fan_out)).
Tensor xavier_normal_(Tensor t, double gain = 1, Generator generator = default_generator());

enum class Nonlinearity : std::uint8_t { linear, sigmoid, tanh, relu, leaky_relu, selu };

/// The factor that keeps the variance through a nonlinearity: 1, 1, 5/3, sqrt(2), sqrt(2 / (1 + slope^2)),
/// 3/4.
double calculate_gain(Nonlinearity nonlinearity, double slope = 0.01);

enum class Fan : std::uint8_t { in, out };

struct KaimingOptions {
  double slope = 0;   ///< of leaky_relu below 0
  Fan fan = Fan::in;  ///< in keeps the variance of the values, out that of the gradients
  Nonlinearity nonlinearity = Nonlinearity::leaky_relu;
};

/// Uniform in [-b, b], b = gain sqrt(3 / fan). He et al., 2015.
Tensor kaiming_uniform_(Tensor t, KaimingOptions options = {}, Generator generator = default_generator());
/// Normal with standard deviation gain / sqrt(fan).
Tensor kaiming_normal_(Tensor t, KaimingOptions options = {}, Generator generator = default_generator());

/// Orthonormal rows, or columns where there are more rows, times gain; axes behind the first count as one.
/// From a normal matrix by the QR decomposition whose R has a positive diagonal. Saxe et al., 2013.
Tensor orthogonal_(Tensor t, double gain = 1, Generator generator = default_generator());

}  // namespace xgrad::nn::init
