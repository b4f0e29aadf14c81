#pragma once

#include "xgrad/core/packed_weight.hpp"
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
///
/// In evaluation it keeps a copy of the weight in the order that products read, until the weight changes or
/// training goes on: batches of 2 to 16 rows are 1.5 to 4 times as fast, for as much memory as the weight
/// takes.
class Linear : public Module {
 public:
  Linear(std::int64_t in, std::int64_t out, LinearOptions options = {});

  Tensor forward(const Tensor& x) const override;
  void visit(Visitor& v) override { v("weight", weight), v("bias", bias); }
  std::string extra_repr() const override;

  Tensor weight;
  Tensor bias;  ///< undefined without bias

 private:
  PackedWeight packed_;
};

/// y_o = x1^T weight_o x2 + bias_o: [..., in1] and [..., in2] to [..., out].
///
/// weight[out, in1, in2] and bias[out] start uniform in [-1/sqrt(in1), 1/sqrt(in1)]. Throws Error when a size
/// is negative, and when the last sizes of x1 and x2 are not the layer's or the others differ.
class Bilinear : public ModuleBase {
 public:
  Bilinear(std::int64_t in1, std::int64_t in2, std::int64_t out, LinearOptions options = {});

  Tensor operator()(const Tensor& x1, const Tensor& x2) const;
  void visit(Visitor& v) override { v("weight", weight), v("bias", bias); }
  std::string extra_repr() const override;

  Tensor weight;
  Tensor bias;  ///< undefined without bias
};

}  // namespace xgrad::nn
