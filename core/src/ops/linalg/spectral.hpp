#pragma once

#include "xgrad/core/ops/linalg.hpp"

// What the rules of eigh and svd share: division by the differences of eigenvalues or singular values.
//
// Where two values are equal, a function that does not depend on the choice of their vectors leaves a 0 above
// the 0 of the difference, up to rounding. The quotient counts as 0, which is right for functions of the
// values alone and of the vectors alone. In v diag(f(w)) v^T it would be f'(w), which a rule cannot see, and
// in second derivatives it is not 0 either: these are errors, never wrong numbers.

namespace xgrad::detail {

/// The singular values and vectors of a, unrecorded.
SVD svd_values(const char* op, const Tensor& a, bool full_matrices);

/// Eigenvalues or singular values, in order, of matrices with at most n rows and columns.
struct Spectrum {
  const char* op;
  const char* name;  ///< "eigenvalues"
  Tensor values;
  Tensor cotangent;  ///< of the values; may be undefined
  std::int64_t n;
};

/// num / den, where den is a difference or a sum of values i and j at [i, j]; 0 off the diagonal where that
/// is 0 up to the rounding errors of values. Throws Error if num is not small beside `scale` there, or if the
/// function depends on these values as well.
Tensor divide_by_pairs(const Spectrum& s, const Tensor& num, const Tensor& den, const Tensor& scale);
/// The same for den the values themselves, as rows [.., 1, k] or as columns [.., k, 1], which broadcast.
Tensor divide_by_values(const Spectrum& s, const Tensor& num, const Tensor& den, const Tensor& scale);

/// Vectors as they are, in columns; their gradient is an Error where it is not 0 for values that are equal,
/// or 0 where `at_zero`.
Tensor once_differentiable(const Spectrum& s, const Tensor& vectors, bool at_zero);

}  // namespace xgrad::detail
