#pragma once

#include <string>

#include "xgrad/core/tensor.hpp"

namespace xgrad::optim::detail {

bool is_finite(const Tensor& gradient);

/// Throws Error for the gradient of a parameter ("parameter 3") that holds inf or nan.
[[noreturn]] void refuse_not_finite(const char* op, const std::string& parameter, const Tensor& gradient);

}  // namespace xgrad::optim::detail
