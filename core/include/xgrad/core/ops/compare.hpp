#pragma once

#include "xgrad/core/tensor.hpp"

// Comparisons and logic, elementwise with broadcasting. Results are boolean and carry no gradient. Unlike
// arithmetic, float32 may meet float64 only after a conversion; integers and bools take the other's dtype.

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

/// Logic on boolean tensors; numbers count as true where they are not 0.
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_or(const Tensor& a, const Tensor& b);
Tensor logical_xor(const Tensor& a, const Tensor& b);
Tensor logical_not(const Tensor& a);

Tensor isnan(const Tensor& x);
Tensor isinf(const Tensor& x);
Tensor isfinite(const Tensor& x);

/// True when both have the same shape and |a - b| <= atol + rtol |b| everywhere (nan equals nan on request).
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);
/// True when shape, dtype and every element agree; nan equals nothing.
bool equal(const Tensor& a, const Tensor& b);

inline Tensor operator==(const Tensor& a, const Tensor& b) { return eq(a, b); }
inline Tensor operator==(const Tensor& a, Scalar b) { return eq(a, b); }
inline Tensor operator!=(const Tensor& a, const Tensor& b) { return ne(a, b); }
inline Tensor operator!=(const Tensor& a, Scalar b) { return ne(a, b); }
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
