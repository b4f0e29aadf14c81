#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <utility>

#include "xgrad/core/simd/circular.hpp"
#include "xgrad/core/simd/normal.hpp"

// The numbers that the lambdas of `fuse` compute with. Three types share one set of operators and functions:
//
//   Real<T>      a batch of values
//   Dual<T, M>   a batch with its partial derivatives in the inputs whose bits are set in M; those of the
//                others are 0, are not stored and cost nothing. Its type changes as inputs meet, so a
//                variable of a lambda is initialised and not assigned
//   Along<A, B>  a value of type A with its derivative along one direction, of type B
//
// A function gives its value and its slope together, which share most of their work, and its second
// derivative from both in terms of functions of this file; so derivatives of any order follow by nesting.

namespace xgrad::fused {

namespace vec = detail::vec;

template <class T>
using Batch = xsimd::batch<T>;

template <class T>
struct Real {
  using Value = T;
  Batch<T> v;
};

template <class T, unsigned M>
struct Dual {
  using Value = T;
  static constexpr std::size_t count = static_cast<std::size_t>(std::popcount(M));
  Real<T> v;
  std::array<Real<T>, count> d = {};

  template <unsigned bit>
  static constexpr bool has = (M & bit) != 0;
  template <unsigned bit>
  Real<T>& part() {
    return d[static_cast<std::size_t>(std::popcount(M & (bit - 1)))];
  }
  template <unsigned bit>
  const Real<T>& part() const {
    return d[static_cast<std::size_t>(std::popcount(M & (bit - 1)))];
  }
};

template <class A, class B>
struct Along {
  using Value = typename A::Value;
  A v;
  B d;
};

template <class X>
inline constexpr bool is_number = false;
template <class T>
inline constexpr bool is_number<Real<T>> = true;
template <class T, unsigned M>
inline constexpr bool is_number<Dual<T, M>> = true;
template <class A, class B>
inline constexpr bool is_number<Along<A, B>> = true;

/// A number of a fused lambda.
template <class X>
concept Number = is_number<X>;
/// A C++ number in such a lambda.
template <class X>
concept Constant = std::is_arithmetic_v<X>;

template <class T>
Real<T> real(double c) {
  return {Batch<T>(static_cast<T>(c))};
}

/// The batch of values, for comparisons.
template <class T>
Batch<T> values(const Real<T>& x) {
  return x.v;
}
template <class T, unsigned M>
Batch<T> values(const Dual<T, M>& x) {
  return x.v.v;
}
template <class A, class B>
auto values(const Along<A, B>& x) {
  return values(x.v);
}

/// Calls f.operator()<bit>() for each bit of M.
template <unsigned M, class F>
void each_part(F f) {
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    const auto one = [&]<unsigned bit>() {
      if constexpr ((M & bit) != 0) f.template operator()<bit>();
    };
    (one.template operator()<(1u << i)>(), ...);
  }
  (std::make_index_sequence<static_cast<std::size_t>(std::bit_width(M))>());
}

// Arithmetic ------------------------------------------------------------------------------------------------

template <class T>
Real<T> operator+(const Real<T>& a, const Real<T>& b) {
  return {a.v + b.v};
}
template <class T>
Real<T> operator-(const Real<T>& a, const Real<T>& b) {
  return {a.v - b.v};
}
template <class T>
Real<T> operator*(const Real<T>& a, const Real<T>& b) {
  return {a.v * b.v};
}
template <class T>
Real<T> operator/(const Real<T>& a, const Real<T>& b) {
  return {a.v / b.v};
}
template <class T>
Real<T> operator-(const Real<T>& a) {
  return {-a.v};
}

/// g d, and 0 where g is 0, whatever d is.
template <class T>
Real<T> mul0(const Real<T>& g, const Real<T>& d) {
  return {vec::mul0(g.v, d.v)};
}

/// {v, s times the partials of x}.
template <class T, unsigned M>
Dual<T, M> chain(const Real<T>& v, const Real<T>& s, const Dual<T, M>& x) {
  Dual<T, M> y{v};
  for (std::size_t i = 0; i < y.count; ++i) y.d[i] = s * x.d[i];
  return y;
}

