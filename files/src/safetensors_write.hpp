#pragma once

#include <string>
#include <vector>

#include "xgrad/files/safetensors.hpp"

namespace xgrad::files {

/// Throws Error where a name of the user's metadata is one of ours.
void check_metadata(const char* op, const std::string& path, const Metadata& metadata);

/// Writes a file; all metadata are taken as they are.
void write_safetensors(const char* op, const std::string& path, std::vector<NamedTensor> tensors,
                       const Metadata& metadata);
/// The same of a state, whose values that are no tensors go to the metadata.
void write_state(const char* op, const std::string& path, const StateDict& state, Metadata metadata);

}  // namespace xgrad::files
