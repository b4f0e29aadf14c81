#include "xgrad/optim/optimizer.hpp"

#include <string>
#include <unordered_map>

#include "finite.hpp"
#include "options_check.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/parameter.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim {

namespace {

std::string nth(std::size_t i) { return "parameter " + std::to_string(i); }

constexpr const char* replaced =
    "where a tensor of the model was replaced (an assignment, net = clone(best)), make the optimizer anew, "
    "or "
    "change the tensor in place by copy_ or nn::copy_parameters";

}  // namespace

/// Checks one parameter, the i-th of all; true when it has a gradient.
bool Optimizer::check_gradient(const Slot& slot, std::size_t i, bool error_if_nonfinite) const {
  const Tensor& p = slot.parameter;
  if (xgrad::detail::is_out_of_reach(p))
    throw Error(std::string(name_) + ": nobody but the optimizer holds " + nth(i) +
                ", so that its update would be lost: it is " + p.describe() + "; " + replaced);
  // Of each parameter in each step: by the nodes, without a handle on the gradient.
  const xgrad::detail::Node *n = p.node(), *g = n->grad;
  if (!g) return false;
  if (g->shape != n->shape || g->dtype != n->dtype)
    throw Error(std::string(name_) + ": the gradient of " + nth(i) +
                " has another shape or dtype: the parameter is " + p.describe() + ", its gradient " +
                p.grad().describe() + "; call zero_grad() after changing the parameter");
  if (error_if_nonfinite) detail::check_finite(name_, i, p.grad());
  return true;
}

void Optimizer::check_step() const {
  std::size_t i = 0;
  bool any = false;
  for (const Group& group : groups_)
    for (const Slot& slot : group.slots) any |= check_gradient(slot, i++, group.error_if_nonfinite);
  if (!any)
    throw Error(std::string(name_) +
                ": no parameter has a gradient, so that the step would change nothing: " + "parameter 0 of " +
                std::to_string(i) + " is " + groups_[0].slots[0].parameter.describe() +
                "; call backward() before step(); " + replaced);
}

void Optimizer::step() {
  xgrad::detail::forget_listed();  // whose links would look like a graph that holds a parameter
  check_step();
  xgrad::detail::report_unlisted();
  const NoGrad guard;
  for (Group& group : groups_)
    for (Slot& slot : group.slots)
      for (Tensor& state : slot.state)
        if (state.dtype() != slot.parameter.dtype()) state = state.to(slot.parameter.dtype());
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

void Optimizer::add(const std::vector<Tensor>& parameters, double lr, int states, bool error_if_nonfinite) {
  check_parameters(parameters);
  Group group{lr, error_if_nonfinite, {}};
  for (const Tensor& p : parameters) {
    Slot& slot = group.slots.emplace_back(Slot{p, {}});
    for (int i = 0; i < states; ++i) slot.state.push_back(zeros_like(p));
  }
  groups_.push_back(std::move(group));
  for (const Tensor& p : parameters) xgrad::detail::note_listed(p);
}

void Optimizer::check_group(std::size_t group) const {
  if (group >= groups_.size())
    throw Error(std::string(name_) + ": there is no group " + std::to_string(group) + ": it has " +
                std::to_string(groups_.size()) + "; count from 0");
}

void Optimizer::check_parameters(const std::vector<Tensor>& parameters) const {
  const std::string op = std::string(name_) + ": ";
  if (parameters.empty())
    throw Error(
        op +
        "the list of parameters is empty; name the members in the module's visit, or unfreeze them by "
        "requires_grad_()");

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
