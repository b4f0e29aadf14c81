#include "zip_archive.hpp"

#include <minizip/unzip.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "npy_text.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::files {
namespace {

constexpr std::uint64_t most_deflate_saves = 1032;  // no deflate stream is smaller by more than this factor
constexpr std::uint64_t most_members = 1u << 20;
constexpr std::uint64_t least_member = 46;  // bytes of its line in the directory
constexpr std::size_t end_bytes = 22;       // of the record at the end, without its comment
constexpr unsigned encrypted = 1;
constexpr const char* remedy = "; get the file again";

/// minizip's view of the file: one stream, opened once. It reads directories byte by byte, so a window of the
/// file is kept.
struct FileView {
  const RegularFile* file;
  std::uint64_t at = 0;
  bool failed = false;
  std::array<char, 4096> window = {};
  std::uint64_t window_at = 0;
  std::size_t window_size = 0;

  std::size_t read(void* to, std::size_t n) noexcept {
    const auto bytes = [](std::ptrdiff_t got) {
      return static_cast<std::size_t>(std::max<std::ptrdiff_t>(got, 0));
    };
    if (n >= window.size()) return bytes(file->read_at(at, to, n));
    if (at < window_at || at + n > window_at + window_size) {
      window_at = at;
      window_size = bytes(file->read_at(at, window.data(), window.size()));
    }
    const std::size_t from = static_cast<std::size_t>(at - window_at);
    const std::size_t there = std::min(n, window_size - from);
    std::memcpy(to, window.data() + from, there);
    return there;
  }
};

FileView& view_of(void* stream) { return *static_cast<FileView*>(stream); }

zlib_filefunc64_def functions_of(FileView& view) {
  zlib_filefunc64_def f = {};
  f.opaque = &view;
  f.zopen64_file = [](void* opaque, const void*, int) { return opaque; };
  f.zread_file = [](void*, void* stream, void* to, uLong n) -> uLong {
    FileView& v = view_of(stream);
    const std::size_t read = v.read(to, n);
    v.failed = read < n;  // where the file ends early, minizip would take zeros
    v.at += read;
    return read;
  };
  f.zwrite_file = [](void*, void*, const void*, uLong) -> uLong { return 0; };
  f.ztell64_file = [](void*, void* stream) -> ZPOS64_T { return view_of(stream).at; };
  f.zseek64_file = [](void*, void* stream, ZPOS64_T offset, int origin) -> long {
    FileView& v = view_of(stream);
    const std::uint64_t from = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
                               : origin == ZLIB_FILEFUNC_SEEK_CUR ? v.at
                                                                  : v.file->size();
    std::uint64_t to = 0;
    if (__builtin_add_overflow(from, offset, &to) || to > v.file->size()) return -1;
    v.at = to;
    return 0;
  };
  f.zclose_file = [](void*, void*) { return 0; };
  f.zerror_file = [](void*, void* stream) { return view_of(stream).failed ? 1 : 0; };
  return f;
}

}  // namespace

struct ZipArchive::Reader {
  FileView view;
  unzFile zip = nullptr;

  explicit Reader(const RegularFile& file) : view{&file} {
    zlib_filefunc64_def functions = functions_of(view);
    zip = unzOpen2_64(file.path().c_str(), &functions);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    if (zip) unzClose(zip);
  }
};

namespace {

/// A member that is open.
class ZipMember final : public ByteSource {
 public:
  ZipMember(const ZipArchive& archive, const ZipEntry& entry, unzFile zip)
      : archive_(archive), entry_(entry), zip_(zip) {
    unz64_file_pos place = {entry.position, entry.number};
    if (unzGoToFilePos64(zip_, &place) != UNZ_OK || unzOpenCurrentFile(zip_) != UNZ_OK)
      fail(std::string("the directory of the archive and the member contradict each other") + remedy);
  }
  ZipMember(const ZipMember&) = delete;
  ZipMember& operator=(const ZipMember&) = delete;
  ~ZipMember() override {
    if (zip_) unzCloseCurrentFile(zip_);
  }

  std::size_t read(void* to, std::size_t n) override {
    std::size_t done = 0;
    while (done < n && done_ < entry_.size) {
      const auto part = static_cast<unsigned>(std::min<std::size_t>(n - done, 1u << 30));
      const int got = unzReadCurrentFile(zip_, static_cast<char*>(to) + done, part);
      if (got < 0) fail("the packed data are damaged after " + std::to_string(done_) + " bytes" + remedy);
      if (got == 0)
        fail("the data end after " + std::to_string(done_) + " of " + std::to_string(entry_.size) + " bytes" +
             remedy);
      done += static_cast<std::size_t>(got);
      done_ += static_cast<std::uint64_t>(got);
    }
    return done;
  }
  std::uint64_t size() const override { return entry_.size; }

  /// Compares the checksum, which minizip does when a member is closed that was read to its end.
  void finish() {
    if (done_ < entry_.size)
      fail(std::to_string(entry_.size - done_) + " bytes follow what was expected" + remedy);
    char none;
    if (const int more = unzReadCurrentFile(zip_, &none, 1); more != 0)
      fail(std::string("the packed data are damaged at their end") + remedy);
    if (unzCloseCurrentFile(std::exchange(zip_, nullptr)) != UNZ_OK)
      fail(std::string("the data are damaged, they have another checksum than was written with them") +
           remedy);
  }

 private:
  std::string message(const std::string& what) const override { return archive_.message(what, entry_); }

  const ZipArchive& archive_;
  const ZipEntry& entry_;
  unzFile zip_;
  std::uint64_t done_ = 0;
};

}  // namespace

