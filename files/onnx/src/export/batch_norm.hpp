#pragma once

#include "export/call.hpp"

namespace xgrad::onnx::detail {

/// Writes (x - mean) / sqrt(variance + eps), times a weight and with a bias added if this call is that far,
/// as one BatchNormalization; false where the call ends nothing of the kind.
bool give_batch_norm(ExportedCall& c);

}  // namespace xgrad::onnx::detail
