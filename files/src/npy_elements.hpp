#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "npy_source.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::files {

/// How an element lies in a file.
struct ElementCode {
  enum class Kind : std::uint8_t { boolean, signed_integer, unsigned_integer, real, brain_real };
  Kind kind = Kind::real;
  int bytes = 4;
  bool big_endian = false;

  /// What such elements become here.
  DType dtype() const {
    if (kind == Kind::boolean) return xgrad::boolean;
    if (kind == Kind::real && bytes == 8) return float64;
    return kind == Kind::real || kind == Kind::brain_real ? float32 : int64;
  }
};

/// The product of the sizes, times the bytes of an element, in checked arithmetic; fails in the source's
/// words where a size is negative or nothing can hold so much.
std::uint64_t byte_count(const ByteSource& source, const Shape& shape, const ElementCode& code);

/// A new tensor of the next elements of the source, of which there must be enough.
Tensor read_elements(ByteSource& source, const Shape& shape, const ElementCode& code);

}  // namespace xgrad::files
