#pragma once

#include <cstdint>
#include <string>

#include "xgrad/core/tensor.hpp"
#include "xgrad/parallel/communicator.hpp"

namespace xgrad::parallel::detail {

enum class CallKind : std::uint32_t { broadcast, all_reduce, all_gather, reduce_scatter, barrier, message };

/// What a rank calls, as it travels before the elements: ranks compare theirs.
struct Signature {
  static constexpr int shown_axes = 8;

  CallKind kind = CallKind::barrier;
  std::uint32_t dtype = 0;
  std::uint32_t option = 0;  ///< a Reduce, or the root
  std::int32_t axes = 0;
  std::int64_t elements = 0;
  std::int64_t sizes[shown_axes] = {};

  bool operator==(const Signature&) const = default;
  /// "all_reduce (sum) of f32[3, 4]".
  std::string describe() const;
};

Signature signature_of(CallKind kind, const Tensor& x, std::uint32_t option = 0);

}  // namespace xgrad::parallel::detail
