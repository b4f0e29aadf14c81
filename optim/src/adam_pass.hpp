#pragma once

#include <span>

#include "pass.hpp"
#include "xgrad/optim/betas.hpp"

namespace xgrad::optim::detail {

/// One step of Adam or AdamW, as Adam, AdamW and Muon make it.
struct AdamRule {
  double lr;
  Betas betas;
  BiasCorrections::Pair corrections;
  double eps, weight_decay;
  bool decoupled;  ///< the decay is no part of the gradient
  bool amsgrad, maximize;
};

/// Makes the step. The state is the mean, the mean square, and with amsgrad the largest one so far.
void adam_pass(const Kernel& kernel, const AdamRule& rule, Tensor& parameter, const Tensor& gradient,
               std::span<Tensor> state);

/// Throws Error for options of Adam out of their range.
void check_adam(const char* op, double lr, Betas betas, double eps, double weight_decay);

}  // namespace xgrad::optim::detail
