#pragma once

#include <string>

#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// Of a tensor: with 8 bytes each, more than a process can address and within the pool's classes.
inline constexpr std::int64_t most_elements = std::int64_t{1} << 45;

/// Throws Error "op: what".
[[noreturn]] void fail(const char* op, const std::string& what);

/// A number in the fewest digits that give it back: 0.1, 1e-09, 1.0000001.
std::string short_text(double v);

/// "a is f32[2, 3], b is f32[3]".
std::string operands(const Tensor& a, const Tensor& b);

/// What a message says of the indices that an axis of size n has: "; indices are -2 to 1".
std::string index_range(std::int64_t n);

/// What a message says where a shape has too many elements.
inline constexpr const char* holds_fewer = "; a tensor holds at most 2^45 elements";

/// Throws Error unless a and b have one floating dtype.
void check_one_floating(const char* op, const Tensor& a, const Tensor& b);

/// Axis counted from the front. Throws "op: axis 3 is out of range ..." where x has no such axis, or would
/// have none with so many.
int check_axis(const char* op, int axis, const Tensor& x, int rank);
inline int check_axis(const char* op, int axis, const Tensor& x) {
  return check_axis(op, axis, x, x.dim(op));
}

/// The shape of elementwise results of a and b. Throws where there is none.
inline Shape broadcast_shapes(const char* op, const Tensor& a, const Tensor& b) {
  return broadcast_shapes(op, a.shape(op), b.shape(op), name_of(a.dtype(op)), name_of(b.dtype(op)));
}

/// Throws "op: a tensor is undefined ..." unless all are defined.
template <class... T>
void check_defined(const char* op, const T&... x) {
  (static_cast<void>(x.node(op)), ...);
}

/// Throws unless x is floating.
void check_floating(const char* op, const Tensor& x);

/// Throws unless x is floating, as whatever has a gradient.
void check_has_gradient(const char* op, const Tensor& x);

/// Throws unless x may be changed in place: a leaf, and outside recording if it requires a gradient.
void check_writable(const char* op, const Tensor& x);
/// Throws Error where y's history would be lost in a change of x by it.
void check_no_history_is_dropped(const char* op, const Tensor& x, const Tensor& y);

/// Throws unless x is int64.
void check_index(const char* op, const char* name, const Tensor& x);

/// Throws for a negative size and for more bytes than a buffer can have.
void check_sizes(const char* op, const Shape& shape);

/// The same for sizes of tensors, none of which is negative.
inline void check_product(const char* op, const Shape& shape) {
  std::int64_t n = 1;
  bool wraps = false;
  for (std::int64_t size : shape) wraps |= __builtin_mul_overflow(n, size, &n);
  if (wraps || static_cast<std::uint64_t>(n) - 1 >= most_elements) [[unlikely]]
    check_sizes(op, shape);  // which an empty shape may pass
}

/// True where x broadcasts to the shape and leaves it as it is.
bool broadcasts_to(const Shape& x, const Shape& shape);

/// The dtype that an op of a and b computes in. Throws for float32 with float64.
DType common_dtype(const char* op, const Tensor& a, const Tensor& b);

}  // namespace xgrad::detail
