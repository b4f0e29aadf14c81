#pragma once

#include "xgrad/core/tensor.hpp"

namespace xgrad::optim::detail {

// Vectors of float64 in which all parameters stand one after another.

/// sum a b.
double dot(const Tensor& a, const Tensor& b);
/// sqrt(sum a^2), which neither overflows nor underflows.
double size_of(const Tensor& a);
/// The largest |a|; nan where there is one.
double largest(const Tensor& a);
/// sum |a|.
double sum_of_sizes(const Tensor& a);
/// a += factor b.
void add_to(Tensor& a, double factor, const Tensor& b);
/// factor a + other b.
Tensor mixed(double factor, const Tensor& a, double other, const Tensor& b);

}  // namespace xgrad::optim::detail
