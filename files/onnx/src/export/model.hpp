#pragma once

#include <string>

#include "export/call.hpp"
#include "protobuf.hpp"
#include "xgrad/onnx/save.hpp"

namespace xgrad::onnx::detail {

/// The model of a program as a message: checked by ONNX itself.
::onnx::ModelProto model_of(const Source& source, const SaveOptions& options);

/// Throws Error where ONNX's checker or its inference of shapes refuses the model.
void check_model(const ::onnx::ModelProto& model);

}  // namespace xgrad::onnx::detail
