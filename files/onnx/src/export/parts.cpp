#include <numeric>

#include "export/call.hpp"
#include "export/diagonal.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/tape.hpp"

// Parts of tensors and what is put around them.

namespace xgrad::onnx::detail {

namespace {

using List = std::vector<std::int64_t>;
constexpr std::int64_t start_of_axis = INT64_MIN, end_of_axis = INT64_MAX;

void slice(ExportedCall& c) {
  Graph& g = c.graph;
  const std::int64_t axis = c.integer("axis"), start = c.integer("start"), step = c.integer("step");
  const auto at = static_cast<std::size_t>(axis);
  const Dim all = c.dims(0)[at], taken = c.result_dims()[at];
  if (taken.by_batch) {
    if (start != 0 || step != 1)
      c.fail(
          "a part that hangs on the size of the batch must begin at 0; save with {.dynamic_batch = false}");
    if (taken == all) return c.give(g.add("Identity", {c.x(0)}));
    return c.give(g.add("Slice", {c.x(0), g.ints({0}), g.sizes({taken}), g.ints({axis})}));
  }
  const std::int64_t last = start + (taken.size - 1) * step;
  const std::int64_t stop = taken.size == 0 ? start
                            : step > 0      ? last + 1
                            : last == 0     ? start_of_axis
                                            : last - 1;
  c.give(g.slice(c.x(0), axis, start, stop, step));
}

void select(ExportedCall& c) {
  c.give(c.graph.add("Gather", {c.x(0), c.graph.integer(c.integer("index"))}, {{"axis", c.integer("axis")}}));
}

/// x with a value before and behind it along the last axes, or along one.
std::string padded(ExportedCall& c, const List& before, const List& behind) {
  List pads = before;
  pads.insert(pads.end(), behind.begin(), behind.end());
  const DType t = c.dtype(0);
  Graph& g = c.graph;
  const std::string x = t == boolean ? g.cast(c.x(0), int64) : c.x(0);
  const std::string y = g.add("Pad", {x, g.ints(pads), g.number(c.real("value"), t == boolean ? int64 : t)},
                              {{"mode", std::string("constant")}});
  return t == boolean ? g.cast(y, boolean) : y;
}
void pad(ExportedCall& c) {
  List before(static_cast<std::size_t>(c.rank(0))), behind = before;
  const auto axis = static_cast<std::size_t>(c.integer("axis"));
  before[axis] = c.integer("before"), behind[axis] = c.integer("behind");
  c.give(padded(c, before, behind));
}
void pad_plane(ExportedCall& c) {
  List before(static_cast<std::size_t>(c.rank(0))), behind = before;
  const std::size_t rows = before.size() - 2;
  before[rows] = c.integer("top"), before[rows + 1] = c.integer("left");
  behind[rows] = c.integer("below"), behind[rows + 1] = c.integer("right");
  c.give(padded(c, before, behind));
}
void crop_plane(ExportedCall& c) {
  const std::int64_t rows = c.rank(0) - 2;
  const auto until = [](std::int64_t cut) { return cut == 0 ? end_of_axis : -cut; };
  const std::string y = c.graph.slice(c.x(0), rows, c.integer("top"), until(c.integer("below")));
  c.give(c.graph.slice(y, rows + 1, c.integer("left"), until(c.integer("right"))));
}

template <bool upper>
void triangle(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::string x = t == boolean ? g.cast(c.x(0), int64) : c.x(0);
  const std::string y =
      g.add("Trilu", {x, g.integer(c.integer("diagonal"))}, {{"upper", std::int64_t{upper}}});
  c.give(t == boolean ? g.cast(y, boolean) : y);
}

void diagonal(ExportedCall& c) {
  c.give(diagonal_of(c, c.integer("offset"), c.integer("axis1"), c.integer("axis2")));
}

void diag_embed(ExportedCall& c) {
  // Each element of a matrix is one of the vector's, or 0.
  Graph& g = c.graph;
  const NoGrad guard;
  const int a = static_cast<int>(c.integer("axis1")), b = static_cast<int>(c.integer("axis2"));
  const std::int64_t offset = c.integer("offset"), rows = c.result_shape()[a], columns = c.result_shape()[b];
  const std::int64_t n = c.shape(0)[c.shape(0).rank() - 1];
  if (c.dims(0).back().by_batch)
    c.fail("a diagonal of the batch hangs on its size; save with {.dynamic_batch = false}");
  List from;
  std::vector<bool> filled;
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) {
      const std::int64_t k = offset >= 0 ? i : j;
      const bool on = j - i == offset && k < n;
      filled.push_back(on), from.push_back(on ? k : 0);
    }
  const Shape matrix{rows, columns};
  Tensor mask = zeros(matrix, boolean);
  for (std::size_t i = 0; i < filled.size(); ++i) mask.mutable_data<bool>()[i] = filled[i];
  const DType t = c.dtype(0) == boolean ? int64 : c.dtype(0);
  const std::string x = c.dtype(0) == boolean ? g.cast(c.x(0), int64) : c.x(0);
  const std::string spread =
      g.add("Gather", {x, g.constant(tensor(from, matrix))}, {{"axis", c.rank(0) - 1}});
  std::string y = g.add("Where", {g.constant(mask), spread, g.number(0, t)});
  List order(static_cast<std::size_t>(c.result_shape().rank()), -1);
  order[static_cast<std::size_t>(a)] = c.rank(0) - 1, order[static_cast<std::size_t>(b)] = c.rank(0);
  std::int64_t next = 0;
  for (std::int64_t& axis : order)
    if (axis < 0) axis = next++;
  y = g.transpose(y, order);
  c.give(c.dtype(0) == boolean ? g.cast(y, boolean) : y);
}

}  // namespace

std::string diagonal_of(ExportedCall& c, std::int64_t offset, std::int64_t axis1, std::int64_t axis2) {
  Graph& g = c.graph;
  const Dims dims = c.dims(0);
  const Dim rows = dims[static_cast<std::size_t>(axis1)], columns = dims[static_cast<std::size_t>(axis2)];
  if (rows.by_batch || columns.by_batch)
    c.fail("a diagonal of the batch hangs on its size; save with {.dynamic_batch = false}");
  List order, at;
  Dims flat;
  for (std::int64_t i = 0; i < c.rank(0); ++i)
    if (i != axis1 && i != axis2) order.push_back(i), flat.push_back(dims[static_cast<std::size_t>(i)]);
  order.push_back(axis1), order.push_back(axis2), flat.push_back({rows.size * columns.size});
  for (std::int64_t i = std::max<std::int64_t>(0, -offset); i < rows.size && i + offset < columns.size; ++i)
    at.push_back(i * columns.size + i + offset);
  return g.add("Gather", {g.reshape(g.transpose(c.x(0), order), flat), g.ints(at)},
               {{"axis", c.rank(0) - 2}});
}

void add_parts(ExportTable& table) {
  table["slice"] = slice, table["select"] = select, table["pad"] = pad, table["pad_plane"] = pad_plane;
  table["crop_plane"] = crop_plane, table["tril"] = triangle<false>, table["triu"] = triangle<true>;
  table["diagonal"] = diagonal, table["diag_embed"] = diag_embed;
}

}  // namespace xgrad::onnx::detail
