#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace xgrad::files {

/// The bytes of a file, mapped into memory. What is written to them changes this process's copy and not the
/// file.
class MappedFile {
 public:
  /// Throws Error of `op` for what cannot be opened, and for a directory, a pipe or a device, without waiting
  /// for any of them.
  MappedFile(const char* op, const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<std::byte> bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }
  const char* op() const { return op_; }

  /// Maps all pages at once, for whoever goes through all of them: that is faster than a fault for each.
  void expect_all() const;

  /// Throws Error "op: what: path; remedy" about bytes that are no file of the expected form.
  [[noreturn]] void broken(const std::string& what) const;

 private:
  const char* op_;
  std::string path_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace xgrad::files
