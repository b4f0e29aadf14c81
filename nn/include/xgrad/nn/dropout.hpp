#pragma once

#include "xgrad/core/random.hpp"
#include "xgrad/nn/module.hpp"

namespace xgrad::nn {

/// In training, each element is 0 with probability p and x / (1 - p) otherwise; in eval mode, x itself.
/// Srivastava et al., 2014. The same seed drops the same elements as PyTorch. Throws Error unless 0 <= p
/// <= 1.
///
/// A generator of its own is part of its state, as "generator"; the default one is the process's, so that a
/// model has the names that PyTorch gives it.
class Dropout : public Module {
 public:
  explicit Dropout(double p = 0.5, Generator generator = default_generator());

  Tensor forward(const Tensor& x) const override;
  void visit(Visitor& v) override;
  std::string extra_repr() const override;

  double probability() const { return p_; }

 private:
  double p_;
  Generator generator_;
};

}  // namespace xgrad::nn
