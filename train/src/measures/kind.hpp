#pragma once

#include <cstdint>

#include "xgrad/train/measure.hpp"

namespace xgrad::train {

/// Throws Error where a measure has seen no row.
void check_rows(const Measure& measure, std::int64_t rows);
[[noreturn]] void refuse_kind(const Measure& into, const Measure& other);

/// `other` as what `into` is. Throws Error where it is a measure of another kind.
template <class M>
const M& same_kind(const M& into, const Measure& other) {
  const auto* same = dynamic_cast<const M*>(&other);
  if (!same || same->name() != into.name()) refuse_kind(into, other);
  return *same;
}

}  // namespace xgrad::train
