#include "xgrad/core/state/state_dict.hpp"

#include <bit>
#include <cstring>
#include <unordered_map>

#include "state/values.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/random.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

const StateValue* StateDict::find(std::string_view name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? nullptr : &entries_[found->second].value;
}

const StateValue& StateDict::at(std::string_view name) const {
  if (const StateValue* value = find(name)) return *value;
  detail::fail("StateDict", "there is no '" + std::string(name) + "' among its " + std::to_string(size()) +
                                " names; contains() says whether there is");
}

void StateDict::another_type(std::string_view name) const {
  detail::fail("StateDict", "'" + std::string(name) + "' has another type: it is " +
                                detail::text_of(at(name)) + "; ask for the type that it has");
}

void StateDict::set(std::string_view name, StateValue value) {
  if (const auto found = places_.find(name); found != places_.end()) {
    entries_[found->second].value = std::move(value);
    return;
  }
  entries_.push_back({std::string(name), std::move(value)});
  try {
    places_.emplace(name, entries_.size() - 1);
  } catch (...) {
    entries_.pop_back();
    throw;
  }
}

bool StateDict::erase(std::string_view name) {
  const auto found = places_.find(name);
  if (found == places_.end()) return false;
  const std::size_t place = found->second;
  places_.erase(found);
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(place));
  for (auto& [other, i] : places_)
    if (i > place) --i;
  return true;
}

bool same(const StateDict& a, const StateDict& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, value] : a) {
    const StateValue* other = b.find(name);
    if (!other || !detail::same_value(value, *other)) return false;
  }
  return true;
}

namespace detail {

bool same_value(const StateValue& a, const StateValue& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<Tensor>(&a)) {
    const Tensor& y = std::get<Tensor>(b);
    if (!x->defined() || !y.defined()) return x->defined() == y.defined();
    if (x->dtype() != y.dtype() || x->shape() != y.shape()) return false;
    return x->numel() == 0 || std::memcmp(x->node()->data, y.node()->data, byte_count(*x)) == 0;
  }
  if (const auto* u = std::get_if<double>(&a))
    return std::bit_cast<std::uint64_t>(*u) == std::bit_cast<std::uint64_t>(std::get<double>(b));
  if (const auto* text = std::get_if<std::string>(&a)) return *text == std::get<std::string>(b);
  if (const auto* flag = std::get_if<bool>(&a)) return *flag == std::get<bool>(b);
  return std::get<std::int64_t>(a) == std::get<std::int64_t>(b);
}

namespace {

struct Text {
  std::string operator()(const Tensor& t) const { return t.defined() ? t.describe() : "undefined"; }
  std::string operator()(std::int64_t v) const { return "the integer " + std::to_string(v); }
  std::string operator()(double v) const { return "the number " + short_text(v); }
  std::string operator()(bool v) const { return v ? "true" : "false"; }
  std::string operator()(const std::string& v) const {
    constexpr std::size_t most = 60;
    return "the text '" + (v.size() > most ? v.substr(0, most) + "..." : v) + "'";
  }
};

struct Read {
  StateValue operator()(const Generator* g) const { return g->state(); }
  StateValue operator()(const std::size_t* v) const { return static_cast<std::int64_t>(*v); }
  StateValue operator()(const int* v) const { return std::int64_t{*v}; }
  StateValue operator()(const StateValue& v) const { return v; }
  template <class T>
  StateValue operator()(const T* v) const {
    return *v;
  }
};

}  // namespace

std::string text_of(const StateValue& value) { return std::visit(Text(), value); }
StateValue value_of(const Visitor::Slot& slot) { return std::visit(Read(), slot.place); }

StateDict values_of(const Visitor& members, bool copies) {
  members.check_names();
  const NoGrad guard;
  StateDict state;
  std::unordered_map<const void*, Tensor> copied;  // by the tensor
  for (const auto& slot : members.slots()) {
    StateValue value = value_of(slot);
    if (auto* t = std::get_if<Tensor>(&value); t && t->defined() && copies) {
      Tensor& copy = copied[t->node()];
      if (!copy.defined()) copy = t->detach().clone();
      *t = copy;
    }
    state.set(slot.path, std::move(value));
  }
  return state;
}

}  // namespace detail

}  // namespace xgrad
