#pragma once

#include "xgrad/nn/loss.hpp"
#include "xgrad/nn/module.hpp"

// Losses as modules: a member with its options, called with a prediction and a target. The functions of
// xgrad/nn/loss.hpp do the same without one: formulas, shapes and papers are there. A weight among the
// options is a buffer, which is saved, cloned and converted with the model.

namespace xgrad::nn {

namespace detail {
/// A loss of two tensors, by its function and the options that it takes.
template <class Options>
class Loss : public ModuleBase {
 public:
  explicit Loss(Options o = {}) : options(std::move(o)) {}
  void visit(Visitor& v) override {
    if constexpr (requires { options.weight; }) v.buffer("weight", options.weight);
    if constexpr (requires { options.pos_weight; }) v.buffer("pos_weight", options.pos_weight);
  }

  Options options;
};
}  // namespace detail

struct MSELoss : detail::Loss<LossOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct L1Loss : detail::Loss<LossOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct SmoothL1Loss : detail::Loss<SmoothL1Options> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct HuberLoss : detail::Loss<HuberOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct BCELoss : detail::Loss<BceOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct BCEWithLogitsLoss : detail::Loss<BceOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct CrossEntropyLoss : detail::Loss<CrossEntropyOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct NLLLoss : detail::Loss<NllOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct MultiMarginLoss : detail::Loss<MultiMarginOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct CTCLoss : detail::Loss<CtcOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                    const Tensor& target_lengths) const;
};
struct KLDivLoss : detail::Loss<KlDivOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct PoissonNLLLoss : detail::Loss<PoissonNllOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct GaussianNLLLoss : detail::Loss<GaussianNllOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target, const Tensor& var) const;
};
struct SoftMarginLoss : detail::Loss<LossOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct HingeEmbeddingLoss : detail::Loss<HingeEmbeddingOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input, const Tensor& target) const;
};
struct MarginRankingLoss : detail::Loss<MarginRankingOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input1, const Tensor& input2, const Tensor& target) const;
};
struct TripletMarginLoss : detail::Loss<TripletMarginOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& anchor, const Tensor& positive, const Tensor& negative) const;
};
struct CosineEmbeddingLoss : detail::Loss<CosineEmbeddingOptions> {
  using Loss::Loss;
  Tensor operator()(const Tensor& input1, const Tensor& input2, const Tensor& target) const;
};

}  // namespace xgrad::nn
