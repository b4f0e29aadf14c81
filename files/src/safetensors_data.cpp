#include "safetensors_data.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "xgrad/core/creation.hpp"

namespace xgrad::files {

namespace {

/// What the bits of a half (IEEE 754 binary16) stand for, a nan's payload included.
float float_of_half(std::uint16_t half) {
  constexpr std::uint32_t exponent = 0x7c00, fraction = 0x03ff;
  const std::uint32_t bits = half, sign = (bits & 0x8000U) << 16U;
  if ((bits & exponent) == 0) {  // fraction 2^-24, which is normal in a float
    const float size = static_cast<float>(bits & fraction) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(size) | sign);
  }
  const std::uint32_t bias = (bits & exponent) == exponent ? 255 - 31 : 127 - 15;
  return std::bit_cast<float>(sign | (((bits & (exponent | fraction)) << 13U) + (bias << 23U)));
}

/// The upper half of a float's bits.
float float_of_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16U); }

template <class Stored, class T, class F>
Tensor converted(const std::byte* from, const Shape& shape, F convert) {
  Tensor y = empty(shape, {.dtype = dtype_of<T>});
  for (T& to : y.mutable_data<T>()) {
    Stored value;
    std::memcpy(&value, from, sizeof value);
    from += sizeof value;
    to = convert(value);
  }
  return y;
}

template <class Stored>
Tensor widened(const std::byte* from, const Shape& shape) {
  return converted<Stored, std::int64_t>(from, shape, [](Stored v) { return std::int64_t{v}; });
}

template <class T>
Tensor shared(const std::shared_ptr<const MappedFile>& file, std::byte* data, const Shape& shape) {
  if (shape.numel() == 0) return empty(shape, {.dtype = dtype_of<T>});
  if (reinterpret_cast<std::uintptr_t>(data) % sizeof(T) == 0)
    return from_memory(data, shape, dtype_of<T>, [file](void*) {});
  Tensor y = empty(shape, {.dtype = dtype_of<T>});
  std::memcpy(y.mutable_data<T>().data(), data, static_cast<std::size_t>(shape.numel()) * sizeof(T));
  return y;
}

Tensor booleans(const std::shared_ptr<const MappedFile>& file, std::byte* data, const StoredTensor& t) {
  const std::byte *begin = data, *end = data + (t.end - t.begin);
  const std::byte* odd = std::find_if(begin, end, [](std::byte b) { return b > std::byte{1}; });
  if (odd != end)
    file->broken("tensor " + in_quotes(t.name) + ": a boolean must be 0 or 1: element " +
                 std::to_string(odd - begin) + " is " + std::to_string(static_cast<int>(*odd)));
  return shared<bool>(file, data, t.shape);
}

Tensor unsigned_integers(const std::shared_ptr<const MappedFile>& file, std::byte* data,
                         const StoredTensor& t) {
  Tensor y = shared<std::int64_t>(file, data, t.shape);
  const auto values = y.data<std::int64_t>();
  const auto large = std::ranges::find_if(values, [](std::int64_t v) { return v < 0; });
  if (large != values.end())
    file->broken("tensor " + in_quotes(t.name) + ": an unsigned integer must be below 2^63: element " +
                 std::to_string(large - values.begin()) + " is " +
                 std::to_string(static_cast<std::uint64_t>(*large)));
  return y;
}

}  // namespace

StoredFile::StoredFile(const char* op, const std::string& path)
    : file(std::make_shared<const MappedFile>(op, path)), header(read_header(*file)) {}

Tensor StoredFile::tensor(const StoredTensor& t) const {
  std::byte* data = file->bytes().data() + header.size + t.begin;
  switch (t.type) {
    case StoredType::BOOL:
      return booleans(file, data, t);
    case StoredType::U8:
      return widened<std::uint8_t>(data, t.shape);
    case StoredType::I8:
      return widened<std::int8_t>(data, t.shape);
    case StoredType::I16:
      return widened<std::int16_t>(data, t.shape);
    case StoredType::U16:
      return widened<std::uint16_t>(data, t.shape);
    case StoredType::F16:
      return converted<std::uint16_t, float>(data, t.shape, float_of_half);
    case StoredType::BF16:
      return converted<std::uint16_t, float>(data, t.shape, float_of_bfloat16);
    case StoredType::I32:
      return widened<std::int32_t>(data, t.shape);
    case StoredType::U32:
      return widened<std::uint32_t>(data, t.shape);
    case StoredType::F32:
      return shared<float>(file, data, t.shape);
    case StoredType::F64:
      return shared<double>(file, data, t.shape);
    case StoredType::I64:
      return shared<std::int64_t>(file, data, t.shape);
    case StoredType::U64:
      break;
  }
  return unsigned_integers(file, data, t);
}

}  // namespace xgrad::files
