#pragma once

#include <array>
#include <concepts>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad {

namespace detail {

/// What an op on this thread passes on its way out: bits of what follows.
extern constinit thread_local std::uint8_t doors;
inline constexpr std::uint8_t tape = 1;       ///< ops are recorded
inline constexpr std::uint8_t listener = 2;   ///< somebody listens to what is computed: see listen.hpp
inline constexpr std::uint8_t tracer = 4;     ///< somebody of them traces
inline constexpr std::uint8_t birth_log = 8;  ///< recorded nodes are remembered: see births.hpp

}  // namespace detail

/// True when ops on the calling thread are recorded.
inline bool is_recording() { return (detail::doors & detail::tape) != 0; }

/// Sets whether ops on this thread are recorded, until the end of its scope.
class RecordingGuard {
 public:
  explicit RecordingGuard(bool on) : before_(is_recording()) { set(on); }
  ~RecordingGuard() { set(before_); }
  RecordingGuard(const RecordingGuard&) = delete;
  RecordingGuard& operator=(const RecordingGuard&) = delete;

 private:
  static void set(bool on) {
    detail::doors = static_cast<std::uint8_t>((detail::doors & ~detail::tape) | (on ? detail::tape : 0));
  }

  bool before_;
};

/// `NoGrad guard;`: nothing on this thread is recorded until the end of the scope.
class NoGrad : RecordingGuard {
 public:
  NoGrad() : RecordingGuard(false) {}
};

/// The opposite of NoGrad, for recording inside it.
class EnableGrad : RecordingGuard {
 public:
  EnableGrad() : RecordingGuard(true) {}
};

/// What a rule reads: `keep::x(0) | keep::y`. Only declared values are held, and only while they are wanted.
namespace keep {
inline constexpr std::uint32_t nothing = 0;
inline constexpr std::uint32_t y = 1u << 31;          ///< the output
inline constexpr std::uint32_t every_x = y - 1;       ///< all inputs, for ops with any number of them
constexpr std::uint32_t x(int i) { return 1u << i; }  ///< input i, i < 31
}  // namespace keep

namespace detail {

/// Nothing is heard on this thread until the end of its scope: of what an op computes within itself.
class Unheard {
 public:
  Unheard() : before_(doors & (listener | tracer)) { doors = static_cast<std::uint8_t>(doors & ~before_); }
  ~Unheard() { doors = static_cast<std::uint8_t>(doors | before_); }
  Unheard(const Unheard&) = delete;
  Unheard& operator=(const Unheard&) = delete;

 private:
  std::uint8_t before_;
};

using Grad = const Tensor&;  ///< the cotangent that a rule receives

/// A recorded call, as its rules see it.
class Fn {
 public:
  explicit Fn(Node* n) : node_(n) {}

  /// The value of input i. Throws Error unless a wanted rule declared it, and when it has changed since.
  Tensor x(int i) const {
    const Node* n = node_;
    if (static_cast<unsigned>(i) < 3 && i < n->input_count && n->input_count <= 3 && (n->kept >> i & 1)) {
      Node* value = n->inside[i];
      if (value->buffer->version == n->versions[i]) return Tensor::share(value);
    }
    return checked_x(i);
  }
  /// The output's value, under the same conditions.
  Tensor y() const;
  /// Output k of an op with several outputs.
  Tensor output(int k) const;
  /// The shape of input i, one that is wanted or kept.
  const Shape& shape(int i) const;
  /// The dtype of input i, one that is wanted or kept.
  DType dtype(int i) const;
  int inputs() const { return node_->input_count >= 0 ? node_->input_count : pushed_inputs(); }
  /// What a rule of forward mode reads beside: the tangent of input i, of its shape; undefined where it is 0.
  Tensor t(int i) const;
  /// True when the gradient of input i is wanted.
  bool wants(int i) const {
    const Node* n = node_;
    if (static_cast<unsigned>(i) < 3 && i < n->input_count && n->input_count <= 3) {
      const Node* x = n->inside[i];
      return x && x->requires_grad;
    }
    return wants_any(i);
  }
  /// The attributes that the call was recorded with.
  template <class A>
  A attributes() const {
    A a;
    std::memcpy(&a, node_->attributes, sizeof(A));
    return a;
  }
  Node* node() const { return node_; }

 private:
  Tensor checked_x(int i) const;  // with many inputs, and for what is wrong
  bool wants_any(int i) const;    // the same
  int pushed_inputs() const;      // of a call whose tangents are computed, which has a node for that only

