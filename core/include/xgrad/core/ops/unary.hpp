#pragma once

#include <optional>

#include "xgrad/core/tensor.hpp"

// Elementwise functions of one floating tensor. Integers and bools are taken as float32, unless the function
// says that integers stay. A nan stays nan, and its gradient is nan; a cotangent of exactly 0 gives a
// gradient of exactly 0 everywhere, even where the derivative is inf or nan. Values are within 2 ulp, those
// of the gamma functions within a few ulp of the largest term.

namespace xgrad {

// Exponentials and logarithms
Tensor exp(const Tensor& x);    ///< e^x.
Tensor exp2(const Tensor& x);   ///< 2^x.
Tensor expm1(const Tensor& x);  ///< e^x - 1, exact for small x.
Tensor log(const Tensor& x);    ///< The natural logarithm; -inf at 0, nan below; d/dx = 1/x.
Tensor log2(const Tensor& x);   ///< The logarithm to base 2, exact for powers of two; d/dx = 1 / (x log 2).
Tensor log10(const Tensor& x);  ///< The logarithm to base 10; d/dx = 1 / (x log 10).
Tensor log1p(const Tensor& x);  ///< log(1 + x), exact for small x; -inf at -1, nan below.

// Powers
Tensor sqrt(const Tensor& x);        ///< The square root; nan below 0; d/dx at 0 is inf, at -0 -inf.
Tensor rsqrt(const Tensor& x);       ///< 1 / sqrt(x); inf at 0; d/dx at 0 is -inf.
Tensor square(const Tensor& x);      ///< x^2; integers stay.
Tensor reciprocal(const Tensor& x);  ///< 1 / x; inf at 0; d/dx at 0 is -inf.

// Sign and rounding; the derivative of the roundings and of sign is 0 everywhere, and integers stay
Tensor abs(const Tensor& x);    ///< |x|; d/dx = sign(x), 0 at 0.
Tensor sign(const Tensor& x);   ///< -1, 0 or 1.
Tensor floor(const Tensor& x);  ///< The largest integer that is not above x.
Tensor ceil(const Tensor& x);   ///< The smallest integer that is not below x.
Tensor trunc(const Tensor& x);  ///< x without its fraction.
/// The nearest integer, of two as near the even one; of x 10^decimals, divided by 10^decimals again; x itself
/// where it has no digits behind the last, and 0 for units beyond its range.
Tensor round(const Tensor& x, int decimals = 0);
/// x with nan, inf and -inf replaced; by the largest and the smallest number of the dtype where nothing is
/// given. The derivative is 1 where x is finite, else 0.
Tensor nan_to_num(const Tensor& x, double nan = 0.0, std::optional<double> posinf = {},
                  std::optional<double> neginf = {});

// Circular functions, in radians
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor tan(const Tensor& x);   ///< d/dx = 1 + y^2.
Tensor asin(const Tensor& x);  ///< The arc sine; nan outside [-1, 1]; d/dx at -1 and 1 is inf.
Tensor acos(const Tensor& x);  ///< The arc cosine; nan outside [-1, 1]; d/dx at -1 and 1 is -inf.
Tensor atan(const Tensor& x);  ///< The arc tangent; d/dx = 1 / (1 + x^2).

// Hyperbolic functions
Tensor sinh(const Tensor& x);
Tensor cosh(const Tensor& x);
Tensor tanh(const Tensor& x);   ///< d/dx = 1 / cosh(x)^2, exact in both tails.
Tensor asinh(const Tensor& x);  ///< log(x + sqrt(x^2 + 1)); d/dx = 1 / sqrt(x^2 + 1).
Tensor acosh(const Tensor& x);  ///< log(x + sqrt(x^2 - 1)); nan below 1; d/dx at 1 is inf.
Tensor atanh(const Tensor& x);  ///< log((1 + x) / (1 - x)) / 2; +-inf at +-1, nan outside; d/dx there is inf.

// Special functions
Tensor erf(const Tensor& x);     ///< 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.
Tensor erfc(const Tensor& x);    ///< 1 - erf(x), within 3 ulp where erf(x) is almost 1 too.
Tensor erfinv(const Tensor& x);  ///< y with erf(y) = x; +-inf at +-1, nan outside; d/dx at +-1 is inf.
Tensor lgamma(const Tensor& x);  ///< log |Gamma(x)|; inf at 0, -1, -2, ...; d/dx = digamma(x).
/// d/dx lgamma(x); -inf at 0, inf at -0, nan at -1, -2, ...; d/dx = polygamma(1, x).
Tensor digamma(const Tensor& x);
/// The n-th derivative of digamma, n >= 0; inf or nan at 0, -1, -2, ...; d/dx = polygamma(n + 1, x).
/// Throws Error for n < 0 and n > 170, beyond which n! is no double.
Tensor polygamma(int n, const Tensor& x);
/// sin(pi x) / (pi x), 1 at 0, exactly 0 at other integers; d/dx at 0 is 0.
Tensor sinc(const Tensor& x);

}  // namespace xgrad
