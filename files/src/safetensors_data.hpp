#pragma once

#include <memory>

#include "safetensors_header.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::files {

/// A file whose header is in order, and that lives as long as a tensor which shares its pages.
struct StoredFile {
  std::shared_ptr<const MappedFile> file;
  SafetensorsHeader header;

  StoredFile(const char* op, const std::string& path);

  /// The tensor that the header describes: of the file's own pages, or a copy in a type that tensors have.
  Tensor tensor(const StoredTensor& t) const;
};

}  // namespace xgrad::files
