#include "safetensors_data.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "xgrad/core/creation.hpp"

namespace xgrad::files {

namespace {

using Kind = ElementCode::Kind;

[[noreturn]] void refuse(const MappedFile& file, const StoredTensor& t, const char* rule,
                         const std::string& element) {
  file.broken("tensor " + in_quotes(t.name) + ": " + rule + ": element " + element);
}

void check_booleans(const MappedFile& file, const std::byte* data, const StoredTensor& t) {
  const std::byte* end = data + (t.end - t.begin);
  const std::byte* odd = std::find_if(data, end, [](std::byte b) { return b > std::byte{1}; });
  if (odd != end)
    refuse(file, t, "a boolean must be 0 or 1",
           std::to_string(odd - data) + " is " + std::to_string(static_cast<int>(*odd)));
}

Tensor widened(const MappedFile& file, const std::byte* data, const StoredTensor& t) {
  Tensor y = empty(t.shape, {.dtype = t.code.dtype()});
  if (const auto large = widen(data, t.code, y, 0, static_cast<std::size_t>(y.numel())))
    refuse(file, t, "an unsigned integer must be below 2^63",
           std::to_string(large->place) + " is " + std::to_string(large->value));
  return y;
}

/// The pages of the file, which are the tensor's own once they are written to.
Tensor shared(const std::shared_ptr<const MappedFile>& file, std::byte* data, const StoredTensor& t) {
  if (t.shape.numel() == 0) return empty(t.shape, {.dtype = t.code.dtype()});
  if (reinterpret_cast<std::uintptr_t>(data) % static_cast<std::size_t>(t.code.bytes) != 0)
    return widened(*file, data, t);
  return from_memory(data, t.shape, t.code.dtype(), [file](void*) {});
}

/// Those that an int64 holds have the same bits there.
Tensor large_unsigned_integers(const std::shared_ptr<const MappedFile>& file, std::byte* data,
                               const StoredTensor& t) {
  Tensor y = shared(file, data, t);
  const auto values = y.data<std::int64_t>();
  const auto large = std::ranges::find_if(values, [](std::int64_t v) { return v < 0; });
  if (large != values.end())
    refuse(
        *file, t, "an unsigned integer must be below 2^63",
        std::to_string(large - values.begin()) + " is " + std::to_string(static_cast<std::uint64_t>(*large)));
  return y;
}

}  // namespace

StoredFile::StoredFile(const char* op, const std::string& path)
    : file(std::make_shared<const MappedFile>(op, path)), header(read_header(*file)) {}

Tensor StoredFile::tensor(const StoredTensor& t) const {
  std::byte* data = file->bytes().data() + header.size + t.begin;
  if (t.code.kind == Kind::boolean) {
    check_booleans(*file, data, t);
    return shared(file, data, t);
  }
  if (t.code.kind == Kind::unsigned_integer && t.code.bytes == 8)
    return large_unsigned_integers(file, data, t);
  return is_native(t.code) ? shared(file, data, t) : widened(*file, data, t);
}

}  // namespace xgrad::files
