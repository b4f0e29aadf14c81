#include "xgrad/nn/visitor.hpp"

#include "xgrad/nn/module.hpp"

namespace xgrad::nn {

Visitor Visitor::of(const Module& module) {
  Visitor v;
  v.enter(const_cast<Module&>(module));  // NOLINT(cppcoreguidelines-pro-type-const-cast): visit only names
  return v;
}

void Visitor::operator()(std::string_view name, Module& child) {
  const Scope scope(path_, name);
  enter(child);
}

void Visitor::add(std::string_view name, Tensor& tensor, bool is_parameter) {
  if (!tensor.defined()) return;
  slots_.push_back({path_ + std::string(name), &tensor, is_parameter});
}

void Visitor::enter(Module& module) {
  module.visit(*this);
  modules_.push_back(&module);
}

}  // namespace xgrad::nn
