#pragma once

#include <concepts>

#include "xgrad/nn/module.hpp"

// What surrounds every call of a module, for modules that are called otherwise than nn::Module.

namespace xgrad::nn::detail {

/// Hears of every call of a module on its thread, as nn::summary does.
class CallListener {
 public:
  virtual ~CallListener() = default;
  virtual void enter(const ModuleBase& module) = 0;
  /// The call gave this result; undefined where it gave none or no tensor.
  virtual void leave(const ModuleBase& module, const Tensor& result) = 0;
  /// The call has thrown.
  virtual void fail(const ModuleBase& module) = 0;
};

/// Who listens on this thread; null: nobody.
CallListener*& call_listener();

/// Throws `error` again, with the path from `module` to the one in which it arose.
[[noreturn]] void rise(const ModuleBase& module, const Error& error);

/// The tensor that a summary shows of what a call gave.
template <class R>
Tensor result_of(const R& r) {
  if constexpr (std::same_as<R, Tensor>) return r;
  if constexpr (requires { r.outputs; }) return r.outputs;
  if constexpr (requires { r.output; }) return r.output;
  if constexpr (requires { r.h; }) return r.h;
  if constexpr (requires { r.first; }) return result_of(r.first);
  return {};
}

template <class F>
auto heard(CallListener& listener, const ModuleBase& module, F f) {
  listener.enter(module);
  try {
    auto result = f();
    listener.leave(module, result_of(result));
    return result;
  } catch (...) {
    listener.fail(module);
    throw;
  }
}

/// f(), as the call of `module`: listeners hear of it, and an Error that leaves it names the module.
///
///     Tensor operator()(const Tensor& x, const Tensor& mask) const {
///       return nn::detail::called(*this, [&] { return masked(x, mask); });
///     }
template <class F>
auto called(const ModuleBase& module, F f) {
  try {
    if (CallListener* listener = call_listener()) [[unlikely]]
      return heard(*listener, module, f);
    return f();
  } catch (const Error& e) {
    rise(module, e);
  }
}

}  // namespace xgrad::nn::detail