/// {v, s times the partials of a + t times those of b}.
template <class T, unsigned A, unsigned B>
Dual<T, (A | B)> chain(const Real<T>& v, const Real<T>& s, const Dual<T, A>& a, const Real<T>& t,
                       const Dual<T, B>& b) {
  Dual<T, (A | B)> y{v};
  each_part<(A | B)>([&]<unsigned bit>() {
    if constexpr ((A & B & bit) != 0)
      y.template part<bit>().v = vec::fma(s.v, a.template part<bit>().v, (t * b.template part<bit>()).v);
    else if constexpr ((A & bit) != 0)
      y.template part<bit>() = s * a.template part<bit>();
    else
      y.template part<bit>() = t * b.template part<bit>();
  });
  return y;
}

template <class T, unsigned A, unsigned B>
Dual<T, (A | B)> operator+(const Dual<T, A>& a, const Dual<T, B>& b) {
  return chain(a.v + b.v, real<T>(1), a, real<T>(1), b);
}
template <class T, unsigned A, unsigned B>
Dual<T, (A | B)> operator-(const Dual<T, A>& a, const Dual<T, B>& b) {
  return chain(a.v - b.v, real<T>(1), a, real<T>(-1), b);
}
template <class T, unsigned A, unsigned B>
Dual<T, (A | B)> operator*(const Dual<T, A>& a, const Dual<T, B>& b) {
  return chain(a.v * b.v, b.v, a, a.v, b);
}
template <class T, unsigned A, unsigned B>
Dual<T, (A | B)> operator/(const Dual<T, A>& a, const Dual<T, B>& b) {
  const Real<T> r = real<T>(1) / b.v, q = a.v / b.v;
  return chain(q, r, a, -(q * r), b);
}
template <class T, unsigned M>
Dual<T, M> operator-(const Dual<T, M>& a) {
  return chain(-a.v, real<T>(-1), a);
}
template <class T, unsigned A, unsigned B>
Dual<T, (A | B)> mul0(const Dual<T, A>& g, const Dual<T, B>& d) {
  Dual<T, (A | B)> y{mul0(g.v, d.v)};
  each_part<(A | B)>([&]<unsigned bit>() {
    if constexpr ((A & B & bit) != 0)
      y.template part<bit>() = mul0(g.template part<bit>(), d.v) + mul0(g.v, d.template part<bit>());
    else if constexpr ((A & bit) != 0)
      y.template part<bit>() = mul0(g.template part<bit>(), d.v);
    else
      y.template part<bit>() = mul0(g.v, d.template part<bit>());
  });
  return y;
}

template <class A, class B>
Along(A, B) -> Along<A, B>;

template <class A, class B, class C, class D>
auto operator+(const Along<A, B>& a, const Along<C, D>& b) {
  return Along{a.v + b.v, a.d + b.d};
}
template <class A, class B, class C, class D>
auto operator-(const Along<A, B>& a, const Along<C, D>& b) {
  return Along{a.v - b.v, a.d - b.d};
}
template <class A, class B, class C, class D>
auto operator*(const Along<A, B>& a, const Along<C, D>& b) {
  return Along{a.v * b.v, a.d * b.v + a.v * b.d};
}
template <class A, class B, class C, class D>
auto operator/(const Along<A, B>& a, const Along<C, D>& b) {
  const auto q = a.v / b.v;
  return Along{q, (a.d - q * b.d) / b.v};
}
template <class A, class B>
auto operator-(const Along<A, B>& a) {
  return Along{-a.v, -a.d};
}
template <class A, class B, class C, class D>
auto mul0(const Along<A, B>& g, const Along<C, D>& d) {
  return Along{mul0(g.v, d.v), mul0(g.d, d.v) + mul0(g.v, d.d)};
}

// With C++ numbers: the derivatives of a constant are 0.

template <Number X, Constant C>
X operator+(const X& x, C c) {
  X y = x;
  if constexpr (requires { x.d; })
    y.v = x.v + c;
  else
    y.v += Batch<typename X::Value>(static_cast<typename X::Value>(c));
  return y;
}
template <Number X, Constant C>
X operator+(C c, const X& x) {
  return x + c;
}
template <Number X, Constant C>
X operator-(const X& x, C c) {
  return x + -static_cast<double>(c);
}
template <Number X, Constant C>
X operator-(C c, const X& x) {
  return -x + c;
}
/// f of each batch: of the value and of all derivatives.
template <class T, class F>
Real<T> each_batch(const Real<T>& x, F f) {
  return {f(x.v)};
}
template <class T, unsigned M, class F>
Dual<T, M> each_batch(const Dual<T, M>& x, F f) {
  Dual<T, M> y{each_batch(x.v, f)};
  for (std::size_t i = 0; i < y.count; ++i) y.d[i] = each_batch(x.d[i], f);
  return y;
}
template <class A, class B, class F>
Along<A, B> each_batch(const Along<A, B>& x, F f) {
  return {each_batch(x.v, f), each_batch(x.d, f)};
}
template <Number X, Constant C>
X operator*(const X& x, C c) {
  const Batch<typename X::Value> factor(static_cast<typename X::Value>(c));
  return each_batch(x, [&](const auto& v) { return v * factor; });
}
template <Number X, Constant C>
X operator/(const X& x, C c) {
  const Batch<typename X::Value> divisor(static_cast<typename X::Value>(c));
  return each_batch(x, [&](const auto& v) { return v / divisor; });
}
template <Number X, Constant C>
X operator*(C c, const X& x) {
  return x * c;
}

