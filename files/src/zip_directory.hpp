#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "npy_source.hpp"

namespace xgrad::files {

/// A member of a zip archive, as its directory has it.
struct ZipEntry {
  std::string name;                    ///< UTF-8; never a path to anywhere
  std::uint64_t size = 0, packed = 0;  ///< bytes; no more than the packed ones can become
  std::uint64_t header = 0;            ///< where its own header begins
  std::uint32_t checksum = 0;          ///< CRC-32
  bool is_folder = false, deflated = false;
};

/// Reads the directory at the end of an archive, with the zip64 fields that sizes from 4 GiB on need
/// (minizip 1.1 of Debian 12 does not read those). Throws Error for what cannot be true: see ZipArchive.
std::vector<ZipEntry> read_zip_directory(const RegularFile& file);

/// Throws Error "op: what: the member 'name' of path".
[[noreturn]] void fail_member(const RegularFile& file, const std::string& what, const ZipEntry& entry);
std::string member_message(const RegularFile& file, const std::string& what, const ZipEntry& entry);

/// An unsigned number of n bytes, least significant first.
std::uint64_t zip_number(const char* at, std::size_t bytes);

}  // namespace xgrad::files
