#pragma once

#include "xgrad/simd/circular.hpp"
#include "xgrad/simd/parts.hpp"

// Powers, within 1 ulp.

namespace xgrad::simd {

/// log2((1 + s) / (1 - s)) / s as a function of s^2, within 2^-37 of itself: for floats.
inline constexpr double log2_short[] = {2.88539008179008, 0.9617966733500856, 0.5770835832765245,
                                        0.4116728260438163, 0.3407280291383529};

/// a^y in double for floats, as 2^(y log2 a).
template <class D>
D short_power(const D& a, const D& y) {
  D k, f;
  split(a, k, f);
  const D s = f / (D(2) + f);
  return short_exp2(y * simd::fma(s, polynomial(s * s, log2_short), k));
}

/// a^y for a positive finite a, as e^(y log a).
template <class V>
V positive_power(const V& a, const V& y) {
  const V p = bounded(y, 0x1p66);  // a factor of log a, which is 0 or above 2^-54 in magnitude
  if constexpr (sizeof(Value<V>) == 4)
    return in_double_of([](const auto& u, const auto& v) { return short_power(u, v); }, a, p);
  else
    return exp_of_parts(times(log_in_parts(a), p));
}

/// x^y, at 0, inf, nan and negative numbers what C defines it to be.
template <class V>
V pow(const V& x, const V& y) {
  using T = Value<V>;
  const V inf(std::numeric_limits<T>::infinity()), a = abs(x);
  V p = positive_power(a, y);
  if (all((x > V(0)) & (x < inf) & (y == y))) return p;

  const auto zero = a == V(0), ends = zero | (a == inf);
  p = select(ends, select(y < V(0), select(zero, inf, V(0)), a), p);
  const V half = V(T(0.5)) * y;
  const auto whole = floor(y) == y, even = floor(half) == half;
  p = select(whole & ~even, copysign(p, x), p);
  const auto defined = (x == x) & (y == y) & ((x >= V(0)) | whole | ends);
  p = select(defined, p, V(std::numeric_limits<T>::quiet_NaN()));
  return select((y == V(0)) | (x == V(1)), V(1), p);
}

/// x^e for a number e; squares and the like by products.
template <class V>
V power(const V& x, double e) {
  if (e == 0) return V(1);
  if (e == 1) return x;
  if (e == 2) return x * x;
  if (e == 3) return x * x * x;
  return simd::pow(x, V(static_cast<Value<V>>(e)));
}

}  // namespace xgrad::simd
