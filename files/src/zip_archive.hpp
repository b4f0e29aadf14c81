#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "npy_source.hpp"
#include "zip_directory.hpp"

namespace xgrad::files {

/// A zip archive that is read: members that are stored or deflated, zip64 or not. Throws Error for a file
/// that is no archive, and, before any member is read, for a directory that cannot be true: names that occur
/// twice or are no UTF-8, sizes that the file has no room for, members that are encrypted or packed in other
/// ways.
class ZipArchive {
 public:
  ZipArchive(const char* op, const std::string& path);

  const std::vector<ZipEntry>& entries() const { return entries_; }
  const ZipEntry* find(std::string_view name) const;
  std::uint64_t file_size() const { return file_.size(); }

  /// Calls read with the bytes of a member, which must take all of them; then its checksum is compared.
  void open(const ZipEntry& entry, const std::function<void(ByteSource&)>& read) const;

  [[noreturn]] void fail(const std::string& what, const ZipEntry& entry) const {
    fail_member(file_, what, entry);
  }
  [[noreturn]] void fail(const std::string& what, const std::string& where = "") const {
    file_.fail(what, where);
  }

 private:
  RegularFile file_;
  std::vector<ZipEntry> entries_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

}  // namespace xgrad::files
