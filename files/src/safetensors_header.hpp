#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "elements.hpp"
#include "mapped_file.hpp"
#include "xgrad/core/shape.hpp"
#include "xgrad/files/safetensors.hpp"

namespace xgrad::files {

/// A tensor as a header describes it; its bytes are those from begin to end behind the header.
struct StoredTensor {
  std::string name;
  ElementCode code;
  Shape shape;
  std::uint64_t begin = 0, end = 0;
};

struct SafetensorsHeader {
  std::vector<StoredTensor> tensors;  ///< in the order of their bytes
  Metadata metadata;
  std::size_t size = 0;  ///< where the bytes of the tensors begin in the file
};

inline constexpr std::uint64_t most_header_bytes = 100'000'000;

/// A text of a file as an error shows it: shortened, in quotes, without control characters.
std::string in_quotes(std::string_view text);

/// Throws Error for whatever is not in order: afterwards each tensor's bytes lie in the file, are as many as
/// its type and shape need, and follow those of the one before; all names are unlike.
SafetensorsHeader read_header(const MappedFile& file);

}  // namespace xgrad::files
