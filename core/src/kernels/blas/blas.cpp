#include "kernels/blas/blas.hpp"

#include <cblas.h>

#include <algorithm>
#include <climits>

#include "kernels/blas/matvec.hpp"
#include "kernels/blas/narrow.hpp"
#include "kernels/loops/work.hpp"
#include "kernels/loops/wrap.hpp"
#include "tensor/errors.hpp"
#include "tensor/workspace.hpp"

namespace xgrad::detail {

int blas_int(std::int64_t n) {
  if (n > INT_MAX)
    fail("blas", "a size is more than BLAS and LAPACK take, which is " + std::to_string(INT_MAX) +
                     ": it is " + std::to_string(n) + "; cut the operand into parts");
  return static_cast<int>(n);
}

namespace {

constexpr Kernel gemm_kernel = {.name = "gemm"};
constexpr Kernel gemv_kernel = {.name = "gemv"};
constexpr Kernel trsm_kernel = {.name = "trsm"};

/// c += op(a) x for a matrix a[rows, columns].
template <class T>
struct VectorProduct {
  bool transposed;
  std::int64_t rows, columns;
  const T *a, *x;
  T* c;

  void run() const {
    transposed ? add_sum_of_rows(rows, columns, a, x, c) : add_row_products(rows, columns, a, x, c);
  }
};

constexpr std::int64_t least_side = 192;  // of a block
constexpr std::int64_t most_blocks = 8;   // where the number of threads may not be asked

/// f(first, last) for about equal blocks of [0, n), cut at multiples of the unit, on several threads.
template <class F>
void in_equal_blocks(std::int64_t n, std::int64_t blocks, const F& f) {
  constexpr std::int64_t unit = 48;
  parallel_for(blocks, 1, [&](std::int64_t i, std::int64_t) {
    f(n / unit * i / blocks * unit, i + 1 == blocks ? n : n / unit * (i + 1) / blocks * unit);
  });
}

/// By blocks of rows; transposed, each block has a sum of its own, and they are added up in their order, as
/// they are where one thread goes through all.
template <class T>
[[gnu::noinline]] void run_large(const VectorProduct<T>& p) {
  if (free_threads() == 1) return p.run();
  const auto part = [&](std::int64_t first, std::int64_t last, T* to) {
    return VectorProduct<T>{
        p.transposed, last - first, p.columns, p.a + first * p.columns, p.transposed ? p.x + first : p.x, to};
  };
  if (!p.transposed)
    return in_equal_blocks(
        p.rows, std::min(p.rows / least_side, most_blocks),
        [&](std::int64_t first, std::int64_t last) { part(first, last, p.c + first).run(); });
  const std::int64_t count = (p.rows + summed_rows - 1) / summed_rows;
  const Workspace<T> sums(count * p.columns);
  std::fill_n(sums.data(), count * p.columns, T(-0.0));  // which leaves what is added to it as it is
  parallel_for(p.rows, summed_rows, [&](std::int64_t first, std::int64_t last) {
    part(first, last, sums.data() + first / summed_rows * p.columns).run();
  });
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t j = 0; j < p.columns; ++j) p.c[j] += sums.data()[i * p.columns + j];
}

/// Up to so many multiplications a plain loop is done before a product has been cut into blocks.
constexpr std::int64_t tiny_product = 64;

/// c = op(a) b, by rows of b.
template <class T>
void multiply_tiny_rows(bool ta, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b,
                        bool accumulate, T* c) {
  using V = xsimd::batch<T>;
  const std::int64_t row = ta ? 1 : k, along = ta ? m : 1;
  for (std::int64_t j = 0; j < n; j += static_cast<std::int64_t>(V::size))
    for (std::int64_t i = 0; i < m; ++i) {
      V sum(T(0));
      for (std::int64_t p = 0; p < k; ++p)
        sum = simd::fma(V(a[i * row + p * along]), load_part<V>(b + p * n + j, n - j, T(0)), sum);
      T* to = c + i * n + j;
      store_part(to, n - j, accumulate ? load_part<V>(to, n - j, T(0)) + sum : sum);
    }
}

/// c = op(a) b^T, by rows of both where a is not transposed.
template <bool ta, class T>
void multiply_tiny_dots(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b,
                        bool accumulate, T* c) {
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      T sum = 0;
      for (std::int64_t p = 0; p < k; ++p) sum += (ta ? a[p * m + i] : a[i * k + p]) * b[j * k + p];
      c[i * n + j] = accumulate ? c[i * n + j] + sum : sum;  // the bits of adding the product afterwards
    }
}

template <class T>
[[gnu::always_inline]] inline void multiply_tiny(bool ta, bool tb, std::int64_t m, std::int64_t n,
                                                 std::int64_t k, const T* a, const T* b, bool accumulate,
                                                 T* c) {
  if (!tb) return multiply_tiny_rows(ta, m, n, k, a, b, accumulate, c);
  ta ? multiply_tiny_dots<true>(m, n, k, a, b, accumulate, c)
     : multiply_tiny_dots<false>(m, n, k, a, b, accumulate, c);
}

bool is_tiny(std::int64_t m, std::int64_t n, std::int64_t k) {
  return std::max({m, n, k}) <= tiny_product && m * n * k <= tiny_product;
}

