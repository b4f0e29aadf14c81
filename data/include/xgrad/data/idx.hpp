#pragma once

#include <optional>
#include <string>

#include "xgrad/core/tensor.hpp"

namespace xgrad::data {

/// Reads an IDX file, the format of MNIST, plain or compressed by gzip.
///
/// Takes all its element types: integers of 1, 2 and 4 bytes become int64, floating numbers float32 and
/// float64, unless a dtype is given. Throws Error, naming the file and what was expected, for a wrong magic
/// number, a file that is shorter or longer than its sizes say, and a damaged one.
Tensor read_idx(const std::string& path, std::optional<DType> dtype = {});

}  // namespace xgrad::data
