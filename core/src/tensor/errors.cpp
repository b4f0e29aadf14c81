#include "tensor/errors.hpp"

#include <algorithm>
#include <charconv>

#include "tensor/sizes.hpp"

namespace xgrad {

void Scalar::does_not_fit(const char* user) const {
  throw Error(std::string(user) + ": no integer of the wanted type holds the number: it is " +
              (kind_ == float64 ? detail::short_text(real_) : std::to_string(integer_)) +
              "; use a floating type, or a number in range");
}

}  // namespace xgrad

namespace xgrad::detail {

std::string short_text(double v) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, v).ptr);
}

void fail(const char* op, const std::string& what) { throw Error(std::string(op) + ": " + what); }

std::string operands(const Tensor& a, const Tensor& b) {
  return "a is " + a.describe() + ", b is " + b.describe();
}

std::string index_range(std::int64_t n) {
  return n == 0 ? "; the axis is empty"
                : "; indices are " + std::to_string(-n) + " to " + std::to_string(n - 1);
}

int check_axis(const char* op, int axis, const Tensor& x, int rank) {
  if (axis < -rank || axis >= rank)
    fail(op, "axis " + std::to_string(axis) + " is out of range: x is " + x.describe() +
                 (rank == 0 ? "; a number has no axes, give it one by reshape"
                            : "; axes are " + std::to_string(-rank) + " to " + std::to_string(rank - 1)));
  return axis < 0 ? axis + rank : axis;
}

void check_floating(const char* op, const Tensor& x) {
  if (!is_floating(x.dtype(op)))
    fail(op, "needs a floating tensor: x is " + x.describe() + "; convert it with x.to(float32)");
}

void check_has_gradient(const char* op, const Tensor& x) {
  if (!is_floating(x.dtype(op)))
    fail(op,
         "only floating tensors have gradients: x is " + x.describe() + "; convert it with x.to(float32)");
}

void check_index(const char* op, const char* name, const Tensor& x) {
  if (x.dtype(op) != int64)
    fail(op, std::string("indices must be int64: ") + name + " is " + x.describe() + "; convert it with " +
                 name + ".to(int64)");
}

void check_sizes(const char* op, const Shape& shape) {
  for (std::int64_t size : shape)
    if (size < 0) fail(op, "sizes must not be negative: the shape is " + shape.str());
  if (extent_of(shape) > most_elements)
    fail(op, "too many elements: the shape is " + shape.str() + holds_fewer);
}

bool broadcasts_to(const Shape& x, const Shape& shape) {
  bool fits = x.rank() <= shape.rank();
  for (int i = 1; fits && i <= x.rank(); ++i)
    fits = x[x.rank() - i] == 1 || x[x.rank() - i] == shape[shape.rank() - i];
  return fits;
}

DType common_dtype(const char* op, const Tensor& a, const Tensor& b) {
  const DType p = a.dtype(op), q = b.dtype(op);
  if (p == q) return p == boolean ? int64 : p;
  if (is_floating(p) && is_floating(q))
    fail(op, "operands mix float32 and float64: " + operands(a, b) + "; convert one with .to(float64)");
  if (is_floating(p)) return p;
  if (is_floating(q)) return q;
  return int64;
}

void check_one_floating(const char* op, const Tensor& a, const Tensor& b) {
  check_floating(op, a);
  if (a.dtype(op) != b.dtype(op))
    fail(op, "operands differ in dtype: " + operands(a, b) + "; convert one with .to()");
}

}  // namespace xgrad::detail
