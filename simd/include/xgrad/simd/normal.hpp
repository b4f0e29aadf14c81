#pragma once

#include "xgrad/simd/circular.hpp"
#include "xgrad/simd/parts.hpp"

// The error function, within 2 ulp, its complement, within 3, and the normal distribution, within 7.

namespace xgrad::simd {

// Minimax polynomials, found by the exchange algorithm in 60 digits: erf(x) / x - 1 in x^2 for |x| <= 1,
inline constexpr float erf_tail_f32[] = {0.128379166f,   -0.37612626f,     0.112835854f,   -0.0268538129f,
                                         0.00518832821f, -0.000801019836f, 7.85387747e-05f};
inline constexpr double erf_tail_f64[] = {
    0.12837916709551256,    -0.3761263890318352,     0.11283791670944185,    -0.02686617064311144,
    0.005223977606118201,   -0.0008548325929299106,  0.00012055293576377275, -1.4924712290816286e-05,
    1.6447131419811136e-06, -1.6206312501557555e-07, 1.3710974567312202e-08, -7.779456921831154e-10};
// and (1 + 2 x) e^(x^2) erfc(x) in (x - k) / (x + k), k = 3 and 4, for x from 0 until erfc is 0.
inline constexpr float erfcx_f32[] = {1.25300801f,    -0.135621145f,   -0.0475626253f,  0.129646555f,
                                      -0.119267419f,  0.0682973564f,   -0.0238149725f,  0.00254832651f,
                                      0.00202390994f, -0.00073508278f, -0.000250944373f};
inline constexpr double erfcx_f64[] = {
    1.2329951186255526,     -0.1396211168405629,     0.015379652102619767,    0.0680970542547366,
    -0.10103906603630121,   0.09373283499682396,     -0.06633036581256303,    0.037167515561852466,
    -0.016197734048431826,  0.005031969763561048,    -0.0007577734048309163,  -0.0001992555612016822,
    0.0001506224715129731,  -2.440294172228549e-05,  -1.1225283030147313e-05, 5.717295643341513e-06,
    3.019565610406407e-07,  -8.342407685395092e-07,  6.238883161631179e-08,   1.1456142375548677e-07,
    -7.778740751261868e-09, -1.3386239798798357e-08, -1.71763405503375e-09};

inline constexpr double root_half = 0.70710678118654752;

/// e^(x^2) erfc(x) for x >= 0, by one division for both fractions.
template <class V, class T, std::size_t n>
V erfcx_by(const V& x, Value<V> middle, const T (&c)[n]) {
  const V a = x + V(middle), b = simd::fma(V(2), x, V(1));
  const V over = V(1) / (a * b), q = (x - V(middle)) * b * over;
  return polynomial(q, c) * (a * over);
}
template <class V>
V erfcx(const V& x) {
  if constexpr (sizeof(Value<V>) == 4)
    return erfcx_by(x, 3, erfcx_f32);
  else
    return erfcx_by(x, 4, erfcx_f64);
}

/// e^(-c x^2); what rounding c x^2 loses is not lost. Multiples of a power of two by c are exact.
template <class V>
V gaussian(const V& x, Value<V> c) {
  const V a = min(V(64), abs(x)), b = V(c) * a, s = a * b;
  const V e = simd::exp(-s);
  return simd::fma(-e, simd::fma(a, b, -s), e);
}

/// erfc(|x|).
template <class V>
V erfc_tail(const V& x) {
  const V a = min(V(64), abs(x));
  return simd::gaussian(a, 1) * erfcx(a);
}

/// erf(x) for |x| <= 1.
template <class V>
V erf_middle(const V& x) {
  if constexpr (sizeof(Value<V>) == 4)
    return simd::fma(x, polynomial(x * x, erf_tail_f32), x);
  else
    return simd::fma(x, polynomial(x * x, erf_tail_f64), x);
}

template <class V>
V erf(const V& x) {
  const V y = erf_middle(x);
  const auto far = abs(x) > V(1);
  return any(far) ? select(far, copysign(V(1) - erfc_tail(x), x), y) : y;
}

/// erfc(|x|) in double, with fewer roundings.
template <class D>
D erfc_tail_in_parts(const D& x) {
  const D y = min(D(64), abs(x)), a = y + D(4), b = simd::fma(D(2), y, D(1)), s = y * y;
  const D over = D(1) / (a * b), q = polynomial((y - D(4)) * b * over, erfcx_f64);
  const D r = a * over, lost = simd::fma(-r, (D(2) * y - b) + D(1), simd::fma(-r, b, D(1)));  // of 1 / b
  const D h = q * r, e = exp_of_parts(TwoParts<D>{-s, simd::fma(-y, y, s)});
  const TwoParts<D> product = times(TwoParts<D>{h, simd::fma(h, lost, simd::fma(q, r, -h))}, e);
  return product.hi + product.lo;
}

/// From erfc |x| and erf x.
template <class V>
V erfc_of(const V& x, const V& tail, const V& middle) {
  return select(abs(x) < V(0.5), V(1) - middle, select(x < V(0), V(2) - tail, tail));
}

/// 1 - erf(x), within 3 ulp; of floats in double, with polynomials for floats.
template <class V>
V erfc(const V& x0) {
  if constexpr (sizeof(Value<V>) == 8) {
    return erfc_of(x0, erfc_tail_in_parts(x0), erf_middle(x0));
  } else {
    return in_double(x0, [](const auto& x) {
      using D = std::decay_t<decltype(x)>;
      const D a = min(D(64), abs(x)), e = short_exp2(a * a * D(-Format<double>::log2e));
      return erfc_of(x, e * erfcx_by(a, 3, erfcx_f32), simd::fma(x, polynomial(x * x, erf_tail_f32), x));
    });
  }
}

/// c times the normal distribution function at -|x|, erfc(|x| / sqrt 2) / 2.
template <class V>
V normal_tail(const V& x, const V& c) {
  const V a = min(V(64), abs(x));
  const V r = V(0.5) * erfcx(V(Value<V>(root_half)) * a);
  return simd::gaussian(a, Value<V>(0.5)) * (c * r);
}

/// c Phi(x), Phi the normal distribution function.
template <class V>
V normal_times(const V& x, const V& c) {
  const V tail = normal_tail(x, bounded(c, 64));  // c may be inf
  const V y = select(x > V(0), c - tail, tail);   // -0 stays -0
  if constexpr (sizeof(Value<V>) == 4) return y;
  const V middle = c * simd::fma(V(0.5), erf_middle(V(Value<V>(root_half)) * x), V(0.5));
  return select(abs(x) < V(Value<V>(0.7)), middle, y);
}

/// x Phi(x).
template <class V>
V gelu(const V& x) {
  return simd::normal_times(x, x);
}

/// Phi(x) + x phi(x).
template <class V>
V gelu_slope(const V& x) {
  const V density = V(Value<V>(0.39894228040143268)) * simd::gaussian(x, Value<V>(0.5));
  return simd::fma(bounded(x, 64), density, simd::normal_times(x, V(1)));
}

}  // namespace xgrad::simd
