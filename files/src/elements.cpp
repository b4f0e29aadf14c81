#include "elements.hpp"

#include <bit>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

namespace xgrad::files {
namespace {

using Kind = ElementCode::Kind;

constexpr bool native_is_big_endian = std::endian::native == std::endian::big;

template <class U>
U swapped(U u) {
  U turned = 0;
  for (std::size_t i = 0; i < sizeof(U); ++i) turned = static_cast<U>(turned << 8 | (u >> 8 * i & 0xff));
  return turned;
}

/// IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. A nan keeps its payload.
struct Half {
  std::uint16_t half;
  explicit operator float() const {
    constexpr std::uint32_t exponent = 0x7c00, fraction = 0x03ff;
    const std::uint32_t bits = half, sign = (bits & 0x8000U) << 16U;
    if ((bits & exponent) == 0) {  // fraction 2^-24, which is normal in a float
      const float size = static_cast<float>(bits & fraction) * 0x1p-24F;
      return std::bit_cast<float>(std::bit_cast<std::uint32_t>(size) | sign);
    }
    const std::uint32_t bias = (bits & exponent) == exponent ? 255 - 31 : 127 - 15;
    return std::bit_cast<float>(sign | (((bits & (exponent | fraction)) << 13U) + (bias << 23U)));
  }
};

/// The upper half of a binary32.
struct Brain {
  std::uint16_t bits;
  explicit operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16U); }
};

struct Flag {
  std::uint8_t byte;
  explicit operator bool() const { return byte != 0; }
};

template <std::size_t Bytes>
using Bits =
    std::conditional_t<Bytes == 1, std::uint8_t,
                       std::conditional_t<Bytes == 2, std::uint16_t,
                                          std::conditional_t<Bytes == 4, std::uint32_t, std::uint64_t>>>;

/// Stored is how an element lies at `from`, in either order of bytes, T what it becomes.
template <class Stored, class T>
std::optional<TooLarge> widen_as(const std::byte* from, bool swaps, std::span<T> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    Bits<sizeof(Stored)> raw;
    std::memcpy(&raw, from + i * sizeof raw, sizeof raw);
    if (swaps) raw = swapped(raw);
    if constexpr (std::is_same_v<Stored, std::uint64_t>)
      if (raw > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return TooLarge{i, raw};
    to[i] = static_cast<T>(std::bit_cast<Stored>(raw));
  }
  return {};
}

/// Integers, of which A to D are the types of 1, 2, 4 and 8 bytes.
template <class A, class B, class C, class D>
std::optional<TooLarge> widen_integers(const std::byte* from, int bytes, bool swaps,
                                       std::span<std::int64_t> to) {
  if (bytes == 1) return widen_as<A>(from, swaps, to);
  if (bytes == 2) return widen_as<B>(from, swaps, to);
  return bytes == 4 ? widen_as<C>(from, swaps, to) : widen_as<D>(from, swaps, to);
}

}  // namespace

bool is_native(const ElementCode& code) {
  const bool wide = code.bytes == 8 || (code.kind == Kind::real && code.bytes == 4);
  return wide && code.kind != Kind::unsigned_integer && code.big_endian == native_is_big_endian;
}

std::byte* bytes_to_fill(Tensor& x) {
  switch (x.dtype()) {
    case DType::float32:
      return reinterpret_cast<std::byte*>(x.mutable_data<float>().data());
    case DType::float64:
      return reinterpret_cast<std::byte*>(x.mutable_data<double>().data());
    case DType::int64:
      return reinterpret_cast<std::byte*>(x.mutable_data<std::int64_t>().data());
    case DType::boolean:
      break;
  }
  return reinterpret_cast<std::byte*>(x.mutable_data<bool>().data());
}

std::optional<TooLarge> widen(const std::byte* from, const ElementCode& code, Tensor& x, std::size_t at,
                              std::size_t n) {
  if (is_native(code)) {
    const auto bytes = static_cast<std::size_t>(code.bytes);
    if (n > 0) std::memcpy(bytes_to_fill(x) + at * bytes, from, n * bytes);
    return {};
  }
  const bool swaps = code.big_endian != native_is_big_endian;
  const auto part = [&]<class T>(std::type_identity<T>) { return x.mutable_data<T>().subspan(at, n); };
  const std::type_identity<float> f32;
  const std::type_identity<std::int64_t> i64;
  switch (code.kind) {
    case Kind::boolean:
      return widen_as<Flag>(from, swaps, part(std::type_identity<bool>()));
    case Kind::brain_real:
      return widen_as<Brain>(from, swaps, part(f32));
    case Kind::real:
      if (code.bytes == 2) return widen_as<Half>(from, swaps, part(f32));
      if (code.bytes == 4) return widen_as<float>(from, swaps, part(f32));
      return widen_as<double>(from, swaps, part(std::type_identity<double>()));
    case Kind::signed_integer:
      return widen_integers<std::int8_t, std::int16_t, std::int32_t, std::int64_t>(from, code.bytes, swaps,
                                                                                   part(i64));
    case Kind::unsigned_integer:
      break;
  }
  return widen_integers<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>(from, code.bytes, swaps,
                                                                                   part(i64));
}

}  // namespace xgrad::files
