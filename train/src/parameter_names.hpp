#pragma once

#include <vector>

#include "xgrad/train/training.hpp"

namespace xgrad::train {

/// What learns in a training, by the names that the model gives it, else by position.
std::vector<NamedTensor> named_parameters_of(const Training& training);

}  // namespace xgrad::train
