#pragma once

#include <cmath>

#include "xgrad/simd/circular.hpp"

// Elementary functions of two numbers, with the C library's values at zeros, infinities and nan.

namespace xgrad::simd {

/// Between these limits the square of the larger operand is a normal number. What is above is multiplied by
/// `down` first, what is below by `up`.
template <class T>
struct Range;
template <>
struct Range<float> {
  static constexpr float small = 0x1p-40f, large = 0x1p60f, up = 0x1p100f, down = 0x1p-70f;
};
template <>
struct Range<double> {
  static constexpr double small = 0x1p-400, large = 0x1p500, up = 0x1p600, down = 0x1p-600;
};

/// sqrt(x^2 + y^2) within 1 ulp; inf where either is, even beside nan.
template <class V>
V hypot(const V& x, const V& y) {
  using R = Range<Value<V>>;
  const V inf(std::numeric_limits<Value<V>>::infinity()), one(1), u = abs(x), v = abs(y);
  const V a = max(u, v), b = min(v, u);  // in these orders nan is one of them
  const auto large = a > V(R::large), small = a < V(R::small);
  const V scale = select(large, V(R::down), select(small, V(R::up), one));
  const V back = select(large, V(1 / R::down), select(small, V(1 / R::up), one));
  const V p = a * scale, q = b * scale;
  const V length = sqrt(simd::fma(p, p, q * q)) * back;
  return select((u == inf) | (v == inf), inf, length);
}

// (atan r - r) / r^3 for |r| <= tan(pi/8).
inline constexpr float atan_tail_f32[] = {-0.333333164f, 0.199984714f, -0.142435223f, 0.105937295f,
                                          -0.0607799366f};

/// pi/4 as a number of which multiples up to 4 are exact, and the rest.
template <class T>
struct Octant;
template <>
struct Octant<float> {
  static constexpr float hi = 0x1.921fbp-1f, lo = static_cast<float>(0x1.5110b4611a626p-23);
};
template <>
struct Octant<double> {
  static constexpr double hi = pi_hi / 4, lo = pi_lo / 4;
};

/// Brings 0 <= b <= a where the sum has a normal reciprocal, without changing their quotient: that of two
/// infinities is 1, that of two zeros 0.
template <class V>
void into_range(V& a, V& b) {
  using T = Value<V>;
  constexpr T large = sizeof(T) == 4 ? T(0x1p100) : T(0x1p1000), small = 1 / large;
  if (!any((a > V(large)) | (a < V(small)))) return;
  const V inf(std::numeric_limits<T>::infinity()), one(1);
  const V scale = select(a > V(large), V(T(0x1p-30)), select(a < V(small), V(T(0x1p80)), one));
  b = select(a == inf, select(b == inf, one, b * V(0)), b * scale);
  a = select((a == inf) | (a == V(0)), one, a * scale);
}

/// The angle of the point (x, y) within 1.5 ulp. Between the point and the nearer axis it is atan of a
/// quotient b / a <= 1, or pi/4 + atan((b - a) / (a + b)) where that is above tan(pi/8). What the operands of
/// the division and the division have lost is added to the arc tangent.
template <class V>
V atan2(const V& y, const V& x) {
  using T = Value<V>;
  const V zero(0), one(1), u = abs(x), v = abs(y);
  const auto steep = v > u, left = copysign(one, x) < zero;
  V a = select(steep, v, u), b = select(steep, u, v);
  into_range(a, b);

  const auto middle = b > a * V(T(0.4142135623730950));
  const V sum = a + b, apart = a - b;
  const V over = select(middle, -apart, b), under = select(middle, sum, a);
  const V over_lost = select(middle, b - (a - apart), zero);
  const V under_lost = select(middle, b - (sum - a), zero);
  const V inverse = one / under, r = over * inverse, z = r * r;
  const V rest = (simd::fma(-r, under, over) + simd::fma(-r, under_lost, over_lost)) * inverse;
  V tail;
  if constexpr (sizeof(T) == 4)
    tail = polynomial(z, atan_tail_f32);
  else
    tail = polynomial(z, atan_tail);
  const V near = r + simd::fma(r * z, tail, simd::fma(-z, rest, rest));

  V octants = select(middle, one, zero);
  octants = select(steep, V(2) - octants, octants);
  octants = select(left, V(4) - octants, octants);
  const V arc = select(steep != left, -near, near);
  const V angle = simd::fma(octants, V(Octant<T>::hi), simd::fma(octants, V(Octant<T>::lo), arc));
  return copysign(angle, y);
}

/// log(e^x + e^y); equal infinities stay.
template <class V>
V logaddexp(const V& x, const V& y) {
  const V apart = select(x == y, V(0), abs(x - y));
  return select(x > y, x, y) + simd::log1p_to_1(simd::exp(-apart));
}

/// x log y; 0 where x = 0 and y is not nan.
template <class V>
V xlogy(const V& x, const V& y) {
  return select((x == V(0)) & (y == y), V(0), x * simd::log(y));
}

/// x to the nearest whole number, halves away from 0.
template <class V>
V round(const V& x) {
  const V below_half(std::nextafter(Value<V>(0.5), Value<V>(0)));
  return trunc(x + copysign(below_half, x));
}

/// |x| = whole |y| + rest, with 0 <= rest < |y|.
template <class V>
struct Division {
  V whole, rest;
};

/// The lanes whose quotient has more digits than V holds, by the C library.
template <class V>
[[gnu::cold, gnu::noinline]] Division<V> divided_beyond(const V& a, const V& b, const Division<V>& d) {
  using T = Value<V>;
  alignas(64) T over[V::size], under[V::size], whole[V::size], rest[V::size];
  a.store_aligned(over), b.store_aligned(under), d.whole.store_aligned(whole), d.rest.store_aligned(rest);
  for (std::size_t i = 0; i < V::size; ++i)
    if (over[i] / under[i] > Format<T>::two_to_mantissa && under[i] > 0) {
      rest[i] = std::fmod(over[i], under[i]);
      whole[i] = (over[i] - rest[i]) / under[i];
    }
  return {V::load_aligned(whole), V::load_aligned(rest)};
}

/// Exact. The quotient is rounded and can come out too large by 1, which shows in the sign of the rest.
template <class V>
Division<V> divided(const V& x, const V& y) {
  using T = Value<V>;
  const V inf(std::numeric_limits<T>::infinity());
  const V a = abs(x), b = abs(y), quotient = a / b, whole = trunc(quotient);
  const V rest = simd::fma(-whole, b, a);
  const auto above = rest<V(0), beyond = quotient> V(Format<T>::two_to_mantissa);
  Division<V> d = {select(above, whole - V(1), whole), select(above, rest + b, rest)};
  d.rest = select((b == inf) & (a < inf), a, d.rest);
  if (any(beyond & (b > V(0)) & (a < inf))) [[unlikely]]
    return divided_beyond(a, b, d);
  return d;
}

/// Where x and y have opposite signs, those of zeros included.
template <class V>
auto opposite(const V& x, const V& y) {
  return copysign(V(1), x) != copysign(V(1), y);
}

/// x - y trunc(x / y) without rounding, with the sign of x.
template <class V>
V fmod(const V& x, const V& y) {
  return copysign(divided(x, y).rest, x);
}

/// x - y floor(x / y), with the sign of y unless it is 0.
template <class V>
V remainder(const V& x, const V& y) {
  const V rest = divided(x, y).rest, r = copysign(rest, x);
  return select(opposite(x, y) & (rest > V(0)), r + y, r);
}

/// floor(x / y); x / y where y = 0, and nan where x is infinite.
template <class V>
V floor_divide(const V& x, const V& y) {
  const auto [whole, rest] = divided(x, y);
  const V below = select(rest > V(0), whole + V(1), whole);
  const V signed_whole = select(opposite(x, y), copysign(below, V(-1)), whole);
  return select((rest == rest) | (y == V(0)), signed_whole, rest);
}

}  // namespace xgrad::simd
