#pragma once

#include "xgrad/nn/module.hpp"

// Where a step stands in its sequence, for layers that do not see the order of steps.

namespace xgrad::nn {

struct SinusoidalOptions {
  double base = 10000;      ///< the longest wave has about 2 pi base steps
  std::int64_t offset = 0;  ///< the position of the first step
  DType dtype = float32;
};

/// [steps, size]: sin(p / base^(2i / size)) at 2i and the cosine of the same at 2i + 1, for position p.
/// Vaswani et al., 2017. Throws Error for negative numbers, a base that is not positive and a dtype that is
/// not floating.
Tensor sinusoidal_positions(std::int64_t steps, std::int64_t size, const SinusoidalOptions& options = {});

struct SinusoidalPositionsOptions {
  bool batch_first = false;
  std::int64_t max_steps = 5000;  ///< so many positions are computed at once
  double base = 10000;
};

/// x + sinusoidal_positions: x[steps, batch, size], [batch, steps, size] with batch_first, or [steps, size].
/// Nothing is learnt, and nothing is part of the state.
class SinusoidalPositions : public Module {
 public:
  explicit SinusoidalPositions(std::int64_t size, SinusoidalPositionsOptions options = {});

  /// Throws Error for another size, and for more than max_steps steps.
  Tensor forward(const Tensor& x) const override { return from(0, x); }
  /// The same where the first step stands at position `offset`, as in a sequence that is made step by step.
  Tensor from(std::int64_t offset, const Tensor& x) const;
  std::string extra_repr() const override;

 private:
  SinusoidalPositionsOptions options_;
  Tensor table_;  ///< float64 [max_steps, size]
};

struct RotaryOptions {
  double base = 10000;
  std::int64_t offset = 0;  ///< the position of the first step
  bool interleaved = true;  ///< pairs lie beside each other; else element i has i + size / 2 as its partner
};

/// Pairs of elements turned by the angle p base^(-2i / size), for position p and pair i: x[..., steps, size].
/// The product of a turned query with a turned key depends on the distance of their positions alone. Su et
/// al., 2021. Throws Error unless the size is even and x is floating.
Tensor rotary_embedding(const Tensor& x, const RotaryOptions& options = {});

}  // namespace xgrad::nn
