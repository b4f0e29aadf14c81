#include "kernels/blas.hpp"

#include <cblas.h>

#include <algorithm>
#include <climits>

#include "errors.hpp"

namespace xgrad::detail {
namespace {

int blas_int(std::int64_t n) {
  if (n > INT_MAX) fail("matmul", "a size of " + std::to_string(n) + " is more than BLAS can take");
  return static_cast<int>(n);
}

/// One thread gives the same bits everywhere; threads of our own cut large products instead.
void use_one_thread() {
  static const bool done = (openblas_set_num_threads(1), true);
  static_cast<void>(done);
}

template <class T, class F>
void product(F cblas_gemm, bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a,
             const T* b, bool accumulate, T* c) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (!accumulate) std::fill_n(c, m * n, T(0));
    return;
  }
  use_one_thread();
  const int lda = blas_int(ta ? m : k), ldb = blas_int(tb ? k : n);
  cblas_gemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, blas_int(m),
             blas_int(n), blas_int(k), T(1), a, lda, b, ldb, accumulate ? T(1) : T(0), c, blas_int(n));
}

}  // namespace

void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b,
          bool accumulate, float* c) {
  product(cblas_sgemm, ta, tb, m, n, k, a, b, accumulate, c);
}

void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b,
          bool accumulate, double* c) {
  product(cblas_dgemm, ta, tb, m, n, k, a, b, accumulate, c);
}

void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const std::int64_t* a,
          const std::int64_t* b, bool accumulate, std::int64_t* c) {
  if (!accumulate) std::fill_n(c, m * n, std::int64_t{0});
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t p = 0; p < k; ++p) {
      const std::int64_t u = ta ? a[p * m + i] : a[i * k + p];
      for (std::int64_t j = 0; j < n; ++j) c[i * n + j] += u * (tb ? b[j * k + p] : b[p * n + j]);
    }
}

}  // namespace xgrad::detail
