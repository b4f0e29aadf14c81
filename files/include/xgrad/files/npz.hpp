#pragma once

#include <string>
#include <vector>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::files {

/// Reads NumPy's `.npz`: the arrays of a zip archive in their order there, each as read_npy reads it, under
/// its name without ".npy". Names may hold slashes, which lead nowhere: nothing is unpacked to the disk.
///
/// Throws Error, naming the file, the member and what is wrong, for a damaged archive, a member that is no
/// array, a name that occurs twice or is no UTF-8, and for whatever read_npy refuses.
std::vector<NamedTensor> read_npz(const std::string& path);

struct NpzOptions {
  bool compress = false;  ///< by deflate, as np.savez_compressed
};

/// Writes named tensors as NumPy's `.npz`: np.load(path)["w"] reads one. The file is there whole or not at
/// all.
///
///     files::write_npz("weights.npz", {{"w", w}, {"b", b}}, {.compress = true});
///
/// Throws Error for an undefined tensor, a name that occurs twice, is no UTF-8, holds a zero byte or is
/// longer than 65,531 bytes, and where the file cannot be written; what was there has not changed then.
void write_npz(const std::string& path, const std::vector<NamedTensor>& tensors, NpzOptions options = {});

}  // namespace xgrad::files
