#include "kernels/blas.hpp"

#include <cblas.h>
#include <sys/single_threaded.h>

#include <algorithm>
#include <climits>
#include <mutex>

#include "errors.hpp"
#include "node.hpp"

#include "kernels/wrap.hpp"

namespace xgrad::detail {

int blas_int(std::int64_t n) {
  if (n > INT_MAX)
    fail("blas", "a size is more than BLAS and LAPACK take, which is " + std::to_string(INT_MAX) +
                     ": it is " + std::to_string(n));
  return static_cast<int>(n);
}

namespace {

std::recursive_mutex one_at_a_time;

}  // namespace

bool BlasScope::shared() {
  static const bool takes_threads = openblas_get_parallel() != OPENBLAS_SEQUENTIAL;
  return takes_threads;
}

void BlasScope::lock_or_set() {
  if (!thread_is_set_) openblas_set_num_threads(1);  // OpenBLAS on OpenMP has a number for each thread
  thread_is_set_ = true;
  if (!__libc_single_threaded && !shared()) one_at_a_time.lock(), alone_ = true;
}

void BlasScope::unlock() { one_at_a_time.unlock(); }

namespace {

/// How the result of a large product is cut: blocks of rows, or of columns where it has few rows. BLAS packs
/// the operand that the blocks share once for each, so they are wide, and few: it costs 1 to 5 % in all.
struct Cut {
  static constexpr std::int64_t least = 192;  ///< along a block's side
  bool rows;
  std::int64_t side, size;  ///< of the result along that axis, and of a block

  Cut(std::int64_t m, std::int64_t n, std::int64_t k) {
    constexpr std::int64_t most_blocks = 8, step = 16;
    rows = m >= 2 * least;
    side = rows ? m : n;
    std::int64_t blocks = 1;
    while (blocks < most_blocks && side >= 2 * blocks * least &&
           static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) >=
               static_cast<double>(2 * blocks * large_product))
      blocks *= 2;
    size = blocks == 1 ? side : ((side + blocks - 1) / blocks + step - 1) / step * step;
  }
};

CBLAS_TRANSPOSE turned(bool transposed) { return transposed ? CblasTrans : CblasNoTrans; }

template <class T, class Gemm>
void call_gemm(Gemm cblas_gemm, bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a,
               int lda, const T* b, int ldb, bool accumulate, T* c, int ldc) {
  const BlasScope scope;
  cblas_gemm(CblasRowMajor, turned(ta), turned(tb), blas_int(m), blas_int(n), blas_int(k), T(1), a, lda, b,
             ldb, accumulate ? T(1) : T(0), c, ldc);
}

template <class T, class Gemm>
[[gnu::noinline]] void cut_gemm(const Cut& cut, Gemm cblas_gemm, bool ta, bool tb, std::int64_t m,
                                std::int64_t n, std::int64_t k, const T* a, int lda, const T* b, int ldb,
                                bool accumulate, T* c, int ldc) {
  parallel_products(cut.side, cut.size, [&](std::int64_t first, std::int64_t last) {
    if (cut.rows)
      call_gemm(cblas_gemm, ta, tb, last - first, n, k, a + first * (ta ? 1 : k), lda, b, ldb, accumulate,
                c + first * n, ldc);
    else
      call_gemm(cblas_gemm, ta, tb, m, last - first, k, a, lda, b + first * (tb ? k : 1), ldb, accumulate,
                c + first, ldc);
  });
}

/// y += op(a) x for a[rows, columns].
template <class T, class Gemv>
void call_gemv(Gemv cblas_gemv, bool transposed, std::int64_t rows, std::int64_t columns, const T* a,
               const T* x, T* y) {
  const BlasScope scope;
  cblas_gemv(CblasRowMajor, turned(transposed), blas_int(rows), blas_int(columns), T(1), a, blas_int(columns),
             x, 1, T(1), y, 1);
}

/// The same for a large matrix, by blocks of rows; transposed, each block has a sum of its own, and they are
/// added up in their order.
template <class T, class Gemv>
[[gnu::noinline]] void cut_gemv(Gemv cblas_gemv, bool transposed, std::int64_t rows, std::int64_t columns,
                                const T* a, const T* x, T* y) {
  constexpr std::int64_t most_blocks = 8;
  const std::int64_t size = (rows + most_blocks - 1) / most_blocks;
  const Tensor sums = transposed ? new_tensor({most_blocks, columns}, dtype_of<T>) : Tensor();
  if (transposed) std::fill_n(ptr<T>(sums), sums.numel(), T(0));
  parallel_products(rows, size, [&](std::int64_t first, std::int64_t last) {
    call_gemv(cblas_gemv, transposed, last - first, columns, a + first * columns, transposed ? x + first : x,
              transposed ? ptr<T>(sums) + first / size * columns : y + first);
  });
  if (transposed)
    for (std::int64_t i = 0; i < most_blocks; ++i)
      for (std::int64_t j = 0; j < columns; ++j) y[j] += ptr<T>(sums)[i * columns + j];
}

template <class T, class Gemm, class Gemv>
void product(Gemm cblas_gemm, Gemv cblas_gemv, bool ta, bool tb, std::int64_t m, std::int64_t n,
             std::int64_t k, const T* a, const T* b, bool accumulate, T* c) {
  if (m == 0 || n == 0) return;
  const bool by_vector = m == 1 || n == 1;
  if (!accumulate && (k == 0 || by_vector)) std::fill_n(c, m * n, T(0));
  if (k == 0) return;
  if (!by_vector) {
    const int lda = blas_int(ta ? m : k), ldb = blas_int(tb ? k : n), ldc = blas_int(n);
    if (std::max(m, n) >= 2 * Cut::least)
      if (const Cut cut(m, n, k); cut.size < cut.side)
        return cut_gemm(cut, cblas_gemm, ta, tb, m, n, k, a, lda, b, ldb, accumulate, c, ldc);
    return call_gemm(cblas_gemm, ta, tb, m, n, k, a, lda, b, ldb, accumulate, c, ldc);
  }
  // Twice as fast as a product of matrices, and more on old kernels.
  const bool transposed = n == 1 ? ta : !tb;
  const std::int64_t rows = n == 1 ? (ta ? k : m) : (tb ? n : k),
                     columns = n == 1 ? (ta ? m : k) : (tb ? k : n);
  const T *matrix = n == 1 ? a : b, *x = n == 1 ? b : a;
  if (rows >= 128 && rows * columns > 2 * large_work)
    cut_gemv(cblas_gemv, transposed, rows, columns, matrix, x, c);
  else
    call_gemv(cblas_gemv, transposed, rows, columns, matrix, x, c);
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
