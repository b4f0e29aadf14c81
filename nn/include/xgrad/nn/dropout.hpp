#pragma once

#include "xgrad/core/random.hpp"
#include "xgrad/nn/module.hpp"

// What drops in training and does nothing in eval mode. Each throws Error unless 0 <= p <= 1, and drops the
// same elements for a seed as PyTorch.
//
// A generator of its own is part of a layer's state, as "generator"; the default one is the process's, so
// that a model has the names that PyTorch gives it.

namespace xgrad::nn {

namespace detail {
/// A probability and where it draws from.
class Dropping : public Module {
 public:
  void visit(Visitor& v) override;
  std::string extra_repr() const override;

  double probability() const { return p_; }

 protected:
  Dropping(const char* layer, double p, Generator generator);

  double p_;
  Generator generator_;
};
}  // namespace detail

/// In training, each element is 0 with probability p and x / (1 - p) otherwise; in eval mode, x itself.
/// Srivastava et al., 2014.
class Dropout : public detail::Dropping {
 public:
  explicit Dropout(double p = 0.5, Generator generator = default_generator())
      : Dropping("Dropout", p, std::move(generator)) {}
  Tensor forward(const Tensor& x) const override;
};

/// The same for whole channels of x[batch, channels, length]. Tompson et al., 2015.
class Dropout1d : public detail::Dropping {
 public:
  explicit Dropout1d(double p = 0.5, Generator generator = default_generator())
      : Dropping("Dropout1d", p, std::move(generator)) {}
  Tensor forward(const Tensor& x) const override;
};

/// The same for whole channels of x[batch, channels, height, width].
class Dropout2d : public detail::Dropping {
 public:
  explicit Dropout2d(double p = 0.5, Generator generator = default_generator())
      : Dropping("Dropout2d", p, std::move(generator)) {}
  Tensor forward(const Tensor& x) const override;
};

/// In training, each element becomes -1.758..., the limit of selu, with probability p; then all are scaled
/// and shifted so that mean 0 and variance 1 stay. With p = 1, zeros. Klambauer et al., 2017.
class AlphaDropout : public detail::Dropping {
 public:
  explicit AlphaDropout(double p = 0.5, Generator generator = default_generator())
      : Dropping("AlphaDropout", p, std::move(generator)) {}
  Tensor forward(const Tensor& x) const override;
};

}  // namespace xgrad::nn
