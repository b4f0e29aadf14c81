#pragma once

#include <xgrad/core.hpp>

// tanh with backward passes that are wrong on purpose: what gradcheck has to find.

namespace planted {

using xgrad::float32;
using xgrad::float64;
using xgrad::NoGrad;
using xgrad::Tensor;
using xgrad::detail::Fn;
using xgrad::detail::Grad;
using xgrad::detail::Op;
namespace keep = xgrad::keep;

/// tanh(x), recorded with another op.
inline Tensor tanh_as(const Op& op, const Tensor& x) {
  Tensor value;
  {
    const NoGrad guard;
    value = xgrad::tanh(x);
  }
  return xgrad::detail::record(op, {x}, value);
}

inline Tensor slope(Fn f) { return 1.0 - f.y() * f.y(); }

constexpr Op op_of(const char* name, Tensor (*rule)(Grad g, Fn f)) {
  return {.name = name, .vjp = {{{keep::y, rule}}}};
}

inline constexpr Op right = op_of("right", [](Grad g, Fn f) { return g * slope(f); });
inline constexpr Op squares_the_cotangent = op_of("squares", [](Grad g, Fn f) { return g * g * slope(f); });
inline constexpr Op tests_the_cotangent =
    op_of("tests", [](Grad g, Fn f) { return (g != 0.0).to(g.dtype()) * slope(f); });
inline constexpr Op relus_the_cotangent =
    op_of("relus", [](Grad g, Fn f) { return xgrad::relu(g) * slope(f); });
inline constexpr Op zeroes_the_cotangent = op_of("zeroes", [](Grad g, Fn f) {
  const Tensor dx = g * slope(f);
  const NoGrad guard;
  Tensor(g).zero_();
  return dx;
});
inline constexpr Op zeroes_its_input = {.name = "zeroes_input",
                                        .vjp = {{{keep::x(0) | keep::y, [](Grad g, Fn f) {
                                                    const Tensor dx = g * slope(f);
                                                    const NoGrad guard;
                                                    f.x(0).detach().zero_();
                                                    return dx;
                                                  }}}}};
inline constexpr Op returns_float32 =
    op_of("returns_float32", [](Grad g, Fn f) { return (g * slope(f)).to(float32); });
inline constexpr Op returns_another_shape = op_of("returns_shape", [](Grad g, Fn) {
  return xgrad::zeros({5, 7}, {.dtype = g.dtype()});
});
inline constexpr Op off_by_a_little = op_of("off", [](Grad g, Fn f) { return g * slope(f) * 1.0005; });
inline constexpr Op of_the_wrong_sign = op_of("sign", [](Grad g, Fn f) { return -(g * slope(f)); });
inline constexpr Op twice_too_large = op_of("twice", [](Grad g, Fn f) { return g * slope(f) * 2; });
inline constexpr Op drops_the_path = op_of("drops", [](Grad, Fn) { return Tensor(); });
inline constexpr Op throws_an_error =
    op_of("throws", [](Grad, Fn) -> Tensor { throw xgrad::Error("throws: no rule today"); });
inline constexpr Op multiplies_by_infinity =
    op_of("infinite", [](Grad g, Fn) { return g / xgrad::zeros_like(g); });
inline constexpr Op changes_its_mind = op_of("changes", [](Grad g, Fn f) {
  static int calls = 0;
  return g * slope(f) * (1 + 1e-12 * ++calls);
});
inline constexpr Op off_when_recorded =
    op_of("recorded", [](Grad g, Fn f) { return g * slope(f) * (xgrad::is_recording() ? 1.01 : 1.0); });
inline constexpr Op off_for_a_variable_cotangent =
    op_of("variable", [](Grad g, Fn f) { return g * slope(f) * (g.requires_grad() ? 1.01 : 1.0); });
inline int runs = 0;  // of the next rule, since a test set it to 0
inline constexpr Op wrong_at_first =
    op_of("first", [](Grad g, Fn f) { return g * slope(f) * (runs++ == 0 ? 1.01 : 1.0); });
inline constexpr Op wrong_for_ones = op_of(
    "ones", [](Grad g, Fn f) { return g * slope(f) * (xgrad::all(g == 1.0).item<bool>() ? 2.0 : 1.0); });
inline constexpr Op clips_the_cotangent =
    op_of("clips", [](Grad g, Fn f) { return xgrad::clamp(g, -1e8, 1e8) * slope(f); });
inline constexpr Op drops_small_cotangents = op_of("small", [](Grad g, Fn f) {
  return xgrad::where(xgrad::abs(g) < 1e-8, xgrad::zeros_like(g), g) * slope(f);
});
/// Right to first order; its gradient's gradient is not, because y is taken for a constant.
inline constexpr Op wrong_to_second_order =
    op_of("second", [](Grad g, Fn f) { return g * slope(f).detach(); });

}  // namespace planted
