#pragma once

#include <string>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::detail {

inline std::size_t byte_count(const Tensor& t) {
  return static_cast<std::size_t>(t.numel()) * static_cast<std::size_t>(size_of(t.dtype()));
}

/// The same type and the same bits.
bool same_value(const StateValue& a, const StateValue& b);

/// What a value is, as errors show it: "f32[2, 3]", "the integer 5", "the text 'adam'".
std::string text_of(const StateValue& value);

/// The value that a slot has now; a tensor is shared.
StateValue value_of(const Visitor::Slot& slot);

}  // namespace xgrad::detail