ZipArchive::ZipArchive(const char* op, const std::string& path) : file_(op, path) {
  std::array<char, 4> start = {};
  if (file_.size() == 0) fail("the file is empty");
  const std::ptrdiff_t got = file_.read_at(0, start.data(), start.size());
  const std::string_view found(start.data(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(got, 0)));
  if (found != "PK\3\4" && found != "PK\5\6") fail("this is no zip archive: it must begin with PK", "");
  const bool ends = has_end();
  if (ends && is_empty()) return;
  if (ends) reader_ = std::make_unique<Reader>(file_);
  if (!ends || !reader_->zip)
    fail(std::string("the archive has no directory at its end, or a damaged one") + remedy);
  list();
}

ZipArchive::~ZipArchive() = default;

/// Whether the file ends in the record that ends an archive, and in nothing else. minizip would take less.
bool ZipArchive::has_end() const {
  const std::uint64_t most = end_bytes + 0xffff;  // with the longest comment
  const std::uint64_t from = file_.size() - std::min(file_.size(), most);
  std::string tail(static_cast<std::size_t>(file_.size() - from), '\0');
  if (file_.read_at(from, tail.data(), tail.size()) != static_cast<std::ptrdiff_t>(tail.size())) return false;
  for (std::size_t at = tail.size(); (at = tail.rfind("PK\5\6", at)) != std::string::npos; --at) {
    const std::size_t behind = tail.size() - at;
    if (behind >= end_bytes) {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(tail[at + i]); };
      if (behind == end_bytes + (byte(20) | std::size_t{byte(21)} << 8)) return true;
    }
    if (at == 0) break;
  }
  return false;
}

/// Whether that record is all there is. minizip does not find it at the file's start.
bool ZipArchive::is_empty() const {
  std::array<unsigned char, 12> start = {};
  file_.read_at(0, start.data(), start.size());
  return start[2] == 5 && std::all_of(start.begin() + 4, start.end(), [](auto byte) { return byte == 0; });
}

/// Reads the directory. What it says of sizes is held against the size of the file, so that no more can be
/// asked of memory than a file of this size may hold; members that share bytes could ask for that many times.
void ZipArchive::list() {
  unz_global_info64 info = {};
  if (unzGetGlobalInfo64(reader_->zip, &info) != UNZ_OK || info.number_entry > file_.size() / least_member ||
      info.number_entry > most_members)
    fail("the directory of the archive says that it has " + std::to_string(info.number_entry) +
         " members, more than there is room for" + remedy);
  std::uint64_t packed_in_all = 0;
  for (std::uint64_t i = 0; i < info.number_entry; ++i) {
    if ((i == 0 ? unzGoToFirstFile(reader_->zip) : unzGoToNextFile(reader_->zip)) != UNZ_OK)
      fail("the directory of the archive is damaged at member " + std::to_string(i) + " of " +
           std::to_string(info.number_entry) + remedy);
    std::uint64_t packed = 0;
    ZipEntry entry = current_entry(packed);
    packed_in_all += packed;
    if (packed_in_all > file_.size())
      fail("the members need more bytes than the file has" + std::string(remedy), entry);
    if (!places_.emplace(entry.name, entries_.size()).second)
      fail("two members have this name; write each under a name of its own", entry);
    entries_.push_back(std::move(entry));
  }
}

ZipEntry ZipArchive::current_entry(std::uint64_t& packed) {
  unz_file_info64 info = {};
  std::array<char, 0x10000> name;
  unz64_file_pos place = {};
  if (unzGetCurrentFileInfo64(reader_->zip, &info, name.data(), name.size(), nullptr, 0, nullptr, 0) !=
          UNZ_OK ||
      unzGetFilePos64(reader_->zip, &place) != UNZ_OK)
    fail("the directory of the archive is damaged at member " + std::to_string(entries_.size()) + remedy);
  ZipEntry entry{.name = std::string(name.data(), info.size_filename),
                 .size = info.uncompressed_size,
                 .position = place.pos_in_zip_directory,
                 .number = place.num_of_file};
  entry.is_folder = entry.name.ends_with('/') && entry.size == 0;
  packed = info.compressed_size;
  if (!is_utf8(entry.name) || entry.name.find('\0') != std::string::npos)
    fail("a member's name is no text in UTF-8; write the archive with names in UTF-8",
         "member " + std::to_string(entries_.size()) + " of ");
  if (info.flag & encrypted) fail("the member is encrypted; write it without a password", entry);
  if (info.compression_method != 0 && info.compression_method != Z_DEFLATED)
    fail("the member is packed by method " + std::to_string(info.compression_method) +
             ", and must be stored or deflated; write it in one of these ways",
         entry);
  const bool stored = info.compression_method == 0;
  if (packed > file_.size() || (stored ? entry.size != packed : entry.size / most_deflate_saves > packed))
    fail("the directory of the archive says that it has " + std::to_string(entry.size) +
             " bytes, packed in " + std::to_string(packed) + ", which cannot be" + remedy,
         entry);
  return entry;
}

const ZipEntry* ZipArchive::find(std::string_view name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? nullptr : &entries_[found->second];
}

void ZipArchive::open(const ZipEntry& entry, const std::function<void(ByteSource&)>& read) {
  ZipMember member(*this, entry, reader_->zip);
  read(member);
  member.finish();
}

void ZipArchive::fail(const std::string& what, const ZipEntry& entry) const {
  throw Error(message(what, entry));
}

std::string ZipArchive::message(const std::string& what, const ZipEntry& entry) const {
  return file_.message(what, "the member '" + shown(entry.name) + "' of ");
}

}  // namespace xgrad::files
