#pragma once

#include "kernels/loops/batch.hpp"
#include "xgrad/simd/circular.hpp"

// The spherical Bessel functions j_n(pi x), of which sinc is the first.

namespace xgrad::simd {

/// pi a as an angle, for a >= 0, exact at multiples of 1/2: of these as many as there are go first.
template <class D>
Turned<D> turn_pi(const D& a) {
  const D magic(Format<double>::magic);
  const D u = simd::fma(D(-2), xsimd::floor(D(0.5) * a), a), count = simd::fma(D(2), u, magic);
  const D r = simd::fma(D(-0.5), count - magic, u), angle = D(pi_hi) * r;
  return {angle, simd::fma(D(pi_lo), r, simd::fma(D(pi_hi), r, -angle)), count};
}

/// The power series of j_n(z), for z < n + 1.
template <class D>
D bessel_series(int n, const D& z) {
  D t(1);
  for (int k = 1; k <= n; ++k) t *= z / D(2 * k + 1);
  D s = t;
  for (int k = 1; xsimd::any(xsimd::abs(t) > D(1e-17) * xsimd::abs(s)); ++k) {
    t *= z * z * D(-0.5 / (k * (2.0 * n + 2.0 * k + 1)));
    s += t;
  }
  return s;
}

/// Where the series does not serve, upward from j_0 and j_1, which is stable there.
template <class D>
D bessel_right(int n, const D& a) {
  const D z = D(pi_hi) * a;
  const auto turned = turn_pi(a);
  D below = circular(turned, turned.count) / z;
  if (n == 0) return xsimd::select(a == D(0), D(1), below);
  const auto small = z < D(n + 1);
  D y = (below - circular(turned, turned.count + D(1))) / z;
  for (int k = 1; k < n; ++k) {
    const D above = D(2 * k + 1) / z * y - below;
    below = y, y = above;
  }
  return xsimd::select(small, bessel_series(n, xsimd::select(small, z, D(0))), y);
}

template <class V>
V bessel(int n, const V& x0) {
  return in_double(x0, [n](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    const D a = xsimd::abs(x);
    const D y = xsimd::select(a == D(std::numeric_limits<double>::infinity()), D(0), bessel_right(n, a));
    return n % 2 ? xsimd::select(x < D(0), -y, y) : y;
  });
}

}  // namespace xgrad::simd
