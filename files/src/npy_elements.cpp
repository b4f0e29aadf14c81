#include "npy_elements.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::files {
namespace {

using Kind = ElementCode::Kind;

constexpr std::size_t elements_of_a_part = 1u << 14;
constexpr bool native_is_big_endian = std::endian::native == std::endian::big;

template <class U>
U swapped(U u) {
  U turned = 0;
  for (std::size_t i = 0; i < sizeof(U); ++i) turned = static_cast<U>(turned << 8 | (u >> 8 * i & 0xff));
  return turned;
}

/// IEEE binary16: sign, 5 bits of exponent, 10 of fraction.
struct Half {
  std::uint16_t bits;
  explicit operator float() const {
    const int exponent = bits >> 10 & 31;
    const auto fraction = static_cast<float>(bits & 1023);
    const float size = exponent == 0    ? std::ldexp(fraction, -24)
                       : exponent != 31 ? std::ldexp(1024 + fraction, exponent - 25)
                       : fraction == 0  ? std::numeric_limits<float>::infinity()
                                        : std::numeric_limits<float>::quiet_NaN();
    return bits >> 15 ? -size : size;
  }
};

/// The upper half of a binary32.
struct Brain {
  std::uint16_t bits;
  explicit operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

struct Flag {
  std::uint8_t byte;
  explicit operator bool() const { return byte != 0; }
};

template <int Bytes>
using Bits =
    std::conditional_t<Bytes == 1, std::uint8_t,
                       std::conditional_t<Bytes == 2, std::uint16_t,
                                          std::conditional_t<Bytes == 4, std::uint32_t, std::uint64_t>>>;

[[noreturn]] void fail_short(const ByteSource& source, const Shape& shape, std::uint64_t got) {
  source.fail("the data end after " + std::to_string(got) + " bytes, before an array of shape " +
              shape.str() + " is complete; get the file again");
}

/// Fills x from the source. Stored is how an element is read, T what it becomes.
template <class Stored, class T>
void read_as(ByteSource& source, const Shape& shape, bool big_endian, std::span<T> x) {
  using Raw = Bits<sizeof(Stored)>;
  if constexpr (std::is_same_v<Stored, T>) {
    if (big_endian == native_is_big_endian) {
      const std::size_t got = source.read(x.data(), x.size_bytes());
      if (got != x.size_bytes()) fail_short(source, shape, got);
      return;
    }
  }
  const auto part = std::make_unique<Raw[]>(std::min(elements_of_a_part, x.size()));
  for (std::size_t done = 0; done < x.size();) {
    const std::size_t n = std::min(elements_of_a_part, x.size() - done);
    const std::size_t got = source.read(part.get(), n * sizeof(Raw));
    if (got != n * sizeof(Raw)) fail_short(source, shape, done * sizeof(Raw) + got);
    for (std::size_t i = 0; i < n; ++i) {
      const Raw raw = big_endian == native_is_big_endian ? part[i] : swapped(part[i]);
      if constexpr (std::is_same_v<Stored, std::uint64_t>)
        if (raw > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
          source.fail("element " + std::to_string(done + i) + " is " + std::to_string(raw) +
                      ", and an int64 holds at most 2^63 - 1; save the array as float64 or int64");
      x[done + i] = static_cast<T>(std::bit_cast<Stored>(raw));
    }
    done += n;
  }
}

/// Integers, of which A to D are the types of 1, 2, 4 and 8 bytes.
template <class A, class B, class C, class D>
void read_integers(ByteSource& source, const Shape& shape, const ElementCode& code,
                   std::span<std::int64_t> x) {
  if (code.bytes == 1) read_as<A>(source, shape, code.big_endian, x);
  if (code.bytes == 2) read_as<B>(source, shape, code.big_endian, x);
  if (code.bytes == 4) read_as<C>(source, shape, code.big_endian, x);
  if (code.bytes == 8) read_as<D>(source, shape, code.big_endian, x);
}

}  // namespace

std::uint64_t byte_count(const ByteSource& source, const Shape& shape, const ElementCode& code) {
  std::uint64_t n = static_cast<std::uint64_t>(code.bytes);
  bool wraps = false, none = false;
  for (std::int64_t size : shape) {
    if (size < 0) source.fail("sizes must not be negative, and the shape is " + shape.str());
    none |= size == 0;
    wraps |= __builtin_mul_overflow(n, static_cast<std::uint64_t>(std::max<std::int64_t>(size, 1)), &n);
  }
  if (wraps) source.fail("no memory can hold so much, the shape is " + shape.str() + "; get the file again");
  return none ? 0 : n;
}

Tensor read_elements(ByteSource& source, const Shape& shape, const ElementCode& code) {
  Tensor x;
  try {
    x = empty(shape, {.dtype = code.dtype()});
  } catch (const Error& e) {  // too many elements, or no memory for them
    const std::string what = e.what();
    source.fail(what.substr(what.find(": ") + 2));
  }
  const bool big = code.big_endian;
  if (code.kind == Kind::boolean) {
    read_as<Flag>(source, shape, big, x.mutable_data<bool>());
  } else if (code.kind == Kind::brain_real) {
    read_as<Brain>(source, shape, big, x.mutable_data<float>());
  } else if (code.kind == Kind::real) {
    if (code.bytes == 2) read_as<Half>(source, shape, big, x.mutable_data<float>());
    if (code.bytes == 4) read_as<float>(source, shape, big, x.mutable_data<float>());
    if (code.bytes == 8) read_as<double>(source, shape, big, x.mutable_data<double>());
  } else if (code.kind == Kind::signed_integer) {
    read_integers<std::int8_t, std::int16_t, std::int32_t, std::int64_t>(source, shape, code,
                                                                         x.mutable_data<std::int64_t>());
  } else {
    read_integers<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>(source, shape, code,
                                                                             x.mutable_data<std::int64_t>());
  }
  return x;
}

}  // namespace xgrad::files
