#pragma once

#include "kernels/loops/batch.hpp"
#include "xgrad/simd/circular.hpp"
#include "xgrad/simd/normal.hpp"

// The inverse of the error function.

namespace xgrad::simd {

/// erfinv(a) / u in (u - 2) / (u + 2), for 1 - a^2 = e^(-u^2): a minimax polynomial, within 2^-18.
inline constexpr double erfinv_start[] = {
    0.920841676256299,  0.10578251757419153, 0.08565210084131156, -0.10663793165098123, -0.23790657499340442,
    0.1182185971203718, 0.6416320450856294,  0.0981395218958507,  -1.1549988303929921,  -0.8457938713501088,
    0.7575805008978145, 1.1294125010257545,  0.37254995037149224};

/// y + s + y s^2 + (4 y^2 + 1) s^3 / 3 with s = (a - erf y) / erf'(y): of the fourth order, so that one step
/// from the start suffices.
template <class D>
D erfinv_right(const D& a) {
  const D rest = D(1) - a, z = a * a;
  D k, f;
  split(rest * (D(1) + a), k, f);
  const D w = xsimd::select(z < D(0x1p-16), simd::fma(D(0.5) * z, z, z), -log_of(k, f, D(0)));
  const D u = xsimd::sqrt(w), y = u * polynomial((u - D(2)) / (u + D(2)), erfinv_start);

  const auto middle = a < D(0.84);
  const D error = (a - y) - y * polynomial(y * y, erf_tail_f64);  // a - y is exact
  const D quotient = xsimd::select(middle, error, -rest) / simd::gaussian(y, 1.0);
  const D s = D(0.88622692545275801) * (quotient + xsimd::select(middle, D(0), erfcx(y)));
  const D more = simd::fma(s * simd::fma(D(4) * y, y, D(1)), D(1.0 / 3), y);
  return y + simd::fma(s * s, more, s);
}

template <class V>
V erfinv(const V& x0) {
  return in_double(x0, [](const auto& x) {
    using D = std::decay_t<decltype(x)>;
    const D a = xsimd::abs(x);
    // y = x sqrt(pi) / 2 (1 + pi x^2 / 12 + ...)
    const D y = xsimd::select(a < D(1e-8), D(0.88622692545275801) * a, erfinv_right(a));
    const D end = xsimd::select(a == D(1), D(std::numeric_limits<double>::infinity()),
                                D(std::numeric_limits<double>::quiet_NaN()));
    return xsimd::copysign(xsimd::select(a < D(1), y, end), x);
  });
}

}  // namespace xgrad::simd
