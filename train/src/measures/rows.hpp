#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::train {

/// True where a prediction has a number for each class, and the target is one of them; false where it is one
/// number, and the target 0 or 1. Throws Error, in the name of `op`, for shapes and types that are neither.
bool has_classes(const std::string& op, const Tensor& prediction, const Tensor& target);

/// The labels of targets, each below `classes`. Throws Error, with the row, for one that is not.
std::vector<std::int64_t> labels_of(const std::string& op, const Tensor& prediction, const Tensor& target,
                                    std::int64_t classes);

/// Throws Error unless both have one shape.
void check_same_shape(const std::string& op, const Tensor& prediction, const Tensor& target);

/// The elements as doubles.
std::vector<double> numbers_of(const Tensor& t);

}  // namespace xgrad::train
