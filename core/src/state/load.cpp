#include "xgrad/core/state/load.hpp"

#include <limits>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "state/prepared_load.hpp"
#include "state/values.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

namespace {

using Slot = Visitor::Slot;
using Kind = Visitor::Kind;
using Kinds = std::unordered_map<std::string_view, Kind>;

/// How errors name what is loaded.
struct Words {
  const char* op;
  std::string source;
};

/// True for tensors that may take each other's values: floating ones, integers, booleans.
bool alike(DType a, DType b) { return a == b || (is_floating(a) && is_floating(b)); }

const char* text_of(Kind kind) { return kind == Kind::parameter ? "a parameter" : "a buffer"; }

/// The value as a place of some type takes it; nothing where it does not.
struct Conversion {
  const StateValue& value;

  template <class T>
  std::optional<StateValue> operator()(const T*) const {
    if (std::holds_alternative<T>(value)) return value;
    return {};
  }
  std::optional<StateValue> operator()(const double*) const {
    if (const auto* v = std::get_if<std::int64_t>(&value)) return static_cast<double>(*v);
    return std::holds_alternative<double>(value) ? std::optional(value) : std::nullopt;
  }
  std::optional<StateValue> operator()(const std::size_t*) const { return at_least(0); }
  std::optional<StateValue> operator()(const int*) const {
    const auto* v = std::get_if<std::int64_t>(&value);
    return v && *v <= std::numeric_limits<int>::max() ? at_least(std::numeric_limits<int>::min())
                                                      : std::nullopt;
  }
  std::optional<StateValue> operator()(const Generator*) const {
    return std::holds_alternative<std::string>(value) ? std::optional(value) : std::nullopt;
  }
  std::optional<StateValue> operator()(const StateValue& expected) const {
    return same_value(expected, value) ? std::optional(value) : std::nullopt;
  }

  std::optional<StateValue> at_least(std::int64_t low) const {
    const auto* v = std::get_if<std::int64_t>(&value);
    return v && *v >= low ? std::optional(value) : std::nullopt;
  }
};

/// What a place takes, as errors show it.
struct Expected {
  std::string operator()(const Tensor*) const { return "a tensor"; }
  std::string operator()(const std::int64_t*) const { return "an integer"; }
  std::string operator()(const std::size_t*) const { return "an integer of at least 0"; }
  std::string operator()(const int*) const { return "an integer of 32 bits"; }
  std::string operator()(const double*) const { return "a number"; }
  std::string operator()(const bool*) const { return "true or false"; }
  std::string operator()(const std::string*) const { return "a text"; }
  std::string operator()(const Generator*) const { return "a generator's state"; }
  std::string operator()(const StateValue& v) const { return detail::text_of(v); }
};

/// Two slots of one identity are two names of one thing.
const void* identity_of(const Slot& slot) {
  if (slot.kind == Kind::parameter || slot.kind == Kind::buffer) return slot.tensor()->node();
  if (auto* const* g = std::get_if<Generator*>(&slot.place)) return &(*g)->access();
  const void* address = slot.address();
  return address ? address : &slot;
}

class Load {
 public:
  Load(const Visitor& target, const StateDict& state, Words words, Kinds kinds)
      : target_(target), state_(state), words_(std::move(words)), kinds_(std::move(kinds)) {
    target.check_names();
  }

  LoadedKeys run(bool strict) {
    const NoGrad guard;
    compare(strict);
    if (!faults_.empty())
      throw Error(std::string(words_.op) + ": the states do not match: " + faults_ +
                  "; both must have the same names, types and shapes");
    prepared_.commit(target_);
    return std::move(keys_);
  }

 private:
  void compare(bool strict) {
    std::unordered_set<std::string_view> names;
    for (const Slot& slot : target_.slots()) {
      names.insert(slot.path);
      const StateValue* value = state_.find(slot.path);
      if (value)
        fault(slot.path, prepare(slot, *value));
      else if (keys_.missing_keys.push_back(slot.path); strict)
        fault(slot.path, "missing in the " + words_.source);
    }
    for (const auto& [name, value] : state_)
      if (!names.contains(name))
        if (keys_.unexpected_keys.push_back(name); strict) fault(name, "missing in the target");
  }

