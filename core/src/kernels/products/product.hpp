#pragma once

#include <cstdint>

namespace xgrad::detail {

/// A matrix op(b) in the order in which the inner loops read it: see PackedMatrix.
template <class T>
struct Packed {
  const T* at = nullptr;
  std::int64_t columns = 0;  ///< of the whole matrix, rounded up to registers
};

/// Where the elements of b lie in memory, if its rows are not ldb apart: row i begins at rows[i], counted
/// from b on, and consists of runs, where `run` is not 0: its element j lies at lines[j / run] + j % run from
/// there. Up to a register behind a run is read.
struct Placement {
  const std::int64_t* rows = nullptr;
  const std::int64_t* lines = nullptr;
  std::int64_t run = 0;
};

/// c = op(a) op(b) + (add ? c : bias) of row-major matrices: op(a) is m x k, op(b) is k x n, c is m x n. The
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
  const T* bias = nullptr;    ///< n elements, which begin each row; zeros where it is null
  bool bias_of_rows = false;  ///< it has m elements instead, which begin each column
  bool relu = false;          ///< max(0, x) of what comes out
  Placement placed = {};      ///< of b
  Packed<T> packed = {};      ///< where it is set, it is b
  std::int64_t first = 0;     ///< the column of op(b) that is column 0 of c
};

/// Kernels of one instruction set, each compiled in a file of its own with the compiler's flags for that set.
template <class T>
struct ProductKernels {
  std::int64_t rows, columns;  ///< of a tile: where blocks are cut, so that they have whole tiles
  std::int64_t (*room)(
      const MatrixProduct<T>& p);  ///< elements that the call works in, from a boundary of 64 bytes on
  void (*multiply)(const MatrixProduct<T>& p, T* room);
  std::int64_t (*packed_columns)(std::int64_t n);  ///< n rounded up to registers
  void (*pack)(bool transpose_b, std::int64_t n, std::int64_t k, const T* b, std::int64_t ldb, T* to);
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
