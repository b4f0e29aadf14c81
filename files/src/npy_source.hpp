#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace xgrad::files {

/// Bytes that are read from front to end: a file, or a member of an archive.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads up to n bytes; fewer only at the end.
  virtual std::size_t read(void* to, std::size_t n) = 0;
  /// How many bytes there are in all.
  virtual std::uint64_t size() const = 0;
  /// Throws Error "op: what: where", with the name of the file.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  virtual std::string message(const std::string& what) const = 0;
};

/// A file on a disk, read at any place. Throws Error where it cannot be opened, and for a directory, a pipe
/// and other things without a size.
class RegularFile {
 public:
  RegularFile(const char* op, std::string path);
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;
  ~RegularFile();

  const char* op() const { return op_; }
  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  /// Reads up to n bytes from `at` on; fewer only at the end, -1 where the system cannot (see errno).
  std::ptrdiff_t read_at(std::uint64_t at, void* to, std::size_t n) const noexcept;
  std::string message(const std::string& what, const std::string& where = "") const;
  [[noreturn]] void fail(const std::string& what, const std::string& where = "") const;

 private:
  const char* op_;
  std::string path_;
  std::uint64_t size_ = 0;
  int descriptor_ = -1;
};

/// The bytes of a whole file.
class FileSource final : public ByteSource {
 public:
  explicit FileSource(const RegularFile& file) : file_(file) {}
  std::size_t read(void* to, std::size_t n) override;
  std::uint64_t size() const override { return file_.size(); }

 private:
  std::string message(const std::string& what) const override { return file_.message(what); }

  const RegularFile& file_;
  std::uint64_t at_ = 0;
};

}  // namespace xgrad::files
