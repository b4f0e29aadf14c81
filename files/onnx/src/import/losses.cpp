#include "import/node.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/loss.hpp"

// Losses of labels.

namespace xgrad::onnx::detail {

namespace {

/// nll_loss as the node asks for it.
Tensor loss_of(const NodeCall& c, const Tensor& log_probabilities) {
  const std::string how = c.text("reduction", "mean");
  if (how != "mean" && how != "sum" && how != "none")
    c.fail("the reduction must be mean, sum or none: it is " + how);
  const Reduction reduction = how == "mean"  ? Reduction::mean
                              : how == "sum" ? Reduction::sum
                                             : Reduction::none;
  // Labels of classes are never so low.
  const std::int64_t ignored = c.has_attribute("ignore_index") ? c.integer("ignore_index", 0) : INT64_MIN;
  return nll_loss(log_probabilities, c.x(1), {c.optional(2), ignored, reduction});
}

Tensors negative_log_likelihood(const NodeCall& c) { return one(loss_of(c, c.x(0))); }
Tensors softmax_cross_entropy(const NodeCall& c) {
  const Tensor log_probabilities = log_softmax(c.x(0), 1);
  Tensors all = one(loss_of(c, log_probabilities));
  if (c.wants(1)) all.push_back(log_probabilities);
  return all;
}

}  // namespace

void add_losses(ImportTable& t) {
  t["NegativeLogLikelihoodLoss"] = negative_log_likelihood;
  t["SoftmaxCrossEntropyLoss"] = softmax_cross_entropy;
}

}  // namespace xgrad::onnx::detail
