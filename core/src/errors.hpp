#pragma once

#include <string>

#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// Of a tensor: with 8 bytes each, more than a process can address and within the pool's classes.
inline constexpr std::int64_t most_elements = std::int64_t{1} << 45;

/// Throws Error "op: what".
[[noreturn]] void fail(const char* op, const std::string& what);

/// A number in a few digits.
std::string short_text(double v);

/// "a is f32[2, 3], b is f32[3]".
std::string operands(const Tensor& a, const Tensor& b);

/// Axis counted from the front; throws "op: axis 3 is out of range ..." for -rank > axis or axis >= rank.
int check_axis(const char* op, int axis, int rank);

/// Throws unless x is floating.
void check_floating(const char* op, const Tensor& x);

/// Throws unless x may be changed in place: a leaf, and outside recording if it requires a gradient.
void check_writable(const char* op, const Tensor& x);

/// Throws unless x is int64.
void check_index(const char* op, const char* name, const Tensor& x);

/// Throws for a negative size and for more bytes than a buffer can have.
void check_sizes(const char* op, const Shape& shape);

/// The dtype that an op of a and b computes in. Throws for float32 with float64.
DType common_dtype(const char* op, const Tensor& a, const Tensor& b);

}  // namespace xgrad::detail
