#pragma once

#include <concepts>
#include <functional>
#include <iosfwd>
#include <string>
#include <typeinfo>
#include <vector>

#include "xgrad/core/error.hpp"
#include "xgrad/nn/visitor.hpp"

namespace xgrad::nn {

/// A part of a model: its members, its mode, and every walk over them. How it is called is its own: with a
/// mask, with a state, with targets.
///
///     struct Pool : nn::ModuleBase {
///       nn::Linear score{64, 1};
///
///       Tensor operator()(const Tensor& x, const Tensor& mask) const {
///         return sum(softmax(where(mask, score(x), -1e9), 0) * x, 0);
///       }
///       void visit(nn::Visitor& v) override { v("score", score); }
///     };
///
/// Members are visited and never registered, so assigning one (`model.out.weight = w`) is all there is to
/// replacing it. Copying a module shares its tensors, as copying a tensor does; `clone(model)` is an
/// independent copy. What makes one tensor of one is a Module.
class ModuleBase : public Stateful {
 public:
  /// Names each member to the visitor, and does nothing else: what parameters(), clone, state_dict and all
  /// other walks go by.
  void visit(Visitor&) override {}

  /// The options as str() shows them in the module's parentheses: "in_features=64, out_features=128".
  virtual std::string extra_repr() const;
  /// The tree of modules with their names, types and options, as PyTorch prints it.
  std::string str() const;

  /// The learnt tensors in the order of the visit, each once; frozen ones (see requires_grad_) included.
  std::vector<Tensor> parameters() const;
  /// Those of parameters() that require a gradient: what an optimizer takes.
  std::vector<Tensor> trainable_parameters() const;
  /// Every name of every parameter: a tensor that two members share is listed under both.
  /// Throws Error when a name occurs twice.
  std::vector<NamedTensor> named_parameters() const;
  /// The tensors that `visit` names by `buffer`, each once, and with every name.
  std::vector<Tensor> buffers() const;
  std::vector<NamedTensor> named_buffers() const;

  /// Sets the mode of this module and of all in it: in training, Dropout drops.
  void train(bool on = true);
  void eval() { train(false); }
  bool is_training() const { return training_; }

  /// Calls `f` on every module in this one and on this one, a module after its members.
  void apply(const std::function<void(ModuleBase&)>& f);
  /// The same on the modules of type M only: `model.apply<nn::Linear>([](nn::Linear& l) { ... })`.
  template <std::derived_from<ModuleBase> M>
  void apply(const std::function<void(M&)>& f) {
    apply([&](ModuleBase& module) {
      if (auto* match = dynamic_cast<M*>(&module)) f(*match);
    });
  }

  /// Forgets the gradients of all parameters.
  void zero_grad();
  /// Freezes all parameters (off), or makes them learn again.
  void requires_grad_(bool on = true);
  /// Converts every floating parameter and buffer to this dtype in place, and the gradients that are there:
  /// the tensors stay the same ones, so optimizers, ties and other handles follow. A graph that was recorded
  /// before is not walked with the new values: backward throws Error. Throws Error for an integer dtype and
  /// for a member that is no leaf, and converts nothing then.
  void to(DType dtype);

 protected:
  ModuleBase() = default;
  ModuleBase(const ModuleBase&) = default;
  ModuleBase(ModuleBase&&) = default;
  ModuleBase& operator=(const ModuleBase&) = default;
  ModuleBase& operator=(ModuleBase&&) = default;

 private:
  friend class ModeGuard;
  bool training_ = true;
};

/// A module that is a function from tensor to tensor, by its `forward`: what a Sequential takes.
///
///     struct Mlp : nn::Module {
///       nn::Linear hidden{64, 128};
///       nn::Linear out{128, 10};
///
///       Tensor forward(const Tensor& x) const override { return out(relu(hidden(x))); }
///       void visit(nn::Visitor& v) override { v("hidden", hidden), v("out", out); }
///     };
class Module : public ModuleBase {
 public:
  virtual Tensor forward(const Tensor& x) const = 0;
  /// forward(x). An Error that leaves it says in which module it arose: `Linear "encoder.0": ...`.
  Tensor operator()(const Tensor& x) const;

 protected:
  // Not by a base: `net[0] = layer` would copy a part of it.
  Module() = default;
  Module(const Module&) = default;
  Module(Module&&) = default;
  Module& operator=(const Module&) = default;
  Module& operator=(Module&&) = default;
};

/// model.str(): `std::cout << model`.
std::ostream& operator<<(std::ostream& out, const ModuleBase& module);

namespace detail {
void check_exact_type(const char* op, const ModuleBase& module, const std::type_info& type);
void separate(const ModuleBase& original, ModuleBase& copy);
}  // namespace detail

/// An independent copy of a model, with the type, the values, the mode and the ties of the original: members
/// that were the same tensor are the same new tensor. Draws no random numbers; gradients are not copied.
///
/// Throws Error when `model` is of a type derived from M, and when it holds a module by a shared pointer,
/// since the copy would share that module.
template <std::derived_from<ModuleBase> M>
M clone(const M& model) {
  detail::check_exact_type("clone", model, typeid(M));
  M copy(model);
  detail::separate(model, copy);
  return copy;
}

/// Copies the values of all parameters and buffers into those of the same names, in place and converted to
/// their dtypes: how a snapshot comes back into the model that an optimizer trains. What else a model may
/// have, such as a generator, stays as it is: `copy` copies that too.
///
///     Mlp best = clone(net);
///     ...
///     nn::copy_parameters(best, net);  // and not net = best: the optimizer holds the tensors of net
///
/// Throws Error, which lists all that does not match, and changes nothing, when a name is in one model only,
/// where shapes differ, where one is a parameter and the other a buffer, where integers would take floating
/// values or the other way round, and where one tensor of `to` would take different values.
void copy_parameters(const ModuleBase& from, ModuleBase& to);

}  // namespace xgrad::nn
