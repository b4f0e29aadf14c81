#pragma once

#include <cstdint>

namespace xgrad::detail {

/// c = op(a) op(b) + (accumulate ? c : 0) of row-major matrices: op(a) is m x k, op(b) is k x n, c is m x n.
/// All calls of BLAS are behind this one. Runs on the calling thread.
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, bool accumulate, float* c);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
          const double* b, bool accumulate, double* c);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          const std::int64_t* a, const std::int64_t* b, bool accumulate, std::int64_t* c);

}  // namespace xgrad::detail
