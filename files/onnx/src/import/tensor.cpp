#include "import/tensor.hpp"

#include <bit>
#include <cstring>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::onnx::detail {

namespace {

using Proto = ::onnx::TensorProto;

std::string name_of_type(int type) {
  return Proto::DataType_IsValid(type) ? Proto::DataType_Name(static_cast<Proto::DataType>(type))
                                       : "number " + std::to_string(type);
}

/// The sizes, in checked arithmetic.
Shape sizes_of(const Proto& proto) {
  constexpr std::int64_t most = std::int64_t{1} << 40;
  if (proto.dims_size() > Shape::max_rank)
    throw Error("a tensor must have at most " + std::to_string(Shape::max_rank) + " axes: it has " +
                std::to_string(proto.dims_size()));
  std::int64_t n = 1;
  for (std::int64_t size : proto.dims()) {
    if (size < 0 || size > most)
      throw Error("a size must lie between 0 and 2^40: it is " + std::to_string(size) +
                  "; get the file again");
    if (__builtin_mul_overflow(n, std::max<std::int64_t>(size, 1), &n) || n > most)
      throw Error("the sizes are too large together, they must be below 2^40; get the file again");
  }
  return Shape(std::vector<std::int64_t>(proto.dims().begin(), proto.dims().end()));
}

[[noreturn]] void wrong_count(std::int64_t wanted, std::size_t found, const char* what) {
  throw Error("there must be " + std::to_string(wanted) + " " + what + " for its sizes, and there are " +
              std::to_string(found) + "; get the file again");
}

/// Elements of type From, as they lie in raw bytes, as To.
template <class From, class To, class F>
void take_raw(const std::string& bytes, std::span<To> to, F convert) {
  if (bytes.size() != to.size() * sizeof(From))
    wrong_count(static_cast<std::int64_t>(to.size() * sizeof(From)), bytes.size(), "bytes");
  for (std::size_t i = 0; i < to.size(); ++i) {
    From v;
    std::memcpy(&v, bytes.data() + i * sizeof(From), sizeof v);
    to[i] = convert(v);
  }
}
template <class To, class List, class F>
void take_list(const List& from, std::span<To> to, F convert) {
  if (static_cast<std::size_t>(from.size()) != to.size())
    wrong_count(static_cast<std::int64_t>(to.size()), static_cast<std::size_t>(from.size()), "elements");
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = convert(from[static_cast<int>(i)]);
}

float from_half(std::uint16_t h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000) << 16, exponent = h >> 10 & 31,
                      fraction = h & 1023;
  if (exponent == 0) {
    const float small = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -small : small;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}
float from_bfloat(std::uint16_t b) { return std::bit_cast<float>(static_cast<std::uint32_t>(b) << 16); }

/// Integers of a narrower type; what protobuf holds in int32_data.
template <class From>
Tensor integers(const Proto& p, const Shape& shape) {
  Tensor t = empty(shape, {.dtype = int64});
  const std::span<std::int64_t> to = t.mutable_data<std::int64_t>();
  const auto convert = [](auto v) {
    if (!std::in_range<std::int64_t>(static_cast<From>(v)))
      throw Error("an unsigned integer must be below 2^63; export it as int64");
    return static_cast<std::int64_t>(static_cast<From>(v));
  };
  if (p.has_raw_data())
    take_raw<From>(p.raw_data(), to, convert);
  else if (sizeof(From) == 8 && std::is_signed_v<From>)
    take_list(p.int64_data(), to, convert);
  else if (sizeof(From) == 8 || (sizeof(From) == 4 && !std::is_signed_v<From>))
    take_list(p.uint64_data(), to, convert);
  else
    take_list(p.int32_data(), to, convert);
  return t;
}

template <float (*convert)(std::uint16_t)>
Tensor halves(const Proto& p, const Shape& shape) {
  Tensor t = empty(shape, {.dtype = float32});
  const std::span<float> to = t.mutable_data<float>();
  if (p.has_raw_data())
    take_raw<std::uint16_t>(p.raw_data(), to, convert);
  else
    take_list(p.int32_data(), to, [](std::int32_t v) { return convert(static_cast<std::uint16_t>(v)); });
  return t;
}

template <class T, class List>
Tensor floats(const Proto& p, const Shape& shape, const List& list) {
  // Before there is room for them: sizes are believed only where their elements are.
  const std::size_t there =
      p.has_raw_data() ? p.raw_data().size() / sizeof(T) : static_cast<std::size_t>(list.size());
  if (static_cast<std::int64_t>(there) != shape.numel()) wrong_count(shape.numel(), there, "elements");
  Tensor t = empty(shape, {.dtype = dtype_of<T>});
  const std::span<T> to = t.mutable_data<T>();
  if (p.has_raw_data())
    take_raw<T>(p.raw_data(), to, [](T v) { return v; });
  else
    take_list(list, to, [](T v) { return v; });
  return t;
}

Tensor truths(const Proto& p, const Shape& shape) {
  Tensor t = empty(shape, {.dtype = boolean});
  const std::span<bool> to = t.mutable_data<bool>();
  const auto convert = [](auto v) { return v != 0; };
  if (p.has_raw_data())
    take_raw<std::uint8_t>(p.raw_data(), to, convert);
  else
    take_list(p.int32_data(), to, convert);
  return t;
}

/// How many elements there are at most, so that no room is made for more.
std::uint64_t elements_there(const Proto& p) {
  if (p.has_raw_data()) return p.raw_data().size();
  return static_cast<std::uint64_t>(p.int32_data_size()) + static_cast<std::uint64_t>(p.int64_data_size()) +
         static_cast<std::uint64_t>(p.uint64_data_size()) + static_cast<std::uint64_t>(p.float_data_size()) +
         static_cast<std::uint64_t>(p.double_data_size());
}

}  // namespace

