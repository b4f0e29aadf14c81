#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad {

class Generator;
class Visitor;

/// A tensor and the dotted path of the members that lead to it: "encoder.layers.0.weight".
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// What a state is made of; the state of a generator is a text.
using StateValue = std::variant<Tensor, std::int64_t, double, bool, std::string>;

/// Whoever has state: `void visit(Visitor& v)` names its members, and does nothing else.
template <class T>
concept Visitable = requires(T& x, Visitor& v) {
  x.visit(v);
};

/// The base of what has state and is found by its type in what holds it, as nn finds the modules of a model.
/// Other classes need no base to have a `visit`.
class Stateful {
 public:
  virtual ~Stateful() = default;
  virtual void visit(Visitor&) {}

 protected:
  Stateful() = default;
  Stateful(const Stateful&) = default;
  Stateful(Stateful&&) = default;
  Stateful& operator=(const Stateful&) = default;
  Stateful& operator=(Stateful&&) = default;
};

/// Something that may hold what a visitor takes: std::optional, a pointer, nn::AnyModule.
template <class H>
concept Holder = !Visitable<H> && requires(H & h) {
  static_cast<bool>(h);
  *h;
};

/// The list of the members that have state, which `visit` makes.
///
///     void visit(Visitor& v) override { v("hidden", hidden), v("out", out), v.buffer("mean", mean); }
///
/// Every walk over a state - a model's parameters, their names, copies, state_dict, load_state_dict, files -
/// is a loop over this list. The order of the members is that of their names in all of these.
class Visitor {
 public:
  enum class Kind : std::uint8_t {
    parameter,  ///< a tensor that is learnt
    buffer,     ///< a tensor that belongs to its owner and is not learnt
    lazy,       ///< a tensor that may be undefined, and whose shape and dtype a load decides
    value,      ///< a number, a bool, a text, a generator
    fixed,      ///< a value that a load only compares
  };
  using Place = std::variant<Tensor*, std::int64_t*, std::size_t*, int*, double*, bool*, std::string*,
                             Generator*, StateValue>;

  /// A member: where it is and the path to it.
  struct Slot {
    std::string path;
    Kind kind;
    Place place;                   ///< a StateValue where it is fixed
    const Tensor* like = nullptr;  ///< whose shape and dtype a buffer takes in a load; null: its own

    /// Where a tensor is; null for what is none.
    Tensor* tensor() const {
      const auto* t = std::get_if<Tensor*>(&place);
      return t ? *t : nullptr;
    }
    /// Where the member is; null for a fixed value.
    const void* address() const;
  };

  /// A Stateful, its path from the one that it lies in, and how many it lies in.
  struct Part {
    std::string path;
    std::size_t depth;
    Stateful* object;
  };

  /// A tensor that is learnt. An undefined one (a layer without bias) is passed over.
  void operator()(std::string_view name, Tensor& parameter) { add_tensor(name, Kind::parameter, parameter); }
  /// A tensor that is not learnt, such as a running mean. An undefined one is passed over.
  void buffer(std::string_view name, Tensor& tensor) { add_tensor(name, Kind::buffer, tensor); }
  /// A tensor of the shape and dtype that `like` has when a state is loaded, as what an optimizer remembers
  /// about a parameter; it is converted where it has another dtype than `like` by then.
  void buffer(std::string_view name, Tensor& tensor, const Tensor& like) {
    add_tensor(name, Kind::buffer, tensor, &like);
  }
  /// A tensor that is undefined before its first use, or whose size changes, as what a scaler learns. A load
  /// gives the member another tensor, in the state's shape and dtype, or none: what they must be is said by
  /// `check`.
  void lazy(std::string_view name, Tensor& tensor) { add(name, Kind::lazy, &tensor); }

