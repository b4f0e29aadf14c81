#include "xgrad/optim/optimizer.hpp"

#include <string>
#include <unordered_map>
#include <utility>

#include "finite.hpp"
#include "options_check.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/host_action.hpp"
#include "xgrad/core/parameter.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim {

namespace {

/// What errors call the i-th parameter: "parameter 'out.weight'", or without a name "parameter 3".
std::string called(const std::string& name, std::size_t i) {
  return "parameter " + (name.empty() ? std::to_string(i) : "'" + name + "'");
}

/// What the state of the i-th parameter of all goes by.
std::string key_of(const std::string& name, std::size_t i) { return name.empty() ? std::to_string(i) : name; }

constexpr const char* replaced =
    "where a tensor of the model was replaced (an assignment, net = clone(best)), make the optimizer anew, "
    "or "
    "change the tensor in place by copy_ or nn::copy_parameters";

}  // namespace

/// Checks one parameter, the i-th of all; true when it has a gradient. Of each parameter in each step: by the
/// nodes, without a handle on the gradient.
inline bool Optimizer::check_gradient(const Slot& slot, std::size_t i, bool error_if_nonfinite) const {
  const xgrad::detail::Node *n = slot.parameter.node(), *g = n->grad;
  if (n->handles.get() == 1 && xgrad::detail::is_out_of_reach(slot.parameter)) [[unlikely]]
    refuse_lost(slot, i);
  if (!g) return false;
  if (g->shape != n->shape || g->dtype != n->dtype) [[unlikely]]
    refuse_gradient(slot, i);
  if (error_if_nonfinite && !detail::is_finite(slot.parameter.grad())) [[unlikely]]
    detail::refuse_not_finite(name_, name_of(i), slot.parameter.grad());
  return true;
}

void Optimizer::refuse_lost(const Slot& slot, std::size_t i) const {
  throw Error(std::string(name_) + ": nobody but the optimizer holds " + name_of(i) +
              ", so that its update would be lost: it is " + slot.parameter.describe() + "; " + replaced);
}

void Optimizer::refuse_gradient(const Slot& slot, std::size_t i) const {
  throw Error(std::string(name_) + ": the gradient of " + name_of(i) +
              " has another shape or dtype: the parameter is " + slot.parameter.describe() +
              ", its gradient " + slot.parameter.grad().describe() +
              "; call zero_grad() after changing the parameter");
}

void Optimizer::check_step() {
  for (std::size_t k = 0; k < groups_.size(); ++k) check_options(k);
  std::size_t i = 0;
  bool any = false;
  for (const Group& group : groups_)
    for (const Slot& slot : group.slots) any |= check_gradient(slot, i++, *group.options.error_if_nonfinite);
  if (groups_.empty())
    throw Error(std::string(name_) +
                ": it has no parameters any more: it was moved from; use the one that it was moved to");
  if (!any)
    throw Error(std::string(name_) +
                ": no parameter has a gradient, so that the step would change nothing: " + name_of(0) +
                " of " + std::to_string(i) + " is " + groups_[0].slots[0].parameter.describe() +
                "; call backward() before step(); " + replaced);
}

void Optimizer::step() {
  if (xgrad::detail::is_captured()) [[unlikely]]
    return xgrad::detail::host_action([this] { step(); });
  xgrad::detail::forget_listed();  // whose links would look like a graph that holds a parameter
  check_step();
  xgrad::detail::report_unlisted();
  follow_dtypes();
  const NoGrad guard;
  for (std::size_t k = 0; k < groups_.size(); ++k)
    for (Slot& slot : groups_[k].slots)
      if (const Tensor g = slot.parameter.grad(); g.defined()) {
        ++slot.steps;
        update(slot, g, k, *groups_[k].options.lr);
      }
}

void Optimizer::follow_dtypes() {
  for (Group& group : groups_)
    for (Slot& slot : group.slots)
      for (Tensor& state : slot.state)
        if (state.defined() && state.dtype() != slot.parameter.dtype())
          state = state.to(slot.parameter.dtype());
}

void Optimizer::zero_grad() {
  for (Group& group : groups_)
    for (Slot& slot : group.slots) slot.parameter.zero_grad();
}

double Optimizer::lr(std::size_t group) const {
  check_group(group);
  return *groups_[group].options.lr;
}

void Optimizer::set_lr(double lr) {
  detail::check_not_negative(name_, "lr", lr);
  for (Group& group : groups_) *group.options.lr = lr;
}

void Optimizer::set_lr(double lr, std::size_t group) {
  check_group(group);
  detail::check_not_negative(name_, "lr", lr);
  *groups_[group].options.lr = lr;
}

std::vector<Tensor> Optimizer::parameters() const {
  std::vector<Tensor> all;
  for (const Group& group : groups_)
    for (const Slot& slot : group.slots) all.push_back(slot.parameter);
  return all;
}

void Optimizer::add(const Parameters& parameters, double lr, std::vector<const char*> remembered,
                    bool error_if_nonfinite) {
  auto own = std::make_unique<Common>(Common{lr, error_if_nonfinite});
  const Places places{&own->lr, &own->error_if_nonfinite};
  add({places, {std::move(remembered), {}}, std::move(own)}, parameters, {});
}

void Optimizer::add(const Parameters& parameters, Places options, Remembered remembered,
                    const std::function<void(Slot&)>& prepare) {
  add({options, std::move(remembered), nullptr}, parameters, prepare);
}

