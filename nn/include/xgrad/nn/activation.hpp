#pragma once

#include "xgrad/nn/module.hpp"

// Activation functions as modules, for Sequential and for members that can be exchanged. Elsewhere the
// functions of the same names, in xgrad/core/ops/activation.hpp, do.

namespace xgrad::nn {

/// x itself.
struct Identity : Module {
  Tensor forward(const Tensor& x) const override { return x; }
};

struct ReLU : Module {
  Tensor forward(const Tensor& x) const override;
};

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

struct GELU : Module {
  Tensor forward(const Tensor& x) const override;
};

struct SiLU : Module {
  Tensor forward(const Tensor& x) const override;
};

struct Softplus : Module {
  explicit Softplus(double sharpness = 1.0) : beta(sharpness) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  double beta;
};

struct Sigmoid : Module {
  Tensor forward(const Tensor& x) const override;
};

struct Tanh : Module {
  Tensor forward(const Tensor& x) const override;
};

struct Softmax : Module {
  explicit Softmax(int along = -1) : axis(along) {}
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

/// Axes `start` to `end` made one; by default all but the first, which counts the samples.
struct Flatten : Module {
  explicit Flatten(int first_axis = 1, int last_axis = -1) : start(first_axis), end(last_axis) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int start;
  int end;
};

}  // namespace xgrad::nn
