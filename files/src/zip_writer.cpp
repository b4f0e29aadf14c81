#include "zip_writer.hpp"

#include <minizip/zip.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "xgrad/core/error.hpp"
#include "xgrad/core/whole_file.hpp"

namespace xgrad::files {

/// minizip's view of the file. Nothing may be thrown through it: what a write throws is kept.
struct ZipWriter::Output {
  const char* op;
  std::string path;
  detail::WholeFile file;
  zipFile zip = nullptr;
  std::uint64_t at = 0;
  std::exception_ptr failure;
  bool abandoned = false;

  Output(const char* name, const std::string& place) : op(name), path(place), file(name, place) {}

  bool put(std::string_view bytes) noexcept {
    if (abandoned || failure) return false;
    try {
      const auto over = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), file.size() - at));
      if (over > 0) file.overwrite(at, bytes.substr(0, over));
      if (over < bytes.size()) file.write(bytes.substr(over));
      at += bytes.size();
      return true;
    } catch (...) {
      failure = std::current_exception();
      return false;
    }
  }

  bool seek(std::uint64_t offset, int origin) noexcept {
    const std::uint64_t from = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
                               : origin == ZLIB_FILEFUNC_SEEK_CUR ? at
                                                                  : file.size();
    std::uint64_t to = 0;
    if (__builtin_add_overflow(from, offset, &to) || to > file.size()) return false;
    at = to;
    return true;
  }

  static Output& of(void* stream) { return *static_cast<Output*>(stream); }
};

namespace {

constexpr unsigned name_is_utf8 = 1u << 11;
constexpr unsigned made_by_unix = 3u << 8 | 45;  // 4.5 of the format, which has zip64

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

ZipWriter::ZipWriter(const char* op, const std::string& path) : output_(std::make_unique<Output>(op, path)) {
  zlib_filefunc64_def f = {};
  f.opaque = output_.get();
  f.zopen64_file = [](void* opaque, const void*, int) { return opaque; };
  f.zread_file = [](void*, void*, void*, uLong) -> uLong { return 0; };
  f.zwrite_file = [](void*, void* stream, const void* from, uLong n) -> uLong {
    return Output::of(stream).put({static_cast<const char*>(from), n}) ? n : 0;
  };
  f.ztell64_file = [](void*, void* stream) -> ZPOS64_T { return Output::of(stream).at; };
  f.zseek64_file = [](void*, void* stream, ZPOS64_T offset, int origin) -> long {
    return Output::of(stream).seek(offset, origin) ? 0 : -1;
  };
  f.zclose_file = [](void*, void*) { return 0; };
  f.zerror_file = [](void*, void* stream) { return Output::of(stream).failure ? 1 : 0; };
  output_->zip = zipOpen2_64(path.c_str(), APPEND_STATUS_CREATE, nullptr, &f);
  if (!output_->zip) check(ZIP_ERRNO);
}

ZipWriter::~ZipWriter() {
  output_->abandoned = true;
  if (output_->zip) zipClose(output_->zip, nullptr);  // which frees what it holds
}

void ZipWriter::begin(const std::string& name, bool compress) {
  zip_fileinfo info = {};
  info.tmz_date.tm_mday = 1;
  info.tmz_date.tm_year = 1980;  // the first day that the format knows, as NumPy writes it
  check(zipOpenNewFileInZip4_64(output_->zip, name.c_str(), &info, nullptr, 0, nullptr, 0, nullptr,
                                compress ? Z_DEFLATED : 0, Z_DEFAULT_COMPRESSION, 0, -MAX_WBITS,
                                DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY, nullptr, 0, made_by_unix,
                                is_ascii(name) ? 0 : name_is_utf8, 1));
}

void ZipWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, 1u << 30);
    check(zipWriteInFileInZip(output_->zip, part.data(), static_cast<unsigned>(part.size())));
    bytes.remove_prefix(part.size());
  }
}

void ZipWriter::end() { check(zipCloseFileInZip(output_->zip)); }

void ZipWriter::finish() {
  check(zipClose(std::exchange(output_->zip, nullptr), nullptr));
  output_->file.finish();
}

void ZipWriter::check(int code) {
  if (output_->failure) std::rethrow_exception(output_->failure);
  if (code != ZIP_OK)
    throw Error(std::string(output_->op) + ": the archive cannot be written (minizip's error " +
                std::to_string(code) + "); free some memory: " + output_->path);
}

}  // namespace xgrad::files
