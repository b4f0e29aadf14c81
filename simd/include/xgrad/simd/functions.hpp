#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "xgrad/simd/batch.hpp"

// Elementary functions of SIMD batches, float and double: within 2 ulp over the whole range, subnormal
// results included; nan gives nan. They are the one implementation that kernels use, whatever the size. Calls
// are qualified, because lookup by argument would find xsimd's functions of the same names; for what batches
// bring themselves, like `select` and `abs`, it is meant to, be they those of batch.hpp or xsimd's.

namespace xgrad::simd {

template <class V>
using Value = typename V::value_type;
template <class V>
using Bits =
    typename Kind<V>::template Of<std::conditional_t<sizeof(Value<V>) == 4, std::uint32_t, std::uint64_t>>;

template <class V>
Bits<V> bits(const V& x) {
  return bitwise_cast<Bits<V>>(x);
}
template <class V>
V from_bits(const Bits<V>& x) {
  return bitwise_cast<V>(x);
}

/// x y + z, rounded once.
template <class V>
V fma(const V& x, const V& y, const V& z) {
  return Kind<V>::fma(x, y, z);
}

/// What the reductions below need to know about a type.
template <class T>
struct Format;
template <>
struct Format<float> {
  static constexpr int mantissa = 23;
  static constexpr float magic = 0x1.8p23f;  ///< adding it rounds to an integer, found in the low bits
  static constexpr float log2e = 0x1.715476p0f;
  static constexpr float ln2_hi = 0x1.62e300p-1f,
                         ln2_lo = 0x1.2fefa2p-17f;       ///< hi times an exponent is exact
  static constexpr float exp_low = -104, exp_high = 89;  ///< from there on exp is 0 and inf
  static constexpr float exp2_low = -151, exp2_high = 129, ln2 = 0x1.62e430p-1f;
  static constexpr float expm1_low = -18, expm1_high = 89;
  static constexpr std::uint32_t one = 0x3f800000, sqrt_half = 0x3f3504f3;
  static constexpr float two_to_mantissa = 0x1p23f, subnormal_scale = 0x1p25f, subnormal_shift = 25;
  static constexpr float bias = 127;
};
template <>
struct Format<double> {
  static constexpr int mantissa = 52;
  static constexpr double magic = 0x1.8p52;
  static constexpr double log2e = 0x1.71547652b82fep0;
  static constexpr double ln2_hi = 0x1.62e42feep-1, ln2_lo = 0x1.a39ef35793c76p-33;
  static constexpr double exp_low = -746, exp_high = 710;
  static constexpr double exp2_low = -1076, exp2_high = 1025, ln2 = 0x1.62e42fefa39efp-1;
  static constexpr double expm1_low = -38, expm1_high = 710;
  static constexpr std::uint64_t one = 0x3ff0000000000000, sqrt_half = 0x3fe6a09e667f3bcd;
  static constexpr double two_to_mantissa = 0x1p52, subnormal_scale = 0x1p54, subnormal_shift = 54;
  static constexpr double bias = 1023;
};

/// x limited to [-limit, limit], nan stays; keeps inf from a factor that is 0 there.
template <class V>
V bounded(const V& x, Value<V> limit) {
  return max(V(-limit), min(V(limit), x));
}

/// c[0] + c[1] x + c[2] x^2 + ...
template <class V, class T, std::size_t n>
V polynomial(const V& x, const T (&c)[n]) {
  V y(c[n - 1]);
  for (std::size_t i = n - 1; i-- > 0;) y = simd::fma(y, x, V(c[i]));
  return y;
}

/// (e^r - 1 - r) / r^2 for |r| <= log(2)/2: minimax polynomials, found by the exchange algorithm in 60
/// digits.
inline constexpr float exp_tail_f32[] = {0.5f,          0.166666672f,   0.0416663513f,
                                         0.0083332723f, 0.00139412761f, 0.000199145768f};
inline constexpr double exp_tail_f64[] = {
    0.5000000000000006,    0.16666666666666685,    0.04166666666657169,    0.008333333333314196,
    0.0013888888933055144, 0.00019841269904008344, 2.4801503589081062e-05, 2.7557226990742365e-06,
    2.762668257180184e-07, 2.511480249198544e-08};
template <class V>
V exp_tail(const V& r) {
  if constexpr (sizeof(Value<V>) == 4)
    return polynomial(r, exp_tail_f32);
  else
    return polynomial(r, exp_tail_f64);
}

/// 2^n for a sum t = magic + n.
template <class V>
V power_of_two(const V& t) {
  using F = Format<Value<V>>;
  return from_bits<V>((bits(t) << F::mantissa) + Bits<V>(F::one));
}

/// e^(x - n log 2) - 1 for x within log(2)/2 of n log 2.
template <class V>
V expm1_of(const V& x, const V& n) {
  using F = Format<Value<V>>;
  const V hi = simd::fma(n, V(-F::ln2_hi), x), lo = n * V(F::ln2_lo), r = hi - lo;
  return hi + simd::fma(r * r, exp_tail(r), -lo);
}

/// e^x. x = n log 2 + r; e^r is a polynomial, and 2^n is multiplied in as two factors, so that results on the
/// edge of the range overflow or become subnormal by one correct rounding.
template <class V>
V exp(V x) {
  using F = Format<Value<V>>;
  x = max(V(F::exp_low), min(V(F::exp_high), x));  // in this order nan passes
  const V magic(F::magic);
  const V t = simd::fma(x, V(F::log2e), magic), n = t - magic;
  const V e = expm1_of(x, n) + V(1);
  const V half = simd::fma(x, V(F::log2e / 2), magic);
  return e * power_of_two(half) * power_of_two(n - (half - magic) + magic);
}

/// e^x - 1, exact to the last places for small x too.
template <class V>
V expm1(const V& x0) {
  using F = Format<Value<V>>;
  const V x = max(V(F::expm1_low), min(V(F::expm1_high), x0));
  const V magic(F::magic);
  const V t = simd::fma(x, V(F::log2e), magic), n = t - magic;
  const V p = expm1_of(x, n);
  const V scale = power_of_two(t - V(1));  // half of 2^n, which may overflow
  const V y = V(2) * simd::fma(scale, p, scale - V(0.5));
  return select(n == V(0), select(x == V(0), x, p), y);
}

/// (log((1 + s) / (1 - s)) - 2 s) / s^3 as a function of s^2.
inline constexpr float log_tail_f32[] = {0.666666627f, 0.400003374f, 0.285371572f, 0.23585175f};
inline constexpr double log_tail_f64[] = {0.6666666666666735,  0.3999999999940699,  0.2857142874426188,
                                          0.22222198365232135, 0.18183575898223087, 0.15313735916762355,
                                          0.14799275227854047};

/// log(2^k (1 + f)) + c for 1 + f between sqrt(1/2) and sqrt(2) and a small correction c:
/// with s = f / (2 + f), log(1 + f) = log((1 + s) / (1 - s)).
template <class V>
V log_of(const V& k, const V& f, const V& c) {
  using F = Format<Value<V>>;
  const V s = f / (V(2) + f), z = s * s;
  V tail;
  if constexpr (sizeof(Value<V>) == 4)
    tail = z * polynomial(z, log_tail_f32);
  else
    tail = z * polynomial(z, log_tail_f64);
  const V half = V(0.5) * f * f;
  const V small = simd::fma(s, half + tail, simd::fma(k, V(F::ln2_lo), c));
  return simd::fma(k, V(F::ln2_hi), f - (half - small));
}

/// Splits a positive normal x into 2^k (1 + f).
template <class V>
void split(const V& x, V& k, V& f) {
  using F = Format<Value<V>>;
  const Bits<V> b = bits(x), one(F::one);
  const Bits<V> e = (b - Bits<V>(F::sqrt_half) + one) >> F::mantissa;  // k + bias
  k = from_bits<V>(e | bits(V(F::two_to_mantissa))) - V(F::two_to_mantissa + F::bias);
  f = from_bits<V>(b - (e << F::mantissa) + one) - V(1);
}

/// The same for any x; where x is not positive and finite, the logarithm is what this returns.
template <class V>
V split_any(const V& x, V& k, V& f) {
  using T = Value<V>;
  using F = Format<T>;
  constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const auto small = x < V(std::numeric_limits<T>::min());
  split(select(small, x * V(F::subnormal_scale), x), k, f);
  k = select(small, k - V(F::subnormal_shift), k);
  return select(x == V(0), V(-inf), select(x < V(0), V(nan), x));
}

template <class V>
V log(const V& x) {
  V k, f;
  const V special = split_any(x, k, f);
  return select((x > V(0)) & (x < V(std::numeric_limits<Value<V>>::infinity())), log_of(k, f, V(0)), special);
}

/// log(1 + x + rest) for a rest below the last place of x: what rounding 1 + x has lost is added to its
/// logarithm.
template <class V>
V log1p(const V& x, const V& rest = V(0)) {
  using T = Value<V>;
  constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const V u = x + V(1);
  const V lost = (select(x < V(1), x - (u - V(1)), V(1) - (u - x)) + rest) / u;
  V k, f;
  split(u, k, f);
  const V special = select(x == V(-1), V(-inf), select(x < V(-1), V(nan), x));
  return select((x > V(-1)) & (x < V(inf)) & (x != V(0)), log_of(k, f, lost), special);
}

/// log(1 + e) for 0 <= e <= 1.
template <class V>
V log1p_to_1(const V& e) {
  const auto far = e > V(Value<V>(0.4142135623730950));
  return log_of(select(far, V(1), V(0)), select(far, V(0.5) * (e - V(1)), e), V(0));
}

/// (tanh r - r) / r^3 as a function of r^2, for |r| < 0.63.
inline constexpr float tanh_tail_f32[] = {-0.333332747f, 0.133312747f, -0.0537251309f, 0.0205898322f,
                                          -0.00564832194f};
inline constexpr double tanh_tail_f64[] = {
    -0.33333333333332726,    0.1333333333324485,    -0.05396825392338495,   0.021869487398514104,
    -0.008863218713928154,   0.0035919709992071596, -0.0014548669328346407, 0.0005860195134996647,
    -0.00022797118337736827, 7.647782646608228e-05, -1.5750099255671282e-05};

/// tanh a for a = |x| < 0.625.
template <class V>
V tanh_near(const V& a) {
  const V z = a * a;
  if constexpr (sizeof(Value<V>) == 4)
    return simd::fma(a * z, polynomial(z, tanh_tail_f32), a);
  else
    return simd::fma(a * z, polynomial(z, tanh_tail_f64), a);
}

/// A polynomial where |x| is small, else 1 - 2 / (e^2|x| + 1).
template <class V>
V tanh(const V& x) {
  const V a = abs(x);
  const V far = V(1) - V(2) / (simd::exp(a + a) + V(1));
  return copysign(select(a < V(Value<V>(0.625)), tanh_near(a), far), x);
}

/// 1 / (1 + e^-x) from e = e^-|x|, so that both tails are exact. What the sum and the quotient lose is put
/// right by one step of Newton's method, with 1 / (1 + e) as the value at |x|.
template <class V>
V sigmoid(const V& x) {
  const auto below = x < V(0);
  const V e = simd::exp(-abs(x)), u = e + V(1), top = select(below, e, V(1));
  const V y = top / u;
  const V rest = simd::fma(-y, u, top) - y * (e - (u - V(1)));
  return simd::fma(rest, select(below, V(1) - y, y), y);
}

/// sigmoid'(x) = e / (1 + e)^2 with e = e^-|x|.
template <class V>
V sigmoid_slope(const V& x) {
  const V e = simd::exp(-abs(x)), u = V(1) + e;
  return e / (u * u);
}

/// tanh'(x) = 4 sigmoid'(2 x).
template <class V>
V tanh_slope(const V& x) {
  return V(4) * simd::sigmoid_slope(x + x);
}

/// A value and the slope there.
template <class V>
struct ValueAndSlope {
  V y, s;
};
template <class V>
ValueAndSlope(V, V) -> ValueAndSlope<V>;

/// sigmoid and its derivative by one exponential and one division, both within 3 ulp.
template <class V>
ValueAndSlope<V> sigmoid_and_slope(const V& x) {
  const V e = simd::exp(-abs(x)), r = V(1) / (V(1) + e), p = e * r;
  return {select(x < V(0), p, r), p * r};
}

/// tanh and its derivative likewise.
template <class V>
ValueAndSlope<V> tanh_and_slope(const V& x) {
  const V a = abs(x);
  const V e = simd::exp(V(-2) * a), r = V(1) / (V(1) + e), p = e * r;
  const V y = select(a < V(Value<V>(0.625)), tanh_near(a), simd::fma(V(-2), p, V(1)));
  return {copysign(y, x), V(4) * p * r};
}

/// tanh(log(1 + e^x)) = ((1 + e^x)^2 - 1) / ((1 + e^x)^2 + 1), from e^-|x|.
template <class V>
V mish_gate(const V& x) {
  const V m = simd::exp(-abs(x)), z = m * m, two = V(2) * m;
  const auto below = x < V(0);
  return select(below, z + two, V(1) + two) / select(below, z + two + V(2), V(1) + two + V(2) * z);
}

/// The derivative of x mish_gate(x): gate + x sigmoid(x) (1 - gate^2).
template <class V>
V mish_slope(const V& x) {
  const V m = simd::exp(-abs(x)), z = m * m, two = V(2) * m;
  const auto below = x < V(0);
  const V under = V(1) / select(below, z + two + V(2), V(1) + two + V(2) * z);
  const V gate = select(below, z + two, V(1) + two) * under;
  const V rest = V(4) * (V(1) + m) * select(below, m, z) * under * under;
  return simd::fma(bounded(x, 800), rest, gate);
}

/// x sigmoid(x), 0 at -inf.
template <class V>
V silu(const V& x) {
  return max(V(-800), x) * simd::sigmoid(x);
}

/// sigmoid(x) (1 + x sigmoid(-x)).
template <class V>
V silu_slope(const V& x) {
  return simd::sigmoid(x) * (V(1) + bounded(x, 800) * simd::sigmoid(-x));
}

/// -1, 0 or 1; nan stays nan.
template <class V>
V sign(const V& x) {
  return select(x > V(0), V(1), select(x < V(0), V(-1), x));
}

/// g d, and 0 where g is 0.
template <class V>
V mul0(const V& g, const V& d) {
  return select(g == V(0), g, g * d);
}

/// log(1 + e^x).
template <class V>
V softplus(const V& x) {
  return max(V(0), x) + simd::log1p_to_1(simd::exp(-abs(x)));
}

}  // namespace xgrad::simd
