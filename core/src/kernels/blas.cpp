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

BlasScope::BlasScope() : alone_(!__libc_single_threaded && !shared()) {
  if (alone_) one_at_a_time.lock();
  // OpenBLAS on OpenMP has a number for each thread.
  static thread_local const bool done = (openblas_set_num_threads(1), true);
  static_cast<void>(done);
}

BlasScope::~BlasScope() {
  if (alone_) one_at_a_time.unlock();
}

namespace {

/// How the result of a large product is cut: blocks of rows, or of columns where it has few rows. BLAS packs
/// the operand that the blocks share once for each, so they are wide, and few: it costs 1 to 5 % in all.
struct Cut {
  bool rows;
  std::int64_t side, size;  ///< of the result along that axis, and of a block

  Cut(std::int64_t m, std::int64_t n, std::int64_t k) {
    constexpr std::int64_t least = 192, most_blocks = 8, step = 16;
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

/// y += op(a) x for a[rows, columns]. A large matrix is cut into blocks of rows; transposed, each block has a
/// sum of its own, and they are added up in their order.
template <class T, class Gemv>
void add_matvec(Gemv cblas_gemv, bool transposed, std::int64_t rows, std::int64_t columns, const T* a,
                const T* x, T* y) {
  constexpr std::int64_t most_blocks = 8;
  const auto block = [&](std::int64_t first, std::int64_t last, const T* from, T* to) {
    const BlasScope scope;
    cblas_gemv(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, blas_int(last - first),
               blas_int(columns), T(1), a + first * columns, blas_int(columns), from, 1, T(1), to, 1);
  };
  if (rows < 16 * most_blocks || rows * columns <= 2 * large_work) return block(0, rows, x, y);
  const std::int64_t size = (rows + most_blocks - 1) / most_blocks;
  if (!transposed)
    return parallel_products(
        rows, size, [&](std::int64_t first, std::int64_t last) { block(first, last, x, y + first); });
  const Tensor sums = new_tensor({most_blocks, columns}, dtype_of<T>);
  std::fill_n(ptr<T>(sums), sums.numel(), T(0));
  parallel_products(rows, size, [&](std::int64_t first, std::int64_t last) {
    block(first, last, x + first, ptr<T>(sums) + first / size * columns);
  });
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
  const auto turn = [](bool t) { return t ? CblasTrans : CblasNoTrans; };
  const int lda = blas_int(ta ? m : k), ldb = blas_int(tb ? k : n);
  if (!by_vector) {
    const auto block = [&](std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns) {
      const BlasScope scope;
      cblas_gemm(CblasRowMajor, turn(ta), turn(tb), blas_int(rows), blas_int(columns), blas_int(k), T(1),
                 a + i * (ta ? 1 : k), lda, b + j * (tb ? k : 1), ldb, accumulate ? T(1) : T(0),
                 c + i * n + j, blas_int(n));
    };
    const Cut cut(m, n, k);
    if (cut.size >= cut.side) return block(0, m, 0, n);
    parallel_products(cut.side, cut.size, [&](std::int64_t first, std::int64_t last) {
      if (cut.rows)
        block(first, last - first, 0, n);
      else
        block(0, m, first, last - first);
    });
  } else if (n == 1) {  // twice as fast as a product of matrices, and more on old kernels
    add_matvec(cblas_gemv, ta, ta ? k : m, ta ? m : k, a, b, c);
  } else {
    add_matvec(cblas_gemv, !tb, tb ? n : k, tb ? k : n, b, a, c);
  }
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
