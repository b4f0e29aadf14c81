#include "zip_directory.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "npy_text.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::files {
namespace {

constexpr std::uint64_t most_deflate_saves = 1032;  // no deflate stream is smaller by more than this factor
constexpr std::uint64_t most_members = 1u << 20;
// Bytes of the records, without texts of any length.
constexpr std::size_t end_bytes = 22, locator_bytes = 20, end64_bytes = 56, line_bytes = 46;
constexpr std::uint64_t most_line_bytes = line_bytes + 3 * 0xffff;
constexpr std::uint64_t in_zip64 = 0xffffffff;
constexpr const char* remedy = "; get the file again";

/// Where the directory lies.
struct DirectoryPlace {
  std::uint64_t members, at, bytes;
  std::uint64_t end;  // where the record that says so begins
};

[[noreturn]] void fail_directory(const RegularFile& file) {
  file.fail(std::string("the archive has no directory at its end, or a damaged one") + remedy);
}

std::string bytes_at(const RegularFile& file, std::uint64_t at, std::uint64_t n) {
  if (at > file.size() || n > file.size() - at) fail_directory(file);
  std::string bytes(static_cast<std::size_t>(n), '\0');
  if (file.read_at(at, bytes.data(), bytes.size()) != static_cast<std::ptrdiff_t>(n)) fail_directory(file);
  return bytes;
}

/// Where the record that ends the archive begins; nothing may follow it but its own comment.
std::uint64_t place_of_end(const RegularFile& file) {
  const std::uint64_t from = file.size() - std::min<std::uint64_t>(file.size(), end_bytes + 0xffff);
  const std::string tail = bytes_at(file, from, file.size() - from);
  for (std::size_t i = tail.size(); i-- > 0;) {
    const std::size_t behind = tail.size() - i;
    if (behind >= end_bytes && std::string_view(tail).substr(i, 4) == "PK\5\6" &&
        behind == end_bytes + zip_number(&tail[i + 20], 2))
      return from + i;
  }
  fail_directory(file);
}

DirectoryPlace place_of_directory(const RegularFile& file) {
  const std::uint64_t at = place_of_end(file);
  const std::string end = bytes_at(file, at, end_bytes);
  const DirectoryPlace plain{zip_number(&end[10], 2), zip_number(&end[16], 4), zip_number(&end[12], 4), at};
  if (at < locator_bytes) return plain;
  const std::string locator = bytes_at(file, at - locator_bytes, locator_bytes);
  if (!locator.starts_with("PK\6\7")) return plain;
  const std::uint64_t at64 = zip_number(&locator[8], 8);
  const std::string end64 = bytes_at(file, at64, end64_bytes);
  if (!end64.starts_with("PK\6\6")) fail_directory(file);
  return {zip_number(&end64[32], 8), zip_number(&end64[48], 8), zip_number(&end64[40], 8), at64};
}

/// Replaces the numbers that are too large for their places by those of the zip64 field, in their order.
bool take_zip64(std::string_view extra, std::uint64_t& size, std::uint64_t& packed, std::uint64_t& header) {
  while (extra.size() >= 4) {
    const std::uint64_t bytes = zip_number(&extra[2], 2);
    if (bytes > extra.size() - 4) break;
    std::string_view field = extra.substr(4, bytes);
    if (zip_number(&extra[0], 2) == 1)
      for (std::uint64_t* number : {&size, &packed, &header}) {
        if (*number != in_zip64) continue;
        if (field.size() < 8) return false;
        *number = zip_number(field.data(), 8);
        field.remove_prefix(8);
      }
    extra.remove_prefix(4 + bytes);
  }
  return true;
}

void check_entry(const RegularFile& file, const ZipEntry& entry, std::uint64_t flags, std::uint64_t method) {
  if (flags & 1) fail_member(file, "the member is encrypted; write it without a password", entry);
  if (method != 0 && method != 8)
    fail_member(file,
                "the member is packed by method " + std::to_string(method) +
                    ", and must be stored or deflated; write it in one of these ways",
                entry);
  if (entry.packed > file.size() ||
      (entry.deflated ? entry.size / most_deflate_saves > entry.packed : entry.size != entry.packed))
    fail_member(file,
                "the directory of the archive says that it has " + std::to_string(entry.size) +
                    " bytes, packed in " + std::to_string(entry.packed) + ", which cannot be" + remedy,
                entry);
}

/// The member number `i`, whose line the directory begins with; the line is taken off.
ZipEntry next_entry(const RegularFile& file, std::string_view& lines, std::uint64_t i) {
  const auto damaged = [&] {
    file.fail("the directory of the archive is damaged at member " + std::to_string(i) + remedy);
  };
  if (lines.size() < line_bytes || !lines.starts_with("PK\1\2")) damaged();
  const auto number = [&](std::size_t at, std::size_t bytes) { return zip_number(&lines[at], bytes); };
  const std::uint64_t name = number(28, 2), extra = number(30, 2), comment = number(32, 2);
  if (lines.size() - line_bytes < name + extra + comment) damaged();
  ZipEntry entry{.name = std::string(lines.substr(line_bytes, name)),
                 .size = number(24, 4),
                 .packed = number(20, 4),
                 .header = number(42, 4),
                 .checksum = static_cast<std::uint32_t>(number(16, 4)),
                 .deflated = number(10, 2) == 8};
  if (!take_zip64(lines.substr(line_bytes + name, extra), entry.size, entry.packed, entry.header)) damaged();
  entry.is_folder = entry.name.ends_with('/') && entry.size == 0;
  if (!is_utf8(entry.name) || entry.name.find('\0') != std::string::npos)
    file.fail("a member's name is no text in UTF-8; write the archive with names in UTF-8",
              "member " + std::to_string(i) + " of ");
  check_entry(file, entry, number(8, 2), number(10, 2));
  lines.remove_prefix(line_bytes + name + extra + comment);
  return entry;
}

}  // namespace

std::uint64_t zip_number(const char* at, std::size_t bytes) {
  std::uint64_t n = 0;
  while (bytes-- > 0) n = n << 8 | static_cast<unsigned char>(at[bytes]);
  return n;
}

// What the directory says of sizes is held against the size of the file, so that no more can be asked of
// memory than a file of this size may hold; members that share bytes could ask for that many times.
std::vector<ZipEntry> read_zip_directory(const RegularFile& file) {
  const DirectoryPlace place = place_of_directory(file);
  if (place.bytes > place.end || place.at != place.end - place.bytes) fail_directory(file);
  if (place.members > place.bytes / line_bytes || place.members > most_members)
    file.fail("the directory of the archive says that it has " + std::to_string(place.members) +
              " members, more than there is room for" + remedy);
  if (place.bytes > place.members * most_line_bytes) fail_directory(file);
  const std::string directory = bytes_at(file, place.at, place.bytes);
  std::string_view lines = directory;
  std::uint64_t packed_in_all = 0;
  std::vector<ZipEntry> entries;
  for (std::uint64_t i = 0; i < place.members; ++i) {
    entries.push_back(next_entry(file, lines, i));
    packed_in_all += entries.back().packed;
    if (packed_in_all > place.at)
      fail_member(file, std::string("the members need more bytes than the file has") + remedy,
                  entries.back());
  }
  if (!lines.empty()) fail_directory(file);
  return entries;
}

std::string member_message(const RegularFile& file, const std::string& what, const ZipEntry& entry) {
  return file.message(what, "the member '" + shown(entry.name) + "' of ");
}

void fail_member(const RegularFile& file, const std::string& what, const ZipEntry& entry) {
  throw Error(member_message(file, what, entry));
}

}  // namespace xgrad::files
