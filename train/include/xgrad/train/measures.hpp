#pragma once

#include "xgrad/train/measures/confusion.hpp"
#include "xgrad/train/measures/multiclass_auc.hpp"
#include "xgrad/train/measures/probability.hpp"
#include "xgrad/train/measures/ranking.hpp"
#include "xgrad/train/measures/regression.hpp"
