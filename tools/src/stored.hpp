#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xgrad/files.hpp"

namespace xgrad::tools {

/// What a file holds, whatever its form.
struct Stored {
  std::string format;                     ///< "safetensors", "npy", "npz", "pt"
  std::vector<NamedTensor> tensors = {};  ///< in the order of the file
  StateDict values = {};                  ///< what is no tensor: numbers, truths, texts
  files::Metadata metadata = {};          ///< texts of the file's own
};

/// The form that a path names by its ending. Throws Error for any other one.
std::string format_of(const std::string& path);

/// Reads a file of any form. Throws Error as its reader does.
Stored read_stored(const std::string& path);

/// Writes a file in the form of its ending. Throws Error for what that form has no place for, before anything
/// is written.
void write_stored(const std::string& path, const Stored& stored, bool compress);

/// A value as it is shown: "5", "0.1", "true", "'adam'".
std::string text_of(const StateValue& value);

}  // namespace xgrad::tools