  Node* node_;
};

/// The vector-Jacobian product for one input: what it reads, and how to compute it from ops.
struct Rule {
  std::uint32_t keep = keep::nothing;
  Tensor (*run)(Grad g, Fn f) = nullptr;  ///< null: this input has no derivative
  /// Of a rule that can add to what there is of the input's gradient, which is run instead where that may be
  /// written: adds its part to `sum` and returns it, or returns the part alone.
  Tensor (*add)(Grad g, Fn f, const Tensor& sum) = nullptr;
  /// The elements of an input from which on that saves more than it takes to look for the sum.
  std::int64_t add_from = 4096;
};

/// One rule for each of any number of inputs.
struct EachRule {
  std::uint32_t keep = keep::nothing;
  Tensor (*run)(Grad g, Fn f, int i) = nullptr;
};

/// One rule that computes all inputs' gradients from all outputs' cotangents (undefined ones are zero).
/// It fills dx[i] for the inputs with f.wants(i). One that adds finds there what there is of the input's
/// gradient, where that may be written, and may leave it there with its part added to it in place.
struct JointRule {
  std::uint32_t keep = keep::nothing;
  void (*run)(std::span<const Tensor> g, Fn f, std::span<Tensor> dx) = nullptr;
  bool adds = false;
};

/// How the tangents of an op's outputs are computed from those of its inputs, in forward mode.
struct Jvp {
  enum class By : std::uint8_t {
    reverse,      ///< nothing is known: by two reverse passes through a second call
    elementwise,  ///< the vjp rules, of products with a derivative of each element, applied to the tangents
    linear,       ///< the op itself, applied to the tangents
    bilinear,     ///< the op itself, applied to the tangent of each input in turn beside the other; a third
                  ///< input, which the op may lack, is added
    rule,
  };
  By by = By::reverse;
  Tensor (*run)(Fn f) = nullptr;                   ///< of an op with one output: reads all inputs, y and t(i)
  std::vector<Tensor> (*run_all)(Fn f) = nullptr;  ///< of one with several

  constexpr Jvp(By how = By::reverse) : by(how) {}  // NOLINT(google-explicit-constructor)
  template <std::convertible_to<Tensor (*)(Fn)> F>
  constexpr Jvp(F rule) : by(By::rule), run(rule) {}  // NOLINT(google-explicit-constructor)
  template <std::convertible_to<std::vector<Tensor> (*)(Fn)> F>
  constexpr Jvp(F rule) : by(By::rule), run_all(rule) {}  // NOLINT(google-explicit-constructor)
};

/// What is known of a tensor without its elements.
struct TensorType {
  Shape shape;
  DType dtype;
};

/// A call that is made again, on other inputs.
class Again {
 public:
  Again(std::span<const Tensor> inputs, const void* attributes, std::span<const TensorType> outputs)
      : inputs_(inputs), attributes_(attributes), outputs_(outputs) {}

  std::span<const Tensor> inputs() const { return inputs_; }
  /// Input i, undefined behind the last.
  Tensor x(std::size_t i) const { return i < inputs_.size() ? inputs_[i] : Tensor(); }
  /// What the first call was told by `record`, or by `details`.
  template <class A>
  const A& attributes() const {
    return *static_cast<const A*>(attributes_);
  }
  /// Of output k of the first call.
  const Shape& shape(std::size_t k = 0) const { return outputs_[k].shape; }
  DType dtype(std::size_t k = 0) const { return outputs_[k].dtype; }
  std::size_t outputs() const { return outputs_.size(); }

