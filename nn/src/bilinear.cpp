#include <cmath>

#include "layer.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/nn/call.hpp"
#include "xgrad/nn/init.hpp"
#include "xgrad/nn/linear.hpp"

namespace xgrad::nn {

Bilinear::Bilinear(std::int64_t in1, std::int64_t in2, std::int64_t out, LinearOptions options) {
  detail::check_least("Bilinear", "in1_features", in1, 1);
  detail::check_least("Bilinear", "in2_features", in2, 1);
  detail::check_least("Bilinear", "out_features", out, 1);
  detail::check_weight_dtype("Bilinear", options.dtype);
  const double bound = 1 / std::sqrt(static_cast<double>(in1));
  weight = init::uniform_(detail::new_parameter("Bilinear", {out, in1, in2}, options.dtype), -bound, bound,
                          options.generator);
  if (options.bias)
    bias = init::uniform_(detail::new_parameter("Bilinear", {out}, options.dtype), -bound, bound,
                          options.generator);
}

Tensor Bilinear::operator()(const Tensor& x1, const Tensor& x2) const {
  return detail::called(*this, [&] {
    const std::int64_t out = weight.size(0), in1 = weight.size(1), in2 = weight.size(2);
    const int rank = x1.dim("Bilinear");
    bool fits =
        rank > 0 && x2.dim("Bilinear") == rank && x1.shape().back() == in1 && x2.shape().back() == in2;
    for (int i = 0; fits && i + 1 < rank; ++i) fits = x1.shape()[i] == x2.shape()[i];
    if (!fits)
      throw Error("Bilinear: x1 must be [..., " + std::to_string(in1) + "] and x2 [..., " +
                  std::to_string(in2) + "], with the same sizes in front: x1 is " + x1.describe() +
                  ", x2 is " + x2.describe());
    // x1 by all matrices at once, then each row by its x2.
    const Tensor matrices = reshape(permute(weight, {1, 0, 2}), {in1, out * in2});
    const Tensor rows = reshape(matmul(reshape(x1, {-1, in1}), matrices), {-1, out, in2});
    Shape shape = x1.shape();
    shape[rank - 1] = out;
    const Tensor y = reshape(matmul(rows, reshape(x2, {-1, in2, 1})), shape);
    return bias.defined() ? y + bias : y;
  });
}

std::string Bilinear::extra_repr() const {
  return "in1_features=" + std::to_string(weight.size(1)) +
         ", in2_features=" + std::to_string(weight.size(2)) +
         ", out_features=" + std::to_string(weight.size(0)) +
         ", bias=" + detail::true_or_false(bias.defined());
}

}  // namespace xgrad::nn
