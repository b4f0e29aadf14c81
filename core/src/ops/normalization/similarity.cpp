#include "ops/linalg/matrices.hpp"
#include "ops/reduce/reduce.hpp"
#include "ops/support/axes.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/normalization.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

Tensor cosine_similarity(const Tensor& a, const Tensor& b, int axis, double eps) {
  check_one_floating("cosine_similarity", a, b);
  const Shape shape = broadcast_shapes("cosine_similarity", a, b);
  const Tensor p = a.shape() == shape ? a : expand(a, shape), q = b.shape() == shape ? b : expand(b, shape);
  const int along = line_axis("cosine_similarity", axis, p);
  return sum(p * q, along) / (maximum(norm(p, 2, along), eps) * maximum(norm(q, 2, along), eps));
}

Tensor pairwise_distance(const Tensor& a, const Tensor& b, double p, double eps, bool keepdim) {
  check_one_floating("pairwise_distance", a, b);
  broadcast_shapes("pairwise_distance", a, b);
  return norm_as("pairwise_distance", a - b + eps, p, -1, keepdim);
}

Tensor normalize(const Tensor& x, double p, int axis, double eps) {
  return x / maximum(norm_as("normalize", x, p, axis, true), eps);
}

}  // namespace xgrad
