#include "idx_format.hpp"

#include <algorithm>
#include <array>

namespace xgrad::data {

namespace {

std::string hex(std::span<const Byte> bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string s;
  for (Byte b : bytes) (s += s.empty() ? "" : " ") += {digits[b >> 4], digits[b & 15]};
  return s;
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
    fail_idx_size(in, shape, item, "the file is too short");
  return shape;
}

}  // namespace

void fail_idx_size(const Input& in, const Shape& shape, std::size_t item, const std::string& found) {
  in.fail("the size is wrong, the header says " + shape.str() + " elements of " + std::to_string(item) +
          " bytes and " + found + "; get the file again");
}

IdxHeader read_idx_header(Input& in, std::optional<DType> dtype) {
  std::array<Byte, 4> magic;
  const std::size_t got = in.read(magic.data(), magic.size());
  if (got == 0) in.fail("the file is empty");
  if (got < magic.size()) in.fail("the file ends in its magic number of 4 bytes; get it again");

  IdxHeader header;
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
        header = {magic[2], as, sizeof(Value), read_sizes(in, rank, sizeof(Value))};
      });
  if (!known)
    in.fail("not an IDX file, it starts with " + hex(magic) +
            " where 00 00, one of 08 09 0b 0c 0d 0e and the number of axes are expected");
  return header;
}

}  // namespace xgrad::data
