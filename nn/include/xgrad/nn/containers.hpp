#pragma once

#include <string>
#include <utility>
#include <vector>

#include "xgrad/nn/sequential.hpp"

// Lists of modules and of parameters that are not called in a row. Modules of one type also go into a
// std::vector, which `visit` takes as it is: `v("blocks", blocks)`.

namespace xgrad::nn {

/// Modules by their place, called 0, 1, ... They are held by value, as in a Sequential.
///
///     nn::ModuleList heads{nn::Linear(64, 10), nn::Linear(64, 2)};
///     for (const auto& head : heads) outputs.push_back(head(x));
class ModuleList : public ModuleBase {
 public:
  ModuleList() = default;
  template <GivenAsLayer First, GivenAsLayer Second, GivenAsLayer... Rest>
  ModuleList(First&& first, Second&& second, Rest&&... rest) {
    push_back(std::forward<First>(first));
    push_back(std::forward<Second>(second));
    (push_back(std::forward<Rest>(rest)), ...);
  }

  void visit(Visitor& v) override;

  void push_back(AnyModule module) { modules_.push_back(std::move(module)); }
  std::size_t size() const { return modules_.size(); }
  bool empty() const { return modules_.empty(); }
  auto begin() { return modules_.begin(); }
  auto end() { return modules_.end(); }
  auto begin() const { return modules_.begin(); }
  auto end() const { return modules_.end(); }

  /// Module i. Throws Error when there is none.
  Module& operator[](std::size_t i) { return *modules_[checked(i)]; }
  const Module& operator[](std::size_t i) const { return *modules_[checked(i)]; }

 private:
  std::size_t checked(std::size_t i) const;

  std::vector<AnyModule> modules_;
};

/// Modules by name, in the order in which they were put in. Throws Error for a name that is empty, has a dot
/// in it or is there already.
///
///     nn::ModuleDict heads;
///     heads.insert("digit", nn::Linear(64, 10));
///     y = heads["digit"](x);
class ModuleDict : public ModuleBase {
 public:
  void visit(Visitor& v) override;

  void insert(const std::string& name, AnyModule module);
  bool contains(const std::string& name) const;
  std::size_t size() const { return modules_.size(); }
  bool empty() const { return modules_.empty(); }
  /// Pairs of a name and a module.
  auto begin() { return modules_.begin(); }
  auto end() { return modules_.end(); }
  auto begin() const { return modules_.begin(); }
  auto end() const { return modules_.end(); }

  /// The module of this name. Throws Error, listing those that there are, when there is none.
  Module& operator[](const std::string& name) { return *modules_[checked(name)].second; }
  const Module& operator[](const std::string& name) const { return *modules_[checked(name)].second; }

 private:
  std::size_t checked(const std::string& name) const;

  std::vector<std::pair<std::string, AnyModule>> modules_;
};

/// Parameters by their place, called 0, 1, ... Each is made a leaf that requires a gradient. Throws Error for
/// a tensor that is undefined, not floating or the result of an op.
class ParameterList : public ModuleBase {
 public:
  ParameterList() = default;
  ParameterList(std::initializer_list<Tensor> parameters);

  void visit(Visitor& v) override;

  void push_back(Tensor parameter);
  std::size_t size() const { return tensors_.size(); }
  bool empty() const { return tensors_.empty(); }
  auto begin() const { return tensors_.begin(); }
  auto end() const { return tensors_.end(); }

  /// Parameter i. Throws Error when there is none.
  const Tensor& operator[](std::size_t i) const;

 private:
  std::vector<Tensor> tensors_;
};

}  // namespace xgrad::nn
