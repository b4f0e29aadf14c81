#include "xgrad/nn/containers.hpp"

#include "xgrad/core/error.hpp"
#include "xgrad/core/parameter.hpp"

namespace xgrad::nn {

namespace {

std::size_t checked_place(const char* list, const char* what, std::size_t i, std::size_t size) {
  if (i >= size)
    throw Error(std::string(list) + ": there is no " + what + " " + std::to_string(i) + ": it has " +
                std::to_string(size) + "; count from 0");
  return i;
}

}  // namespace

void ModuleList::visit(Visitor& v) {
  for (std::size_t i = 0; i < modules_.size(); ++i) v(std::to_string(i), modules_[i]);
}

std::size_t ModuleList::checked(std::size_t i) const {
  return checked_place("ModuleList", "module", i, size());
}

void ModuleDict::visit(Visitor& v) {
  for (auto& [name, module] : modules_) v(name, module);
}

void ModuleDict::insert(const std::string& name, AnyModule module) {
  if (name.empty() || name.find('.') != std::string::npos)
    throw Error(
        "ModuleDict: a name must not be empty and has no dot in it, since dots part the names of a state: "
        "got '" +
        name + "'");
  if (contains(name))
    throw Error("ModuleDict: there is a module '" + name + "' already; give each its own name");
  modules_.emplace_back(name, std::move(module));
}

bool ModuleDict::contains(const std::string& name) const {
  for (const auto& entry : modules_)
    if (entry.first == name) return true;
  return false;
}

std::size_t ModuleDict::checked(const std::string& name) const {
  std::string names;
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    if (modules_[i].first == name) return i;
    names += (i ? ", '" : "'") + modules_[i].first + "'";
  }
  throw Error("ModuleDict: there is no module '" + name + "': it has " + (names.empty() ? "none" : names) +
              "; insert it first");
}

ParameterList::ParameterList(std::initializer_list<Tensor> parameters) {
  for (const Tensor& p : parameters) push_back(p);
}

void ParameterList::visit(Visitor& v) {
  for (std::size_t i = 0; i < tensors_.size(); ++i) v(std::to_string(i), tensors_[i]);
}

void ParameterList::push_back(Tensor parameter) {
  if (!is_floating(parameter.dtype("ParameterList")) || !parameter.is_leaf())
    throw Error("ParameterList: a parameter must be a floating leaf: got " + parameter.describe() +
                (parameter.is_leaf() ? "; convert it by to(float32)" : "; make it a leaf by detach()"));
  parameter.requires_grad_(true);
  xgrad::detail::note_layer(parameter, "ParameterList");
  tensors_.push_back(std::move(parameter));
}

const Tensor& ParameterList::operator[](std::size_t i) const {
  return tensors_[checked_place("ParameterList", "parameter", i, size())];
}

}  // namespace xgrad::nn
