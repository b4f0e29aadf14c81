#pragma once

#include "xgrad/core/tensor.hpp"

// Comparisons and logic, elementwise with broadcasting. Results are boolean and carry no gradient. As in
// arithmetic, float32 with float64 is an Error, and integers and bools take the other operand's dtype.
// Shapes that do not broadcast are an Error.

namespace xgrad {

Tensor eq(const Tensor& a, const Tensor& b);  ///< a == b; false where either is nan.
Tensor ne(const Tensor& a, const Tensor& b);  ///< a != b; true where either is nan.
Tensor lt(const Tensor& a, const Tensor& b);  ///< a < b; false where either is nan.
Tensor le(const Tensor& a, const Tensor& b);  ///< a <= b; false where either is nan.
Tensor gt(const Tensor& a, const Tensor& b);  ///< a > b; false where either is nan.
Tensor ge(const Tensor& a, const Tensor& b);  ///< a >= b; false where either is nan.
Tensor eq(const Tensor& a, Scalar b);
Tensor ne(const Tensor& a, Scalar b);
Tensor lt(const Tensor& a, Scalar b);
Tensor le(const Tensor& a, Scalar b);
Tensor gt(const Tensor& a, Scalar b);
Tensor ge(const Tensor& a, Scalar b);

// Logic on operands of any dtypes: a number counts as true where it is not 0, so nan is true.

Tensor logical_and(const Tensor& a, const Tensor& b);  ///< True where both are.
Tensor logical_or(const Tensor& a, const Tensor& b);   ///< True where either is.
Tensor logical_xor(const Tensor& a, const Tensor& b);  ///< True where exactly one is.
Tensor logical_not(const Tensor& a);                   ///< True where a is 0 or false.

Tensor isnan(const Tensor& x);     ///< True where x is nan; false for integers.
Tensor isinf(const Tensor& x);     ///< True where x is inf or -inf; false for integers.
Tensor isfinite(const Tensor& x);  ///< True where x is neither inf nor nan; true for integers.

/// True when both have the same shape and a == b or |a - b| <= atol + rtol |b| everywhere; an infinity is
/// close to itself only, and nan to nothing unless equal_nan. Throws Error for float32 with float64.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false);
/// True when shape, dtype and every element agree; nan equals nothing.
bool equal(const Tensor& a, const Tensor& b);

inline Tensor operator==(const Tensor& a, const Tensor& b) { return eq(a, b); }
inline Tensor operator==(const Tensor& a, Scalar b) { return eq(a, b); }
inline Tensor operator==(Scalar a, const Tensor& b) { return eq(b, a); }
inline Tensor operator!=(const Tensor& a, const Tensor& b) { return ne(a, b); }
inline Tensor operator!=(const Tensor& a, Scalar b) { return ne(a, b); }
inline Tensor operator!=(Scalar a, const Tensor& b) { return ne(b, a); }
inline Tensor operator<(const Tensor& a, const Tensor& b) { return lt(a, b); }
inline Tensor operator<(const Tensor& a, Scalar b) { return lt(a, b); }
inline Tensor operator<(Scalar a, const Tensor& b) { return gt(b, a); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return le(a, b); }
inline Tensor operator<=(const Tensor& a, Scalar b) { return le(a, b); }
inline Tensor operator<=(Scalar a, const Tensor& b) { return ge(b, a); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return gt(a, b); }
inline Tensor operator>(const Tensor& a, Scalar b) { return gt(a, b); }
inline Tensor operator>(Scalar a, const Tensor& b) { return lt(b, a); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return ge(a, b); }
inline Tensor operator>=(const Tensor& a, Scalar b) { return ge(a, b); }
inline Tensor operator>=(Scalar a, const Tensor& b) { return le(b, a); }
inline Tensor operator!(const Tensor& a) { return logical_not(a); }

}  // namespace xgrad