// Functions -------------------------------------------------------------------------------------------------

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

template <class V>
Jet<V, V> jet_of(const V& y, const V& s) {
  return {y, s};
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
    const V y = vec::exp(x);
    return jet_of(y, y);
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return s;
  }
};
struct Expm1 : Smooth {
  template <class V>
  auto at(const V& x) const {
    return jet_of(vec::expm1(x), vec::exp(x));
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return s;
  }
};
struct Log : Steep {
  template <class V>
  auto at(const V& x) const {
    return jet_of(vec::log(x), V(1) / x);
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return -(s * s);
  }
};
struct Log1p : Steep {
  template <class V>
  auto at(const V& x) const {
    return jet_of(vec::log1p(x), V(1) / (V(1) + x));
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return -(s * s);
  }
};
struct Sqrt : Steep {
  template <class V>
  auto at(const V& x) const {
    const V y = xsimd::sqrt(x);
    return jet_of(y, V(0.5) / y);
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
    return jet_of(y, -y * y);
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y& y, const S& s) const {
    return y * s * -2;
  }
};
struct Sin : Smooth {
  template <class V>
  auto at(const V& x) const {
    return jet_of(vec::sin(x), vec::cos(x));
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y& y, const S&) const {
    return -y;
  }
};
struct Cos : Smooth {
  template <class V>
  auto at(const V& x) const {
    return jet_of(vec::cos(x), -vec::sin(x));
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y& y, const S&) const {
    return -y;
  }
};
struct Tanh : Smooth {
  template <class V>
  auto at(const V& x) const {
    const auto [y, s] = vec::tanh_and_slope(x);
    return jet_of(y, s);
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y& y, const S& s) const {
    return y * s * -2;
  }
};
struct Sigmoid : Smooth {
  template <class V>
  auto at(const V& x) const {
    const auto [y, s] = vec::sigmoid_and_slope(x);
    return jet_of(y, s);
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y& y, const S& s) const {
    return s * (1 - y * 2);
  }
};
struct Softplus : Smooth {
  template <class V>
  auto at(const V& x) const {
    return jet_of(vec::softplus(x), vec::sigmoid(x));
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
    return jet_of(vec::erf(x), V(T(1.1283791670955126)) * vec::gaussian(x, T(1)));  // 2 / sqrt(pi)
  }
  template <class X, class Y, class S>
  auto second(const X& x, const Y&, const S& s) const {
    return x * s * -2;
  }
};
struct Gelu : Smooth {
  template <class V>
  auto at(const V& x) const {
    return jet_of(vec::gelu(x), vec::gelu_slope(x));
  }
  template <class X, class Y, class S>
  auto second(const X& x, const Y&, const S&) const {
    return exp(x * x * -0.5) * (2 - x * x) * 0.3989422804014327;  // 1 / sqrt(2 pi)
  }
};
struct Abs : Smooth {
  template <class V>
  auto at(const V& x) const {
    return jet_of(V(xsimd::abs(x)), vec::sign(x));
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return s * 0;
  }
};
struct Sign : Smooth {
  template <class V>
  auto at(const V& x) const {
    return jet_of(vec::sign(x), V(0));
  }
  template <class X, class Y, class S>
  auto second(const X&, const Y&, const S& s) const {
    return s;
  }
};
struct Relu : Smooth {
  template <class V>
  auto at(const V& x) const {
    return jet_of(V(xsimd::max(V(0), x)), V(xsimd::select(x > V(0), V(1), V(0))));
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
  static V power(const V& x, double e) {
    using T = typename V::value_type;
    alignas(64) T lanes[V::size];
    x.store_aligned(lanes);
    for (T& lane : lanes) lane = std::pow(lane, static_cast<T>(e));
    return V::load_aligned(lanes);
  }
  template <class V>
  auto at(const V& x) const {
    using T = typename V::value_type;
    if (p == 0) return jet_of(V(1), V(0));
    return jet_of(power(x, p), V(V(static_cast<T>(p)) * power(x, p - 1)));
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
/// x sigmoid(x).
template <Number X>
auto silu(const X& x) {
  return x * sigmoid(x);
}
template <Number X, Constant C>
auto operator/(C c, const X& x) {
  return reciprocal(x) * c;
}

// Choices ---------------------------------------------------------------------------------------------------

template <Number X, Number Y>
auto operator<(const X& x, const Y& y) {
  return values(x) < values(y);
}
template <Number X, Number Y>
auto operator<=(const X& x, const Y& y) {
  return values(x) <= values(y);
}
template <Number X, Number Y>
auto operator>(const X& x, const Y& y) {
  return values(x) > values(y);
}
template <Number X, Number Y>
auto operator>=(const X& x, const Y& y) {
  return values(x) >= values(y);
}
template <Number X, Constant C>
auto operator<(const X& x, C c) {
  return values(x) < Batch<typename X::Value>(static_cast<typename X::Value>(c));
}
template <Number X, Constant C>
auto operator<=(const X& x, C c) {
  return values(x) <= Batch<typename X::Value>(static_cast<typename X::Value>(c));
}
template <Number X, Constant C>
auto operator>(const X& x, C c) {
  return values(x) > Batch<typename X::Value>(static_cast<typename X::Value>(c));
}
template <Number X, Constant C>
auto operator>=(const X& x, C c) {
  return values(x) >= Batch<typename X::Value>(static_cast<typename X::Value>(c));
}

/// Where the condition, a comparison of numbers, holds, a, else b.
template <class M, class T>
Real<T> where(const M& condition, const Real<T>& a, const Real<T>& b) {
  return {xsimd::select(condition, a.v, b.v)};
}
template <class M, class T, unsigned A, unsigned B>
Dual<T, (A | B)> where(const M& condition, const Dual<T, A>& a, const Dual<T, B>& b) {
  Dual<T, (A | B)> y{where(condition, a.v, b.v)};
  each_part<(A | B)>([&]<unsigned bit>() {
    Real<T> p = real<T>(0), q = real<T>(0);
    if constexpr ((A & bit) != 0) p = a.template part<bit>();
    if constexpr ((B & bit) != 0) q = b.template part<bit>();
    y.template part<bit>() = where(condition, p, q);
  });
  return y;
}
template <class M, class A, class B, class C, class D>
auto where(const M& condition, const Along<A, B>& a, const Along<C, D>& b) {
  return Along{where(condition, a.v, b.v), where(condition, a.d, b.d)};
}

/// c as a number without derivatives, for choices beside x.
template <class T>
Real<T> constant_like(const Real<T>&, double c) {
  return real<T>(c);
}
template <class T, unsigned M>
Dual<T, 0u> constant_like(const Dual<T, M>&, double c) {
  return {real<T>(c)};
}
template <class A, class B>
auto constant_like(const Along<A, B>& x, double c) {
  return Along{constant_like(x.v, c), constant_like(x.d, 0)};
}
template <class M, Number X, Constant C>
auto where(const M& condition, const X& x, C c) {
  return where(condition, x, constant_like(x, static_cast<double>(c)));
}
template <class M, Constant C, Number X>
auto where(const M& condition, C c, const X& x) {
  return where(condition, constant_like(x, static_cast<double>(c)), x);
}

/// The larger one; where they are equal, each has half of the slope. nan where either is nan.
template <Number X, Number Y>
auto maximum(const X& x, const Y& y) {
  const auto a = values(x), b = values(y);
  return where(a == b, (x + y) * 0.5, where((a > b) | !(a == a), x, y));
}
/// The smaller one, by the same rules.
template <Number X, Number Y>
auto minimum(const X& x, const Y& y) {
  const auto a = values(x), b = values(y);
  return where(a == b, (x + y) * 0.5, where((a < b) | !(a == a), x, y));
}
/// x limited to [low, high]; slope 1 at both ends.
template <Number X>
auto clamp(const X& x, double low, double high) {
  return where(x < low, low, where(x > high, high, x));
}
/// x where it is positive, else slope x; slope `slope` at 0.
template <Number X>
auto leaky_relu(const X& x, double slope = 0.01) {
  return where(x > 0, x, x * slope);
}

}  // namespace xgrad::fused
