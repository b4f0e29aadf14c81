#pragma once

#include <functional>
#include <string_view>

#include "npy_source.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::files {

/// The array in the format `.npy` that the source holds, and nothing else.
Tensor read_npy_array(ByteSource& source);

/// Gives the bytes of the tensor in that format to `write`, part by part. `op` is named by errors.
void write_npy_array(const char* op, const Tensor& tensor,
                     const std::function<void(std::string_view)>& write);

}  // namespace xgrad::files
