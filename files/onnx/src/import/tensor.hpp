#pragma once

#include <string>

#include "protobuf.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::onnx::detail {

/// The tensor of a message. Integers become int64, halves float32. Throws Error for element types that no
/// tensor has, for elements in another file, and where their number is not that of the sizes.
Tensor tensor_of(const ::onnx::TensorProto& proto);

/// The dtype of an element type of a graph's inputs and outputs: int32 is int64 here. Throws Error for
/// others.
DType dtype_of_element(int type);

}  // namespace xgrad::onnx::detail
