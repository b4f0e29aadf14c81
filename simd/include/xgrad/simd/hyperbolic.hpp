#pragma once

#include "xgrad/simd/circular.hpp"

// Hyperbolic functions and their inverses, and the bases 2 and 10.

namespace xgrad::simd {

/// e^x / 2, which does not overflow before cosh and sinh do.
template <class V>
V half_exp(V x) {
  using F = Format<Value<V>>;
  x = max(V(F::exp_low), min(V(F::exp_high + 1), x));
  const V magic(F::magic);
  const V t = simd::fma(x, V(F::log2e), magic), n = t - magic;
  const V e = expm1_of(x, n) + V(1);
  const V half = simd::fma(x, V(F::log2e / 2), magic);
  return e * power_of_two(half) * power_of_two(n - (half - magic) + (magic - V(1)));
}

template <class V>
V cosh(const V& x) {
  const V h = half_exp(abs(x));
  return h + V(0.25) / h;
}

/// (sinh r - r) / r^3 for |r| <= 1.
inline constexpr double sinh_tail[] = {0.16666666666666669,   0.008333333333333139,  0.00019841269841437678,
                                       2.755731915533766e-06, 2.505212339840952e-08, 1.6057240353181863e-10,
                                       7.759311842391483e-13};

template <class V>
V sinh(const V& x0) {
  return in_double(x0, [](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    const D a = abs(x), h = half_exp(a), z = x * x;
    return select(a > D(1), copysign(h - D(0.25) / h, x), simd::fma(x * z, polynomial(z, sinh_tail), x));
  });
}

/// log(x + sqrt(x^2 + 1)), as log(1 + a + a^2 / (1 + sqrt(a^2 + 1))) for a = |x|.
template <class V>
V asinh(const V& x0) {
  return in_double(x0, [](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    const D a = abs(x), z = a * a;
    const auto huge = a > D(0x1p60);
    const D u = select(huge, a, a + z / (D(1) + sqrt(z + D(1))));
    return copysign(simd::log1p(u) + select(huge, D(Format<double>::ln2), D(0)), x);
  });
}

/// log(x + sqrt(x^2 - 1)), as log(1 + u + sqrt(u^2 + 2 u)) for u = x - 1.
template <class V>
V acosh(const V& x0) {
  return in_double(x0, [](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    const D u = select(x < D(1), D(std::numeric_limits<double>::quiet_NaN()), x - D(1));
    const auto huge = x > D(0x1p60);
    const D z = simd::fma(u, u, u + u), s = sqrt(z), t = select(huge, x, u + s);
    const D lost = select(t < D(1), (s - t) + u + root_rest(z, s), D(0));
    return simd::log1p(t, lost) + select(huge, D(Format<double>::ln2), D(0));
  });
}

/// log((1 + x) / (1 - x)) / 2.
template <class V>
V atanh(const V& x0) {
  return in_double(x0, [](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    const D a = abs(x);
    return copysign(D(0.5) * simd::log1p((a + a) / (D(1) - a)), x);
  });
}

template <class V>
V exp2(const V& x0) {
  using F = Format<Value<V>>;
  const V x = max(V(F::exp2_low), min(V(F::exp2_high), x0));
  const V magic(F::magic);
  const V t = x + magic, n = t - magic, r = x - n;
  const V hi = r * V(F::ln2), lo = simd::fma(r, V(F::ln2), -hi);
  const V e = hi + simd::fma(hi * hi, exp_tail(hi), lo) + V(1);
  const V half = simd::fma(x, V(0.5), magic);
  return e * power_of_two(half) * power_of_two(n - (half - magic) + magic);
}

/// k + log(1 + f) / log 2 for x = 2^k (1 + f): exact for powers of two.
template <class V>
V log2(const V& x) {
  V k, f;
  const V special = split_any(x, k, f);
  const V y = simd::fma(log_of(V(0), f, V(0)), V(Format<Value<V>>::log2e), k);
  return select((x > V(0)) & (x < V(std::numeric_limits<Value<V>>::infinity())), y, special);
}

/// k log10(2) + log10(1 + f): powers of ten that are exact have exact logarithms.
template <class V>
V log10(const V& x0) {
  return in_double(x0, [](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    D k, f;
    const D special = split_any(x, k, f);
    const D small = simd::fma(log_of(D(0), f, D(0)), D(0x1.bcb7b1526e50ep-2), k * D(0x1.3fde623e2566bp-43));
    const D y = simd::fma(k, D(0x1.34413509f7000p-2), small);
    return select((x > D(0)) & (x < D(std::numeric_limits<double>::infinity())), y, special);
  });
}

}  // namespace xgrad::simd
