#include "xgrad/optim/parameters.hpp"

#include <unordered_set>

#include "xgrad/core/parameter.hpp"

namespace xgrad::optim {

Parameters::Parameters(const std::vector<Tensor>& tensors) {
  for (const Tensor& t : tensors) tensors_.push_back({"", t});
}

std::vector<NamedTensor> Parameters::trainable(const Visitor& members) {
  std::vector<NamedTensor> tensors;
  std::unordered_set<const void*> seen;
  for (const Visitor::Slot& slot : members.slots()) {
    if (slot.kind != Visitor::Kind::parameter) continue;
    const Tensor& t = *slot.tensor();
    xgrad::detail::note_listed(t);
    if (t.requires_grad() && seen.insert(t.node()).second) tensors.push_back({slot.path, t});
  }
  return tensors;
}

}  // namespace xgrad::optim
