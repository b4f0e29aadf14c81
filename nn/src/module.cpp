#include "xgrad/nn/module.hpp"

#include <unordered_map>
#include <unordered_set>

#include "type_name.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::nn {

namespace {

/// The tensors of one kind, each once by identity.
std::vector<Tensor> distinct(const Visitor& members, bool parameters) {
  std::vector<Tensor> tensors;
  std::unordered_set<const void*> seen;
  for (const auto& [path, tensor, is_parameter] : members.slots())
    if (is_parameter == parameters && seen.insert(tensor->node()).second) tensors.push_back(*tensor);
  return tensors;
}

std::vector<NamedTensor> named(const Visitor& members, bool parameters) {
  std::vector<NamedTensor> tensors;
  std::unordered_set<std::string> seen;
  for (const auto& [path, tensor, is_parameter] : members.slots()) {
    if (!seen.insert(path).second)
      throw Error("visit: a name occurs twice: '" + path + "'; give each member a name of its own");
    if (is_parameter == parameters) tensors.push_back({path, *tensor});
  }
  return tensors;
}

/// A leaf with the values of `t`, converted to `dtype`, that requires a gradient if `t` does.
Tensor fresh_leaf(const Tensor& t, DType dtype) {
  const NoGrad guard;
  Tensor copy = t.dtype() == dtype ? t.detach().clone() : t.detach().to(dtype);
  return copy.requires_grad_(t.requires_grad());
}

/// Fresh leaves for these slots: one for each tensor, however many slots hold it.
template <class NewType>
std::vector<Tensor> fresh_leaves(const std::vector<Visitor::Slot>& slots, NewType new_type) {
  std::unordered_map<const void*, Tensor> fresh;
  std::vector<Tensor> leaves;
  for (const auto& slot : slots) {
    auto [at, is_new] = fresh.try_emplace(slot.tensor->node());
    if (is_new) at->second = fresh_leaf(*slot.tensor, new_type(*slot.tensor));
    leaves.push_back(at->second);
  }
  return leaves;
}

void assign(const std::vector<Visitor::Slot>& slots, std::vector<Tensor>&& leaves) {
  for (std::size_t i = 0; i < slots.size(); ++i) *slots[i].tensor = std::move(leaves[i]);
}

}  // namespace

Tensor Module::forward(const Tensor& x) const {
  throw Error("forward: " + detail::type_name(typeid(*this)) +
              " has no forward(const Tensor&) const: called with " + x.describe() +
              "; define it, or give the inputs that its own takes");
}

std::vector<Tensor> Module::parameters() const { return distinct(Visitor::of(*this), true); }

std::vector<Tensor> Module::trainable_parameters() const {
  std::vector<Tensor> tensors = parameters();
  std::erase_if(tensors, [](const Tensor& t) { return !t.requires_grad(); });
  return tensors;
}

std::vector<NamedTensor> Module::named_parameters() const { return named(Visitor::of(*this), true); }
std::vector<Tensor> Module::buffers() const { return distinct(Visitor::of(*this), false); }
std::vector<NamedTensor> Module::named_buffers() const { return named(Visitor::of(*this), false); }

void Module::train(bool on) {
  const Visitor visitor = Visitor::of(*this);
  for (Module* m : visitor.modules()) m->training_ = on;
}

void Module::apply(const std::function<void(Module&)>& f) {
  const Visitor visitor = Visitor::of(*this);
  for (Module* m : visitor.modules()) f(*m);
}

void Module::zero_grad() {
  for (Tensor& p : parameters()) p.zero_grad();
}

void Module::requires_grad_(bool on) {
  for (Tensor& p : parameters()) p.requires_grad_(on);
}

void Module::to(DType dtype) {
  if (!is_floating(dtype))
    throw Error(std::string("to: a model's dtype must be f32 or f64: got ") + name_of(dtype));
  const Visitor v = Visitor::of(*this);
  assign(v.slots(), fresh_leaves(v.slots(), [&](const Tensor& t) {
           return is_floating(t.dtype()) ? dtype : t.dtype();
         }));
}

namespace detail {

void check_exact_type(const char* op, const Module& module, const std::type_info& type) {
  if (typeid(module) != type)
    throw Error(std::string(op) + ": the copy would cut off what " + type_name(typeid(module)) + " adds to " +
                type_name(type) + "; pass the module by its own type");
}

void separate(const Module& original, Module& copy) {
  const Visitor from = Visitor::of(original), to = Visitor::of(copy);
  const auto shared = [&](const std::string& what) {
    return Error("clone: the copy of " + type_name(typeid(original)) + " would share " + what +
                 ", which is held by a pointer; make it a member, or hold it in an AnyModule");
  };

  std::unordered_set<const void*> originals;
  for (const auto& slot : from.slots()) originals.insert(slot.tensor);
  for (const Module* m : from.modules()) originals.insert(m);
  for (const auto& slot : to.slots())
    if (originals.contains(slot.tensor)) throw shared("'" + slot.path + "'");
  for (const Module* m : to.modules())
    if (originals.contains(m)) throw shared("a " + type_name(typeid(*m)));

  assign(to.slots(), fresh_leaves(to.slots(), [](const Tensor& t) { return t.dtype(); }));
}

}  // namespace detail

}  // namespace xgrad::nn
