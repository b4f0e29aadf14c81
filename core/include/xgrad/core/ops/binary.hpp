#pragma once

#include "xgrad/core/tensor.hpp"

// Further elementwise functions of two or three tensors, with broadcasting. The rules of arithmetic hold:
// float32 with float64 is an Error, and integers take the floating dtype of the other operands, or float32
// among themselves.

namespace xgrad {

/// The angle of the point (x, y), in [-pi, pi]. d/dy = x / (x^2 + y^2), d/dx = -y / (x^2 + y^2), without
/// overflow on the way; both 0 at the origin.
Tensor atan2(const Tensor& y, const Tensor& x);
Tensor atan2(const Tensor& y, Scalar x);
Tensor atan2(Scalar y, const Tensor& x);
/// sqrt(a^2 + b^2) without overflow on the way. d/da = a / hypot, 0 at the origin.
Tensor hypot(const Tensor& a, const Tensor& b);
Tensor hypot(const Tensor& a, Scalar b);
Tensor hypot(Scalar a, const Tensor& b);
/// log(e^a + e^b). d/da = sigmoid(a - b); equal infinities share: half each at inf, 0 at -inf, as masks make
/// it, and second derivatives of 0 at both.
Tensor logaddexp(const Tensor& a, const Tensor& b);
Tensor logaddexp(const Tensor& a, Scalar b);
Tensor logaddexp(Scalar a, const Tensor& b);
/// x log(y), 0 where x = 0 and y is not nan. d/dx = log(y), 0 where x = y = 0; d/dy = x / y, 0 where x = 0.
Tensor xlogy(const Tensor& x, const Tensor& y);
Tensor xlogy(const Tensor& x, Scalar y);
Tensor xlogy(Scalar x, const Tensor& y);

/// a - b trunc(a / b), with the sign of a; nan where b = 0. d/da = 1, d/db = -trunc(a / b). Integers stay
/// int64, and division by 0 is an Error for them.
Tensor fmod(const Tensor& a, const Tensor& b);
Tensor fmod(const Tensor& a, Scalar b);
Tensor fmod(Scalar a, const Tensor& b);
/// a - b floor(a / b), with the sign of b. d/da = 1, d/db = -floor(a / b). Integers as in fmod.
Tensor remainder(const Tensor& a, const Tensor& b);
Tensor remainder(const Tensor& a, Scalar b);
Tensor remainder(Scalar a, const Tensor& b);
/// floor(a / b), with gradient 0. Integers as in fmod.
Tensor floor_divide(const Tensor& a, const Tensor& b);
Tensor floor_divide(const Tensor& a, Scalar b);
Tensor floor_divide(Scalar a, const Tensor& b);

/// start + weight (end - start), from the nearer end. d/dstart = 1 - weight, d/dend = weight, d/dweight = end
/// - start.
Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight);
Tensor lerp(const Tensor& start, const Tensor& end, Scalar weight);
Tensor lerp(const Tensor& start, Scalar end, Scalar weight);
Tensor lerp(const Tensor& start, Scalar end, const Tensor& weight);
Tensor lerp(Scalar start, const Tensor& end, Scalar weight);
Tensor lerp(Scalar start, const Tensor& end, const Tensor& weight);
/// x + value a b.
Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value = 1);
/// x + value a / b, by the rules of div at b = 0.
Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value = 1);

}  // namespace xgrad
