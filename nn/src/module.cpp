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
std::vector<Slot> tensor_slots(const ModuleBase& module) {
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
std::vector<ModuleBase*> modules_of(const Visitor& members) {
  std::vector<ModuleBase*> modules;
  for (Stateful* object : members.objects())
    if (auto* module = dynamic_cast<ModuleBase*>(object)) modules.push_back(module);
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

std::string ModuleBase::extra_repr() const { return ""; }

std::vector<Tensor> ModuleBase::parameters() const { return distinct(Visitor::of(*this), Kind::parameter); }

std::vector<Tensor> ModuleBase::trainable_parameters() const {
  std::vector<Tensor> tensors = parameters();
  std::erase_if(tensors, [](const Tensor& t) { return !t.requires_grad(); });
  return tensors;
}

std::vector<NamedTensor> ModuleBase::named_parameters() const {
  return named(Visitor::of(*this), Kind::parameter);
}
std::vector<Tensor> ModuleBase::buffers() const { return distinct(Visitor::of(*this), Kind::buffer); }
std::vector<NamedTensor> ModuleBase::named_buffers() const { return named(Visitor::of(*this), Kind::buffer); }

void ModuleBase::train(bool on) {
  for (ModuleBase* m : modules_of(Visitor::of(*this))) m->training_ = on;
}

void ModuleBase::apply(const std::function<void(ModuleBase&)>& f) {
  for (ModuleBase* m : modules_of(Visitor::of(*this))) f(*m);
}

void ModuleBase::zero_grad() {
  for (Tensor& p : parameters()) p.zero_grad();
}

void ModuleBase::requires_grad_(bool on) {
  for (Tensor& p : parameters()) p.requires_grad_(on);
}

namespace {

/// A tensor that moves to another dtype, its elements there, and its gradient if it has one.
struct Move {
  Tensor tensor, elements, grad;
};

/// What moves in a model. Nobody hears of the conversions: they are a part of one write.
std::vector<Move> moves_to(DType dtype, const ModuleBase& model) {
  const NoGrad unrecorded;
  const xgrad::detail::Unheard unheard;
  std::vector<Move> moves;
  std::unordered_set<const void*> seen;
  for (const Slot& slot : tensor_slots(model)) {
    const Tensor& t = *slot.tensor();
    if (!is_floating(t.dtype()) || t.dtype() == dtype || !seen.insert(t.node()).second) continue;
    if (!t.is_leaf())
      throw Error("to: '" + slot.path + "' is the result of " + t.op_name() +
                  " and no leaf: " + t.describe() + "; make the member a leaf by detach()");
    const Tensor g = t.grad();
    moves.push_back({t, t.to(dtype), g.defined() ? g.to(dtype) : Tensor()});
  }
  return moves;
}

}  // namespace

void ModuleBase::to(DType dtype) {
  if (!is_floating(dtype))
    throw Error(std::string("to: a model's dtype must be f32 or f64: got ") + name_of(dtype));
  std::vector<Move> moves = moves_to(dtype, *this);
  if (xgrad::detail::doors & xgrad::detail::listener)
    for (const Move& m : moves) xgrad::detail::tell_write("Module::to", m.tensor);
  for (Move& m : moves) {  // nothing throws from here on
    xgrad::detail::rebind(m.tensor, m.elements);
    m.tensor.set_grad(m.grad);
  }
}

namespace detail {

void check_exact_type(const char* op, const ModuleBase& module, const std::type_info& type) {
  if (typeid(module) != type)
    throw Error(std::string(op) + ": the copy would cut off what " + type_name(typeid(module)) + " adds to " +
                type_name(type) + "; pass the module by its own type");
}

void separate(const ModuleBase& original, ModuleBase& copy) {
  const Visitor from = Visitor::of(original), to = Visitor::of(copy);
  const auto shared = [&](const std::string& what) {
    return Error("clone: the copy of " + type_name(typeid(original)) + " would share " + what +
                 ", which is held by a pointer; make it a member, or hold it in an AnyModule");
  };

  const std::vector<ModuleBase*> modules = modules_of(from);
  std::unordered_set<const void*> originals(modules.begin(), modules.end());
  for (const Slot& slot : from.slots()) originals.insert(slot.address());
  for (const Slot& slot : to.slots())
    if (slot.address() && originals.contains(slot.address())) throw shared("'" + slot.path + "'");
  for (const ModuleBase* m : modules_of(to))
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
