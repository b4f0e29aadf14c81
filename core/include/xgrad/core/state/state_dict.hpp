#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad {

/// Names and values in an order: what a model, an optimizer, a generator or a loader is apart from its code.
///
///     StateDict best = state_dict(model);
///     ...
///     load_state_dict(model, best);
///
/// What `state_dict` returns is a snapshot: its tensors are copies, and training on changes nothing in it.
/// (PyTorch's shares the elements with the model, so that a state which was kept changes under its holder.)
class StateDict {
 public:
  struct Entry {
    std::string name;
    StateValue value;
  };

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// The value of that name, null where there is none.
  const StateValue* find(std::string_view name) const;
  /// The value of that name. Throws Error where there is none.
  const StateValue& at(std::string_view name) const;
  /// The value of that name by its own type: `state.get<Tensor>("out.weight")`. Throws Error where it has
  /// another one.
  template <class T>
  const T& get(std::string_view name) const {
    if (const T* value = std::get_if<T>(&at(name))) return *value;
    another_type(name);
  }

  /// Adds a value behind the others, or replaces the one of that name. A tensor is shared and not copied.
  void set(std::string_view name, StateValue value);
  /// Takes a value out; false where there is none of that name.
  bool erase(std::string_view name);

  std::vector<Entry>::const_iterator begin() const& { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const& { return entries_.end(); }

 private:
  [[noreturn]] void another_type(std::string_view name) const;

  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

namespace detail {
/// The values of all that was named; tensors are shared, or copied, where ties stay ties. Throws Error when a
/// name occurs twice.
StateDict values_of(const Visitor& members, bool copies);
}  // namespace detail

/// A snapshot of everything that x names in its `visit`, under its dotted paths. A tensor that several
/// members share has every name of it. Throws Error when a name occurs twice.
template <Visitable T>
StateDict state_dict(const T& x) {
  return detail::values_of(Visitor::of(x), true);
}

/// Whether two states hold the same bits: the same names in any order, with values of the same type, tensors
/// with the same dtype, shape and bits. A nan is the same as itself, and 0 is not the same as -0.
bool same(const StateDict& a, const StateDict& b);
template <Visitable A, Visitable B>
bool same(const A& a, const B& b) {
  return same(detail::values_of(Visitor::of(a), false), detail::values_of(Visitor::of(b), false));
}
template <Visitable A>
bool same(const A& a, const StateDict& b) {
  return same(detail::values_of(Visitor::of(a), false), b);
}

}  // namespace xgrad
