#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "npy_source.hpp"

namespace xgrad::files {

/// A member of a zip archive, as its directory has it.
struct ZipEntry {
  std::string name;        ///< UTF-8; never a path to anywhere
  std::uint64_t size = 0;  ///< as the directory says; no more than its packed bytes can become
  bool is_folder = false;
  // Where minizip finds it.
  std::uint64_t position = 0, number = 0;
};

/// A zip archive that is read: members that are stored or deflated, zip64 or not. Throws Error for a file
/// that is no archive, and, before any member is read, for a directory that cannot be true: names that occur
/// twice or are no UTF-8, sizes that the file has no room for, members that are encrypted or packed in other
/// ways.
class ZipArchive {
 public:
  ZipArchive(const char* op, const std::string& path);
  ~ZipArchive();

  const std::vector<ZipEntry>& entries() const { return entries_; }
  const ZipEntry* find(std::string_view name) const;
  std::uint64_t file_size() const { return file_.size(); }

  /// Calls read with the bytes of a member, which must take all of them; then its checksum is compared.
  void open(const ZipEntry& entry, const std::function<void(ByteSource&)>& read);

  /// Throws Error "op: what: the member 'name' of path".
  [[noreturn]] void fail(const std::string& what, const ZipEntry& entry) const;
  std::string message(const std::string& what, const ZipEntry& entry) const;
  [[noreturn]] void fail(const std::string& what, const std::string& where = "") const {
    file_.fail(what, where);
  }

 private:
  struct Reader;

  bool has_end() const;
  bool is_empty() const;
  void list();
  ZipEntry current_entry(std::uint64_t& packed);

  RegularFile file_;
  std::unique_ptr<Reader> reader_;
  std::vector<ZipEntry> entries_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

}  // namespace xgrad::files
