#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/core/function.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

/// Nothing to remember between forward and backward.
struct NoState {};

/// A call of a custom op, as its vjp sees it.
template <class State>
class CustomCall {
 public:
  CustomCall(detail::Fn f, const State& s) : state(s), f_(f) {}

  /// Input i and the output, with their history: what is computed from them can be differentiated again.
  Tensor x(int i) const { return f_.x(i); }
  Tensor y() const { return f_.y(); }
  /// True when the gradient of input i is wanted.
  bool wants(int i) const { return f_.wants(i); }

  const State& state;  ///< what forward left; tensors in it are constants to second derivatives

 private:
  detail::Fn f_;
};

namespace detail {

/// A custom op, shared by its calls.
struct CustomDefinition {
  using Forward = std::function<Tensor(const std::vector<Tensor>&, std::shared_ptr<void>&)>;
  using Vjp = std::function<std::vector<Tensor>(Fn, void* state, const Tensor& g)>;
  std::string name;
  Forward forward;
  Vjp vjp;
  Op op = {};
};

std::shared_ptr<const CustomDefinition> define(CustomDefinition definition);
Tensor call(const std::shared_ptr<const CustomDefinition>& definition, const std::vector<Tensor>& inputs);

}  // namespace detail

/// An op made of two lambdas; call it with its tensors.
class CustomOp {
 public:
  explicit CustomOp(std::shared_ptr<const detail::CustomDefinition> d) : definition_(std::move(d)) {}

  Tensor operator()(const std::vector<Tensor>& inputs) const { return detail::call(definition_, inputs); }
  template <std::same_as<Tensor>... T>
  Tensor operator()(const Tensor& first, const T&... more) const {
    return (*this)(std::vector<Tensor>{first, more...});
  }

 private:
  std::shared_ptr<const detail::CustomDefinition> definition_;
};

/// An op of your own: `forward(State&, x...)` computes the value, unrecorded, with any code; `vjp(call, g)`
/// returns the gradient of each input (one tensor, or a vector; an undefined one for none), computed in ops
/// from the cotangent g, call.x(i), call.y() and call.state, so that it can be differentiated again. It may
/// not write into g, which others share: backward throws Error then. Check it by gradcheck.
///
///     auto cube = custom_op("cube", [](NoState&, const Tensor& x) { return x * x * x; },
///                           [](const CustomCall<NoState>& c, const Tensor& g) { return 3 * g * c.x(0) *
///                           c.x(0); });
///
/// A vjp may record under EnableGrad and call grad for the inputs that it wants, with {.partial = true}:
/// where one of them is made of another, the engine passes its gradient on to that one, and grad would count
/// the same again. Where one tensor may be given as two inputs, `reshape(c.x(i), c.x(i).shape())` makes two
/// of it.
template <class State = NoState, class Forward, class Vjp>
CustomOp custom_op(std::string name, Forward forward, Vjp vjp) {
  detail::CustomDefinition d;
  d.name = std::move(name);
  d.forward = [forward = std::move(forward), name = d.name](const std::vector<Tensor>& x,
                                                            std::shared_ptr<void>& kept) {
    auto state = std::make_shared<State>();
    kept = state;
    const auto bound = [&]<class... T>(
        const T&... t) requires std::invocable<const Forward&, State&, const T&...> {
      return forward(*state, t...);
    };
    return detail::call_with(name.c_str(), bound, x)[0];
  };
  d.vjp = [vjp = std::move(vjp)](detail::Fn f, void* state, const Tensor& g) {
    return detail::as_tensors(vjp(CustomCall<State>(f, *static_cast<const State*>(state)), g));
  };
  return CustomOp(detail::define(std::move(d)));
}

}  // namespace xgrad
