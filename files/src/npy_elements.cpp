#include "npy_elements.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::files {
namespace {

constexpr std::size_t elements_of_a_part = 1u << 14;

void read_bytes(ByteSource& source, const Shape& shape, std::byte* to, std::size_t n, std::size_t before) {
  const std::size_t got = source.read(to, n);
  if (got != n)
    source.fail("the data end after " + std::to_string(before + got) + " bytes, before an array of shape " +
                shape.str() + " is complete; get the file again");
}

/// Part by part, since what lies in the file has another size.
void read_widened(ByteSource& source, const Shape& shape, const ElementCode& code, Tensor& x) {
  const auto all = static_cast<std::size_t>(x.numel()), bytes = static_cast<std::size_t>(code.bytes);
  const auto part = std::make_unique<std::byte[]>(std::min(elements_of_a_part, all) * bytes);
  for (std::size_t done = 0, n = 0; done < all; done += n) {
    n = std::min(elements_of_a_part, all - done);
    read_bytes(source, shape, part.get(), n * bytes, done * bytes);
    if (const auto large = widen(part.get(), code, x, done, n))
      source.fail("element " + std::to_string(done + large->place) + " is " + std::to_string(large->value) +
                  ", and an int64 holds at most 2^63 - 1; save the array as float64 or int64");
  }
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
  if (is_native(code))
    read_bytes(source, shape, bytes_to_fill(x),
               static_cast<std::size_t>(x.numel()) * static_cast<std::size_t>(code.bytes), 0);
  else
    read_widened(source, shape, code, x);
  return x;
}

}  // namespace xgrad::files
