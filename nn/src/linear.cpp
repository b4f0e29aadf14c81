#include "xgrad/nn/linear.hpp"

#include <cmath>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/parameter.hpp"
#include "xgrad/nn/init.hpp"

namespace xgrad::nn {

Linear::Linear(std::int64_t in, std::int64_t out, LinearOptions options) {
  if (in < 0 || out < 0)
    throw Error("Linear: sizes must not be negative: in = " + std::to_string(in) +
                ", out = " + std::to_string(out));
  if (!is_floating(options.dtype))
    throw Error(std::string("Linear: weights need a floating dtype: got ") + name_of(options.dtype));

  const double bound = in > 0 ? 1 / std::sqrt(static_cast<double>(in)) : 0;
  const auto parameter = [&](const Shape& shape) {
    const Tensor t = empty(shape, {.dtype = options.dtype, .requires_grad = true});
    xgrad::detail::note_layer(t, "Linear");
    return init::uniform_(t, -bound, bound, options.generator);
  };
  weight = parameter({out, in});
  if (options.bias) bias = parameter({out});
}

Tensor Linear::forward(const Tensor& x) const {
  if (x.dim("Linear") == 0 || x.shape().back() != weight.size(1))
    throw Error("Linear: the last size of x must be the layer's input size: x is " + x.describe() +
                ", weight is " + weight.describe() + " of Linear(" + std::to_string(weight.size(1)) + ", " +
                std::to_string(weight.size(0)) + ")");
  if (!is_training()) return linear(x, weight, bias, Activation::none, packed_);
  packed_.clear();
  return linear(x, weight, bias);
}

std::string Linear::extra_repr() const {
  return "in_features=" + std::to_string(weight.size(1)) +
         ", out_features=" + std::to_string(weight.size(0)) + ", bias=" + (bias.defined() ? "true" : "false");
}

}  // namespace xgrad::nn
