#include <algorithm>

#include "ops/support/layout.hpp"
#include "tensor/errors.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

Tensor expand_as(const char* name, const Tensor& x, const Shape& shape) {
  static constexpr Op op = {.name = "expand",
                            .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }}}},  // summed by the engine
                            .again = [](Call c) { return expand(c.x(0), c.shape()); },
                            .jvp = Jvp::By::linear};
  const int added = shape.rank() - x.dim(name);
  Shape out = shape;
  bool fits = added >= 0;
  for (int i = 0; i < shape.rank() && fits; ++i) {
    const std::int64_t from = i < added ? 1 : x.shape()[i - added];
    if (shape[i] == -1 && i >= added) out[i] = from;
    fits = out[i] >= 0 && (from == out[i] || from == 1);
  }
  if (!fits)
    fail(name, "x does not broadcast to the shape: x is " + x.describe() + ", the shape is " + shape.str() +
                   "; sizes are matched from the right, and must agree where x's is not 1");
  check_sizes(name, out);
  return record(op, {x}, repeated(x, out));
}

}  // namespace

Tensor expand(const Tensor& x, const Shape& shape) { return copied_part(expand_as("expand", x, shape)); }
Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  return copied_part(expand_as("broadcast_to", x, shape));
}

namespace {

Tensor repeat_as(const char* op, const Tensor& x, const Shape& repeats) {
  const int added = repeats.rank() - x.dim(op);
  if (added < 0)
    fail(op, "needs a repeat for each axis: x is " + x.describe() + ", the repeats are " + repeats.str());
  if (std::any_of(repeats.begin(), repeats.end(), [](std::int64_t r) { return r < 0; }))
    fail(op, "repeats must not be negative: they are " + repeats.str());
  // [n] becomes [1, n], then [r, n], then [r n], where either is not 1.
  Shape one, many, out = repeats;
  for (int i = 0; i < repeats.rank(); ++i) {
    const std::int64_t n = i < added ? 1 : x.shape()[i - added];
    if (repeats[i] != 1) one.push_back(1), many.push_back(repeats[i]);
    if (n != 1) one.push_back(n), many.push_back(n);
    out[i] = product_of(out[i], n);
  }
  if (extent_of(out) > most_elements)
    fail(op, "too many elements: x is " + x.describe() + ", the repeats are " + repeats.str() + holds_fewer);
  return reshape(expand_as(op, reshape(x, one), many), out);
}

}  // namespace

Tensor repeat(const Tensor& x, const Shape& repeats) { return repeat_as("repeat", x, repeats); }

Tensor tile(const Tensor& x, const Shape& repeats) {
  Shape all = repeats;
  while (all.rank() < x.dim()) all.insert(0, 1);
  return repeat_as("tile", x, all);
}

std::vector<Tensor> meshgrid(std::span<const Tensor> tensors) {
  const int rank = static_cast<int>(tensors.size());
  Shape shape;
  for (const Tensor& x : tensors) {
    if (x.dim() > 1) fail("meshgrid", "needs vectors: one of the tensors is " + x.describe());
    if (x.dtype() != tensors[0].dtype()) fail("meshgrid", "dtypes must agree: " + operands(tensors[0], x));
    shape.push_back(x.numel());
  }
  std::vector<Tensor> grids;
  for (int k = 0; k < rank; ++k) {
    Shape along = Shape::filled(rank, 1);
    along[k] = shape[k];
    grids.push_back(expand(reshape(tensors[static_cast<std::size_t>(k)], along), shape));
  }
  return grids;
}

std::vector<Tensor> meshgrid(std::initializer_list<Tensor> tensors) {
  return meshgrid(std::span(tensors.begin(), tensors.size()));
}
std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors) { return meshgrid(std::span(tensors)); }

}  // namespace xgrad
