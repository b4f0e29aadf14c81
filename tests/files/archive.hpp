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

/// A zip archive of stored members, put together by hand, with right checksums whatever is in them.
inline std::string stored_archive(const Members& members) {
  std::string archive, directory;
  for (const auto& [name, bytes] : members) {
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
    const std::string common = little_endian(20, 2) + std::string(8, '\0') + little_endian(sum, 4) +
                               little_endian(bytes.size(), 4) + little_endian(bytes.size(), 4) +
                               little_endian(name.size(), 2) + little_endian(0, 2);
    directory += "PK\1\2" + little_endian(20, 2) + common + std::string(10, '\0') +
                 little_endian(archive.size(), 4) + name;
    archive += "PK\3\4" + common + name + bytes;
  }
  const std::string count = little_endian(members.size(), 2);
  return archive + directory + "PK\5\6" + std::string(4, '\0') + count + count +
         little_endian(directory.size(), 4) + little_endian(archive.size(), 4) + little_endian(0, 2);
}

}  // namespace test
