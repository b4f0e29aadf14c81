#pragma once

#include "xgrad/core/tensor.hpp"

// Elementwise functions of one floating tensor. Integers and bools are taken as float32.
// "At 0" gives the derivative where the function has a kink or a pole. A nan stays nan.

namespace xgrad {

Tensor exp(const Tensor& x);     ///< e^x.
Tensor expm1(const Tensor& x);   ///< e^x - 1, exact for small x.
Tensor log(const Tensor& x);     ///< The natural logarithm; -inf at 0, nan below; d/dx = 1/x.
Tensor log1p(const Tensor& x);   ///< log(1 + x), exact for small x.
Tensor sqrt(const Tensor& x);    ///< The square root; nan below 0; d/dx at 0 is inf.
Tensor rsqrt(const Tensor& x);   ///< 1 / sqrt(x); inf at 0; d/dx at 0 is -inf.
Tensor square(const Tensor& x);  ///< x^2.
Tensor abs(const Tensor& x);     ///< |x|; d/dx = sign(x), 0 at 0.
Tensor sign(const Tensor& x);    ///< -1, 0 or 1; nan stays nan; d/dx = 0 everywhere.
Tensor sin(const Tensor& x);     ///< The sine of x in radians.
Tensor cos(const Tensor& x);     ///< The cosine of x in radians.
Tensor tanh(const Tensor& x);    ///< The hyperbolic tangent; d/dx = 1 - y^2.

}  // namespace xgrad
