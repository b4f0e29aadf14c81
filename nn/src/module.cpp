#include "xgrad/nn/module.hpp"

#include <unordered_map>
#include <unordered_set>

#include "type_name.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/parameter.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::nn {

namespace {

using Slot = Visitor::Slot;
using Kind = Visitor::Kind;

/// The slots of parameters and buffers, those that hold a tensor.
std::vector<Slot> tensor_slots(const Module& module) {
  std::vector<Slot> slots = Visitor::of(module).slots();
  std::erase_if(slots, [](const Slot& s) { return !s.tensor() || !s.tensor()->defined(); });
  return slots;
}

/// The tensors of one kind, each once by identity.
std::vector<Tensor> distinct(const Visitor& members, Kind kind) {
  std::vector<Tensor> tensors;
  std::unordered_set<const void*> seen;
  for (const Slot& slot : members.slots())
    if (slot.kind == kind && seen.insert(slot.tensor()->node()).second) tensors.push_back(*slot.tensor());
  for (const Tensor& t : tensors) xgrad::detail::note_listed(t);
  return tensors;
}

/// The same with every name of them.
std::vector<NamedTensor> named(const Visitor& members, Kind kind) {
  members.check_names();
  std::vector<NamedTensor> tensors;
  for (const Slot& slot : members.slots())
    if (slot.kind == kind) tensors.push_back({slot.path, *slot.tensor()});
  for (const NamedTensor& t : tensors) xgrad::detail::note_listed(t.tensor);
  return tensors;
}

/// The modules among what has state.
std::vector<Module*> modules_of(const Visitor& members) {
  std::vector<Module*> modules;
  for (Stateful* object : members.objects())
    if (auto* module = dynamic_cast<Module*>(object)) modules.push_back(module);
  return modules;
}

/// A leaf with the values of `t` that requires a gradient if `t` does.
Tensor fresh_leaf(const Tensor& t) {
  const NoGrad guard;
  Tensor copy = t.detach().clone();
  xgrad::detail::note_same_layer(copy, t);
  return copy.requires_grad_(t.requires_grad());
}

}  // namespace

Tensor Module::forward(const Tensor& x) const {
  throw Error("forward: " + detail::type_name(typeid(*this)) +
              " has no forward(const Tensor&) const: called with " + x.describe() +
              "; define it, or give the inputs that its own takes");
}

std::vector<Tensor> Module::parameters() const { return distinct(Visitor::of(*this), Kind::parameter); }

std::vector<Tensor> Module::trainable_parameters() const {
  std::vector<Tensor> tensors = parameters();
  std::erase_if(tensors, [](const Tensor& t) { return !t.requires_grad(); });
  return tensors;
}

std::vector<NamedTensor> Module::named_parameters() const {
  return named(Visitor::of(*this), Kind::parameter);
}
std::vector<Tensor> Module::buffers() const { return distinct(Visitor::of(*this), Kind::buffer); }
std::vector<NamedTensor> Module::named_buffers() const { return named(Visitor::of(*this), Kind::buffer); }

void Module::train(bool on) {
  for (Module* m : modules_of(Visitor::of(*this))) m->training_ = on;
}

void Module::apply(const std::function<void(Module&)>& f) {
  for (Module* m : modules_of(Visitor::of(*this))) f(*m);
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
  struct Change {
    Tensor tensor, elements, grad;
  };
  std::vector<Change> changes;
  std::unordered_set<const void*> seen;
  const NoGrad guard;
  for (const Slot& slot : tensor_slots(*this)) {
    const Tensor& t = *slot.tensor();
    if (!is_floating(t.dtype()) || t.dtype() == dtype || !seen.insert(t.node()).second) continue;
    if (!t.is_leaf())
      throw Error("to: '" + slot.path + "' is the result of " + t.op_name() +
                  " and no leaf: " + t.describe() + "; make the member a leaf by detach()");
    const Tensor g = t.grad();
    changes.push_back({t, t.to(dtype), g.defined() ? g.to(dtype) : Tensor()});
  }
  for (Change& c : changes) {  // nothing throws from here on
    xgrad::detail::rebind(c.tensor, c.elements);
    c.tensor.set_grad(c.grad);
  }
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

  const std::vector<Module*> modules = modules_of(from);
  std::unordered_set<const void*> originals(modules.begin(), modules.end());
  for (const Slot& slot : from.slots()) originals.insert(slot.address());
  for (const Slot& slot : to.slots())
    if (slot.address() && originals.contains(slot.address())) throw shared("'" + slot.path + "'");
  for (const Module* m : modules_of(to))
    if (originals.contains(m)) throw shared("a " + type_name(typeid(*m)));

  const std::vector<Slot> slots = tensor_slots(copy);
  std::unordered_map<const void*, Tensor> fresh;  // one for each tensor, however many slots hold it
  for (const Slot& slot : slots)
    if (Tensor& leaf = fresh[slot.tensor()->node()]; !leaf.defined()) leaf = fresh_leaf(*slot.tensor());
  std::vector<Tensor> leaves;
  for (const Slot& slot : slots) leaves.push_back(fresh.at(slot.tensor()->node()));
  for (std::size_t i = 0; i < leaves.size(); ++i) *slots[i].tensor() = leaves[i];
}

}  // namespace detail

}  // namespace xgrad::nn
