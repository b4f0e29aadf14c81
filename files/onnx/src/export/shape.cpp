#include <numeric>

#include "export/call.hpp"

// Shapes and the order of axes, joining and splitting.

namespace xgrad::onnx::detail {

namespace {

using List = std::vector<std::int64_t>;
constexpr std::int64_t end_of_axis = INT64_MAX, start_of_axis = INT64_MIN;

void reshape(ExportedCall& c) { c.give(c.graph.reshape(c.x(0), c.result_dims())); }
void expand(ExportedCall& c) { c.give(c.graph.add("Expand", {c.x(0), c.graph.sizes(c.result_dims())})); }
void permute(ExportedCall& c) {
  const List axes = c.list("axes");
  c.give(axes.empty() ? c.graph.add("Identity", {c.x(0)}) : c.graph.transpose(c.x(0), axes));
}

void transpose(ExportedCall& c) {
  List axes(static_cast<std::size_t>(c.rank(0)));
  std::iota(axes.begin(), axes.end(), 0);
  if (axes.empty()) return c.give(c.graph.add("Identity", {c.x(0)}));
  std::swap(axes[static_cast<std::size_t>(c.integer("axis0"))],
            axes[static_cast<std::size_t>(c.integer("axis1"))]);
  c.give(c.graph.transpose(c.x(0), axes));
}

void flip(ExportedCall& c) {
  std::string y = c.x(0);
  for (std::int64_t axis : c.list("axes")) y = c.graph.slice(y, axis, -1, start_of_axis, -1);
  c.give(y == c.x(0) ? c.graph.add("Identity", {y}) : y);
}

void roll(ExportedCall& c) {
  // Elements that leave at the end come back at the start.
  const std::int64_t axis = c.integer("axis"), shift = c.integer("shift");
  if (shift == 0) return c.give(c.graph.add("Identity", {c.x(0)}));
  const std::string back = c.graph.slice(c.x(0), axis, -shift, end_of_axis);
  c.give(c.graph.concat({back, c.graph.slice(c.x(0), axis, 0, -shift)}, axis));
}

/// Concat, which has no booleans in some programs that read ONNX.
void cat(ExportedCall& c) {
  Names parts;
  for (std::size_t i = 0; i < c.inputs(); ++i) parts.push_back(c.x(i));
  c.give(c.graph.concat(std::move(parts), c.integer("axis")));
}
void stack(ExportedCall& c) {
  Names parts;
  const std::int64_t axis = c.integer("axis");
  for (std::size_t i = 0; i < c.inputs(); ++i) parts.push_back(c.graph.unsqueeze(c.x(i), {axis}));
  c.give(c.graph.concat(std::move(parts), axis));
}

void split(ExportedCall& c) {
  const auto axis = static_cast<std::size_t>(c.integer("axis"));
  Dims sizes;
  for (std::size_t k = 0; k < c.outputs(); ++k) sizes.push_back(c.result_dims(k)[axis]);
  const Names made =
      c.graph.add("Split", {c.x(0), c.graph.sizes(sizes)}, c.outputs(), {{"axis", c.integer("axis")}});
  for (std::size_t k = 0; k < made.size(); ++k) c.give(made[k], k);
}
void unbind(ExportedCall& c) {
  if (follows_batch({c.dims(0)[static_cast<std::size_t>(c.integer("axis"))]}))
    c.fail("its number of parts hangs on the size of the batch; save with {.dynamic_batch = false}");
  for (std::size_t k = 0; k < c.outputs(); ++k)
    c.give(c.graph.add("Gather", {c.x(0), c.graph.integer(static_cast<std::int64_t>(k))},
                       {{"axis", c.integer("axis")}}),
           k);
}

}  // namespace

void add_shapes(ExportTable& table) {
  table["reshape"] = reshape, table["expand"] = expand, table["permute"] = permute;
  table["transpose"] = transpose, table["flip"] = flip, table["roll"] = roll;
  table["cat"] = cat, table["stack"] = stack, table["split"] = split, table["unbind"] = unbind;
}

}  // namespace xgrad::onnx::detail
