#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

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

/// Whether the bytes of such elements are those of a tensor's.
bool is_native(const ElementCode& code);

/// The elements of x, a tensor of code.dtype(), as bytes to write to.
std::byte* bytes_to_fill(Tensor& x);

/// An unsigned integer that an int64 does not hold.
struct TooLarge {
  std::size_t place;
  std::uint64_t value;
};

/// Gives n elements of x from `at` on the values that lie at `from`, every one exact: a half's and a
/// bfloat16's are a float's, a byte other than 0 is true. Returns the first integer of 2^63 or more, where
/// there is one.
std::optional<TooLarge> widen(const std::byte* from, const ElementCode& code, Tensor& x, std::size_t at,
                              std::size_t n);

}  // namespace xgrad::files
