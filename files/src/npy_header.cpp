#include "npy_header.hpp"

#include <array>
#include <bit>
#include <string_view>

#include "npy_literal.hpp"
#include "npy_text.hpp"

namespace xgrad::files {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t most_header_bytes = 10000;  // NumPy's own limit
constexpr std::size_t alignment = 64;
constexpr std::size_t digits_of_a_growing_size = 21;

/// The length of the header's text, after the magic number and the version.
struct NpyStart {
  int major;          // version
  std::size_t bytes;  // of itself
  std::size_t length;
};

NpyStart read_start(ByteSource& source) {
  std::array<unsigned char, 8> start;
  const std::size_t got = source.read(start.data(), start.size());
  if (got == 0) source.fail("the file is empty");
  const std::string_view found(reinterpret_cast<const char*>(start.data()), got);
  if (found.substr(0, magic.size()) != magic.substr(0, got))
    source.fail("this is no array in NumPy's format: it must begin with \\x93NUMPY; save it by np.save");
  if (got < start.size()) source.fail("the file ends in the first 8 bytes of its header; get it again");
  const int major = start[6], minor = start[7];
  if (major < 1 || major > 3 || minor != 0)
    source.fail("the version of the format is " + std::to_string(major) + "." + std::to_string(minor) +
                " and must be 1.0, 2.0 or 3.0; save the array by another version of NumPy");
  std::array<unsigned char, 4> length = {};
  const std::size_t bytes = major == 1 ? 2 : 4;
  if (source.read(length.data(), bytes) != bytes)
    source.fail("the file ends in the length of its header; get it again");
  const std::size_t n = length[0] | static_cast<std::size_t>(length[1]) << 8 |
                        static_cast<std::size_t>(length[2]) << 16 | static_cast<std::size_t>(length[3]) << 24;
  return {major, start.size() + bytes, n};
}

std::string read_text(ByteSource& source, std::size_t length) {
  if (length > most_header_bytes)
    source.fail("the header must have 10,000 bytes at most, and it has " + std::to_string(length) +
                "; get the file again");
  std::string text(length, '\0');
  if (const std::size_t got = source.read(text.data(), length); got != length)
    source.fail("the file ends after " + std::to_string(got) + " of the " + std::to_string(length) +
                " bytes of its header; get it again");
  return text;
}

const char* name_of_kind(char kind) {
  switch (kind) {
    case 'c':
      return "complex numbers";
    case 'O':
      return "Python objects, which are pickled";
    case 'S':
    case 'a':
    case 'U':
      return "texts";
    case 'M':
    case 'm':
      return "dates or spans of time";
    case 'V':
      return "raw bytes";
    default:
      return "a type that xgrad has no room for";
  }
}

ElementCode element_code(const std::string& descr, const ByteSource& source) {
  using Kind = ElementCode::Kind;
  std::string_view rest = descr;
  const char order = !rest.empty() && std::string_view("<>=|").find(rest[0]) != rest.npos ? rest[0] : '=';
  if (!rest.empty() && rest[0] == order) rest.remove_prefix(1);
  const bool native_is_big = std::endian::native == std::endian::big;
  ElementCode code{.big_endian = order == '>' || (order != '<' && native_is_big)};
  const auto is_one_of = [&](std::string_view kind, std::string_view sizes) {
    if (rest.size() != 2 || rest[0] != kind[0] || sizes.find(rest[1]) == sizes.npos) return false;
    code.bytes = rest[1] - '0';
    return true;
  };
  if (rest == "?" || is_one_of("b", "1")) return code.kind = Kind::boolean, code.bytes = 1, code;
  if (is_one_of("i", "1248")) return code.kind = Kind::signed_integer, code;
  if (is_one_of("u", "1248")) return code.kind = Kind::unsigned_integer, code;
  if (is_one_of("f", "248")) return code.kind = Kind::real, code;
  source.fail("the elements are " + std::string(name_of_kind(rest.empty() ? ' ' : rest[0])) +
              ", the dtype is '" + shown(descr) +
              "'; save numbers of 1 to 8 bytes, as by x.astype('float64')");
}

}  // namespace

NpyHeader read_npy_header(ByteSource& source) {
  const NpyStart start = read_start(source);
  const std::string text = read_text(source, start.length);
  const NpyLiteral literal = parse_npy_literal(text, start.major < 3, source);
  if (literal.shape.size() > static_cast<std::size_t>(Shape::max_rank))
    source.fail("a tensor must have " + std::to_string(Shape::max_rank) + " axes at most, and there are " +
                std::to_string(literal.shape.size()));
  return {element_code(literal.descr, source), literal.fortran_order, Shape(literal.shape),
          start.bytes + start.length};
}

std::string npy_header(DType dtype, const Shape& shape) {
  std::string text = "{'descr': '";
  if (dtype == boolean)
    text += "|b1";
  else
    text += std::string(std::endian::native == std::endian::big ? ">" : "<") +
            (is_floating(dtype) ? "f" : "i") + std::to_string(size_of(dtype));
  text += "', 'fortran_order': False, 'shape': (";
  for (int i = 0; i < shape.rank(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  text += shape.rank() == 1 ? ",), }" : "), }";
  if (shape.rank() > 0) text.append(digits_of_a_growing_size - std::to_string(shape[0]).size(), ' ');
  const std::size_t before = magic.size() + 4;
  text.append(alignment - (before + text.size() + 1) % alignment, ' ');
  text += '\n';
  std::string header(magic);
  header += {'\1', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace xgrad::files