Tensor tensor_of(const Proto& p) {
  if (p.data_location() == Proto::EXTERNAL || p.external_data_size() > 0) {
    std::string path;
    for (const auto& entry : p.external_data())
      if (entry.key() == "location") path = entry.value();
    throw Error("its elements lie in another file, '" + path +
                "', which is not opened; save the model as one file");
  }
  if (p.has_segment())
    throw Error("it is a part of a tensor, which is not supported; save the model with whole tensors");
  const Shape shape = sizes_of(p);
  if (static_cast<std::uint64_t>(shape.numel()) > elements_there(p))
    wrong_count(shape.numel(), elements_there(p), "elements");
  switch (p.data_type()) {
    case Proto::FLOAT:
      return floats<float>(p, shape, p.float_data());
    case Proto::DOUBLE:
      return floats<double>(p, shape, p.double_data());
    case Proto::INT64:
      return integers<std::int64_t>(p, shape);
    case Proto::INT32:
      return integers<std::int32_t>(p, shape);
    case Proto::INT16:
      return integers<std::int16_t>(p, shape);
    case Proto::INT8:
      return integers<std::int8_t>(p, shape);
    case Proto::UINT8:
      return integers<std::uint8_t>(p, shape);
    case Proto::UINT16:
      return integers<std::uint16_t>(p, shape);
    case Proto::UINT32:
      return integers<std::uint32_t>(p, shape);
    case Proto::UINT64:
      return integers<std::uint64_t>(p, shape);
    case Proto::FLOAT16:
      return halves<from_half>(p, shape);
    case Proto::BFLOAT16:
      return halves<from_bfloat>(p, shape);
    case Proto::BOOL:
      return truths(p, shape);
    default:
      throw Error("its element type is " + name_of_type(p.data_type()) +
                  ", and must be one of floats, integers and bool; export the model so");
  }
}

DType dtype_of_element(int type) {
  switch (type) {
    case Proto::FLOAT:
      return float32;
    case Proto::DOUBLE:
      return float64;
    case Proto::INT64:
    case Proto::INT32:
      return int64;
    case Proto::BOOL:
      return boolean;
    default:
      throw Error("its element type is " + name_of_type(type) +
                  ", and must be float, double, int32, int64 or bool; export the model so");
  }
}

}  // namespace xgrad::onnx::detail
