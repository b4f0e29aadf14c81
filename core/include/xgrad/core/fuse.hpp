#pragma once

#include <array>
#include <bit>
#include <tuple>
#include <utility>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/fuse/passes.hpp"
#include "xgrad/core/simd/number_choices.hpp"
#include "xgrad/core/simd/number_functions.hpp"
#include "xgrad/core/tape.hpp"

// One node from one lambda. With derivatives in the same pass by forward accumulation: a Dual carries the
// partial derivatives in all inputs, of which an elementwise function has few. Link xgrad::fuse to use it: it
// brings xsimd and the flags of the machine for which xgrad was built.

namespace xgrad {

namespace detail::fusing {

/// The shape that the operands broadcast to. Throws Error unless all have one floating dtype and broadcast.
Shape check_operands(std::span<const Tensor* const> x);
/// What a third derivative comes to.
[[noreturn]] void no_more_derivatives();

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

template <class F>
inline constexpr int order_of = 0;
template <class F>
inline constexpr int order_of<Directional<F>> = 1 + order_of<F>;

template <class F>
struct Attributes {
  static_assert(std::is_trivially_copyable_v<F> && sizeof(F) <= 16,
                "a fused lambda captures numbers, up to 16 bytes: pass tensors as arguments");
  F f;
  std::uint32_t wanted;

  static Attributes of(Fn fn) {
    std::array<std::byte, sizeof(Attributes)> bytes;
    std::memcpy(bytes.data(), fn.node()->attributes, sizeof bytes);
    return std::bit_cast<Attributes>(bytes);
  }
};

template <class F, std::size_t n>
std::array<Tensor, n> gradients(F f, const Tensor& g, const std::array<const Tensor*, n>& x, unsigned wanted);

/// The gradients of `gradients`: those of the inputs (g, x...), from the cotangents of those that it gave.
template <class F, std::size_t n>
void second_rule([[maybe_unused]] std::span<const Tensor> given, [[maybe_unused]] Fn fn,
                 [[maybe_unused]] std::span<Tensor> dx) {
  if constexpr (order_of<F> >= 1) {
    no_more_derivatives();
  } else {
    const auto a = Attributes<F>::of(fn);
    std::array<Tensor, 2 * n + 1> values;
    unsigned wanted = 0;
    for (std::size_t i = 0; i <= n; ++i) {
      values[i] = fn.x(static_cast<int>(i));
      if (fn.wants(static_cast<int>(i))) wanted |= 1u << i;
    }
    const TensorOptions like{.dtype = values[0].dtype()};
    std::size_t next = 0;
    for (std::size_t k = 0; k < n; ++k) {
      Tensor& c = values[n + 1 + k];
      if (a.wanted >> k & 1) c = given[next++];
      if (!c.defined()) c = zeros({}, like);
    }
    std::array<const Tensor*, 2 * n + 1> x;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = &values[i];
    auto d = gradients(Directional<F>{a.f}, ones({}, like), x, wanted);
    for (std::size_t i = 0; i <= n; ++i) dx[i] = std::move(d[i]);
  }
}

template <class F, std::size_t n>
std::array<Tensor, n> gradients(F f, const Tensor& g, const std::array<const Tensor*, n>& x,
                                unsigned wanted) {
  static constexpr Op op = {.name = "fuse_vjp", .joint = {keep::every_x, second_rule<F, n>}};
  Shape shape = g.shape();
  for (const Tensor* t : x) shape = broadcast_shapes("fuse", shape, t->shape());
  std::array<Tensor, n> dx, given;
  for (std::size_t k = 0; k < n; ++k)
    if (wanted >> k & 1) dx[k] = empty(x[k]->shape(), {.dtype = x[k]->dtype()});
  if (g.dtype() == float32)
    run_gradients<float>(f, shape, g, x, wanted, dx);
  else
    run_gradients<double>(f, shape, g, x, wanted, dx);

  std::size_t count = 0;
  for (std::size_t k = 0; k < n; ++k)
    if (wanted >> k & 1) given[count++] = std::move(dx[k]);
  with_indices<n>([&]<std::size_t... k>() {
    const std::array<Ref, n + 1> inputs{Ref(g), Ref(*x[k])...};
    record_outputs(op, inputs, std::span(given.data(), count), Attributes<F>{f, wanted});
  });
  count = 0;
  for (std::size_t k = 0; k < n; ++k)
    if (wanted >> k & 1) dx[k] = std::move(given[count++]);
  return dx;
}

template <class F, std::size_t n>
void rule(std::span<const Tensor> g, Fn fn, std::span<Tensor> dx) {
  std::array<Tensor, n> values;
  std::array<const Tensor*, n> x;
  unsigned wanted = 0;
  for (std::size_t i = 0; i < n; ++i) {
    values[i] = fn.x(static_cast<int>(i)), x[i] = &values[i];
    if (fn.wants(static_cast<int>(i))) wanted |= 1u << i;
  }
  auto d = gradients(Attributes<F>::of(fn).f, g[0], x, wanted);
  for (std::size_t i = 0; i < n; ++i) dx[i] = std::move(d[i]);
}

}  // namespace detail::fusing

/// f applied to corresponding elements of x..., broadcast, in one pass and as one node. f is a generic lambda
/// over numbers (see xgrad/core/simd/number*.hpp): operators, comparisons with `where`, and functions such as
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
requires(sizeof...(X) >= 1 && sizeof...(X) <= 8) Tensor fuse(F f, const X&... x) {
  constexpr std::size_t n = sizeof...(X);
  static constexpr detail::Op op = {.name = "fuse", .joint = {keep::every_x, detail::fusing::rule<F, n>}};
  const std::array<const Tensor*, n> operands{&x...};
  const Shape shape = detail::fusing::check_operands(operands);
  Tensor y = empty(shape, {.dtype = operands[0]->dtype()});
  if (y.dtype() == float32)
    detail::fusing::run_values<float>(f, operands, y);
  else
    detail::fusing::run_values<double>(f, operands, y);
  return detail::record(op, {detail::Ref(x)...}, std::move(y), detail::fusing::Attributes<F>{f, 0});
}

}  // namespace xgrad