// Part of each gemm: a call more would cost a product of small matrices a tenth.
template <class T>
[[gnu::always_inline]] inline void product(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k,
                                           const T* a, const T* b, bool accumulate, T* c) {
  if (m == 0 || n == 0) return;
  if (is_tiny(m, n, k)) return multiply_tiny(ta, tb, m, n, k, a, b, accumulate, c);
  const bool by_vector = m == 1 || n == 1;
  if (!accumulate && (k == 0 || by_vector)) std::fill_n(c, m * n, T(0));
  if (k == 0) return;
  if (!by_vector && is_narrow<T>(ta, m, n, k)) return multiply_narrow(tb, m, n, k, a, b, accumulate, c);
  if (!by_vector)
    return multiply(MatrixProduct<T>{ta, tb, accumulate, m, n, k, a, ta ? m : k, b, tb ? k : n, c, n});
  const VectorProduct<T> p = n == 1 ? VectorProduct<T>{ta, ta ? k : m, ta ? m : k, a, b, c}
                                    : VectorProduct<T>{!tb, tb ? n : k, tb ? k : n, b, a, c};
  return p.rows >= 2 * least_side && p.rows * p.columns > 2 * large_work ? run_large(p) : p.run();
}

/// The bias before the product and relu after it, where the product does not do them itself.
template <class T>
void product_with(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b,
                  const GemmEnd<T>& end, T* c) {
  const bool by_itself = is_tiny(m, n, k) || m == 1 || n == 1 || is_narrow<T>(ta, m, n, k);
  if (end.packed.at || !by_itself) {
    MatrixProduct<T> p{ta, tb, false, m, n, k, a, ta ? m : k, b, tb ? k : n, c, n};
    p.bias = end.bias, p.relu = end.relu, p.packed = end.packed;
    return multiply(p);
  }
  if (end.bias)
    for (std::int64_t i = 0; i < m; ++i) std::copy_n(end.bias, n, c + i * n);
  product(ta, tb, m, n, k, a, b, end.bias != nullptr, c);
  if (end.relu)
    for (std::int64_t i = 0; i < m * n; ++i) c[i] = c[i] < 0 ? T(0) : c[i];
}

/// gemm at the door, where somebody listens: b is read once, c once more where something is added to it.
template <class T, class F>
[[gnu::cold, gnu::noinline]] void heard_gemm(std::int64_t m, std::int64_t n, std::int64_t k, bool accumulate,
                                             const F& run) {
  if (m == 0 || n == 0) return;
  launch(m == 1 || n == 1 ? gemv_kernel : gemm_kernel,
         {.bytes = (m * k + k * n + (accumulate ? 2 : 1) * m * n) * bytes_of<T>, .flops = 2 * m * n * k},
         run);
}

}  // namespace

void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b,
          bool accumulate, float* c) {
  if (longest_unheard == 0) [[unlikely]]
    return heard_gemm<float>(m, n, k, accumulate, [=] { product(ta, tb, m, n, k, a, b, accumulate, c); });
  product(ta, tb, m, n, k, a, b, accumulate, c);
}

void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b,
          const GemmEnd<float>& end, float* c) {
  if (longest_unheard == 0) [[unlikely]]
    return heard_gemm<float>(m, n, k, false, [=] { product_with(ta, tb, m, n, k, a, b, end, c); });
  product_with(ta, tb, m, n, k, a, b, end, c);
}

void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b,
          bool accumulate, double* c) {
  if (longest_unheard == 0) [[unlikely]]
    return heard_gemm<double>(m, n, k, accumulate, [=] { product(ta, tb, m, n, k, a, b, accumulate, c); });
  product(ta, tb, m, n, k, a, b, accumulate, c);
}

void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b,
          const GemmEnd<double>& end, double* c) {
  if (longest_unheard == 0) [[unlikely]]
    return heard_gemm<double>(m, n, k, false, [=] { product_with(ta, tb, m, n, k, a, b, end, c); });
  product_with(ta, tb, m, n, k, a, b, end, c);
}

void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const std::int64_t* a,
          const std::int64_t* b, bool accumulate, std::int64_t* c) {
  if (longest_unheard == 0) [[unlikely]]
    return heard_gemm<std::int64_t>(m, n, k, accumulate, [=] { gemm(ta, tb, m, n, k, a, b, accumulate, c); });
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
  const std::int64_t side = t.left ? m : n;
  if (longest_unheard == 0) [[unlikely]]
    return launch(trsm_kernel, {.bytes = (side * side / 2 + 2 * m * n) * bytes_of<T>, .flops = m * n * side},
                  [=] { solve(cblas_trsm, t, m, n, a, b); });
  const BlasScope scope;
  cblas_trsm(CblasRowMajor, t.left ? CblasLeft : CblasRight, t.upper ? CblasUpper : CblasLower,
             t.transposed ? CblasTrans : CblasNoTrans, t.unit ? CblasUnit : CblasNonUnit, blas_int(m),
             blas_int(n), T(1), a, blas_int(side), b, blas_int(n));
}

}  // namespace

void solve_triangle(Triangle t, std::int64_t m, std::int64_t n, const float* a, float* b) {
  solve(cblas_strsm, t, m, n, a, b);
}

void solve_triangle(Triangle t, std::int64_t m, std::int64_t n, const double* a, double* b) {
  solve(cblas_dtrsm, t, m, n, a, b);
}

}  // namespace xgrad::detail
