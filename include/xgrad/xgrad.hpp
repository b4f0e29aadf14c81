#pragma once

/// All of xgrad, apart from the optional border to xtensor (xgrad/core/xtensor.hpp).

#include "xgrad/core.hpp"
#include "xgrad/data.hpp"
#include "xgrad/files.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"
