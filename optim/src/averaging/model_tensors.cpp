#include "xgrad/optim/averaging/model_tensors.hpp"

#include <unordered_set>

#include "xgrad/core/parameter.hpp"

namespace xgrad::optim {

ModelTensors::ModelTensors(const std::vector<Tensor>& tensors) {
  for (const Tensor& t : tensors) members_.push_back({std::to_string(members_.size()), t});
}

ModelTensors::ModelTensors(const std::vector<NamedTensor>& tensors) {
  for (const auto& [name, t] : tensors)
    members_.push_back({name.empty() ? std::to_string(members_.size()) : name, t});
}

ModelTensors::ModelTensors(const Visitor& members) {
  std::unordered_set<const void*> seen;
  for (const Visitor::Slot& slot : members.slots()) {
    const bool is_buffer = slot.kind == Visitor::Kind::buffer;
    if (!is_buffer && slot.kind != Visitor::Kind::parameter) continue;
    if (const Tensor& t = *slot.tensor(); seen.insert(t.node()).second)
      members_.push_back({slot.path, t, is_buffer});
  }
}

}  // namespace xgrad::optim
