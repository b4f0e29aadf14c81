#include "xgrad/core/ops/shape.hpp"

#include <algorithm>
#include <numeric>

#include "import/node.hpp"
#include "xgrad/core/broadcast.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/parts.hpp"

// Shapes and the order of axes, joining, splitting and repeating, parts and what is put around them.

namespace xgrad::onnx::detail {

namespace {

Tensors shape_of(const NodeCall& c) {
  const std::int64_t rank = c.x(0).dim();
  const auto limited = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t start = limited(c.integer("start", 0)), end = limited(c.integer("end", rank));
  Integers sizes;
  for (std::int64_t i = start; i < end; ++i) sizes.push_back(c.x(0).size(static_cast<int>(i)));
  return one(sizes.empty() ? zeros({0}, int64) : tensor(sizes));
}
Tensors size_of_all(const NodeCall& c) { return one(full({}, c.x(0).numel(), {.dtype = int64})); }

Tensors reshaped(const NodeCall& c) {
  Integers sizes = c.has(1) ? c.numbers(1) : c.list("shape").value_or(Integers{});
  if (c.integer("allowzero", 0) == 0)
    for (std::size_t i = 0; i < sizes.size(); ++i)
      if (sizes[i] == 0) {
        if (static_cast<int>(i) >= c.x(0).dim())
          c.fail("a size of 0 must stand for one of the input's: it is " + c.x(0).describe());
        sizes[i] = c.x(0).size(static_cast<int>(i));
      }
  return one(reshape(c.x(0), Shape(sizes)));
}

Tensors flattened(const NodeCall& c) {
  const Tensor& x = c.x(0);
  std::int64_t axis = c.integer("axis", 1);
  if (axis < 0) axis += x.dim();
  if (axis < 0 || axis > x.dim())
    c.fail("the axis must be one of x: it is " + std::to_string(axis) + ", x is " + x.describe());
  std::int64_t rows = 1, columns = 1;
  for (int i = 0; i < x.dim(); ++i) (i < axis ? rows : columns) *= x.size(i);
  return one(reshape(x, {rows, columns}));
}

Tensors squeezed(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const auto named = c.axes(1);
  if (!named) return one(squeeze(x));
  std::vector<bool> gone(static_cast<std::size_t>(x.dim()));
  for (std::int64_t axis : *named) {
    const int at = c.axis_of(axis, x.dim());
    if (x.size(at) != 1)
      c.fail("an axis that is taken away must have size 1: axis " + std::to_string(at) + " of " +
             x.describe());
    gone[static_cast<std::size_t>(at)] = true;
  }
  Integers sizes;
  for (int i = 0; i < x.dim(); ++i)
    if (!gone[static_cast<std::size_t>(i)]) sizes.push_back(x.size(i));
  return one(reshape(x, Shape(sizes)));
}

Tensors unsqueezed(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const Integers named = c.axes(1).value_or(Integers{});
  const auto rank = static_cast<int>(named.size()) + x.dim();
  std::vector<bool> added(static_cast<std::size_t>(rank));
  for (std::int64_t axis : named) {
    const auto at = static_cast<std::size_t>(c.axis_of(axis, rank));
    if (added[at]) c.fail("an axis must be named once: axis " + std::to_string(at));
    added[at] = true;
  }
  Integers sizes;
  int next = 0;
  for (bool is_new : added) sizes.push_back(is_new ? 1 : x.size(next++));
  return one(reshape(x, Shape(sizes)));
}

Tensors transposed(const NodeCall& c) {
  const Tensor& x = c.x(0);
  std::vector<int> axes(static_cast<std::size_t>(x.dim()));
  std::iota(axes.rbegin(), axes.rend(), 0);
  if (const auto named = c.list("perm")) axes.assign(named->begin(), named->end());
  return one(permute(x, Axes(axes)));
}

Tensors concatenated(const NodeCall& c) {
  Tensors parts;
  for (std::size_t i = 0; i < c.inputs(); ++i) parts.push_back(c.x(i));
  return one(cat(parts, c.axis("axis", 0, c.x(0).dim())));
}

Tensors split_up(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const int axis = c.axis("axis", 0, x.dim());
  if (c.has(1)) return split(x, c.numbers(1), axis);
  if (const auto sizes = c.list("split")) return split(x, *sizes, axis);
  const auto n = static_cast<std::int64_t>(c.outputs());
  if (n == 0 || x.size(axis) % n != 0)
    c.fail("parts must be of one size: " + std::to_string(n) + " of " + x.describe());
  return split(x, Integers(static_cast<std::size_t>(n), x.size(axis) / n), axis);
}

Tensors expanded(const NodeCall& c) {
  const Shape to(c.numbers(1));
  return one(expand(c.x(0), broadcast_shapes("Expand", c.x(0).shape(), to)));
}
Tensors tiled(const NodeCall& c) { return one(repeat(c.x(0), Shape(c.numbers(1)))); }

Tensors sliced(const NodeCall& c) {
  Tensor y = c.x(0);
  const bool by_input = c.has(1);
  const Integers starts = by_input ? c.numbers(1) : c.list("starts").value_or(Integers{}),
                 ends = by_input ? c.numbers(2) : c.list("ends").value_or(Integers{});
  Integers axes(starts.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (const auto named = by_input && c.has(3) ? std::optional(c.numbers(3)) : c.list("axes")) axes = *named;
  const Integers steps = by_input && c.has(4) ? c.numbers(4) : Integers(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    c.fail("starts, ends, axes and steps must be as many; get the file again");
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const int axis = c.axis_of(axes[i], y.dim());
    const std::int64_t n = y.size(axis), step = steps[i];
    // Limited to the axis, as ONNX says, where -1 behind a negative step is what lies before the first.
    const auto from_end = [&](std::int64_t at) { return at < 0 && at >= -n ? at + n : at; };
    std::int64_t start = from_end(starts[i]), end = from_end(ends[i]);
    start = step > 0 ? std::clamp<std::int64_t>(start, 0, n) : std::clamp<std::int64_t>(start, -1, n - 1);
    end = step > 0 ? std::clamp<std::int64_t>(end, 0, n) : std::clamp<std::int64_t>(end, -1, n - 1);
    if (step == 0) c.fail("a step must not be 0; get the file again");
    if (step > 0 ? start >= end : start <= end)
      y = slice(y, axis, 0, 0);
    else
      y = slice(y, axis, start, end < 0 ? Tensor::end_of_axis : end, step);
  }
  return one(y);
}

PadMode mode_of(const NodeCall& c) {
  const std::string mode = c.text("mode", "constant");
  if (mode == "constant") return PadMode::constant;
  if (mode == "reflect") return PadMode::reflect;
  if (mode == "edge") return PadMode::replicate;
  c.fail("the mode must be constant, reflect or edge: it is " + mode);
}

Tensors padded(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const Integers by = c.has(1) ? c.numbers(1) : c.list("pads").value_or(Integers{});
  const auto rank = static_cast<std::size_t>(x.dim());
  if (by.size() != 2 * rank)
    c.fail("there must be two pads for each axis: there are " + std::to_string(by.size()) + ", x is " +
           x.describe());
  Integers pads;
  for (std::size_t i = rank; i-- > 0;) pads.push_back(by[i]), pads.push_back(by[rank + i]);
  const PadMode mode = mode_of(c);
  if (mode != PadMode::constant) {
    // Axes that are left alone need no elements to mirror.
    while (pads.size() > 2 && pads[pads.size() - 1] == 0 && pads[pads.size() - 2] == 0)
      pads.resize(pads.size() - 2);
    return one(pad(x, pads, mode));
  }
  if (x.dtype() == int64 && c.has(2)) return one(pad(x, pads, mode, c.x(2).item<std::int64_t>()));
  return one(pad(x, pads, mode, c.has(2) ? c.x(2).item() : c.real("value", 0)));
}

/// Blocks of channels as pixels beside each other, and back.
Tensors depth_to_space(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const std::int64_t b = c.integer("blocksize", 1);
  if (x.dim() != 4 || b < 1 || x.size(1) % (b * b) != 0)
    c.fail("needs x[batch, channels, height, width] whose channels divide into blocks: x is " + x.describe());
  const std::int64_t n = x.size(0), d = x.size(1) / (b * b), h = x.size(2), w = x.size(3);
  const bool by_columns = c.text("mode", "DCR") == "CRD";
  const Tensor y = by_columns ? permute(reshape(x, {n, d, b, b, h, w}), {0, 1, 4, 2, 5, 3})
                              : permute(reshape(x, {n, b, b, d, h, w}), {0, 3, 4, 1, 5, 2});
  return one(reshape(y, {n, d, h * b, w * b}));
}
Tensors space_to_depth(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const std::int64_t b = c.integer("blocksize", 1);
  if (x.dim() != 4 || b < 1 || x.size(2) % b != 0 || x.size(3) % b != 0)
    c.fail("needs x[batch, channels, height, width] that divides into blocks: x is " + x.describe());
  const std::int64_t n = x.size(0), d = x.size(1), h = x.size(2) / b, w = x.size(3) / b;
  const Tensor y = permute(reshape(x, {n, d, h, b, w, b}), {0, 3, 5, 1, 2, 4});
  return one(reshape(y, {n, d * b * b, h, w}));
}

Tensors triangle(const NodeCall& c) {
  const auto k = static_cast<int>(
      c.has(1) ? std::clamp<std::int64_t>(c.x(1).item<std::int64_t>(), -(1 << 30), 1 << 30) : 0);
  return one(c.integer("upper", 1) ? triu(c.x(0), k) : tril(c.x(0), k));
}

}  // namespace

void add_shapes(ImportTable& t) {
  t["Shape"] = shape_of, t["Size"] = size_of_all, t["Reshape"] = reshaped, t["Flatten"] = flattened;
  t["Squeeze"] = squeezed, t["Unsqueeze"] = unsqueezed, t["Transpose"] = transposed;
  t["Concat"] = concatenated, t["Split"] = split_up, t["Expand"] = expanded, t["Tile"] = tiled;
  t["Slice"] = sliced, t["Pad"] = padded, t["Trilu"] = triangle;
  t["DepthToSpace"] = depth_to_space, t["SpaceToDepth"] = space_to_depth;
}

}  // namespace xgrad::onnx::detail
