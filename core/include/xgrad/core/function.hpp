#pragma once

#include <concepts>
#include <functional>
#include <utility>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad {

/// A function of tensors in its general form.
using TensorFunction = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

namespace detail {

template <class Y>
std::vector<Tensor> as_tensors(Y&& y) {
  if constexpr (std::convertible_to<Y, Tensor>)
    return {Tensor(static_cast<Y&&>(y))};
  else
    return std::vector<Tensor>(y.begin(), y.end());
}

template <std::size_t>
using TensorArgument = const Tensor&;

template <class F, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return std::invocable<F&, TensorArgument<I>...>;
}

inline constexpr std::size_t most_arguments = 8;

/// True when F takes n or fewer tensors, n > 0, as separate arguments.
template <class F, std::size_t N = most_arguments>
constexpr bool takes_tensors() {
  if constexpr (N == 0)
    return false;
  else if constexpr (takes<F>(std::make_index_sequence<N>()))
    return true;
  else
    return takes_tensors<F, N - 1>();
}

template <std::size_t N, class F, std::size_t... I>
std::vector<Tensor> spread(const char* op, F& f, const std::vector<Tensor>& x,
                           std::index_sequence<I...> places) {
  if constexpr (takes<F>(places))
    if (x.size() == N) return as_tensors(f(x[I]...));
  if constexpr (N < most_arguments) return spread<N + 1>(op, f, x, std::make_index_sequence<N + 1>());
  throw Error(std::string(op) + ": the function takes another number of tensors: there are " +
              std::to_string(x.size()) + "; give one for each of its parameters");
}

template <class F>
std::vector<Tensor> call_with(const char* op, F& f, const std::vector<Tensor>& x) {
  if constexpr (takes_tensors<F>()) {
    return spread<1>(op, f, x, std::make_index_sequence<1>());
  } else {
    static_assert(std::invocable<F&, const std::vector<Tensor>&>,
                  "the function takes 1 to 8 tensors, or one std::vector<Tensor>");
    return as_tensors(f(x));
  }
}

}  // namespace detail

/// The general form of a callable on one to eight tensors, or on a std::vector<Tensor>, that returns a tensor
/// or a std::vector<Tensor>. Errors name its user.
template <class F>
TensorFunction as_function(F f, const char* user = "function") {
  return [f = std::move(f), user](const std::vector<Tensor>& x) mutable {
    return detail::call_with(user, f, x);
  };
}

}  // namespace xgrad
