#pragma once

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// A file in memory, which is written many times.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("xgrad-test", MFD_CLOEXEC)) { REQUIRE(descriptor_ >= 0); }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }
  void set(const std::string& bytes) const {
    REQUIRE(ftruncate(descriptor_, 0) == 0);
    REQUIRE(pwrite(descriptor_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }

 private:
  int descriptor_;
};

using Members = std::vector<std::pair<std::string, std::string>>;  // names and bytes

inline std::string little_endian(std::uint64_t v, int bytes) {
  std::string s;
  for (int i = 0; i < bytes; ++i) s += static_cast<char>(v >> 8 * i & 0xff);
  return s;
}

/// A zip archive of stored members, put together by hand, with right checksums whatever is in them. With
/// zip64 every size and place in the directory is said as if it were beyond 4 GiB.
inline std::string stored_archive(const Members& members, bool zip64 = false) {
  const std::string beyond(4, '\xff');
  std::string archive, directory;
  for (const auto& [name, bytes] : members) {
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
    const std::string size = little_endian(bytes.size(), 4), size64 = little_endian(bytes.size(), 8);
    const std::string start = little_endian(45, 2) + std::string(8, '\0') + little_endian(sum, 4);
    const std::string name_size = little_endian(name.size(), 2);
    const std::string field = zip64 ? little_endian(1, 2) + little_endian(24, 2) + size64 + size64 +
                                          little_endian(archive.size(), 8)
                                    : "";
    directory += "PK\1\2" + little_endian(45, 2) + start + (zip64 ? beyond + beyond : size + size) +
                 name_size + little_endian(field.size(), 2) + std::string(10, '\0') +
                 (zip64 ? beyond : little_endian(archive.size(), 4)) + name + field;
    archive += "PK\3\4" + start + size + size + name_size + little_endian(0, 2) + name + bytes;
  }
  const std::string count = little_endian(members.size(), 2), count64 = little_endian(members.size(), 8);
  const std::size_t at = archive.size(), end = at + directory.size();
  archive += directory;
  if (!zip64)
    return archive + "PK\5\6" + std::string(4, '\0') + count + count + little_endian(directory.size(), 4) +
           little_endian(at, 4) + little_endian(0, 2);
  archive += "PK\6\6" + little_endian(44, 8) + little_endian(45, 2) + little_endian(45, 2) +
             std::string(8, '\0') + count64 + count64 + little_endian(directory.size(), 8) +
             little_endian(at, 8);
  archive += "PK\6\7" + std::string(4, '\0') + little_endian(end, 8) + little_endian(1, 4);
  return archive + "PK\5\6" + std::string(4, '\0') + std::string(12, '\xff') + little_endian(0, 2);
}

}  // namespace test
