#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::optim {

/// What an average is of: anything with a `visit`, of which all parameters and buffers are taken, each once
/// and by its first name; or a list of tensors, with names or without, which are parameters.
class ModelTensors {
 public:
  struct Member {
    std::string name;  ///< of one in a list without names, its position
    Tensor tensor;
    bool is_buffer = false;
  };

  // NOLINTBEGIN(google-explicit-constructor): it stands for what it is made of
  ModelTensors(const std::vector<Tensor>& tensors);
  ModelTensors(std::initializer_list<Tensor> tensors) : ModelTensors(std::vector<Tensor>(tensors)) {}
  ModelTensors(const std::vector<NamedTensor>& tensors);
  ModelTensors(std::initializer_list<NamedTensor> tensors)
      : ModelTensors(std::vector<NamedTensor>(tensors)) {}
  template <Visitable T>
  ModelTensors(const T& x) : ModelTensors(Visitor::of(x)) {}
  // NOLINTEND(google-explicit-constructor)

  const std::vector<Member>& members() const& { return members_; }

 private:
  explicit ModelTensors(const Visitor& members);

  std::vector<Member> members_;
};

}  // namespace xgrad::optim
