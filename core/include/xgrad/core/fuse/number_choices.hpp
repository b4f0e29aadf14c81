#pragma once

#include "xgrad/core/fuse/number.hpp"

// Comparisons of the numbers of `fuse`, and what chooses by them.

namespace xgrad::fused {

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
  return {simd::select(condition, a.v, b.v)};
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
