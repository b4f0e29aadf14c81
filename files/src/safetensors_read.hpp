#pragma once

#include "safetensors_data.hpp"

namespace xgrad::files {

using Rename = std::function<std::string(const std::string&)>;

/// The tensors and values of a file under the names that `rename` gives them, where there is one.
StateDict state_of(const StoredFile& file, const Rename& rename);

/// The state of a file into the target; the file's name stands in what goes wrong.
LoadedKeys load_into(const Visitor& target, const StoredFile& file, const LoadOptions& options);

}  // namespace xgrad::files
