#pragma once

#include "xgrad/core/tensor.hpp"

// Elementwise arithmetic with broadcasting. Operands have one floating dtype between them: float32 with
// float64 is an Error; bool and int64 tensors and C++ numbers take the floating dtype of the other operand.
// Between integers, sums, products and powers stay int64, and quotients are float32.

namespace xgrad {

/// a + b.
Tensor add(const Tensor& a, const Tensor& b);
Tensor add(const Tensor& a, Scalar b);
/// a - b.
Tensor sub(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, Scalar b);
Tensor sub(Scalar a, const Tensor& b);
/// a * b.
Tensor mul(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, Scalar b);
/// a / b. At b = 0 the value is inf or nan, and a cotangent of 0 contributes 0.
Tensor div(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, Scalar b);
Tensor div(Scalar a, const Tensor& b);

/// a * b, where a = 0 makes 0 even if b is inf or nan: the product by which a cotangent meets a local
/// derivative that can be infinite. d/da = mul0(g, b), d/db = mul0(g, a).
Tensor mul0(const Tensor& a, const Tensor& b);

/// -x.
Tensor neg(const Tensor& x);

/// x^p. d/dx = p x^(p-1), 0 where p = 0; d/dp = x^p log x, 0 where x = 0 and p >= 0. Between integers it is
/// an int64, exact modulo 2^64; there a negative p is an Error, unless x is 1 or -1.
Tensor pow(const Tensor& x, const Tensor& p);
Tensor pow(const Tensor& x, Scalar p);
Tensor pow(Scalar x, const Tensor& p);

/// The larger of a and b; nan if either is nan. Ties give each half of the cotangent.
Tensor maximum(const Tensor& a, const Tensor& b);
Tensor maximum(const Tensor& a, Scalar b);
Tensor maximum(Scalar a, const Tensor& b);
/// The smaller of a and b; nan if either is nan. Ties give each half of the cotangent.
Tensor minimum(const Tensor& a, const Tensor& b);
Tensor minimum(const Tensor& a, Scalar b);
Tensor minimum(Scalar a, const Tensor& b);

/// a where condition is true, else b; condition is boolean, and all three broadcast.
/// The branch that is not taken gets a gradient of exactly 0.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
Tensor where(const Tensor& condition, const Tensor& a, Scalar b);
Tensor where(const Tensor& condition, Scalar a, const Tensor& b);
Tensor where(const Tensor& condition, Scalar a, Scalar b);

/// x limited to [low, high]. The derivative is 1 inside and at the limits, 0 outside; nan stays nan.
Tensor clamp(const Tensor& x, Scalar low, Scalar high);
Tensor clamp_min(const Tensor& x, Scalar low);
Tensor clamp_max(const Tensor& x, Scalar high);

inline Tensor operator-(const Tensor& x) { return neg(x); }
inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator+(const Tensor& a, Scalar b) { return add(a, b); }
inline Tensor operator+(Scalar a, const Tensor& b) { return add(b, a); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator-(const Tensor& a, Scalar b) { return sub(a, b); }
inline Tensor operator-(Scalar a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator*(const Tensor& a, Scalar b) { return mul(a, b); }
inline Tensor operator*(Scalar a, const Tensor& b) { return mul(b, a); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator/(const Tensor& a, Scalar b) { return div(a, b); }
inline Tensor operator/(Scalar a, const Tensor& b) { return div(a, b); }

}  // namespace xgrad
