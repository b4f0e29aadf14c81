#include <charconv>

#include "export/call.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/tape.hpp"

// What takes an index.

namespace xgrad::onnx::detail {

namespace {

void gather(ExportedCall& c) {
  c.give(c.graph.add("GatherElements", {c.x(0), c.x(1)}, {{"axis", c.integer("axis")}}));
}
void index_select(ExportedCall& c) {
  c.give(c.graph.add("Gather", {c.x(0), c.x(1)}, {{"axis", c.integer("axis")}}));
}

void scatter_as(ExportedCall& c, bool adds) {
  // The source may be larger than the index; ONNX has them of one size.
  Graph& g = c.graph;
  std::string source = c.x(2);
  const Dims index = c.dims(1), all = c.dims(2);
  for (std::size_t i = 0; i < index.size(); ++i)
    if (!(index[i] == all[i]))
      source =
          g.add("Slice", {source, g.ints({0}), g.sizes({index[i]}), g.ints({static_cast<std::int64_t>(i)})});
  NodeAttributes attributes = {{"axis", c.integer("axis")}};
  if (adds) attributes.push_back({"reduction", std::string("add")});
  c.give(g.add("ScatterElements", {c.x(0), c.x(1), source}, attributes));
}
void scatter(ExportedCall& c) { scatter_as(c, false); }
void scatter_add(ExportedCall& c) { scatter_as(c, true); }

void one_hot(ExportedCall& c) {
  Graph& g = c.graph;
  const auto classes = c.integer("num_classes");
  const Dims result = c.result_dims();
  if (classes < 0) c.fail("the number of classes must be given and not be taken from the values; pass it");
  if (result.back().by_batch)
    c.fail("the number of classes hangs on the size of the batch; save with {.dynamic_batch = false}");
  const NoGrad guard;
  const std::string values = g.constant(tensor({std::int64_t{0}, std::int64_t{1}}));
  c.give(g.add("OneHot", {c.x(0), g.integer(result.back().size), values}));
}

void nonzero(ExportedCall& c) { c.give(c.graph.transpose(c.graph.add("NonZero", {c.x(0)}), {1, 0})); }
void flat_nonzero(ExportedCall& c) {
  c.give(c.graph.reshape(c.graph.add("NonZero", {c.graph.reshape(c.x(0), {{-1}})}), {{-1}}));
}

void index_view(ExportedCall& c) {
  Graph& g = c.graph;
  const std::int64_t first = c.integer("first");
  const Dim n = product(c.result_dims());
  if (n.by_batch) {
    if (first != 0 || !(product(c.dims(0)) == n))
      c.fail("a part of the batch hangs on its size; save with {.dynamic_batch = false}");
    return c.give(g.reshape(c.x(0), c.result_dims()));
  }
  const std::string flat = g.reshape(c.x(0), {{-1}});
  c.give(g.reshape(g.slice(flat, 0, first, first + n.size), c.result_dims()));
}

/// What one item of an index is, by its text: "3", "1:5:2", "...", "None", "array".
std::vector<std::string> items_of(const std::string& text) {
  std::vector<std::string> items;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(", ", at), text.size());
    items.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return items;
}

std::int64_t number_in(const std::string& text, std::int64_t otherwise) {
  std::int64_t n = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

std::string sliced(ExportedCall& c, const std::string& x, std::int64_t axis, const std::string& item) {
  const std::size_t first = item.find(':'), second = item.find(':', first + 1);
  const std::int64_t step = second == std::string::npos ? 1 : number_in(item.substr(second + 1), 1);
  const std::int64_t start = number_in(item.substr(0, first), step > 0 ? 0 : INT64_MAX);
  const std::int64_t stop =
      number_in(item.substr(first + 1, second - first - 1), step > 0 ? INT64_MAX : INT64_MIN);
  if (item == ":") return x;
  return c.graph.slice(x, axis, start, stop, step);
}

/// The plan of an index is written down where it is used.
void index_plan(ExportedCall& c) {
  for (std::size_t k = 0; k < c.outputs(); ++k) c.give("", k);
}

void index(ExportedCall& c) {
  Graph& g = c.graph;
  const Program& p = c.program();
  const Program::Call* plan = nullptr;
  for (const Program::Call& made : p.calls())
    if (made.op == "index_plan" && made.outputs[0] == c.call().inputs[1]) plan = &made;
  if (!plan) c.fail("its plan is no part of what was traced; trace the whole function");
  const std::vector<std::string> items = items_of(std::get<std::string>(plan->attributes.at(0).value));
  std::size_t arrays = 0;
  std::int64_t named = 0;
  for (const std::string& item : items) arrays += item == "array", named += item != "..." && item != "None";
  if (arrays > 1)
    c.fail("an index must have one array at most; use gather or index_select, or several steps");
  std::string y = c.x(0);
  std::int64_t axis = 0;
  for (const std::string& item : items) {
    if (item == "...") {
      axis += c.rank(0) - named;
    } else if (item == "None") {
      y = g.unsqueeze(y, {axis++});
    } else if (item == "array") {
      const std::size_t array = plan->inputs.at(1);
      if (p.values()[array].dtype != int64)
        c.fail("an array of an index must be int64; use where or masked_select in the place of a mask");
      y = g.add("Gather", {y, c.name_of(array)}, {{"axis", axis}});
      axis += p.values()[array].shape.rank();
    } else if (item.find(':') != std::string::npos) {
      y = sliced(c, y, axis++, item);
    } else {
      y = g.add("Gather", {y, g.integer(number_in(item, 0))}, {{"axis", axis}});
    }
  }
  c.give(y == c.x(0) ? g.add("Identity", {y}) : y);
}

}  // namespace

void add_indexing(ExportTable& table) {
  table["gather"] = gather, table["index_select"] = index_select, table["scatter"] = scatter;
  table["scatter_add"] = scatter_add, table["one_hot"] = one_hot, table["nonzero"] = nonzero;
  table["flat_nonzero"] = flat_nonzero, table["index_view"] = index_view;
  table["index_plan"] = index_plan, table["index"] = index;
}

}  // namespace xgrad::onnx::detail
