#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <utility>

#include "xgrad/simd/functions.hpp"

// The numbers that the lambdas of `fuse` compute with. Three types share one set of operators, functions
// (number_functions.hpp) and choices (number_choices.hpp):
//
//   Real<T>      a batch of values
//   Dual<T, M>   a batch with its partial derivatives in the inputs whose bits are set in M; those of the
//                others are 0, are not stored and cost nothing. Its type changes as inputs meet, so a
//                variable of a lambda is initialised and not assigned
//   Along<A, B>  a value of type A with its derivative along one direction, of type B

namespace xgrad::fused {

using simd::Batch;
using simd::machine;

template <class T, unsigned on = machine>
struct Real {
  using Value = T;
  Batch<T> v;
};

template <class T, unsigned M, unsigned on = machine>
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

/// A variable with the derivative 1 in the input M, or a constant where that is 0.
template <class T, unsigned M>
Dual<T, M> variable(const Batch<T>& v) {
  Dual<T, M> x{{v}};
  if constexpr (M != 0) x.d[0] = {Batch<T>(1)};
  return x;
}

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
void each_part([[maybe_unused]] F f) {
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    [[maybe_unused]] const auto one = [&]<unsigned bit>() {
      if constexpr ((M & bit) != 0) f.template operator()<bit>();
    };
    (one.template operator()<(1u << i)>(), ...);
  }
  (std::make_index_sequence<static_cast<std::size_t>(std::bit_width(M))>());
}

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
  return {simd::mul0(g.v, d.v)};
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
      y.template part<bit>().v = simd::fma(s.v, a.template part<bit>().v, (t * b.template part<bit>()).v);
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

}  // namespace xgrad::fused
