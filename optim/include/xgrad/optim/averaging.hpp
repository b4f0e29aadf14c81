#pragma once

// Averages of what a model's parameters have been.

#include "xgrad/optim/averaging/averages.hpp"
#include "xgrad/optim/averaging/model_average.hpp"
#include "xgrad/optim/averaging/model_tensors.hpp"
