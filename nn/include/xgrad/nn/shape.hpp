#pragma once

#include "xgrad/nn/module.hpp"

// Modules that compute nothing.

namespace xgrad::nn {

/// x itself.
struct Identity : Module {
  Tensor forward(const Tensor& x) const override { return x; }
};

/// Axes `start` to `end` made one; by default all but the first, which counts the samples.
struct Flatten : Module {
  explicit Flatten(int first_axis = 1, int last_axis = -1) : start(first_axis), end(last_axis) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int start;
  int end;
};

/// Axis `axis` split into these sizes, one of which may be -1.
struct Unflatten : Module {
  Unflatten(int split_axis, Shape into) : axis(split_axis), sizes(std::move(into)) {}
  Tensor forward(const Tensor& x) const override;
  std::string extra_repr() const override;

  int axis;
  Shape sizes;
};

}  // namespace xgrad::nn
