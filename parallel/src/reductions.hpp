#pragma once

#include <cstddef>
#include <span>

#include "xgrad/parallel/communicator.hpp"

namespace xgrad::parallel::detail {

/// One part of the elements of each rank, in the order of the ranks.
using Parts = std::span<const std::byte* const>;

/// result[i] = ((parts[0][i] + parts[1][i]) + ...), the same divided by the number of parts, or the largest,
/// of `count` elements of this dtype. result may be one of the parts.
void reduce_parts(Parts parts, std::byte* result, std::int64_t count, DType dtype, Reduce reduce);

/// Throws Error, which names `op`, where elements of this dtype have no such reduction.
void check_reduces(const char* op, const Tensor& x, Reduce reduce);

}  // namespace xgrad::parallel::detail
