#pragma once

#include "xgrad/optim/adam.hpp"
#include "xgrad/optim/averaging.hpp"
#include "xgrad/optim/clip.hpp"
#include "xgrad/optim/optimizer.hpp"
#include "xgrad/optim/parameters.hpp"
#include "xgrad/optim/penalty.hpp"
#include "xgrad/optim/range_test.hpp"
#include "xgrad/optim/rmsprop.hpp"
#include "xgrad/optim/schedule.hpp"
#include "xgrad/optim/sgd.hpp"
