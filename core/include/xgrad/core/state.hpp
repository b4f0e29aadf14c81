#pragma once

// The state of anything: its names and values, to be kept, compared, copied and loaded again.

#include "xgrad/core/state/load.hpp"
#include "xgrad/core/state/state_dict.hpp"
#include "xgrad/core/state/visitor.hpp"
