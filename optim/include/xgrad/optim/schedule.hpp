#pragma once

// Learning rates that change from step to step.

#include "xgrad/optim/schedule/composed.hpp"
#include "xgrad/optim/schedule/cosine.hpp"
#include "xgrad/optim/schedule/cyclic.hpp"
#include "xgrad/optim/schedule/decay.hpp"
#include "xgrad/optim/schedule/lambda.hpp"
#include "xgrad/optim/schedule/one_cycle.hpp"
#include "xgrad/optim/schedule/plateau.hpp"
#include "xgrad/optim/schedule/ramp.hpp"
#include "xgrad/optim/schedule/scheduler.hpp"
#include "xgrad/optim/schedule/swa.hpp"
#include "xgrad/optim/schedule/warmup.hpp"
