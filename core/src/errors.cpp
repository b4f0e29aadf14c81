#include "errors.hpp"

#include <sstream>

namespace xgrad {

void Scalar::does_not_fit() const {
  throw Error("number: no integer of the wanted type holds it: it is " + detail::short_text(real_));
}

}  // namespace xgrad

namespace xgrad::detail {

std::string short_text(double v) {
  std::ostringstream s;
  s << v;
  return s.str();
}

void fail(const char* op, const std::string& what) { throw Error(std::string(op) + ": " + what); }

std::string operands(const Tensor& a, const Tensor& b) {
  return "a is " + a.describe() + ", b is " + b.describe();
}

int check_axis(const char* op, int axis, int rank) {
  if (axis < -rank || axis >= rank)
    fail(op, "axis " + std::to_string(axis) + " is out of range: the tensor has " + std::to_string(rank) +
                 (rank == 1 ? " axis" : " axes"));
  return axis < 0 ? axis + rank : axis;
}

void check_floating(const char* op, const Tensor& x) {
  if (!is_floating(x.dtype(op)))
    fail(op, "needs a floating tensor: x is " + x.describe() + "; convert it with x.to(float32)");
}

void check_index(const char* op, const char* name, const Tensor& x) {
  if (x.dtype(op) != int64) fail(op, std::string("indices must be int64: ") + name + " is " + x.describe());
}

void check_sizes(const char* op, const Shape& shape) {
  std::int64_t n = 1;
  for (std::int64_t size : shape) {
    if (size < 0) fail(op, "a size is negative: the shape is " + shape.str());
    if (__builtin_mul_overflow(n, size, &n) || n > most_elements)
      fail(op, "too many elements: the shape is " + shape.str());
  }
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

}  // namespace xgrad::detail
