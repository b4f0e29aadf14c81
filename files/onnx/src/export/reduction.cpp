#include <cmath>
#include <numeric>

#include "export/call.hpp"

// Reductions over axes, scans along one, extrema with their places, and order.

namespace xgrad::onnx::detail {

namespace {

using List = std::vector<std::int64_t>;

/// A reduction whose axes are an attribute, as all but ReduceSum have them in opset 17.
std::string reduced(Graph& g, const char* type, const std::string& x, const List& axes, bool keepdim) {
  if (axes.empty()) return g.add("Identity", {x});
  return g.add(type, {x}, {{"axes", axes}, {"keepdims", std::int64_t{keepdim}}});
}
std::string summed(Graph& g, const std::string& x, const List& axes, bool keepdim) {
  if (axes.empty()) return g.add("Identity", {x});
  return g.add("ReduceSum", {x, g.ints(axes)}, {{"keepdims", std::int64_t{keepdim}}});
}
List every_axis(std::int64_t rank) {
  List axes(static_cast<std::size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

std::string number_of(ExportedCall& c) {
  return c.dtype(0) == boolean ? c.graph.cast(c.x(0), int64) : c.x(0);
}

void sum(ExportedCall& c) { c.give(summed(c.graph, number_of(c), c.list("axes"), c.flag("keepdim"))); }

template <const char* type>
void reduce(ExportedCall& c) {
  std::string y = reduced(c.graph, type, number_of(c), c.list("axes"), c.flag("keepdim"));
  c.give(c.dtype(0) == boolean ? c.graph.cast(y, boolean) : y);
}
template <const char* type>
void reduce_all(ExportedCall& c) {
  std::string y = reduced(c.graph, type, number_of(c), every_axis(c.rank(0)), false);
  c.give(c.dtype(0) == boolean ? c.graph.cast(y, boolean) : y);
}
constexpr char ReduceMean[] = "ReduceMean", ReduceMax[] = "ReduceMax", ReduceMin[] = "ReduceMin";

/// The shape of the result, which may keep several axes for the one that was reduced.
void give_reshaped(ExportedCall& c, const std::string& y, std::int64_t rank) {
  c.give(c.result_shape().rank() == rank ? y : c.graph.reshape(y, c.result_dims()));
}
/// One axis reduced, or nothing where a number has none.
template <class F>
void reduce_along(ExportedCall& c, F f) {
  if (c.rank(0) == 0) return c.give(c.graph.squeeze(f(c.graph.unsqueeze(c.x(0), {0}), List{0}), {}));
  give_reshaped(c, f(c.x(0), List{c.integer("axis")}), c.rank(0) - 1);
}

void prod(ExportedCall& c) {
  reduce_along(c, [&](const std::string& x, const List& axes) {
    return reduced(c.graph, "ReduceProd", x, axes, false);
  });
}
void logsumexp(ExportedCall& c) {
  reduce_along(c, [&](const std::string& x, const List& axes) {
    return reduced(c.graph, "ReduceLogSumExp", x, axes, false);
  });
}

template <bool root>
void variance(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const auto correction = c.integer("correction");
  const Dims dims = c.dims(0);
  const Dim n = dims.empty() ? Dim{1} : dims[static_cast<std::size_t>(c.integer("axis"))];
  reduce_along(c, [&](const std::string& x, const List& axes) {
    const std::string far = g.add("Sub", {x, reduced(g, "ReduceMean", x, axes, true)});
    const std::string squares = summed(g, g.add("Mul", {far, far}), axes, false);
    std::string divisor = g.size(n, t);
    if (n.by_batch)
      divisor = g.add("Sub", {divisor, g.number(static_cast<double>(correction), t)});
    else
      divisor = g.number(n.size > correction ? static_cast<double>(n.size - correction) : std::nan(""), t);
    const std::string y = g.add("Div", {squares, divisor});
    return root ? g.add("Sqrt", {y}) : y;
  });
}

void norm(ExportedCall& c) {
  Graph& g = c.graph;
  const double p = c.real("p");
  const DType t = c.dtype(0);
  reduce_along(c, [&](const std::string& x, const List& axes) {
    if (std::isinf(p)) return reduced(g, p > 0 ? "ReduceMax" : "ReduceMin", g.add("Abs", {x}), axes, false);
    if (p == 1) return reduced(g, "ReduceL1", x, axes, false);
    if (p == 2) return reduced(g, "ReduceL2", x, axes, false);
    if (p == 0) return summed(g, g.cast(g.cast(x, boolean), t), axes, false);
    const std::string powers = g.add("Pow", {g.add("Abs", {x}), g.number(p, t)});
    return g.add("Pow", {summed(g, powers, axes, false), g.number(1 / p, t)});
  });
}

template <bool all>
void truth(ExportedCall& c) {
  Graph& g = c.graph;
  const std::string x = c.dtype(0) == boolean ? c.x(0) : g.cast(c.x(0), boolean);
  const std::string y =
      reduced(g, all ? "ReduceMin" : "ReduceMax", g.cast(x, int64), c.list("axes"), c.flag("keepdim"));
  c.give(g.cast(y, boolean));
}
void count_nonzero(ExportedCall& c) {
  Graph& g = c.graph;
  const std::string x = c.dtype(0) == boolean ? c.x(0) : g.cast(c.x(0), boolean);
  c.give(summed(g, g.cast(x, int64), c.list("axes"), c.flag("keepdim")));
}

std::string place_along(Graph& g, const char* type, const std::string& x, std::int64_t axis, bool keepdim) {
  return g.add(type, {x}, {{"axis", axis}, {"keepdims", std::int64_t{keepdim}}});
}
/// x with an axis at least: that of a number is taken away again by the reduction.
std::string with_axis(ExportedCall& c) {
  return c.rank(0) == 0 ? c.graph.unsqueeze(number_of(c), {0}) : number_of(c);
}
template <const char* type>
void place(ExportedCall& c) {
  c.give(place_along(c.graph, type, with_axis(c), c.rank(0) == 0 ? 0 : c.integer("axis"),
                     c.rank(0) > 0 && c.flag("keepdim")));
}
template <const char* type>
void place_of_all(ExportedCall& c) {
  c.give(place_along(c.graph, type, c.graph.reshape(number_of(c), {{-1}}), 0, false));
}
constexpr char ArgMax[] = "ArgMax", ArgMin[] = "ArgMin";

template <const char* value, const char* at>
void extremum_along(ExportedCall& c) {
  const std::int64_t axis = c.rank(0) == 0 ? 0 : c.integer("axis");
  const bool keepdim = c.rank(0) > 0 && c.flag("keepdim");
  const std::string x = with_axis(c), y = reduced(c.graph, value, x, {axis}, keepdim);
  c.give(c.dtype(0) == boolean ? c.graph.cast(y, boolean) : y, 0);
  c.give(place_along(c.graph, at, x, axis, keepdim), 1);
}

void cumsum(ExportedCall& c) {
  Graph& g = c.graph;
  if (c.rank(0) == 0) return c.give(g.add("Identity", {c.x(0)}));
  c.give(g.add("CumSum", {c.x(0), g.integer(c.integer("axis"))},
               {{"reverse", std::int64_t{c.flag("reverse")}}}));
}

/// The first k of an axis in order, and where they stood.
Names ordered(ExportedCall& c, const std::string& x, const std::string& k, std::int64_t axis, bool largest) {
  return c.graph.add("TopK", {x, k}, 2, {{"axis", axis}, {"largest", std::int64_t{largest}}});
}
void give_both(ExportedCall& c, const Names& made) {
  for (std::size_t k = 0; k < 2; ++k) c.give(c.rank(0) == 0 ? c.graph.squeeze(made[k], {0}) : made[k], k);
}
void sort(ExportedCall& c) {
  const std::int64_t axis = c.rank(0) == 0 ? 0 : c.integer("axis");
  const Dims dims = c.dims(0);
  const std::string k = c.graph.sizes({dims.empty() ? Dim{1} : dims[static_cast<std::size_t>(axis)]});
  give_both(c, ordered(c, with_axis(c), k, axis, c.flag("descending")));
}
void topk(ExportedCall& c) {
  const std::int64_t axis = c.rank(0) == 0 ? 0 : c.integer("axis");
  give_both(c, ordered(c, with_axis(c), c.graph.ints({c.integer("k")}), axis, c.flag("largest")));
}

/// The middle one of an axis with a fixed size.
void median_in(ExportedCall& c, const std::string& x, std::int64_t axis, Dim n, bool keepdim) {
  if (n.by_batch)
    c.fail("its number of elements hangs on the size of the batch; save with {.dynamic_batch = false}");
  Graph& g = c.graph;
  const std::int64_t k = (n.size + 1) / 2;
  const Names made = ordered(c, x, g.ints({k}), axis, false);
  for (std::size_t i = 0; i < c.outputs(); ++i)
    c.give(g.add("Gather", {made[i], keepdim ? g.ints({k - 1}) : g.integer(k - 1)}, {{"axis", axis}}), i);
}
void median(ExportedCall& c) { median_in(c, c.graph.reshape(c.x(0), {{-1}}), 0, product(c.dims(0)), false); }
void median_along(ExportedCall& c) {
  if (c.rank(0) == 0) return median_in(c, with_axis(c), 0, {1}, false);
  const std::int64_t axis = c.integer("axis");
  median_in(c, c.x(0), axis, c.dims(0)[static_cast<std::size_t>(axis)], c.flag("keepdim"));
}

}  // namespace

void add_reductions(ExportTable& table) {
  table["sum"] = sum, table["mean"] = reduce<ReduceMean>, table["prod"] = prod;
  table["amax"] = reduce<ReduceMax>, table["amin"] = reduce<ReduceMin>;
  table["max"] = reduce_all<ReduceMax>, table["min"] = reduce_all<ReduceMin>;
  table["max_along"] = extremum_along<ReduceMax, ArgMax>,
  table["min_along"] = extremum_along<ReduceMin, ArgMin>;
  table["argmax"] = place_of_all<ArgMax>, table["argmin"] = place_of_all<ArgMin>;
  table["argmax_along"] = place<ArgMax>, table["argmin_along"] = place<ArgMin>;
  table["any"] = truth<false>, table["all"] = truth<true>, table["count_nonzero"] = count_nonzero;
  table["var"] = variance<false>, table["stddev"] = variance<true>, table["logsumexp"] = logsumexp;
  table["norm"] = table["norm_extreme"] = norm;
  table["cumsum"] = cumsum, table["sort"] = sort, table["topk"] = topk;
  table["median"] = median, table["median_along"] = median_along;
}

}  // namespace xgrad::onnx::detail