void Optimizer::add(Group group, const Parameters& parameters, const std::function<void(Slot&)>& prepare) {
  check_parameters(parameters.tensors());
  for (const auto& [name, p] : parameters.tensors()) {
    Slot& slot = group.slots.emplace_back(Slot{p, {}});
    for (std::size_t i = 0; i < group.remembered.tensors.size(); ++i) slot.state.push_back(zeros_like(p));
    slot.numbers.resize(group.remembered.numbers.size());
    if (prepare) prepare(slot);
    group.names.push_back(name);
  }
  groups_.push_back(std::move(group));
  for (const auto& [name, p] : parameters.tensors()) xgrad::detail::note_listed(p);
}

void Optimizer::visit_slot(Visitor& v, Slot& slot, const Remembered& remembered) {
  v("step", slot.steps);
  for (std::size_t i = 0; i < slot.numbers.size(); ++i) v(remembered.numbers[i], slot.numbers[i]);
  for (std::size_t i = 0; i < slot.state.size(); ++i)
    if (Tensor& state = slot.state[i]; state.defined() && state.shape() == slot.parameter.shape())
      v.buffer(remembered.tensors[i], state, slot.parameter);
    else
      v.buffer(remembered.tensors[i], state);
  v.check([this, &slot, &remembered] {
    if (slot.steps < 0)
      throw Error(std::string(name_) + ": a step must be at least 0: it is " + std::to_string(slot.steps));
    for (std::size_t i = 0; i < slot.numbers.size(); ++i)
      detail::check_not_negative(name_, remembered.numbers[i], slot.numbers[i]);
  });
}

void Optimizer::visit(Visitor& v) {
  std::size_t i = 0;
  std::vector<std::string> members(groups_.size());
  v.fixed("optimizer", std::string(name_));
  v.in("state", [&] {
    for (std::size_t k = 0; k < groups_.size(); ++k)
      for (std::size_t j = 0; j < groups_[k].slots.size(); ++j, ++i) {
        const std::string key = key_of(groups_[k].names[j], i);
        v.in(key, [&] { visit_slot(v, groups_[k].slots[j], groups_[k].remembered); });
        members[k] += (j ? " " : "") + key;
      }
  });
  v.in("param_groups", [&] {
    for (std::size_t k = 0; k < groups_.size(); ++k)
      v.in(std::to_string(k), [&] {
        Places options = groups_[k].options;
        v("lr", *options.lr), v("error_if_nonfinite", *options.error_if_nonfinite);
        v.check([this, options] { detail::check_not_negative(name_, "lr", *options.lr); });
        visit_group(v, k);
        v.check([this, k] { check_options(k); });
        v.fixed("params", members[k]);
      });
  });
}

std::string Optimizer::name_of(std::size_t i) const {
  std::size_t at = i;
  for (const Group& group : groups_) {
    if (at < group.names.size()) return called(group.names[at], i);
    at -= group.names.size();
  }
  return called("", i);
}

void Optimizer::check_group(std::size_t group) const {
  if (group >= groups_.size())
    throw Error(std::string(name_) + ": there is no group " + std::to_string(group) + ": it has " +
                std::to_string(groups_.size()) + "; count from 0");
}

void Optimizer::check_parameters(const std::vector<NamedTensor>& parameters) const {
  const std::string op = std::string(name_) + ": ";
  if (parameters.empty())
    throw Error(
        op +
        "the list of parameters is empty; name the members in the module's visit, or unfreeze them by "
        "requires_grad_()");

  std::unordered_map<const void*, std::string> seen;
  std::unordered_map<std::string, std::string> keys;
  std::size_t before = 0;
  for (std::size_t k = 0; k < groups_.size(); ++k)
    for (std::size_t j = 0; j < groups_[k].slots.size(); ++j, ++before) {
      const std::string where = "in group " + std::to_string(k);
      seen.emplace(groups_[k].slots[j].parameter.node(), where);
      keys.emplace(key_of(groups_[k].names[j], before), where);
    }

  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& [name, p] = parameters[i];
    const std::string nth = called(name, i), as_nth = "as " + called(name, i);
    if (!p.defined()) throw Error(op + nth + " is undefined; leave it out of the list");
    if (!p.is_leaf())
      throw Error(op + nth + " is the result of " + p.op_name() + " and no leaf: " + p.describe() +
                  "; pass what it was computed from, or detach it");
    if (p.node()->buffer->read_only)
      throw Error(op + nth + " lies in memory that must not be written, see from_memory: " + p.describe() +
                  "; pass a clone() that requires a gradient");
    if (!p.requires_grad())
      throw Error(op + nth + " does not require a gradient: " + p.describe() +
                  "; call requires_grad_() on it or leave it out (a module's trainable_parameters() does)");
    const auto [first, is_new] = seen.emplace(p.node(), as_nth);
    if (!is_new)
      throw Error(op + nth + " was listed before, " + first->second + ": " + p.describe() +
                  "; list each tensor once");
    const auto [other, is_free] = keys.emplace(key_of(name, before + i), as_nth);
    if (!is_free)
      throw Error(op + "the name of " + nth + " is taken by another one, " + other->second + ": " +
                  p.describe() +
                  "; give each a name of its own, as {{\"first.weight\", w}, {\"second.weight\", v}}");
  }
}

}  // namespace xgrad::optim
