#include "safetensors_header.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "safetensors_parser.hpp"
#include "tensor/errors.hpp"

namespace xgrad::files {

static_assert(std::endian::native == std::endian::little,
              "the numbers of a file are taken as they lie in it");

std::string in_quotes(std::string_view text) {
  constexpr std::size_t most = 80;
  std::string shown(text.substr(0, most));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < ' ') c = '?';
  return "'" + shown + (text.size() > most ? "...'" : "'");
}

namespace {

constexpr std::size_t length_bytes = 8;

bool begins_with(std::span<const std::byte> bytes, std::string_view start) {
  return bytes.size() >= start.size() && std::memcmp(bytes.data(), start.data(), start.size()) == 0;
}

void refuse_other_formats(const MappedFile& file) {
  const auto bytes = file.bytes();
  if (begins_with(bytes, "PK\3\4"))
    file.broken("this is a zip archive, as NumPy's .npz and PyTorch's .pt are");
  if (begins_with(bytes, "\x93NUMPY")) file.broken("this is an array of NumPy's (.npy)");
  if (begins_with(bytes, "\x89HDF")) file.broken("this is a file of HDF5");
  if (begins_with(bytes, "\x80\2") || begins_with(bytes, "\x80\4"))
    file.broken("this is a pickle of Python's");
  if (begins_with(bytes, "\x1f\x8b")) file.broken("this is compressed by gzip");
  if (begins_with(bytes, "GGUF")) file.broken("this is a file of GGUF");
}

/// The length of the header, which begins at byte 8.
std::size_t header_length(const MappedFile& file) {
  const auto bytes = file.bytes();
  if (bytes.empty()) file.broken("the file is empty");
  if (bytes.size() < length_bytes)
    file.broken("the file ends at byte " + std::to_string(bytes.size()) + ", before its first 8 bytes");
  std::uint64_t n = 0;
  std::memcpy(&n, bytes.data(), sizeof n);
  if (n > most_header_bytes || n > bytes.size() - length_bytes) refuse_other_formats(file);
  if (n > most_header_bytes)
    file.broken("the length of the header, bytes 0 to 7, must be at most 100000000: it is " +
                std::to_string(n));
  if (n > bytes.size() - length_bytes)
    file.broken("the file ends at byte " + std::to_string(bytes.size()) +
                ", before the end of its header at " + std::to_string(length_bytes + n));
  if (n == 0 || bytes[length_bytes] != std::byte{'{'})
    file.broken("the header must begin with '{' at byte 8");
  return static_cast<std::size_t>(n);
}

/// Bytes of a tensor of this shape. Throws where it cannot be one, before anything is multiplied that would
/// not fit.
std::uint64_t bytes_of(const MappedFile& file, const StoredTensor& t) {
  constexpr auto most = static_cast<std::uint64_t>(xgrad::detail::most_elements);
  std::uint64_t n = 1;
  bool is_empty = false;
  for (const std::int64_t size : t.shape) {
    const auto s = static_cast<std::uint64_t>(size);
    if (s > most || (s > 0 && n > most / s))
      file.broken("tensor " + in_quotes(t.name) + ": a tensor must have at most 2^45 elements");
    is_empty |= s == 0;
    if (s > 0) n *= s;
  }
  return is_empty ? 0 : n * static_cast<std::uint64_t>(t.code.bytes);
}

void check_places(const MappedFile& file, const SafetensorsHeader& header) {
  const std::uint64_t all = file.bytes().size() - header.size;
  std::uint64_t end = 0;
  for (const StoredTensor& t : header.tensors) {
    const std::string where = "tensor " + in_quotes(t.name) + ": its data_offsets [" +
                              std::to_string(t.begin) + ", " + std::to_string(t.end) + "] ";
    if (t.begin != end)
      file.broken(where + "must begin at " + std::to_string(end) + ", where the last one ends");
    if (t.end < t.begin || t.end > all)
      file.broken(where + "must lie in the " + std::to_string(all) + " bytes behind the header");
    if (const std::uint64_t need = bytes_of(file, t); t.end - t.begin != need)
      file.broken(where + "must hold " + std::to_string(need) + " bytes for its dtype and shape");
    end = t.end;
  }
  if (end != all)
    file.broken("the tensors end at byte " + std::to_string(header.size + end) + ", the file at byte " +
                std::to_string(header.size + all) + ": they must end together");
}

void check_names(const MappedFile& file, const SafetensorsHeader& header) {
  std::vector<std::string_view> names;
  names.reserve(header.tensors.size());
  for (const StoredTensor& t : header.tensors) names.push_back(t.name);
  std::ranges::sort(names);
  if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
    file.broken("tensor " + in_quotes(*twice) + ": a name must occur once");
}

}  // namespace

SafetensorsHeader read_header(const MappedFile& file) {
  SafetensorsHeader header;
  const std::size_t n = header_length(file);
  header.size = length_bytes + n;
  HeaderParser parser(header);
  const char* text = reinterpret_cast<const char*>(file.bytes().data()) + length_bytes;
  if (!nlohmann::json::sax_parse(text, text + n, &parser)) file.broken(parser.fault());
  std::ranges::stable_sort(header.tensors, {},
                           [](const StoredTensor& t) { return std::pair(t.begin, t.end); });
  check_names(file, header);
  check_places(file, header);
  return header;
}

}  // namespace xgrad::files
