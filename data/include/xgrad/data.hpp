#pragma once

#include "xgrad/data/csv.hpp"
#include "xgrad/data/dataset.hpp"
#include "xgrad/data/directories.hpp"
#include "xgrad/data/idx.hpp"
#include "xgrad/data/loader.hpp"
#include "xgrad/data/pipeline.hpp"
#include "xgrad/data/sampler.hpp"
#include "xgrad/data/scaling.hpp"
#include "xgrad/data/sets.hpp"
#include "xgrad/data/source.hpp"
#include "xgrad/data/split.hpp"
#include "xgrad/data/stages.hpp"
