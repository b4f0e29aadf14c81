#pragma once

#include "xgrad/simd/functions.hpp"

// Doubles in two parts, where the places of one are too few; and for floats, where they are more than enough.

namespace xgrad::simd {

/// hi + lo, lo below the last place of hi.
template <class V>
struct TwoParts {
  V hi, lo;
};

/// ((log((1 + s) / (1 - s)) - 2 s) / s^3 - 2/3) / s^2 as a function of s^2, a minimax polynomial.
inline constexpr double log_rest[] = {0.4,
                                      0.28571428571429375,
                                      0.22222222221651677,
                                      0.1818181833624344,
                                      0.15384594880647626,
                                      0.13334808737815015,
                                      0.11706137310197708,
                                      0.11724131149691348};

/// log x for a positive x, with a relative error of 2^-64: a power multiplies it by up to 745. The sum as in
/// `log_of`, with s, s^2 and what it adds up in two parts.
template <class V>
TwoParts<V> log_in_parts(const V& x) {
  using F = Format<double>;
  V k, f;
  split_any(x, k, f);
  const V u = f + V(2), r = V(1) / u, s = f * r;
  const V s_lo = r * simd::fma(-s, f - (u - V(2)), simd::fma(-s, u, f));
  const V z = s * s, z_lo = simd::fma(s, s, -z) + V(2) * s * s_lo;
  const V tail = polynomial(z, log_rest), third(2.0 / 3);
  const V t = simd::fma(z, tail, third), t_lo = simd::fma(z, tail, third - t) + V(0x1.5555555555555p-55);
  const V b = z * t, b_lo = simd::fma(z, t, -b) + simd::fma(z, t_lo, z_lo * t);
  // k log 2 + 2 s + s b, with fused products, so that what each sum loses is found exactly
  const V twice = s + s, ln2(F::ln2_hi);
  const V h = simd::fma(k, ln2, twice), h_lo = simd::fma(k, ln2, -h) + twice;
  const V hi = simd::fma(s, b, h), lo = simd::fma(s, b, h - hi);
  return {hi, (h_lo + lo) + simd::fma(s, b_lo, simd::fma(s_lo, b, simd::fma(k, V(F::ln2_lo), s_lo + s_lo)))};
}

/// x y.
template <class V>
TwoParts<V> times(const TwoParts<V>& x, const V& y) {
  const V hi = x.hi * y;
  return {hi, simd::fma(x.lo, y, simd::fma(x.hi, y, -hi))};
}

/// As exp_tail_f64, but to 2^-58.
inline constexpr double exp_tail_long[] = {0.5,
                                           0.1666666666666667,
                                           0.041666666666666685,
                                           0.008333333333326141,
                                           0.0013888888888874407,
                                           0.00019841269874802176,
                                           2.4801587347316618e-05,
                                           2.7557255423851872e-06,
                                           2.7557252937626775e-07,
                                           2.5105207085346585e-08,
                                           2.0921580121155677e-09};

/// e^x, as `exp`, and rounded almost only once.
template <class V>
V exp_of_parts(const TwoParts<V>& x) {
  using F = Format<double>;
  const V a = max(V(F::exp_low), min(V(F::exp_high), x.hi)), magic(F::magic);
  const V t = simd::fma(a, V(F::log2e), magic), n = t - magic;
  const V hi = simd::fma(n, V(-F::ln2_hi), a);
  const V lo = simd::fma(n, V(-F::ln2_lo), select(a == x.hi, x.lo, V(0))), r = hi + lo;
  const V e = hi + V(1), rest = (hi - (e - V(1))) + simd::fma(r * r, polynomial(r, exp_tail_long), lo);
  const V half = simd::fma(a, V(F::log2e / 2), magic);
  return (e + rest) * power_of_two(half) * power_of_two(n - (half - magic) + magic);
}

/// 2^r for |r| <= 1/2, within 2^-34: a minimax polynomial.
inline constexpr double exp2_short[] = {0.9999999999616793,    0.6931471807284384,    0.24022651198167252,
                                        0.05550410353456927,   0.00961802725269062,   0.001333392255491749,
                                        0.0001546929140753477, 1.5201924248838622e-05};

/// 2^x in double for floats: right but for 1/1000 of a float's last place.
template <class D>
D short_exp2(const D& x0) {
  const D magic(Format<double>::magic), x = bounded(x0, 300), t = x + magic;
  return polynomial(x - (t - magic), exp2_short) * power_of_two(t);
}

}  // namespace xgrad::simd
