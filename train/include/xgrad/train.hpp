#pragma once

// Training of models: fit, evaluate, predict, and what goes with them. xgrad/xgrad.hpp does not include it,
// so that `using namespace xgrad` leaves the name `train` to programs that do not.

#include "xgrad/train/batches.hpp"
#include "xgrad/train/callback.hpp"
#include "xgrad/train/callbacks/checkpoints.hpp"
#include "xgrad/train/callbacks/csv_log.hpp"
#include "xgrad/train/callbacks/early_stopping.hpp"
#include "xgrad/train/callbacks/tensorboard.hpp"
#include "xgrad/train/callbacks/watching.hpp"
#include "xgrad/train/cross_validation.hpp"
#include "xgrad/train/fit.hpp"
#include "xgrad/train/history.hpp"
#include "xgrad/train/imbalance.hpp"
#include "xgrad/train/lr_finder.hpp"
#include "xgrad/train/measure.hpp"
#include "xgrad/train/measures.hpp"
#include "xgrad/train/model.hpp"
#include "xgrad/train/parts.hpp"
#include "xgrad/train/plot.hpp"
#include "xgrad/train/report.hpp"
#include "xgrad/train/schedule.hpp"
#include "xgrad/train/scores.hpp"
#include "xgrad/train/search.hpp"
#include "xgrad/train/training.hpp"
