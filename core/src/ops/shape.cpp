#include "xgrad/core/ops/shape.hpp"

#include "errors.hpp"
#include "kernels/layout.hpp"
#include "node.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// `shape` with its size -1, if there is one, worked out for x.
Shape resolved(const char* op, const Tensor& x, const Shape& shape) {
  int unknown = -1;
  std::int64_t known = 1;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] >= 0) {
      known *= shape[i];
      continue;
    }
    if (shape[i] != -1 || unknown >= 0)
      fail(op, "sizes must not be negative, apart from one -1: the shape is " + shape.str());
    unknown = i;
  }
  Shape out = shape;
  if (unknown >= 0 && known > 0) out[unknown] = x.numel() / known;
  if (unknown >= 0 && known == 0)
    fail(op, "the size for -1 is not determined beside a size of 0: x is " + x.describe() +
                 ", the shape is " + shape.str() + "; write the size out");
  if (out.numel() != x.numel())
    fail(op, "the numbers of elements differ: x is " + x.describe() + " with " + std::to_string(x.numel()) +
                 " elements, the shape is " + shape.str());
  return out;
}

/// x in another shape of as many elements.
Tensor reshaped(const Tensor& x, const Shape& shape) {
  static constexpr Op op = {.name = "reshape",
                            .vjp = {{{keep::nothing, [](Grad g, Fn f) { return reshaped(g, f.shape(0)); }}}}};
  return record(op, {x}, new_view(x, shape));
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) { return reshaped(x, resolved("reshape", x, shape)); }

Tensor expand(const Tensor& x, const Shape& shape) {
  static constexpr Op op = {
      .name = "expand", .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }}}}};  // summed by the engine
  const int added = shape.rank() - x.dim();
  Shape out = shape;
  bool fits = added >= 0;
  for (int i = 0; i < shape.rank() && fits; ++i) {
    const std::int64_t from = i < added ? 1 : x.shape()[i - added];
    if (shape[i] == -1 && i >= added) out[i] = from;
    fits = out[i] >= 0 && (from == out[i] || from == 1);
  }
  if (!fits)
    fail("expand", "x does not broadcast to the shape: x is " + x.describe() + ", the shape is " +
                       shape.str() + "; sizes are matched from the right, and must agree where x's is not 1");
  check_sizes("expand", out);
  return record(op, {x}, repeated(x, out));
}

Tensor broadcast_to(const Tensor& x, const Shape& shape) { return expand(x, shape); }

}  // namespace xgrad
