#pragma once

#include <cstdint>
#include <vector>

// LAPACK on single row-major matrices, float and double: all calls of it are behind this file. It is called
// directly, by its Fortran names in OpenBLAS: beside xtensor-blas, which calls the same routines, this tells
// which pivot or minor failed, makes no copy of a batch, and compiles in a tenth of the time. Its matrices
// are column-major, so it sees our transposes; each function says what follows from that.

namespace xgrad::detail {

/// a = P L U, in place; the factors are those of the transpose. Returns 0, or k when the k-th pivot (from 1)
/// is exactly 0. nan spreads.
template <class T>
int lu_factor(std::int64_t n, T* a, std::vector<int>& pivots);

/// lu = inverse of the matrix that it was factored from.
template <class T>
void lu_inverse(std::int64_t n, T* lu, const std::vector<int>& pivots);

/// Solves a x = b, or a^T x = b, for k right-hand sides, each a row of b, in place.
template <class T>
void lu_solve(std::int64_t n, std::int64_t k, const T* lu, const std::vector<int>& pivots, bool transpose,
              T* b);

/// The sign (0 where singular) and the logarithm of the absolute value of the determinant.
template <class T>
struct SignAndLog {
  T sign, log;
};
template <class T>
SignAndLog<T> lu_slogdet(std::int64_t n, const T* lu, const std::vector<int>& pivots);

/// a = L with a = L L^T from the lower triangle of a; zero above. Returns 0, or the order of the leading
/// minor that is not positive.
template <class T>
int cholesky_factor(std::int64_t n, T* a);

/// The eigenvalues w, ascending, of a symmetric matrix, and a = its eigenvectors as columns. Returns 0, or
/// not when the iteration did not converge.
template <class T>
int symmetric_eigen(std::int64_t n, T* a, T* w);

/// a = u diag(s) vh with s descending: u is m x p and vh is q x n, where p = q = min(m, n), or p = m and q =
/// n when `full`. Destroys a. Returns 0, or not when the iteration did not converge.
template <class T>
int singular_values(std::int64_t m, std::int64_t n, bool full, T* a, T* s, T* u, T* vh);

/// a = q r with orthonormal columns in q (m x p) and r upper triangular (p x n), p = min(m, n), or m when
/// `complete`. Destroys a.
template <class T>
void qr_factor(std::int64_t m, std::int64_t n, bool complete, T* a, T* q, T* r);

/// Multiplications and additions, as LAPACK's authors count them; those of singular values with both bases
/// as Golub and Van Loan do for R-SVD.
inline std::int64_t lu_flops(std::int64_t n) { return 2 * n * n * n / 3; }
std::int64_t qr_flops(std::int64_t m, std::int64_t n, std::int64_t columns_of_q);
std::int64_t singular_value_flops(std::int64_t m, std::int64_t n);

}  // namespace xgrad::detail
