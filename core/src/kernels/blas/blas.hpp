#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/products/product.hpp"
#include "xgrad/core/launch.hpp"

namespace xgrad::detail {

/// A size as BLAS and LAPACK take it; throws Error for one above 2^31 - 1.
int blas_int(std::int64_t n);

/// Around every use of BLAS and LAPACK: OpenBLAS runs on the calling thread, which gives the same bits
/// everywhere; threads of our own share large products instead. OpenMP's number of threads is that of the
/// caller again at the end. OpenBLAS's serial build hands out its working memory without a lock, so one
/// thread at a time is let in. A fork waits until nobody is in. Throws Error when there is no memory for
/// OpenBLAS to work in.
class BlasScope {
 public:
  BlasScope();
  BlasScope(const BlasScope&) = delete;
  BlasScope& operator=(const BlasScope&) = delete;
  ~BlasScope();

 private:
  void leave();

  int openmp_threads_ = 1;  ///< of the caller
  bool alone_;              ///< the serial build
};

/// Products of two numbers that are worth a thread of their own.
inline constexpr std::int64_t large_product = std::int64_t{1} << 22;

/// c = op(a) op(b) + (accumulate ? c : 0) of row-major matrices: op(a) is m x k, op(b) is k x n, c is m x n.
/// By our own kernels, see products/product.hpp and matvec.hpp.
/// Several threads share a large product, with the same bits for any number.
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, bool accumulate, float* c);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
          const double* b, bool accumulate, double* c);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          const std::int64_t* a, const std::int64_t* b, bool accumulate, std::int64_t* c);

/// What a product does besides.
template <class T>
struct GemmEnd {
  const T* bias = nullptr;  ///< n elements, which are added to each row
  bool relu = false;        ///< max(0, x) of what comes out
  Packed<T> packed = {};    ///< b, where it is packed; then b may be null
};

/// c = op(a) op(b) with these at its end.
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, const GemmEnd<float>& end, float* c);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
          const double* b, const GemmEnd<double>& end, double* c);

/// A triangular matrix a, of which only the named triangle is read.
struct Triangle {
  bool upper, transposed;
  bool left;  ///< op(a) x = b; otherwise x op(a) = b
  bool unit;  ///< the diagonal counts as ones and is not read
};

/// b[m x n] = the solution x of op(a) x = b or x op(a) = b.
void solve_triangle(Triangle t, std::int64_t m, std::int64_t n, const float* a, float* b);
void solve_triangle(Triangle t, std::int64_t m, std::int64_t n, const double* a, double* b);

}  // namespace xgrad::detail
