#pragma once

#include "xgrad/core/ops/activation.hpp"
#include "xgrad/nn/module.hpp"

// Activation functions as modules, for Sequential and for members that can be exchanged. Elsewhere the
// functions of the same names, in xgrad/core/ops/activation.hpp, do: formulas and papers are there.

namespace xgrad::nn {

// Without options ------------------------------------------------------------------------------------------

struct ReLU : Module {
  Tensor forward(const Tensor& x) const override;
};
struct ReLU6 : Module {
  Tensor forward(const Tensor& x) const override;
};
struct SELU : Module {
  Tensor forward(const Tensor& x) const override;
};
struct SiLU : Module {
  Tensor forward(const Tensor& x) const override;
};
struct Mish : Module {
  Tensor forward(const Tensor& x) const override;
};
struct Sigmoid : Module {
  Tensor forward(const Tensor& x) const override;
};
struct LogSigmoid : Module {
  Tensor forward(const Tensor& x) const override;
};
struct Tanh : Module {
  Tensor forward(const Tensor& x) const override;
};
struct Tanhshrink : Module {
  Tensor forward(const Tensor& x) const override;
};
struct Softsign : Module {
  Tensor forward(const Tensor& x) const override;
};
struct Hardsigmoid : Module {
  Tensor forward(const Tensor& x) const override;
};
struct Hardswish : Module {
  Tensor forward(const Tensor& x) const override;
};

// With options ---------------------------------------------------------------------------------------------

struct LeakyReLU : Module {
  explicit LeakyReLU(double slope_below_zero = 0.01) : slope(slope_below_zero) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  double slope;
};

struct ELU : Module {
  explicit ELU(double alpha_below_zero = 1.0) : alpha(alpha_below_zero) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  double alpha;
};

struct CELU : Module {
  explicit CELU(double alpha_below_zero = 1.0) : alpha(alpha_below_zero) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  double alpha;
};

struct GELU : Module {
  explicit GELU(Approximate how = Approximate::none) : approximate(how) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  Approximate approximate;
};

struct Softplus : Module {
  explicit Softplus(double sharpness = 1.0, double linear_above = __builtin_inf())
      : beta(sharpness), threshold(linear_above) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  double beta, threshold;
};

struct Hardtanh : Module {
  explicit Hardtanh(double min_value = -1.0, double max_value = 1.0) : low(min_value), high(max_value) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  double low, high;
};

struct Hardshrink : Module {
  explicit Hardshrink(double zero_within = 0.5) : lambda(zero_within) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  double lambda;
};

struct Softshrink : Module {
  explicit Softshrink(double zero_within = 0.5) : lambda(zero_within) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  double lambda;
};

/// prelu: a rectifier whose slope is learnt, one for all or one for each channel.
class PReLU : public Module {
 public:
  explicit PReLU(std::int64_t parameters = 1, double start = 0.25, DType dtype = float32);
  Tensor forward(const Tensor& x) const override;
  void visit(Visitor& v) override { v("weight", weight); }
  std::string extra_repr() const override;

  Tensor weight;
};

// Along an axis --------------------------------------------------------------------------------------------

struct Softmax : Module {
  explicit Softmax(int along = -1) : axis(along) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int axis;
};

struct Softmin : Module {
  explicit Softmin(int along = -1) : axis(along) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int axis;
};

struct LogSoftmax : Module {
  explicit LogSoftmax(int along = -1) : axis(along) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int axis;
};

/// a sigmoid(b), a and b the halves of x along an axis. Dauphin et al., 2017. Throws Error for an odd size.
struct GLU : Module {
  explicit GLU(int along = -1) : axis(along) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int axis;
};

/// silu(a) b, a and b the halves of x along an axis. Shazeer, 2020. Throws Error for an odd size.
struct SwiGLU : Module {
  explicit SwiGLU(int along = -1) : axis(along) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int axis;
};

}  // namespace xgrad::nn
