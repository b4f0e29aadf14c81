#pragma once

#include <array>
#include <concepts>
#include <cstring>
#include <tuple>
#include <type_traits>

#include "xgrad/core/fuse/number_choices.hpp"
#include "xgrad/core/fuse/number_functions.hpp"
#include "xgrad/core/fuse/passes.hpp"
#include "xgrad/core/fused_op.hpp"

// One node from one lambda. With derivatives in the same pass by forward accumulation: a Dual carries the
// partial derivatives in all inputs, of which an elementwise function has few. Link xgrad::fuse to use it: it
// brings xsimd, and -mavx2 and -mfma, to which your own flags may add.

namespace xgrad {

namespace detail::fusing {

/// A lambda f(x...), differentiated once along a direction and times g: (g, x..., c...) -> g sum_k c_k
/// df/dx_k.
template <class F>
struct Directional {
  F f;

  template <class G, class... X>
  auto operator()(const G& g, const X&... x) const {
    constexpr std::size_t n = sizeof...(X) / 2;
    const auto all = std::forward_as_tuple(x...);
    return with_indices<n>([&]<std::size_t... i>() {
      return mul0(g, f(fused::Along{std::get<i>(all), std::get<n + i>(all)}...).d);
    });
  }
};

/// All there is of a lambda with n operands, of which the first m are differentiated.
template <class F, std::size_t n, std::size_t m = n>
inline constexpr Fused fused_of = {
    .op = {{.name = "fuse", .joint = {keep::every_x, rule}}, &fused_of<F, n, m>},
    .vjp = {{.name = "fuse_vjp", .joint = {keep::every_x, second_rule}}, &fused_of<F, n, m>},
    .operands = n,
    .f32 = {width_of<fused::Batch<float>>, loop_of_values<float, F, n>, loop_of_gradients<float, F, n, m>},
    .f64 = {width_of<fused::Batch<double>>, loop_of_values<double, F, n>, loop_of_gradients<double, F, n, m>},
    .directional = &fused_of<Directional<F>, 2 * n + 1, n + 1>};
/// Its derivative along a direction has no further one.
template <class F, std::size_t n, std::size_t m>
inline constexpr Fused fused_of<Directional<F>, n, m> = {
    .op = {},
    .vjp = {{.name = "fuse_vjp", .joint = {keep::every_x, second_rule}}, &fused_of<Directional<F>, n, m>},
    .operands = n,
    .f32 = {width_of<fused::Batch<float>>, nullptr, loop_of_gradients<float, Directional<F>, n, m>},
    .f64 = {width_of<fused::Batch<double>>, nullptr, loop_of_gradients<double, Directional<F>, n, m>},
    .directional = nullptr};

}  // namespace detail::fusing

/// f applied to corresponding elements of x..., broadcast, in one pass and as one node. f is a generic lambda
/// over numbers (see xgrad/core/fuse/number*.hpp): operators, comparisons with `where`, and functions such as
/// `exp log sqrt tanh sigmoid erf pow maximum`, found by their arguments:
///
///     y = fuse([](auto x, auto w, auto b) { return tanh(x * w + b) * sigmoid(x); }, x, w, b);
///
/// f may capture numbers, up to 16 bytes. Its variables are initialised, not assigned, since their types say
/// on which inputs they depend.
///
/// dx_k = g df/dx_k, all in one pass, exactly 0 where g is 0. Twice differentiable. x... have one
/// floating dtype and shapes that broadcast: throws Error otherwise.
template <class F, std::same_as<Tensor>... X>
requires(sizeof...(X) >= 1 && sizeof...(X) <= detail::fusing::most_operands) Tensor fuse(F f, const X&... x) {
  static_assert(std::is_trivially_copyable_v<F> && sizeof(F) <= 16 && alignof(F) <= 8,
                "a fused lambda captures numbers, up to 16 bytes: pass tensors as arguments");
  const std::array<const Tensor*, sizeof...(X)> operands{&x...};
  detail::fusing::Attributes attributes{};
  std::memcpy(attributes.captured, &f, sizeof f);
  return detail::fusing::apply(detail::fusing::fused_of<F, sizeof...(X)>, attributes, operands);
}

}  // namespace xgrad
