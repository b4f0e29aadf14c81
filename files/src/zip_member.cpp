#include "zip_member.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace xgrad::files {
namespace {

constexpr std::size_t header_bytes = 30;
constexpr unsigned sizes_follow = 1u << 3;  // the data, in place of standing before them
constexpr const char* remedy = "; get the file again";

/// Whether a number of a member's own header is the directory's, or is said elsewhere.
bool agrees(const char* at, std::uint64_t number) {
  const std::uint64_t said = zip_number(at, 4);
  return said == 0xffffffff || said == number;
}

}  // namespace

struct ZipMember::Inflation {
  z_stream stream = {};
  std::array<unsigned char, 1u << 16> packed;
  bool ended = false;

  Inflation() { works = inflateInit2(&stream, -MAX_WBITS) == Z_OK; }
  Inflation(const Inflation&) = delete;
  Inflation& operator=(const Inflation&) = delete;
  ~Inflation() { inflateEnd(&stream); }
  bool works;
};

ZipMember::ZipMember(const RegularFile& file, const ZipEntry& entry) : file_(file), entry_(entry) {
  std::array<char, header_bytes> header = {};
  std::string name(entry.name.size(), '\0');
  const auto is_read = [&](std::uint64_t at, auto& to) {
    return file.read_at(at, to.data(), to.size()) == static_cast<std::ptrdiff_t>(to.size());
  };
  const bool whole = is_read(entry.header, header) && is_read(entry.header + header_bytes, name);
  const std::uint64_t name_bytes = zip_number(&header[26], 2);
  at_ = entry.header + header_bytes + name_bytes + zip_number(&header[28], 2);
  packed_left_ = entry.packed;
  const bool later = zip_number(&header[6], 2) & sizes_follow;
  if (!whole || std::string_view(header.data(), 4) != "PK\3\4" || name_bytes != name.size() ||
      name != entry.name || zip_number(&header[8], 2) != (entry.deflated ? 8 : 0) || at_ > file.size() ||
      entry.packed > file.size() - at_ ||
      (!later && (zip_number(&header[14], 4) != entry.checksum || !agrees(&header[18], entry.packed) ||
                  !agrees(&header[22], entry.size))))
    fail(std::string("the directory of the archive and the member contradict each other") + remedy);
  if (entry.deflated) inflation_ = std::make_unique<Inflation>();
  if (inflation_ && !inflation_->works) fail("there is no memory to unpack the member; free some");
}

ZipMember::~ZipMember() = default;

std::size_t ZipMember::read(void* to, std::size_t n) {
  n = static_cast<std::size_t>(std::min<std::uint64_t>(n, entry_.size - done_));
  const std::size_t got = inflation_ ? inflate_into(to, n) : read_packed(to, n);
  if (got > 0) checksum_ = crc32_z(checksum_, static_cast<const Bytef*>(to), got);
  done_ += got;
  if (got < n)
    fail("the data end after " + std::to_string(done_) + " of " + std::to_string(entry_.size) + " bytes" +
         remedy);
  return got;
}

std::size_t ZipMember::read_packed(void* to, std::size_t n) {
  n = static_cast<std::size_t>(std::min<std::uint64_t>(n, packed_left_));
  const std::ptrdiff_t got = file_.read_at(at_, to, n);
  if (got != static_cast<std::ptrdiff_t>(n))
    fail(std::string("the member cannot be read to its end") + remedy);
  at_ += n;
  packed_left_ -= n;
  return n;
}

std::size_t ZipMember::inflate_into(void* to, std::size_t n) {
  z_stream& stream = inflation_->stream;
  auto* out = static_cast<Bytef*>(to);
  std::size_t done = 0;
  while (done < n && !inflation_->ended) {
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(read_packed(inflation_->packed.data(), inflation_->packed.size()));
      stream.next_in = inflation_->packed.data();
    }
    const auto part = static_cast<uInt>(std::min<std::size_t>(n - done, 1u << 30));
    stream.next_out = out + done;
    stream.avail_out = part;
    const int code = inflate(&stream, Z_NO_FLUSH);
    done += part - stream.avail_out;
    inflation_->ended = code == Z_STREAM_END;
    if (code == Z_BUF_ERROR && packed_left_ == 0) break;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      fail("the packed data are damaged after " + std::to_string(done_ + done) + " bytes" + remedy);
  }
  return done;
}

void ZipMember::finish() {
  if (done_ < entry_.size)
    fail(std::to_string(entry_.size - done_) + " bytes follow what was expected" + remedy);
  if (inflation_) {
    char none;
    const std::size_t more = inflate_into(&none, 1);
    if (more > 0 || !inflation_->ended || packed_left_ > 0 || inflation_->stream.avail_in > 0)
      fail(std::string("the packed data do not end where the directory says") + remedy);
  }
  if (checksum_ != entry_.checksum)
    fail(std::string("the data are damaged, they have another checksum than was written with them") + remedy);
}

}  // namespace xgrad::files
