#pragma once

// Training on several processes or threads: the door of xgrad::parallel, a component that needs MPI.

#include "xgrad/parallel/communicator.hpp"
#include "xgrad/parallel/compression.hpp"
#include "xgrad/parallel/fit.hpp"
#include "xgrad/parallel/launch.hpp"
#include "xgrad/parallel/replica.hpp"
#include "xgrad/parallel/sharded.hpp"
#include "xgrad/parallel/sync_batch_norm.hpp"
