#pragma once

#include <initializer_list>
#include <vector>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::optim {

/// What an optimizer takes: a list of tensors, a list of tensors with names, or anything with a `visit`, of
/// which it takes the parameters that require a gradient, each once and by its first name.
///
///     optim::Adam adam(model, {.lr = 1e-3});
///     optim::SGD sgd({w, b}, {.lr = 0.1});
///     optim::SGD named({{"w", w}, {"b", b}}, {.lr = 0.1});
///
/// Names are what the optimizer's state goes by, and its errors; without them it goes by positions.
class Parameters {
 public:
  // NOLINTBEGIN(google-explicit-constructor): it stands for what it is made of
  Parameters(const std::vector<Tensor>& tensors);
  Parameters(std::initializer_list<Tensor> tensors) : Parameters(std::vector<Tensor>(tensors)) {}
  Parameters(std::vector<NamedTensor> tensors) : tensors_(std::move(tensors)) {}
  Parameters(std::initializer_list<NamedTensor> tensors) : tensors_(tensors) {}
  template <Visitable T>
  Parameters(const T& x) : Parameters(trainable(Visitor::of(x))) {}
  // NOLINTEND(google-explicit-constructor)

  /// The tensors; the name of one that has none is empty.
  const std::vector<NamedTensor>& tensors() const& { return tensors_; }

 private:
  static std::vector<NamedTensor> trainable(const Visitor& members);

  std::vector<NamedTensor> tensors_;
};

}  // namespace xgrad::optim
