#pragma once

#include "xgrad/core/random.hpp"
#include "xgrad/nn/module.hpp"

namespace xgrad::nn {

struct LinearOptions {
  bool bias = true;
  DType dtype = float32;
  Generator generator = default_generator();  ///< draws the first weights
};

/// x weight^T + bias: [..., in] to [..., out].
///
/// weight[out, in] and bias[out] start uniform in [-1/sqrt(in), 1/sqrt(in)], drawn in this order: the same
/// seed gives the same numbers as PyTorch. Throws Error when a size is negative, when the dtype is not
/// floating, and when the last size of x is not `in`.
class Linear : public Module {
 public:
  Linear(std::int64_t in, std::int64_t out, LinearOptions options = {});

  Tensor forward(const Tensor& x) const override;
  void visit(Visitor& v) override { v("weight", weight), v("bias", bias); }
  std::string extra_repr() const override;

  Tensor weight;
  Tensor bias;  ///< undefined without bias
};

}  // namespace xgrad::nn
