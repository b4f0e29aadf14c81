#pragma once

#include <string>
#include <vector>

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/parallel/communicator.hpp"

namespace xgrad::parallel::detail {

/// Throws Error on all ranks, by the same words, where the lists of names, shapes and dtypes differ: the
/// first difference of the first rank that differs from rank 0.
void check_same_tensors(Communicator& communicator, const std::vector<NamedTensor>& tensors);

/// Throws Error on all ranks, by the same words, where elements differ in a bit: the first tensor, and the
/// ranks that do not have what rank 0 has.
void check_same_bits(Communicator& communicator, const std::vector<NamedTensor>& tensors);

}  // namespace xgrad::parallel::detail
