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
  const std::size_t outer = base_, end = path_.size();
  parts_.push_back({end > outer ? path_.substr(outer, end - 1 - outer) : "", depth_, &module});
  base_ = end, ++depth_;
  module.visit(*this);
  base_ = outer, --depth_;
  modules_.push_back(&module);
}

}  // namespace xgrad::nn
