#include "xgrad/optim/optimizer.hpp"

#include <string>
#include <unordered_map>

#include "options_check.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim {

namespace {

std::string nth(std::size_t i) { return "parameter " + std::to_string(i); }

}  // namespace

void Optimizer::step() {
  std::size_t i = 0;
  for (const Group& group : groups_)
    for (const Slot& slot : group.slots) {
      const Tensor g = slot.parameter.grad();
      if (g.defined() && (g.shape() != slot.parameter.shape() || g.dtype() != slot.parameter.dtype()))
        throw Error(std::string(name_) + ": the gradient of " + nth(i) +
                    " has another shape or dtype: the parameter is " + slot.parameter.describe() +
                    ", its gradient " + g.describe() + "; call zero_grad() after changing the parameter");
      ++i;
    }

  const NoGrad guard;
  for (std::size_t k = 0; k < groups_.size(); ++k)
    for (Slot& slot : groups_[k].slots)
      if (const Tensor g = slot.parameter.grad(); g.defined()) {
        ++slot.steps;
        update(slot, g, k, groups_[k].lr);
      }
}

void Optimizer::zero_grad() {
  for (Group& group : groups_)
    for (Slot& slot : group.slots) slot.parameter.zero_grad();
}

double Optimizer::lr(std::size_t group) const {
  check_group(group);
  return groups_[group].lr;
}

void Optimizer::set_lr(double lr) {
  detail::check_not_negative(name_, "lr", lr);
  for (Group& group : groups_) group.lr = lr;
}

void Optimizer::set_lr(double lr, std::size_t group) {
  check_group(group);
  detail::check_not_negative(name_, "lr", lr);
  groups_[group].lr = lr;
}

std::vector<Tensor> Optimizer::parameters() const {
  std::vector<Tensor> all;
  for (const Group& group : groups_)
    for (const Slot& slot : group.slots) all.push_back(slot.parameter);
  return all;
}

void Optimizer::add(const std::vector<Tensor>& parameters, double lr, int states) {
  check_parameters(parameters);
  Group group{lr, {}};
  for (const Tensor& p : parameters) {
    Slot& slot = group.slots.emplace_back(Slot{p, {}});
    for (int i = 0; i < states; ++i) slot.state.push_back(zeros_like(p));
  }
  groups_.push_back(std::move(group));
}

void Optimizer::check_group(std::size_t group) const {
  if (group >= groups_.size())
    throw Error(std::string(name_) + ": there is no group " + std::to_string(group) + ": it has " +
                std::to_string(groups_.size()) + "; count from 0");
}

void Optimizer::check_parameters(const std::vector<Tensor>& parameters) const {
  const std::string op = std::string(name_) + ": ";
  if (parameters.empty())
    throw Error(op + "the list of parameters is empty; name the members in the module's visit");

  std::unordered_map<const void*, std::string> seen;
  for (std::size_t k = 0; k < groups_.size(); ++k)
    for (const Slot& slot : groups_[k].slots)
      seen.emplace(slot.parameter.node(), "in group " + std::to_string(k));

  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Tensor& p = parameters[i];
    if (!p.defined()) throw Error(op + nth(i) + " is undefined; leave it out of the list");
    if (!p.is_leaf())
      throw Error(op + nth(i) + " is the result of " + p.op_name() + " and no leaf: " + p.describe() +
                  "; pass what it was computed from, or detach it");
    if (!p.requires_grad())
      throw Error(op + nth(i) + " does not require a gradient: " + p.describe() +
                  "; call requires_grad_() on it or leave it out (a module's trainable_parameters() does)");
    const auto [first, is_new] = seen.emplace(p.node(), "as parameter " + std::to_string(i));
    if (!is_new)
      throw Error(op + nth(i) + " was listed before, " + first->second + ": " + p.describe() +
                  "; list each tensor once");
  }
}

}  // namespace xgrad::optim
