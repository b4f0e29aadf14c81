#pragma once

#include <vector>

#include "xgrad/core/backward.hpp"
#include "xgrad/core/function.hpp"
#include "xgrad/core/functional.hpp"

// What derivatives of plain functions share.

namespace xgrad::detail {

/// Inputs that f can be differentiated by without touching the caller's: leaves, or copies that stay
/// connected to what made them when the result is to be differentiated.
std::vector<Tensor> fresh(const char* op, const std::vector<Tensor>& x, bool connected);

/// f(x), one floating tensor. Throws Error otherwise.
Tensor value_of(const char* op, const TensorFunction& f, const std::vector<Tensor>& x);
/// The same of one element.
Tensor number_of(const char* op, const TensorFunction& f, const std::vector<Tensor>& x);

/// What is returned: without a tape, unless the result is to be differentiated.
Tensor returned(const Tensor& y, bool create_graph);
std::vector<Tensor> returned(std::vector<Tensor> y, bool create_graph);

/// Gradients of y, zeros where y does not depend on an input.
std::vector<Tensor> gradients(const Tensor& y, const std::vector<Tensor>& x, const Tensor& v,
                              GradOptions options);

/// The Jacobian of y, one part for each input: one reverse pass for each element of y.
std::vector<Tensor> by_rows(const Tensor& y, const std::vector<Tensor>& x, FunctionalOptions options);

/// The i-th unit vector, in the shape of x.
Tensor unit(const Tensor& x, std::int64_t i);

void check_directions(const char* op, const std::vector<Tensor>& x, const std::vector<Tensor>& v);

}  // namespace xgrad::detail
