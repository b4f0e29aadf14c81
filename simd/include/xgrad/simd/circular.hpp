#pragma once

#include <cmath>

#include "xgrad/simd/functions.hpp"

// Circular functions and their inverses. They exist in double; float goes through double, which is cheap
// beside the memory that it saves in tables and gives the nearest float almost always.

namespace xgrad::simd {

/// Floats as doubles in memory.
template <class V>
struct Widened {
  alignas(64) double at[V::size];
  explicit Widened(const V& x) {
    alignas(64) float narrow[V::size];
    x.store_aligned(narrow);
    for (std::size_t i = 0; i < V::size; ++i) at[i] = static_cast<double>(narrow[i]);
  }
  V narrowed() const {
    alignas(64) float narrow[V::size];
    for (std::size_t i = 0; i < V::size; ++i) narrow[i] = static_cast<float>(at[i]);
    return V::load_aligned(narrow);
  }
};

/// f(x, more...) in double precision, whatever the batches are.
template <class F, class V, class... More>
V in_double_of(F f, const V& x, const More&... more) {
  if constexpr (sizeof(Value<V>) == 8) {
    return f(x, more...);
  } else {
    using D = typename Kind<V>::template Of<double>;
    Widened<V> y(x);
    const auto run = [&](const auto&... wide) {
      for (std::size_t i = 0; i < V::size; i += D::size)
        f(D::load_aligned(y.at + i), D::load_aligned(wide.at + i)...).store_aligned(y.at + i);
    };
    run(Widened<V>(more)...);
    return y.narrowed();
  }
}
template <class V, class F>
V in_double(const V& x, F f) {
  return in_double_of(f, x);
}

/// y, and f(x, y) by scalar code in the lanes that are chosen.
template <class V, class M, class F>
V by_lane(const M& chosen, const V& x, const V& y, F f) {
  if (!any(chosen)) return y;
  alignas(64) Value<V> from[V::size], to[V::size], lanes[V::size];
  x.store_aligned(from), y.store_aligned(to), select(chosen, V(1), V(0)).store_aligned(lanes);
  for (std::size_t i = 0; i < V::size; ++i)
    if (lanes[i] != 0) to[i] = f(from[i], to[i]);
  return V::load_aligned(to);
}

/// y, and f(x) by the C library in the lanes where x is too large in magnitude (or inf).
template <class V, class F>
V beyond(const V& x, Value<V> limit, const V& y, F f) {
  return by_lane(abs(x) > V(limit), x, y, [f](double u, double) { return f(u); });
}

// Minimax polynomials, found by the exchange algorithm in 60 digits, in z = r^2:
// (sin r - r) / r^3 and (cos r - 1 + z/2) / z^2 for |r| <= pi/4,
inline constexpr double sin_tail[] = {-0.16666666666666632,   0.008333333333322411,   -0.00019841269829805824,
                                      2.7557313691208495e-06, -2.505075800074039e-08, 1.5896788818044114e-10};
inline constexpr double cos_tail[] = {0.0416666666666666,     -0.001388888888887412, 2.4801587289480277e-05,
                                      -2.755731435174946e-07, 2.087572319011275e-09, -1.1359643319711282e-11};
// (atan r - r) / r^3 for |r| <= tan(pi/8), (asin r - r) / r^3 for |r| <= 1/2.
inline constexpr double atan_tail[] = {-0.33333333333333326, 0.1999999999999769,   -0.14285714285390538,
                                       0.11111111088335605,  -0.09090908150229722, 0.07692282887754492,
                                       -0.06666228666646201, 0.05877040525342496,  -0.05218525150972019,
                                       0.045040413642794964, -0.03348593119539567, 0.015206829150503235};
inline constexpr double asin_tail[] = {0.16666666666666763,   0.074999999999701,    0.0446428571752842,
                                       0.03038194267536432,   0.02237221590355906,  0.017351595542757704,
                                       0.013981018009907982,  0.011397297476858578, 0.010789295728802686,
                                       0.0036722827165789475, 0.021790407291922515, -0.0211163785293054,
                                       0.032701949027685466};

inline constexpr double pi_hi = 0x1.921fb54442d18p+1, pi_lo = 0x1.1a62633145c07p-53;

/// An angle as quarter turns and the rest, between -pi/4 and pi/4.
template <class V>
struct Turned {
  V r, rest;  ///< r + rest
  V count;    ///< quarter turns, plus Format::magic: the low bits say which quadrant
};

/// pi/2 is taken off in three parts; with fused products exact for |x| <= 2^18.
inline constexpr double circular_limit = 0x1p18;

template <class V>
Turned<V> turn(const V& x) {
  const V magic(Format<double>::magic);
  const V t = simd::fma(x, V(2 / pi_hi), magic), n = t - magic;
  const V a = simd::fma(n, V(-pi_hi / 2), x);
  const V b = n * V(pi_lo / 2), r = a - b;
  const V lost = simd::fma(n, V(-pi_lo / 2), b);  // of the product
  return {r, ((a - r) - b) + lost - n * V(-0x1.1f1976b7ed8fcp-109 / 2), t};
}

template <class V>
V sin_of(const Turned<V>& a) {
  const V z = a.r * a.r;
  return a.r + simd::fma(a.r * z, polynomial(z, sin_tail), simd::fma(V(-0.5) * z, a.rest, a.rest));
}

template <class V>
V cos_of(const Turned<V>& a) {
  const V z = a.r * a.r, half = V(0.5) * z, w = V(1) - half;
  return w + (((V(1) - w) - half) + simd::fma(z * z, polynomial(z, cos_tail), -a.r * a.rest));
}

/// +-sin or +-cos, by the quadrant that the count names.
template <class V>
V circular(const Turned<V>& a, const V& count) {
  const V magic(Format<double>::magic), n = count - magic;
  const auto even = n == V(2) * (simd::fma(V(0.5), n, magic) - magic);
  const V y = select(even, sin_of(a), cos_of(a));
  return from_bits<V>(bits(y) ^ ((bits(count) & Bits<V>(2)) << 62));
}

template <class V>
V sin(const V& x0) {
  return in_double(x0, [](const auto& x) {
    const auto a = turn(x);
    const auto y = select(x == decltype(a.r)(0), x, circular(a, a.count));
    return beyond(x, circular_limit, y, [](double u) { return std::sin(u); });
  });
}

template <class V>
V cos(const V& x0) {
  return in_double(x0, [](const auto& x) {
    const auto a = turn(x);
    return beyond(x, circular_limit, circular(a, a.count + decltype(a.r)(1)),
                  [](double u) { return std::cos(u); });
  });
}

/// The angle of a slope: |x| is brought below tan(pi/8) by atan x = pi/4 + atan((x - 1) / (x + 1)) = pi/2 +
/// atan(-1/x).
template <class V>
V atan(const V& x0) {
  return in_double(x0, [](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    const D a = abs(x);
    const auto steep = a > D(2.414213562373095), middle = a > D(0.4142135623730950);
    const D over = select(steep, D(-1), select(middle, a - D(1), a));
    const D under = select(steep, a, select(middle, a + D(1), D(1)));
    const D r = over / under, z = r * r;
    const D base = select(steep, D(pi_hi / 2), select(middle, D(pi_hi / 4), D(0)));
    const D rest = select(steep, D(pi_lo / 2), select(middle, D(pi_lo / 4), D(0)));
    return copysign(base + (r + simd::fma(r * z, polynomial(z, atan_tail), rest)), x);
  });
}

/// What a square root s of z has lost: (z - s^2) / (2 s).
template <class V>
V root_rest(const V& z, const V& s) {
  return select(z > V(0), simd::fma(-s, s, z) / (s + s), V(0));
}

/// asin a for a <= 1/2; above, asin a = pi/2 - 2 asin(sqrt((1 - a) / 2)).
template <class V>
V asin(const V& x0) {
  return in_double(x0, [](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    const D a = abs(x);
    const auto far = a > D(0.5);
    const D z = select(far, D(0.5) * (D(1) - a), a * a);
    const D s = select(far, sqrt(z), a);
    const D tail = s * z * polynomial(z, asin_tail);
    const D lost = root_rest(z, s);
    const D high = D(pi_hi / 2) - (D(2) * s - (D(pi_lo / 2) - D(2) * (lost + tail)));
    return copysign(select(far, high, s + tail), x);
  });
}

template <class V>
V acos(const V& x0) {
  return in_double(x0, [](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    const D a = abs(x);
    const auto far = a > D(0.5);
    const D z = select(far, D(0.5) * (D(1) - a), a * a);
    const D s = select(far, sqrt(z), x);
    const D tail = s * z * polynomial(z, asin_tail);
    const D lost = root_rest(z, s);
    const D right = D(2) * (s + (lost + tail));                                // of x > 1/2
    const D left = D(pi_hi) - (D(2) * s - (D(pi_lo) - D(2) * (lost + tail)));  // of x < -1/2
    const D near = D(pi_hi / 2) - (s - (D(pi_lo / 2) - tail));
    return select(far, select(x > D(0), right, left), near);
  });
}

/// sin / cos, or -cos / sin in odd quarters. Their last places go into the quotient's, which takes one step
/// of Newton's method.
template <class V>
V tan(const V& x0) {
  return in_double(x0, [](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    const auto a = turn(x);
    const D z = a.r * a.r, half = D(0.5) * z;
    const D sin_rest = simd::fma(a.r * z, polynomial(z, sin_tail), a.rest), s = a.r + sin_rest;
    const D cos_rest = simd::fma(z * z, polynomial(z, cos_tail), -a.r * a.rest) - half, c = D(1) + cos_rest;
    const D s_lost = (a.r - s) + sin_rest, c_lost = (D(1) - c) + cos_rest;
    const D magic(Format<double>::magic), n = a.count - magic;
    const auto even = n == D(2) * (simd::fma(D(0.5), n, magic) - magic);
    const D over = select(even, s, -c), over_lost = select(even, s_lost, -c_lost);
    const D under = select(even, c, s), under_lost = select(even, c_lost, s_lost);
    const D q = over / under;
    const D y = q + (simd::fma(-q, under, over) + simd::fma(-q, under_lost, over_lost)) / under;
    return beyond(x, circular_limit, select(x == D(0), x, y), [](double u) { return std::tan(u); });
  });
}

// (r - tanh r) / r^3 for |r| <= 0.75.
inline constexpr double tanhshrink_tail[] = {
    0.3333333333333333,    -0.13333333333332661,   0.05396825396758276,   -0.021869488509732814,
    0.00886323498780693,   -0.003592121392199637,  0.0014557818489094965, -0.0005897470978840087,
    0.0002380943478568311, -9.424814635349318e-05, 3.44953325225934e-05,  -1.0048464839143698e-05,
    1.6409815183197887e-06};

/// x - tanh x, in double.
template <class V>
V tanhshrink(const V& x) {
  const V z = x * x;
  return select(abs(x) < V(0.75), x * z * polynomial(z, tanhshrink_tail), x - simd::tanh(x));
}

}  // namespace xgrad::simd
