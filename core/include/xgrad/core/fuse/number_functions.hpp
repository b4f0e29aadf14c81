#pragma once

#include "xgrad/core/fuse/number.hpp"
#include "xgrad/simd/circular.hpp"
#include "xgrad/simd/normal.hpp"
#include "xgrad/simd/power.hpp"

// Functions of the numbers of `fuse`. Each gives its value and its slope together, which share most of their
// work, and its second derivative from both in terms of functions of this file; so the derivatives of a
// number that carries derivatives follow by nesting.

namespace xgrad::fused {

/// A value and the slope there.
template <class Y, class S>
struct Jet {
  Y y;
  S s;
};
template <class Y, class S>
Jet(Y, S) -> Jet<Y, S>;

/// F at x. F has `at(batch)`, a value and a slope, and `second(x, y, s)`, the second derivative from them.
template <class F, class T>
auto jet(F f, const Real<T>& x) {
  const auto j = f.at(x.v);
  return Jet{Real<T>{j.y}, Real<T>{j.s}};
}
/// The slope times a partial derivative; where slopes can be infinite, a partial of 0 contributes 0.
template <class F, class S, class D>
auto times(F, const S& s, const D& d) {
  if constexpr (F::has_infinite_slopes)
    return mul0(d, s);
  else
    return s * d;
}
template <class F, class T, unsigned M>
Dual<T, M> chain(F f, const Real<T>& v, const Real<T>& s, const Dual<T, M>& x) {
  Dual<T, M> y{v};
  for (std::size_t i = 0; i < y.count; ++i) y.d[i] = times(f, s, x.d[i]);
  return y;
}
template <class F, class T, unsigned M>
auto jet(F f, const Dual<T, M>& x) {
  const auto j = jet(f, x.v);
  return Jet{chain(f, j.y, j.s, x), chain(f, j.s, Real<T>(f.second(x.v, j.y, j.s)), x)};
}
template <class F, class A, class B>
auto jet(F f, const Along<A, B>& x) {
  const auto j = jet(f, x.v);
  return Jet{Along{j.y, times(f, j.s, x.d)}, Along{j.s, times(f, f.second(x.v, j.y, j.s), x.d)}};
}

struct Smooth {
  static constexpr bool has_infinite_slopes = false;
};
struct Steep {
  static constexpr bool has_infinite_slopes = true;
};

struct Exp : Smooth {
  template <class V>
  auto at(const V& x) const {
    const V y = simd::exp(x);
    return simd::ValueAndSlope{y, y};
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return s;
  }
};
struct Expm1 : Smooth {
  template <class V>
  auto at(const V& x) const {
    return simd::ValueAndSlope{simd::expm1(x), simd::exp(x)};
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return s;
  }
};
struct Log : Steep {
  template <class V>
  auto at(const V& x) const {
    return simd::ValueAndSlope{simd::log(x), V(1) / x};
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return -(s * s);
  }
};
struct Log1p : Steep {
  template <class V>
  auto at(const V& x) const {
    return simd::ValueAndSlope{simd::log1p(x), V(1) / (V(1) + x)};
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return -(s * s);
  }
};
struct Sqrt : Steep {
  template <class V>
  auto at(const V& x) const {
    const V y = simd::sqrt(x);
    return simd::ValueAndSlope{y, V(0.5) / y};
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return s * s * s * -2;
  }
};
struct Reciprocal : Steep {
  template <class V>
  auto at(const V& x) const {
    const V y = V(1) / x;
    return simd::ValueAndSlope{y, -y * y};
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y& y, const S& s) const {
    return y * s * -2;
  }
};
struct Sin : Smooth {
  template <class V>
  auto at(const V& x) const {
    return simd::ValueAndSlope{simd::sin(x), simd::cos(x)};
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y& y, const S&) const {
    return -y;
  }
};
struct Cos : Smooth {
  template <class V>
  auto at(const V& x) const {
    return simd::ValueAndSlope{simd::cos(x), -simd::sin(x)};
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y& y, const S&) const {
    return -y;
  }
};
struct Tanh : Smooth {
  template <class V>
  auto at(const V& x) const {
    return simd::tanh_and_slope(x);
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y& y, const S& s) const {
    return y * s * -2;
  }
};
struct Sigmoid : Smooth {
  template <class V>
  auto at(const V& x) const {
    return simd::sigmoid_and_slope(x);
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y& y, const S& s) const {
    return s * (1 - y * 2);
  }
};
struct Softplus : Smooth {
  template <class V>
  auto at(const V& x) const {
    return simd::ValueAndSlope{simd::softplus(x), simd::sigmoid(x)};
  }
  template <class X, class Y, class S>
  auto second(const X& x, const Y&, const S&) const {
    return jet(Sigmoid(), x).s;
  }
};
struct Erf : Smooth {
  template <class V>
  auto at(const V& x) const {
    using T = typename V::value_type;
    return simd::ValueAndSlope{simd::erf(x),
                               V(T(1.1283791670955126)) * simd::gaussian(x, T(1))};  // 2 / sqrt(pi)
  }
  template <class X, class Y, class S>
  auto second(const X& x, const Y&, const S& s) const {
    return x * s * -2;
  }
};
struct Gelu : Smooth {
  template <class V>
  auto at(const V& x) const {
    return simd::ValueAndSlope{simd::gelu(x), simd::gelu_slope(x)};
  }
  template <class X, class Y, class S>
  auto second(const X& x, const Y&, const S&) const {
    return exp(x * x * -0.5) * (2 - x * x) * 0.3989422804014327;  // 1 / sqrt(2 pi)
  }
};
struct Abs : Smooth {
  template <class V>
  auto at(const V& x) const {
    return simd::ValueAndSlope{V(simd::abs(x)), simd::sign(x)};
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return s * 0;
  }
};
struct Sign : Smooth {
  template <class V>
  auto at(const V& x) const {
    return simd::ValueAndSlope{simd::sign(x), V(0)};
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return s;
  }
};
struct Relu : Smooth {
  template <class V>
  auto at(const V& x) const {
    return simd::ValueAndSlope{V(simd::max(V(0), x)), V(simd::select(x > V(0), V(1), V(0)))};
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return s * 0;
  }
};

/// e^x.
template <Number X>
auto exp(const X& x) {
  return jet(Exp(), x).y;
}
/// e^x - 1.
template <Number X>
auto expm1(const X& x) {
  return jet(Expm1(), x).y;
}
/// The natural logarithm.
template <Number X>
auto log(const X& x) {
  return jet(Log(), x).y;
}
/// log(1 + x).
template <Number X>
auto log1p(const X& x) {
  return jet(Log1p(), x).y;
}
/// The square root; its slope at 0 is inf.
template <Number X>
auto sqrt(const X& x) {
  return jet(Sqrt(), x).y;
}
/// 1 / x.
template <Number X>
auto reciprocal(const X& x) {
  return jet(Reciprocal(), x).y;
}
template <Number X>
auto sin(const X& x) {
  return jet(Sin(), x).y;
}
template <Number X>
auto cos(const X& x) {
  return jet(Cos(), x).y;
}
template <Number X>
auto tanh(const X& x) {
  return jet(Tanh(), x).y;
}
/// 1 / (1 + e^-x).
template <Number X>
auto sigmoid(const X& x) {
  return jet(Sigmoid(), x).y;
}
/// log(1 + e^x).
template <Number X>
auto softplus(const X& x) {
  return jet(Softplus(), x).y;
}
/// The error function.
template <Number X>
auto erf(const X& x) {
  return jet(Erf(), x).y;
}
/// x Phi(x), Phi the normal distribution function.
template <Number X>
auto gelu(const X& x) {
  return jet(Gelu(), x).y;
}
/// |x|; slope 0 at 0.
template <Number X>
auto abs(const X& x) {
  return jet(Abs(), x).y;
}
/// -1, 0 or 1; slope 0.
template <Number X>
auto sign(const X& x) {
  return jet(Sign(), x).y;
}
/// max(x, 0); slope 0 at 0.
template <Number X>
auto relu(const X& x) {
  return jet(Relu(), x).y;
}
struct Power : Steep {
  double p;
  template <class V>
  auto at(const V& x) const {
    using T = typename V::value_type;
    if (p == 0) return simd::ValueAndSlope{V(1), V(0)};  // also at 0
    return simd::ValueAndSlope{simd::power(x, p), V(V(static_cast<T>(p)) * simd::power(x, p - 1))};
  }
  template <class X, class Y, class S>
  auto second(const X& x, const Y&, const S&) const {
    return jet(Power{{}, p - 1}, x).s * p;
  }
};
/// x^p for a C++ number p.
template <Number X, Constant C>
auto pow(const X& x, C p) {
  return jet(Power{{}, static_cast<double>(p)}, x).y;
}
/// x^2.
template <Number X>
auto square(const X& x) {
  return x * x;
}
/// x sigmoid(x), 0 at -inf.
template <Number X>
auto silu(const X& x) {
  return mul0(sigmoid(x), x);
}
template <Number X, Constant C>
auto operator/(C c, const X& x) {
  return reciprocal(x) * c;
}

}  // namespace xgrad::fused
