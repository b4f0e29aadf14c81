#include "xgrad/core/xtensor.hpp"
