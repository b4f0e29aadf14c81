#pragma once

#include <string>

#include "export/graph.hpp"

namespace xgrad::onnx::detail {

/// x with an activation that an op names: "none", "relu", "sigmoid", "tanh".
std::string activated(Graph& g, const std::string& x, const std::string& activation);

}  // namespace xgrad::onnx::detail
