#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::nn {

class Module;

/// A tensor and the dotted path of the members that lead to it: "encoder.layers.0.weight".
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Something that may hold a module: std::optional, AnyModule, a pointer.
template <class H>
concept ModuleHolder = requires(H& h, void (*take)(Module&)) {
  static_cast<bool>(h);
  take(*h);
};

/// The list of a module's members, which its `visit` makes.
///
///     void visit(nn::Visitor& v) override { v("hidden", hidden), v("out", out), v.buffer("mean", mean); }
///
/// Every walk over a model - its parameters, their names, its copies, its mode - is a loop over this list.
class Visitor {
 public:
  /// What `visit` may name: the slot of a tensor and the path to it.
  struct Slot {
    std::string path;
    Tensor* tensor;
    bool is_parameter;
  };
  /// A module, its path from the module that it lies in, and how many it lies in.
  struct Part {
    std::string path;
    std::size_t depth;
    const Module* module;
  };

  /// A tensor that is learnt. An undefined one (a layer without bias) is passed over.
  void operator()(std::string_view name, Tensor& parameter) { add(name, parameter, true); }
  /// A tensor that belongs to the model and is not learnt, such as a running mean.
  void buffer(std::string_view name, Tensor& tensor) { add(name, tensor, false); }
  /// A module: its own members follow under `name.`.
  void operator()(std::string_view name, Module& child);
  /// An optional or pointed-to module; passed over when empty.
  template <ModuleHolder H>
  void operator()(std::string_view name, H& holder) {
    if (holder) (*this)(name, *holder);
  }
  /// A list of tensors or modules: each under its index, "layers.0".
  template <class T>
  void operator()(std::string_view name, std::vector<T>& items) {
    const Scope scope(path_, name);
    for (std::size_t i = 0; i < items.size(); ++i) (*this)(std::to_string(i), items[i]);
  }

  /// The members of a module and of all in it. Being const is kept by the caller: a const module's slots are
  /// only read.
  static Visitor of(const Module& module);

  /// All tensors in the order of the visit.
  const std::vector<Slot>& slots() const& { return slots_; }
  /// All modules, each before its members.
  const std::vector<Part>& parts() const& { return parts_; }
  /// All modules, each after its members.
  const std::vector<Module*>& modules() const& { return modules_; }
  // By value from a temporary, so that `for (auto& slot : Visitor::of(model).slots())` is safe.
  std::vector<Slot> slots() && { return std::move(slots_); }
  std::vector<Part> parts() && { return std::move(parts_); }
  std::vector<Module*> modules() && { return std::move(modules_); }

 private:
  /// Extends the path by one name until the end of its scope.
  class Scope {
   public:
    Scope(std::string& path, std::string_view name) : path_(path), before_(path.size()) {
      path_.append(name).push_back('.');
    }
    ~Scope() { path_.resize(before_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    std::string& path_;
    std::size_t before_;
  };

  void add(std::string_view name, Tensor& tensor, bool is_parameter);
  void enter(Module& module);

  std::string path_;
  std::vector<Slot> slots_;
  std::vector<Module*> modules_;
  std::vector<Part> parts_;
  std::size_t depth_ = 0,
              base_ = 0;  ///< of the module that is visited: base_ is where its members' paths begin
};

}  // namespace xgrad::nn
