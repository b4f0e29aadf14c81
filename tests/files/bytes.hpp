#pragma once

// Files as bytes.

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace test {

inline std::string bytes_in(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A number as 8 bytes, the lowest first.
inline std::string length(std::uint64_t n) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &n, 8);
  return bytes;
}

/// A file of this header and these data.
inline std::string safetensors(const std::string& header, const std::string& data) {
  return length(header.size()) + header + data;
}

}  // namespace test
