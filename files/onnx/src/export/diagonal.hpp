#pragma once

#include "export/call.hpp"

namespace xgrad::onnx::detail {

/// The offset-th diagonal of the call's first input over two axes, as the last axis.
std::string diagonal_of(ExportedCall& c, std::int64_t offset, std::int64_t axis1, std::int64_t axis2);

}  // namespace xgrad::onnx::detail
