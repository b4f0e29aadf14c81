#pragma once

#include <string>
#include <vector>

#include "xgrad/core/function.hpp"

namespace xgrad::optim::detail {

// What all solvers ask of the functions and starts that they are given. They compute with vectors of float64,
// and functions get leaves of the dtype and shape of the start.

/// Throws Error unless x is floating, has elements, and these are finite.
void check_start(const std::string& solver, const Tensor& x);

/// x without history as a vector of float64 that nothing else shares.
Tensor flat_copy(const Tensor& x);

/// A leaf of the dtype and shape of `like` with these values.
Tensor leaf_of(const Tensor& flat, const Tensor& like, bool requires_grad);

/// The one floating tensor that f returns. Throws Error for anything else.
Tensor one_value(const std::string& solver, const TensorFunction& f, const std::vector<Tensor>& x);

bool all_finite(const Tensor& flat);

/// Throws Error for the first element of what f gave at the start, if any, that is nan or inf.
void check_finite_at_start(const std::string& solver, const Tensor& value);

/// The distance from 1 to the next number of a floating dtype.
double epsilon_of(DType dtype);

/// Throws Error unless a count is at least 1.
void check_limit(const std::string& solver, const char* option, std::int64_t n);

}  // namespace xgrad::optim::detail
