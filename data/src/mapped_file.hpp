#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xgrad::data {

/// The bytes of a file as memory: read from the disk when they are looked at, and dropped again where memory
/// is short. The file must not become shorter meanwhile.
class MappedFile {
 public:
  /// Throws Error where it cannot be opened or mapped.
  MappedFile(const std::string& op, const std::string& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::string_view bytes() const { return {static_cast<const char*>(at_), size_}; }

 private:
  const void* at_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace xgrad::data
