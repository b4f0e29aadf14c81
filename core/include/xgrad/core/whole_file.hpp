#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xgrad::detail {

/// A file that is there whole or not at all: it is written beside its place under another name, flushed to
/// the disk, and only then renamed; the folder is flushed, too, so that the new name outlives a power cut.
/// Errors are those of `op`, with the path and the system's reason.
///
/// The unfinished file ends in `.tmp` and is locked (flock) by whoever writes it, so that one without a lock
/// was left by a process that was killed.
class WholeFile {
 public:
  /// Throws Error where no file can be made there, or what is there is no file.
  WholeFile(const char* op, std::string path);
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;
  ~WholeFile();  // without finish, nothing has changed

  /// Adds these bytes; many at once are not copied on the way.
  void write(std::string_view bytes);
  /// Replaces bytes that were written before, as a header that counts what follows it.
  void overwrite(std::uint64_t at, std::string_view bytes);
  /// How many bytes were written so far.
  std::uint64_t size() const { return size_; }
  /// Puts the file in its place.
  void finish();

 private:
  void open_unfinished();
  void flush();
  void put(std::string_view bytes, std::uint64_t at);
  [[noreturn]] void fail(int reason) const;
  [[noreturn]] void cannot_write(const std::string& reason) const;

  const char* op_;
  std::string path_, unfinished_, waiting_;
  std::uint64_t size_ = 0;
  int descriptor_ = -1;
};

}  // namespace xgrad::detail
