#pragma once

#include <initializer_list>

#include "xgrad/core/tensor.hpp"

// What recurrent ops demand of their operands.

namespace xgrad::detail {

enum class Extent : std::uint8_t { steps, batch, in, hidden };

/// A size that an operand must have: so many times an extent.
struct Side {
  std::int64_t times;
  Extent of;
  Side(Extent e) : times(1), of(e) {}  // NOLINT(google-explicit-constructor)
  Side(std::int64_t n, Extent e) : times(n), of(e) {}
};

struct Demand {
  const char* name;
  const Tensor& x;
  std::initializer_list<Side> sides;
  bool optional = false;  ///< may be undefined
};

/// Throws Error unless the operands have shapes that agree, and one floating dtype. Each extent is the side
/// of some operand that must be there.
void check_recurrent(const char* op, std::initializer_list<Demand> demands);

/// Throws Error unless the lengths, if they are defined, are int64[batch] and 0 to steps each.
void check_lengths(const char* op, const Tensor& lengths, const Tensor& x);

}  // namespace xgrad::detail
