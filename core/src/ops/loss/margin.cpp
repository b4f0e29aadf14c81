#include "ops/loss/labels.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/normalization.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

// Losses that are 0 once a margin is kept: relu(margin - ...), with slope 0 where the margin is kept exactly.

namespace xgrad {

using namespace detail;

Tensor soft_margin_loss(const Tensor& input, const Tensor& target, LossOptions options) {
  const auto [x, t] = loss_operands("soft_margin_loss", input, target);
  return reduced(-logsigmoid(t * x), options.reduction);
}

Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target, HingeEmbeddingOptions options) {
  const auto [x, t] = loss_operands("hinge_embedding_loss", input, target);
  return reduced(where(t == -1, 0, x) + where(t == 1, 0, relu(options.margin - x)), options.reduction);
}

Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                           MarginRankingOptions options) {
  const auto [a, b] = loss_operands("margin_ranking_loss", input1, input2);
  const auto [x, t] = loss_operands("margin_ranking_loss", a - b, target);
  return reduced(relu(options.margin - t * x), options.reduction);
}

Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           TripletMarginOptions options) {
  if (std::isnan(options.p)) fail("triplet_margin_loss", "the order p must be a number: it is nan");
  const auto distance = [&](const Tensor& u, const Tensor& v) {
    const auto [p, q] = loss_operands("triplet_margin_loss", u, v);
    return pairwise_distance(p, q, options.p, options.eps);
  };
  const Tensor near = distance(anchor, positive);
  Tensor far = distance(anchor, negative);
  if (options.swap) far = minimum(far, distance(positive, negative));
  return reduced(relu(options.margin + near - far), options.reduction);
}

Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                             CosineEmbeddingOptions options) {
  const auto [a, b] = loss_operands("cosine_embedding_loss", input1, input2);
  Shape rows = a.shape();
  if (a.dim() > 0) rows.erase(a.dim() - 1);
  if (a.dim() == 0 || a.dim() > 2 || !(target.shape() == rows))
    fail("cosine_embedding_loss",
         "needs inputs [rows, size] and a target [rows], or [size] and []: input1 is " + input1.describe() +
             ", target is " + target.describe());
  constexpr double eps = 1e-12;
  const auto inverse = [](const Tensor& u) { return rsqrt(sum(square(u), -1) + eps); };
  const Tensor cosine = sum(a * b, -1) * inverse(a) * inverse(b), t = target.to(a.dtype());
  const Tensor apart = relu(cosine - options.margin);
  return reduced(where(t == 1, 1 - cosine, 0) + where(t == -1, apart, 0), options.reduction);
}

Tensor multi_margin_loss(const Tensor& input, const Tensor& target, MultiMarginOptions options) {
  check_floating("multi_margin_loss", input);
  if (options.p != 1 && options.p != 2)
    fail("multi_margin_loss", "p must be 1 or 2: it is " + std::to_string(options.p));
  if (input.dim() == 0 || input.dim() > 2 || target.dtype() != int64)
    fail("multi_margin_loss",
         "needs an input [rows, classes] and int64 labels [rows], or [classes] and []: " +
             describe(input, target));
  check_weight("multi_margin_loss", input, options.weight);
  check_labels("multi_margin_loss", input, target, {});
  const Tensor label = unsqueeze(target, -1);
  const std::int64_t classes = input.size(-1);
  Tensor missing = relu(options.margin - gather(input, -1, label) + input);
  if (options.p == 2) missing = square(missing);
  if (options.weight.defined())
    missing = missing * reshape(index_select(options.weight, 0, reshape(target, {-1})), label.shape());
  const Tensor others = where(one_hot(target, classes) == 1, 0, missing);
  return reduced(sum(others, -1) / classes, options.reduction);
}

}  // namespace xgrad
