#pragma once

// Solvers of mathematical problems, which take a function and a start and return a new tensor:
// docs/solvers.md.

#include "xgrad/optim/levenberg_marquardt.hpp"
#include "xgrad/optim/minimize.hpp"
#include "xgrad/optim/odeint.hpp"
#include "xgrad/optim/root.hpp"
#include "xgrad/optim/solver_report.hpp"
