#pragma once

#include <cstdint>

#include "elements.hpp"
#include "npy_source.hpp"

namespace xgrad::files {

/// The product of the sizes, times the bytes of an element, in checked arithmetic; fails in the source's
/// words where a size is negative or nothing can hold so much.
std::uint64_t byte_count(const ByteSource& source, const Shape& shape, const ElementCode& code);

/// A new tensor of the next elements of the source, of which there must be enough.
Tensor read_elements(ByteSource& source, const Shape& shape, const ElementCode& code);

}  // namespace xgrad::files