 private:
  std::span<const Tensor> inputs_;
  const void* attributes_;
  std::span<const TensorType> outputs_;
};

using Call = const Again&;  ///< what `again` of an op receives

struct Fields;  ///< the names and values of an op's attributes: see fields.hpp

/// An op: its name, which no other has, its rules, in one of the three forms, its attributes, and how a call
/// is made again. Ops are `static constexpr`.
struct Op {
  const char* name = "";
  std::array<Rule, 4> vjp = {};
  EachRule each = {};
  JointRule joint = {};
  int scratch = 0;     ///< so many of the last inputs are values that the op has computed for its rules
  bool draws = false;  ///< random numbers, which a program draws even where nobody needs the result
  const Fields* fields = nullptr;
  Tensor (*again)(Call c) = nullptr;
  std::vector<Tensor> (*again_all)(Call c) = nullptr;  ///< of an op with several outputs
  Jvp jvp = {};
};

/// An input of `record`: refers to a tensor without counting.
struct Ref {
  Ref(const Tensor& t) : tensor(&t) {}  // NOLINT(google-explicit-constructor)
  const Tensor* tensor;
};

inline bool any_requires_grad(std::span<const Ref> inputs) {
  for (Ref r : inputs)
    if (r.tensor->node()->requires_grad) return true;
  return false;
}

/// Tells those who listen that `op` made `outputs` from `inputs`; the attributes are of the type that
/// op.fields reads.
[[gnu::cold]] void tell(const Op& op, std::span<const Ref> inputs, std::span<const Tensor> outputs,
                        std::shared_ptr<const void> attributes);
/// Tells them that the elements of x are about to change by other means than an op; `op` is a literal.
[[gnu::cold]] void tell_write(const char* op, const Tensor& x);

/// The door of every op: records that `op` made `value` from `inputs`, if recording is on and one of them
/// requires a gradient, and tells those who listen.
///
/// `value` must be fresh: a handle that nobody else has. `attributes` is trivially copyable and small; what
/// of them is large, and not for rules, is what the function `details` returns.
Tensor record(const Op& op, std::span<const Ref> inputs, Tensor value);
inline Tensor record(const Op& op, std::initializer_list<Ref> inputs, Tensor value) {
  return record(op, std::span(inputs.begin(), inputs.size()), std::move(value));
}
template <class A>
Tensor record(const Op& op, std::span<const Ref> inputs, Tensor value, const A& attributes) {
  static_assert(std::is_trivially_copyable_v<A> && sizeof(A) <= sizeof(Node::attributes),
                "a rule holds small attributes, never a tensor: pass tensors as inputs");
  std::memcpy(value.node()->attributes, &attributes, sizeof(A));
  return record(op, inputs, std::move(value));
}
template <class A>
Tensor record(const Op& op, std::initializer_list<Ref> inputs, Tensor value, const A& attributes) {
  return record(op, std::span(inputs.begin(), inputs.size()), std::move(value), attributes);
}
template <class A, class Details>
Tensor record(const Op& op, std::span<const Ref> inputs, Tensor value, const A& attributes,
              const Details& details) {
  if ((doors & listener) == 0) [[likely]]
    return record(op, inputs, std::move(value), attributes);
  Tensor y;
  {
    const Unheard guard;
    y = record(op, inputs, std::move(value), attributes);
  }
  tell(op, inputs, {&y, 1}, std::make_shared<decltype(details())>(details()));
  return y;
}
template <class A, class Details>
Tensor record(const Op& op, std::initializer_list<Ref> inputs, Tensor value, const A& attributes,
              const Details& details) {
  return record(op, std::span(inputs.begin(), inputs.size()), std::move(value), attributes, details);
}

/// The door of an op that has no gradient.
template <class Details = std::nullptr_t>
Tensor pass(const Op& op, std::span<const Ref> inputs, Tensor value, const Details& details = {}) {
  if (doors & listener) [[unlikely]] {
    if constexpr (std::is_null_pointer_v<Details>)
      tell(op, inputs, {&value, 1}, nullptr);
    else
      tell(op, inputs, {&value, 1}, std::make_shared<decltype(details())>(details()));
  }
  return value;
}
template <class Details = std::nullptr_t>
Tensor pass(const Op& op, std::initializer_list<Ref> inputs, Tensor value, const Details& details = {}) {
  return pass(op, std::span(inputs.begin(), inputs.size()), std::move(value), details);
}
inline constexpr std::span<const Ref> no_inputs;

/// The same for an op with several outputs, which share one node; its rule is `op.joint`, which may read the
/// outputs by `f.output(k)` if it declares keep::y. Returns that node, or null where nothing is recorded.
/// `state`, if given, lives as long as the node: read it by `state_of(f.node())`.
Node* record_outputs(const Op& op, std::span<const Ref> inputs, std::span<Tensor> outputs,
                     std::span<const std::byte> attributes = {}, std::shared_ptr<void> state = {});
template <class A>
void record_outputs(const Op& op, std::span<const Ref> inputs, std::span<Tensor> outputs,
                    const A& attributes) {
  static_assert(std::is_trivially_copyable_v<A> && sizeof(A) <= sizeof(Node::attributes));
  record_outputs(op, inputs, outputs, std::as_bytes(std::span(&attributes, 1)));
}
void* state_of(Node* n);

}  // namespace detail
}  // namespace xgrad
