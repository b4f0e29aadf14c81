#include "xgrad/nn/loss_modules.hpp"

#include "xgrad/nn/call.hpp"

namespace xgrad::nn {

using detail::called;

Tensor MSELoss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return mse_loss(input, target, options); });
}
Tensor L1Loss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return l1_loss(input, target, options); });
}
Tensor SmoothL1Loss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return smooth_l1_loss(input, target, options); });
}
Tensor HuberLoss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return huber_loss(input, target, options); });
}
Tensor BCELoss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return binary_cross_entropy(input, target, options); });
}
Tensor BCEWithLogitsLoss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return binary_cross_entropy_with_logits(input, target, options); });
}
Tensor CrossEntropyLoss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return cross_entropy(input, target, options); });
}
Tensor NLLLoss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return nll_loss(input, target, options); });
}
Tensor MultiMarginLoss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return multi_margin_loss(input, target, options); });
}
Tensor KLDivLoss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return kl_div(input, target, options); });
}
Tensor PoissonNLLLoss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return poisson_nll_loss(input, target, options); });
}
Tensor SoftMarginLoss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return soft_margin_loss(input, target, options); });
}
Tensor HingeEmbeddingLoss::operator()(const Tensor& input, const Tensor& target) const {
  return called(*this, [&] { return hinge_embedding_loss(input, target, options); });
}
Tensor CTCLoss::operator()(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                           const Tensor& target_lengths) const {
  return called(*this, [&] { return ctc_loss(log_probs, targets, input_lengths, target_lengths, options); });
}
Tensor GaussianNLLLoss::operator()(const Tensor& input, const Tensor& target, const Tensor& var) const {
  return called(*this, [&] { return gaussian_nll_loss(input, target, var, options); });
}
Tensor MarginRankingLoss::operator()(const Tensor& input1, const Tensor& input2, const Tensor& target) const {
  return called(*this, [&] { return margin_ranking_loss(input1, input2, target, options); });
}
Tensor TripletMarginLoss::operator()(const Tensor& anchor, const Tensor& positive,
                                     const Tensor& negative) const {
  return called(*this, [&] { return triplet_margin_loss(anchor, positive, negative, options); });
}
Tensor CosineEmbeddingLoss::operator()(const Tensor& input1, const Tensor& input2,
                                       const Tensor& target) const {
  return called(*this, [&] { return cosine_embedding_loss(input1, input2, target, options); });
}

}  // namespace xgrad::nn
