#pragma once

#include <string_view>

namespace xgrad::detail {

/// What the processor has.
struct Features {
  bool avx2, avx512;  ///< with fused multiply-adds; the parts that OpenBLAS's SkylakeX kernels use
};
Features processor_features();

/// The kernels that OpenBLAS should have instead of those that it has chosen, or null where these are as
/// wide as the processor allows.
///
/// It chooses by the processor's model. One that it does not know gets kernels of 2004, four to six times
/// slower, without a word (its issue 4267): version 0.3.21, say, on Intel's servers of 2023.
const char* better_kernels(std::string_view chosen, Features has);

/// Sees to it, as far as it can be done: see openblas.cpp. Returns null, or what the user has to set.
const char* choose_openblas_kernels();

}  // namespace xgrad::detail
