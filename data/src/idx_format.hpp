#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "input.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::data {

using Byte = unsigned char;

/// The unsigned number of n bytes, most significant first.
template <class U>
U big_endian(const Byte* p) {
  U u = 0;
  for (std::size_t i = 0; i < sizeof(U); ++i) u = static_cast<U>(u << 8 | p[i]);
  return u;
}

/// An element type of the format: how it looks in the file, and what it is.
template <class B, class V>
struct Stored {
  using Bits = B;
  using Value = V;
};

/// Calls f with the Stored type of a type code; false when there is none.
template <class F>
bool with_stored_type(Byte code, F f) {
  switch (code) {
    case 0x08:
      f(Stored<std::uint8_t, std::uint8_t>{});
      return true;
    case 0x09:
      f(Stored<std::uint8_t, std::int8_t>{});
      return true;
    case 0x0B:
      f(Stored<std::uint16_t, std::int16_t>{});
      return true;
    case 0x0C:
      f(Stored<std::uint32_t, std::int32_t>{});
      return true;
    case 0x0D:
      f(Stored<std::uint32_t, float>{});
      return true;
    case 0x0E:
      f(Stored<std::uint64_t, double>{});
      return true;
    default:
      return false;
  }
}

/// Numbers of the file, as many as x has, converted.
template <class S, Element T>
void convert(const Byte* from, std::span<T> x) {
  using Bits = typename S::Bits;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto bits = big_endian<Bits>(from + i * sizeof(Bits));
    // NOLINTNEXTLINE(bugprone-signed-char-misuse): bytes are numbers here
    x[i] = static_cast<T>(std::bit_cast<typename S::Value>(bits));
  }
}

/// What an IDX file says before its elements.
struct IdxHeader {
  Byte code = 0;         ///< of the type of the elements
  DType as = int64;      ///< what they become
  std::size_t item = 0;  ///< bytes of one
  Shape shape;

  std::uint64_t bytes() const { return 4 + 4 * static_cast<std::uint64_t>(shape.rank()); }
};

/// Reads it, and checks it against the length of the file before anything is allocated.
IdxHeader read_idx_header(Input& in, std::optional<DType> dtype);

/// Throws Error about a size that is wrong.
[[noreturn]] void fail_idx_size(const Input& in, const Shape& shape, std::size_t item,
                                const std::string& found);

}  // namespace xgrad::data
