#pragma once

#include "xgrad/core/ops/loss.hpp"

// All losses of the core, under the name that models use: nn::cross_entropy(model(x), y).

namespace xgrad::nn {

using xgrad::binary_cross_entropy;
using xgrad::binary_cross_entropy_with_logits;
using xgrad::cosine_embedding_loss;
using xgrad::cross_entropy;
using xgrad::ctc_loss;
using xgrad::gaussian_nll_loss;
using xgrad::hinge_embedding_loss;
using xgrad::huber_loss;
using xgrad::kl_div;
using xgrad::l1_loss;
using xgrad::margin_ranking_loss;
using xgrad::mse_loss;
using xgrad::multi_margin_loss;
using xgrad::nll_loss;
using xgrad::poisson_nll_loss;
using xgrad::smooth_l1_loss;
using xgrad::soft_margin_loss;
using xgrad::triplet_margin_loss;

using xgrad::BceOptions;
using xgrad::CosineEmbeddingOptions;
using xgrad::CrossEntropyOptions;
using xgrad::CtcOptions;
using xgrad::GaussianNllOptions;
using xgrad::HingeEmbeddingOptions;
using xgrad::HuberOptions;
using xgrad::KlDivOptions;
using xgrad::LossOptions;
using xgrad::MarginRankingOptions;
using xgrad::MultiMarginOptions;
using xgrad::NllOptions;
using xgrad::PoissonNllOptions;
using xgrad::Reduction;
using xgrad::SmoothL1Options;
using xgrad::TripletMarginOptions;

}  // namespace xgrad::nn
