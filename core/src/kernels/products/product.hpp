#pragma once

#include <cstdint>

namespace xgrad::detail {

/// c = op(a) op(b) + (add ? c : 0) of row-major matrices: op(a) is m x k, op(b) is k x n, c is m x n. The
/// rows of a as it lies in memory are lda elements apart, and so on.
template <class T>
struct MatrixProduct {
  bool transpose_a, transpose_b, add;
  std::int64_t m, n, k;
  const T* a;
  std::int64_t lda;
  const T* b;
  std::int64_t ldb;
  T* c;
  std::int64_t ldc;
};

/// Kernels of one instruction set, each compiled in a file of its own with the compiler's flags for that set.
template <class T>
struct ProductKernels {
  std::int64_t rows, columns;  ///< of a tile: where blocks are cut, so that they have whole tiles
  std::int64_t (*room)(
      const MatrixProduct<T>& p);  ///< elements that the call works in, from a boundary of 64 bytes on
  void (*multiply)(const MatrixProduct<T>& p, T* room);
};
struct InstructionSet {
  const char* name;
  ProductKernels<float> f32;
  ProductKernels<double> f64;
};

#if defined(__x86_64__)
extern const InstructionSet avx2, avx512;
#else
extern const InstructionSet generic;
#endif

/// The fastest set that the processor has; XGRAD_KERNELS=avx2 in the environment holds it to that one.
const InstructionSet& instruction_set();

/// The product, by several threads where it is large. An element's terms are added up in their order, in
/// blocks of at most 256 that depend on k alone: so its bits depend neither on how the product is cut nor on
/// the other sizes, and its error is that of a sum of so many terms.
void multiply(const MatrixProduct<float>& p);
void multiply(const MatrixProduct<double>& p);

}  // namespace xgrad::detail
