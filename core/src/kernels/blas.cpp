#include "kernels/blas.hpp"

#include <cblas.h>
#include <sys/single_threaded.h>

#include <algorithm>
#include <climits>
#include <mutex>

#include "errors.hpp"
#include "kernels/matvec.hpp"
#include "kernels/wrap.hpp"

namespace xgrad::detail {

int blas_int(std::int64_t n) {
  if (n > INT_MAX)
    fail("blas", "a size is more than BLAS and LAPACK take, which is " + std::to_string(INT_MAX) +
                     ": it is " + std::to_string(n) + "; cut the operand into parts");
  return static_cast<int>(n);
}

namespace {

std::mutex one_at_a_time;

bool is_serial() {
  static const bool serial = openblas_get_parallel() == OPENBLAS_SEQUENTIAL;
  return serial;
}

}  // namespace

BlasScope::BlasScope() {
  static thread_local bool set = false;  // OpenBLAS on OpenMP has a number for each thread
  if (!set) openblas_set_num_threads(1), set = true;
  if (!__libc_single_threaded && is_serial()) one_at_a_time.lock(), alone_ = true;
}

BlasScope::~BlasScope() {
  if (alone_) one_at_a_time.unlock();
}

namespace {

/// c += op(a) x for a matrix a[rows, columns].
template <class T, class Gemv>
void product_with_vector(Gemv cblas_gemv, bool transposed, std::int64_t rows, std::int64_t columns,
                         const T* a, const T* x, T* c) {
  if (rows_suit<T>(columns))
    return transposed ? add_sum_of_rows(rows, columns, a, x, c) : add_row_products(rows, columns, a, x, c);
  const BlasScope scope;
  cblas_gemv(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, blas_int(rows), blas_int(columns), T(1),
             a, blas_int(columns), x, 1, T(1), c, 1);
}

template <class T, class Gemm, class Gemv>
void product(Gemm cblas_gemm, Gemv cblas_gemv, bool ta, bool tb, std::int64_t m, std::int64_t n,
             std::int64_t k, const T* a, const T* b, bool accumulate, T* c) {
  if (m == 0 || n == 0) return;
  const bool by_vector = m == 1 || n == 1;
  if (!accumulate && (k == 0 || by_vector)) std::fill_n(c, m * n, T(0));
  if (k == 0) return;
  // By a vector, that is twice as fast as a product of matrices, and more on old kernels.
  if (n == 1) return product_with_vector(cblas_gemv, ta, ta ? k : m, ta ? m : k, a, b, c);
  if (m == 1) return product_with_vector(cblas_gemv, !tb, tb ? n : k, tb ? k : n, b, a, c);
  const BlasScope scope;
  const auto turn = [](bool t) { return t ? CblasTrans : CblasNoTrans; };
  cblas_gemm(CblasRowMajor, turn(ta), turn(tb), blas_int(m), blas_int(n), blas_int(k), T(1), a,
             blas_int(ta ? m : k), b, blas_int(tb ? k : n), accumulate ? T(1) : T(0), c, blas_int(n));
}

}  // namespace

void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b,
          bool accumulate, float* c) {
  product(cblas_sgemm, cblas_sgemv, ta, tb, m, n, k, a, b, accumulate, c);
}

void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b,
          bool accumulate, double* c) {
  product(cblas_dgemm, cblas_dgemv, ta, tb, m, n, k, a, b, accumulate, c);
}

void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const std::int64_t* a,
          const std::int64_t* b, bool accumulate, std::int64_t* c) {
  if (!accumulate) std::fill_n(c, m * n, std::int64_t{0});
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t p = 0; p < k; ++p) {
      const std::int64_t u = ta ? a[p * m + i] : a[i * k + p];
      for (std::int64_t j = 0; j < n; ++j)
        c[i * n + j] = plus(c[i * n + j], times(u, tb ? b[j * k + p] : b[p * n + j]));
    }
}

namespace {

template <class T, class F>
void solve(F cblas_trsm, Triangle t, std::int64_t m, std::int64_t n, const T* a, T* b) {
  if (m == 0 || n == 0) return;
  const BlasScope scope;
  cblas_trsm(CblasRowMajor, t.left ? CblasLeft : CblasRight, t.upper ? CblasUpper : CblasLower,
             t.transposed ? CblasTrans : CblasNoTrans, t.unit ? CblasUnit : CblasNonUnit, blas_int(m),
             blas_int(n), T(1), a, blas_int(t.left ? m : n), b, blas_int(n));
}

}  // namespace

void solve_triangle(Triangle t, std::int64_t m, std::int64_t n, const float* a, float* b) {
  solve(cblas_strsm, t, m, n, a, b);
}

void solve_triangle(Triangle t, std::int64_t m, std::int64_t n, const double* a, double* b) {
  solve(cblas_dtrsm, t, m, n, a, b);
}

}  // namespace xgrad::detail
