#pragma once

#include <cstddef>

#include "xgrad/core/tensor.hpp"

namespace xgrad::optim::detail {

/// Throws Error, which names the parameter by its place i in the list, when its gradient holds inf or nan.
void check_finite(const char* op, std::size_t i, const Tensor& gradient);

}  // namespace xgrad::optim::detail
