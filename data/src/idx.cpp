#include "xgrad/data/idx.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>

#include "input.hpp"
#include "xgrad/core/creation.hpp"

namespace xgrad::data {

namespace {

using Byte = unsigned char;

// The unsigned number of n bytes, most significant first.
template <class U>
U big_endian(const Byte* p) {
  U u = 0;
  for (std::size_t i = 0; i < sizeof(U); ++i) u = static_cast<U>(u << 8 | p[i]);
  return u;
}

// An element type of the format: how it looks in the file, and what it is.
template <class B, class V>
struct Stored {
  using Bits = B;
  using Value = V;
};

// Calls f with the Stored type of a type code; false when there is none.
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

std::string hex(std::span<const Byte> bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string s;
  for (Byte b : bytes) (s += s.empty() ? "" : " ") += {digits[b >> 4], digits[b & 15]};
  return s;
}

[[noreturn]] void fail_size(const Input& in, const Shape& shape, std::size_t item, const std::string& found) {
  in.fail("the size is wrong, the header says " + shape.str() + " elements of " + std::to_string(item) +
          " bytes and " + found + "; get the file again");
}

// The sizes that follow the magic number, checked against the length of the file before anything is
// allocated.
Shape read_sizes(Input& in, int rank, std::size_t item) {
  Shape shape = Shape::filled(rank, 0);
  const std::uint64_t header = 4 + 4 * static_cast<std::uint64_t>(rank);
  auto bytes = static_cast<std::int64_t>(item);
  bool too_many = false;
  for (std::int64_t& size : shape) {
    std::array<Byte, 4> word;
    if (in.read(word.data(), 4) != 4)
      in.fail("the file ends in its header, where " + std::to_string(rank) +
              " sizes of 4 bytes are expected");
    size = big_endian<std::uint32_t>(word.data());
    too_many |= __builtin_mul_overflow(bytes, std::max<std::int64_t>(size, 1), &bytes);
  }
  const bool none = std::find(shape.begin(), shape.end(), 0) != shape.end();
  const auto most = in.most_bytes();
  if (too_many || (!none && most && static_cast<std::uint64_t>(bytes) > *most - std::min(*most, header)))
    fail_size(in, shape, item, "the file is too short");
  return shape;
}

// Fills x from the file, a part at a time, so that no second copy of the data ever exists.
template <class S, Element T>
void read_elements(Input& in, const Shape& shape, std::span<T> x) {
  using Bits = typename S::Bits;
  constexpr std::size_t part = 1u << 14;
  const auto buffer = std::make_unique<Byte[]>(part * sizeof(Bits));
  for (std::size_t done = 0; done < x.size();) {
    const std::size_t n = std::min(part, x.size() - done);
    const std::size_t got = in.read(buffer.get(), n * sizeof(Bits));
    if (got != n * sizeof(Bits))
      fail_size(in, shape, sizeof(Bits),
                "the file ends after " + std::to_string(done * sizeof(Bits) + got) + " bytes");
    for (std::size_t i = 0; i < n; ++i) {
      const auto bits = big_endian<Bits>(buffer.get() + i * sizeof(Bits));
      // NOLINTNEXTLINE(bugprone-signed-char-misuse): bytes are numbers here
      x[done + i] = static_cast<T>(std::bit_cast<typename S::Value>(bits));
    }
    done += n;
  }
}

}  // namespace

Tensor read_idx(const std::string& path, std::optional<DType> dtype) {
  Input in("read_idx", path);
  std::array<Byte, 4> magic;
  const std::size_t got = in.read(magic.data(), magic.size());
  if (got == 0) in.fail("the file is empty");
  if (got < magic.size()) in.fail("the file ends in its magic number of 4 bytes; get it again");

  Tensor x;
  const int rank = magic[3];
  const bool known =
      magic[0] == 0 && magic[1] == 0 && with_stored_type(magic[2], [&]<class S>(S) {
        using Value = typename S::Value;
        const DType natural = std::is_integral_v<Value>      ? int64
                              : std::is_same_v<Value, float> ? float32
                                                             : float64;
        const DType as = dtype.value_or(natural);
        if (as == boolean || (as == int64 && natural != int64))
          in.fail(std::string("elements stored as ") + (natural == int64 ? "integers" : name_of(natural)) +
                  " cannot become " + name_of(as) + "; ask for " + name_of(natural));
        if (rank > Shape::max_rank)
          in.fail("a tensor must have " + std::to_string(Shape::max_rank) + " axes at most, and there are " +
                  std::to_string(rank));
        const Shape shape = read_sizes(in, rank, sizeof(Value));
        try {
          x = empty(shape, {.dtype = as});
        } catch (const Error& e) {  // too many elements, or no memory for them
          const std::string what = e.what();
          in.fail(what.substr(what.find(": ") + 2));
        }
        if (as == float32) read_elements<S>(in, shape, x.mutable_data<float>());
        if (as == float64) read_elements<S>(in, shape, x.mutable_data<double>());
        if (as == int64) read_elements<S>(in, shape, x.mutable_data<std::int64_t>());
        Byte more;
        if (in.read(&more, 1) != 0) fail_size(in, shape, sizeof(Value), "more bytes follow them");
      });
  if (!known)
    in.fail("not an IDX file, it starts with " + hex(magic) +
            " where 00 00, one of 08 09 0b 0c 0d 0e and the number of axes are expected");
  return x;
}

}  // namespace xgrad::data
