#pragma once

#include <memory>

#include "zip_directory.hpp"

namespace xgrad::files {

/// The bytes of a member of an archive, unpacked on the way.
class ZipMember final : public ByteSource {
 public:
  /// Throws Error where the member's own header says other things than the directory.
  ZipMember(const RegularFile& file, const ZipEntry& entry);
  ~ZipMember() override;

  std::size_t read(void* to, std::size_t n) override;
  std::uint64_t size() const override { return entry_.size; }

  /// Compares the checksum. Throws Error where it is another one, and where bytes are left.
  void finish();

 private:
  struct Inflation;

  std::string message(const std::string& what) const override { return member_message(file_, what, entry_); }
  std::size_t read_packed(void* to, std::size_t n);
  std::size_t inflate_into(void* to, std::size_t n);

  const RegularFile& file_;
  const ZipEntry& entry_;
  std::uint64_t at_ = 0, packed_left_ = 0;
  std::uint64_t done_ = 0;
  unsigned long checksum_ = 0;
  std::unique_ptr<Inflation> inflation_;
};

}  // namespace xgrad::files
