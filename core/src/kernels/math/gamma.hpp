#pragma once

#include <cmath>

#include "kernels/loops/batch.hpp"
#include "kernels/math/polygamma.hpp"
#include "xgrad/simd/circular.hpp"

// The gamma function's logarithm and its derivatives, in double. Where x > 0 by vector code; left of it lane
// by lane, by reflection.

namespace xgrad::simd {

// Minimax polynomials, found by the exchange algorithm in 45 digits: lgamma(2 + d) / d for |d + 0.3| <= 1/2,
inline constexpr double lgamma_near[] = {
    0.42278433509846713,     0.3224670334241132,      -0.06735230105319755,    0.020580808427785893,
    -0.007385551028788994,   0.00289051033023758,     -0.001192753903532907,   0.0005096695798717601,
    -0.00022315493483889131, 9.945515501826942e-05,   -4.492957891321233e-05,  2.0541955110992905e-05,
    -9.27205833789247e-06,   4.518513022285925e-06,   -3.1571857439811984e-06, -3.9412133137813125e-06,
    -1.0623247071954287e-05, -1.2640202418138214e-05, -1.0265926035457545e-05, -4.6771874854414305e-06,
    -1.0473886979176222e-06};
// a (lgamma a - (a - 1/2) (log a - 1) - (log(2 pi) - 1) / 2) in 1 / a^2 for a >= 4,
inline constexpr double lgamma_far[] = {0.08333333333333331,    -0.002777777777724769, 0.0007936507700064023,
                                        -0.0005952340100533412, 0.0008413929558584581, -0.0018995174610077139,
                                        0.005854843747192799,   -0.018647655113750057, 0.03733703312384614};
// digamma(3/2 + t) / (3/2 + t - its zero) for |t| <= 1/2,
inline constexpr double digamma_near[] = {
    0.951055876031833,     -0.4236274212814606,     0.24054248424077398,    -0.14840492305389,
    0.0949887244549728,    -0.061922133274699455,   0.04076083381080243,    -0.02697579669115953,
    0.017907252481640067,  -0.01190821942098318,    0.007926944014175685,   -0.005279946239165827,
    0.003519012170280687,  -0.0023454209241975154,  0.0015565991735653562,  -0.0010368413363776238,
    0.0007234377512741235, -0.00048473319841854987, 0.00022702334676614637, -0.0001469718824474102,
    0.0002598531495417662, -0.0001765680089292977};
// a^2 (log a - 1 / (2 a) - digamma(a)) in 1 / a^2 for a >= 4.
inline constexpr double digamma_far[] = {0.0833333333333333,    -0.008333333333236435, 0.0039682539145349735,
                                         -0.004166655048311448, 0.007574467409424323,  -0.021008914104765436,
                                         0.07989887115319821,   -0.3505386145874882,   1.3328000422297148,
                                         -2.8168666647077742};
inline constexpr double gamma_far = 4;

/// lgamma(a) for a > 0. From 4 on Stirling's series; a smaller one is brought to 2 + d, d in [-0.8, 0.2], and
/// the logarithm of what lgamma's recurrence then multiplies takes lgamma(2 + d) in before it rounds, so that
/// the zeros at 1 and 2 keep all places.
template <class D>
D lgamma_right(const D& a) {
  const auto far = a >= D(gamma_far), low = a < D(1.2), lower = a < D(0.2);
  D d = xsimd::select(low, xsimd::select(lower, a, a - D(1)), a - D(2));
  D q = xsimd::select(low, xsimd::select(lower, simd::fma(a, a, a), a), D(1));
  for (int i = 0; i < 2; ++i) {
    const auto above = d > D(0.2);
    d = xsimd::select(above, d - D(1), d);
    q = xsimd::select(above, q * (d + D(2)), q);
  }
  const D near = xsimd::select(far, D(0), d * polynomial(d, lgamma_near));

  D k, f;
  split_any(xsimd::select(far, a, q), k, f);
  const D log = log_of(k, f, xsimd::select(low, -near, near));
  const D r = D(1) / a;
  const D tail = simd::fma(r, polynomial(r * r, lgamma_far), D(0.4189385332046727));
  const D series = simd::fma(a - D(0.5), log - D(1), tail);
  const D y = xsimd::select(far, series, xsimd::select(low, -log, log));
  return xsimd::select(a < D(std::numeric_limits<double>::infinity()), y, a);
}

template <class V>
V lgamma(const V& x0) {
  return in_double(x0, [](const auto& x) {
    using D = std::decay_t<decltype(x)>;  // + 0: the zeros at 1 and 2 are no -0
    return by_lane(x <= D(0), x, lgamma_right(x) + D(0), [](double u, double) {
      int sign;  // std::lgamma stores it in a global variable, which threads would share
      return ::lgamma_r(u, &sign);
    });
  });
}

/// digamma(a) for a > 0: from 4 on Stirling's series; a smaller one is brought to [1, 2] by digamma's
/// recurrence, whose quotients are added up as one.
template <class D>
D digamma_right(const D& a) {
  const auto far = a >= D(gamma_far), low = a < D(1);
  D b = xsimd::select(low, a + D(1), a);
  D over = xsimd::select(low, D(-1), D(0)), under = xsimd::select(low, a, D(1));
  for (int i = 0; i < 2; ++i) {
    const auto above = b > D(2);
    b = xsimd::select(above, b - D(1), b);
    over = xsimd::select(above, simd::fma(over, b, under), over);
    under = xsimd::select(above, under * b, under);
  }
  const D q = xsimd::select(far, D(1), over) / xsimd::select(far, a, under);
  const D from_zero = (b - D(0x1.762d86356be3fp+0)) - D(0x1.b86a722197829p-54);
  const D near = simd::fma(from_zero, polynomial(b - D(1.5), digamma_near), q);

  D k, f;
  split(a, k, f);
  const D z = q * q, series = log_of(k, f, D(0)) - simd::fma(z, polynomial(z, digamma_far), D(0.5) * q);
  return xsimd::select(a < D(std::numeric_limits<double>::infinity()), xsimd::select(far, series, near), a);
}

/// x^-n.
template <class D>
D inverse_power(const D& x, int n) {
  D y(1);
  for (D square = x; n > 0; n /= 2, square *= square)
    if (n % 2) y *= square;
  return D(1) / y;
}

/// The Hurwitz zeta function sum_k (x + k)^-s for s >= 2 and x > 0, by Euler's and Maclaurin's formula.
template <class D>
D zeta(int s, const D& x) {
  D sum(0), a = x;
  const D enough(12 + s);
  for (auto below = a < enough; xsimd::any(below); below = a < enough) {
    sum += xsimd::select(below, inverse_power(a, s), D(0));
    a = xsimd::select(below, a + D(1), a);
  }
  const D r = D(1) / a, z = r * r, p = inverse_power(a, s - 1);
  sum += p * simd::fma(D(0.5), r, D(1.0 / (s - 1)));
  // B_2k / (2 k)!
  static constexpr double c[] = {1.0 / 12,
                                 -1.0 / 720,
                                 1.0 / 30240,
                                 -1.0 / 1209600,
                                 1.0 / 47900160,
                                 -691.0 / 1307674368000,
                                 1.0 / 74724249600,
                                 -3617.0 / 10670622842880000,
                                 43867.0 / 5109094217170944000};
  D t = D(s) * p * z;
  for (int k = 0; k < 9; ++k) {
    sum = simd::fma(D(c[k]), t, sum);
    t *= D((s + 2.0 * k + 1) * (s + 2.0 * k + 2)) * z;
  }
  return sum;
}

/// The n-th derivative of digamma, from what `right` makes of x > 0.
template <class V, class F>
V polygamma_by(int n, const V& x0, F right) {
  return in_double(x0, [=](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    const D y = right(xsimd::select(x < D(0), D(1) - x, x));
    return by_lane(x <= D(0), x, y,
                   [n](double u, double above) { return detail::polygamma_left(n, u, above); });
  });
}
template <class V>
V digamma(const V& x) {
  return polygamma_by(0, x, [](const auto& a) { return digamma_right(a); });
}
/// For n >= 1; factorial is (-1)^(n + 1) n!.
template <class V>
V polygamma(int n, double factorial, const V& x) {
  return polygamma_by(n, x,
                      [=](const auto& a) { return std::decay_t<decltype(a)>(factorial) * zeta(n + 1, a); });
}

}  // namespace xgrad::simd