  void fault(const std::string& path, const std::string& what) {
    if (!what.empty()) faults_ += (faults_.empty() ? "'" : "; '") + path + "' is " + what;
  }
  std::string both(const StateValue& value, const std::string& target) const {
    return detail::text_of(value) + " in the " + words_.source + ", " + target + " in the target";
  }

  /// Prepares what a slot gets; says what is wrong with it, "" where nothing is.
  std::string prepare(const Slot& slot, const StateValue& value) {
    const auto [first, is_new] = taken_.emplace(identity_of(slot), Source{&slot.path, &value});
    if (!is_new)
      return same_value(*first->second.value, value)
                 ? ""
                 : "the same as '" + *first->second.path + "' in the target, another one in the " +
                       words_.source;
    const auto kind = kinds_.find(slot.path);
    const auto learnt = [](Kind k) { return k == Kind::parameter; };
    if (kind != kinds_.end() && learnt(kind->second) != learnt(slot.kind) && slot.tensor())
      return std::string(text_of(kind->second)) + " in the " + words_.source + ", " + text_of(slot.kind) +
             " in the target";
    if (slot.tensor() && slot.kind != Kind::lazy) return prepare_tensor(slot, value);
    if (auto* const* g = std::get_if<Generator*>(&slot.place)) return prepare_generator(**g, value);
    return prepare_value(slot, value);
  }

  std::string prepare_tensor(const Slot& slot, const StateValue& value) {
    const Tensor &target = *slot.tensor(), &model = slot.like ? *slot.like : target;
    const auto* values = std::get_if<Tensor>(&value);
    if (!values || !values->defined() || values->shape() != model.shape() ||
        target.shape() != model.shape() || !alike(values->dtype(), model.dtype()))
      return both(value, model.describe());
    if (!target.is_leaf()) return std::string("the result of ") + target.op_name() + " in the target";
    if (target.node()->buffer->read_only) return "in memory that must not be written in the target";
    prepared_.write(target, *values, model.dtype());
    return "";
  }

  std::string prepare_generator(const Generator& generator, const StateValue& value) {
    const auto* text = std::get_if<std::string>(&value);
    Generator place(0);
    try {
      if (text) place.set_state(*text);
    } catch (const Error&) {
      text = nullptr;
    }
    if (!text) return both(value, Expected()(&generator));
    prepared_.move(generator, place);
    return "";
  }

  std::string prepare_value(const Slot& slot, const StateValue& value) {
    std::optional<StateValue> converted = std::visit(Conversion{value}, slot.place);
    if (!converted) return both(value, std::visit(Expected(), slot.place));
    if (auto* t = std::get_if<Tensor>(&*converted); t && t->defined()) *t = t->detach().clone();
    if (slot.kind != Kind::fixed) prepared_.assign(slot.place, std::move(*converted));
    return "";
  }

  struct Source {
    const std::string* path;
    const StateValue* value;
  };

  const Visitor& target_;
  const StateDict& state_;
  Words words_;
  Kinds kinds_;  ///< of the object that the state is of, where there is one
  std::unordered_map<const void*, Source> taken_;
  LoadedKeys keys_;
  std::string faults_;
  PreparedLoad prepared_;
};

}  // namespace

LoadedKeys load(const Visitor& target, const StateDict& state, LoadOptions options) {
  return Load(target, state, {"load_state_dict", "state"}, {}).run(options.strict);
}

void copy_values(const char* op, const Visitor& from, const Visitor& to) {
  Kinds kinds;
  for (const Slot& slot : from.slots()) kinds.emplace(slot.path, slot.kind);
  Load(to, values_of(from, false), {op, "source"}, std::move(kinds)).run(true);
}

}  // namespace xgrad::detail