  void operator()(std::string_view name, std::int64_t& value) { add(name, Kind::value, &value); }
  void operator()(std::string_view name, std::size_t& value) { add(name, Kind::value, &value); }
  void operator()(std::string_view name, int& value) { add(name, Kind::value, &value); }
  void operator()(std::string_view name, double& value) { add(name, Kind::value, &value); }
  void operator()(std::string_view name, bool& value) { add(name, Kind::value, &value); }
  void operator()(std::string_view name, std::string& value) { add(name, Kind::value, &value); }
  /// The place of a generator in its stream, as a text.
  void operator()(std::string_view name, Generator& generator) { add(name, Kind::value, &generator); }
  /// What cannot be changed by a load, such as an option that decides which tensors there are: a state with
  /// another value does not fit.
  void fixed(std::string_view name, StateValue value) { add(name, Kind::fixed, std::move(value)); }

  /// Anything with a `visit`: its own members follow under `name.`.
  template <Visitable T>
  void operator()(std::string_view name, T& part) {
    in(name, [&] { enter(part); });
  }
  /// What an optional holds or a pointer points to; passed over when empty.
  template <Holder H>
  void operator()(std::string_view name, H& holder) {
    if (holder) (*this)(name, *holder);
  }
  /// A list: each item under its index, "layers.0".
  template <class T>
  void operator()(std::string_view name, std::vector<T>& items) {
    in(name, [&] {
      for (std::size_t i = 0; i < items.size(); ++i) (*this)(std::to_string(i), items[i]);
    });
  }
  /// What `f` names, under `name.`.
  template <std::invocable F>
  void in(std::string_view name, F f) {
    const Scope scope(path_, name);
    f();
  }

  /// A condition on what is loaded: `f` throws Error where it does not hold, and the load changes nothing.
  /// Values and lazy tensors are the loaded ones when it is called, parameters and buffers still the old.
  void check(std::function<void()> f) { checks_.push_back(std::move(f)); }
  /// What follows a load, when everything is in place. It must not throw.
  void loaded(std::function<void()> f) { loaded_.push_back(std::move(f)); }

  /// The members of x and of all in it. Being const is kept by the caller: what is const is only read.
  template <Visitable T>
  static Visitor of(const T& x) {
    Visitor v;
    v.enter(const_cast<T&>(x));  // NOLINT(cppcoreguidelines-pro-type-const-cast): visit only names
    return v;
  }

  /// Everything that was named, in this order.
  const std::vector<Slot>& slots() const& { return slots_; }
  /// Every Stateful, each before its members.
  const std::vector<Part>& parts() const& { return parts_; }
  /// Every Stateful, each after its members.
  const std::vector<Stateful*>& objects() const& { return objects_; }
  // By value from a temporary, so that `for (auto& slot : Visitor::of(model).slots())` is safe.
  std::vector<Slot> slots() && { return std::move(slots_); }
  std::vector<Part> parts() && { return std::move(parts_); }
  std::vector<Stateful*> objects() && { return std::move(objects_); }

  const std::vector<std::function<void()>>& checks() const& { return checks_; }
  const std::vector<std::function<void()>>& after_load() const& { return loaded_; }

  /// Leaves parameters and buffers alone.
  void keep_parameters_and_buffers();
  /// Throws Error when a name occurs twice.
  void check_names() const;

 private:
  /// Extends the path by one name until the end of its scope.
  class Scope {
   public:
    Scope(std::string& path, std::string_view name) : path_(path), before_(path.size()) {
      path_.append(name).push_back('.');
    }
    ~Scope() { path_.resize(before_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    std::string& path_;
    std::size_t before_;
  };

  template <class T>
  void enter(T& x) {
    if constexpr (std::derived_from<T, Stateful>)
      enter_part(x);
    else
      x.visit(*this);
  }
  void enter_part(Stateful& part);
  void add(std::string_view name, Kind kind, Place place, const Tensor* like = nullptr);
  void add_tensor(std::string_view name, Kind kind, Tensor& tensor, const Tensor* like = nullptr) {
    if (tensor.defined()) add(name, kind, &tensor, like);
  }

  std::string path_;
  std::vector<Slot> slots_;
  std::vector<Part> parts_;
  std::vector<Stateful*> objects_;
  std::vector<std::function<void()>> checks_, loaded_;
  std::size_t depth_ = 0,
              base_ = 0;  ///< of the part that is visited: base_ is where its members' paths begin
};

}  // namespace xgrad
