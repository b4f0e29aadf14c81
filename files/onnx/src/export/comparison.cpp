#include "export/call.hpp"

// Comparisons, logic, and what numbers are.

namespace xgrad::onnx::detail {

namespace {

/// Order is known of numbers only: booleans are 0 and 1.
std::string as_number(Graph& g, const std::string& x, DType t) { return t == boolean ? g.cast(x, int64) : x; }

template <const char* type, bool negated = false>
void compare(ExportedCall& c) {
  Graph& g = c.graph;
  const std::string y = g.add(type, {as_number(g, c.x(0), c.dtype(0)), as_number(g, c.x(1), c.dtype(1))});
  c.give(negated ? g.add("Not", {y}) : y);
}

template <const char* type, bool negated = false>
void compare_number(ExportedCall& c) {
  Graph& g = c.graph;
  const double number = c.real("number");
  DType t = c.dtype(0) == boolean ? int64 : c.dtype(0);
  std::string x = as_number(g, c.x(0), c.dtype(0));
  if (t == int64 && number != static_cast<double>(static_cast<std::int64_t>(number)))
    x = g.cast(x, float64), t = float64;
  const std::string y = g.add(type, {x, g.number(number, t)});
  c.give(negated ? g.add("Not", {y}) : y);
}

constexpr char Equal[] = "Equal", Less[] = "Less", Greater[] = "Greater", LessOrEqual[] = "LessOrEqual",
               GreaterOrEqual[] = "GreaterOrEqual", And[] = "And", Or[] = "Or", Xor[] = "Xor";

std::string truth(ExportedCall& c, std::size_t i) {
  return c.dtype(i) == boolean ? c.x(i) : c.graph.cast(c.x(i), boolean);
}
template <const char* type>
void logic(ExportedCall& c) {
  c.give(c.graph.add(type, {truth(c, 0), truth(c, 1)}));
}
void logical_not(ExportedCall& c) { c.give(c.graph.add("Not", {truth(c, 0)})); }

/// Of integers, which are all finite.
std::string same(ExportedCall& c) { return c.graph.add("Equal", {c.x(0), c.x(0)}); }

void isnan(ExportedCall& c) {
  c.give(is_floating(c.dtype(0)) ? c.graph.add("IsNaN", {c.x(0)}) : c.graph.add("Not", {same(c)}));
}
void isinf(ExportedCall& c) {
  c.give(is_floating(c.dtype(0)) ? c.graph.add("IsInf", {c.x(0)}) : c.graph.add("Not", {same(c)}));
}
void isfinite(ExportedCall& c) {
  Graph& g = c.graph;
  if (!is_floating(c.dtype(0))) return c.give(same(c));
  c.give(g.add("Not", {g.add("Or", {g.add("IsNaN", {c.x(0)}), g.add("IsInf", {c.x(0)})})}));
}

}  // namespace

void add_comparisons(ExportTable& table) {
  table["eq"] = compare<Equal>, table["ne"] = compare<Equal, true>;
  table["lt"] = compare<Less>, table["le"] = compare<LessOrEqual>;
  table["gt"] = compare<Greater>, table["ge"] = compare<GreaterOrEqual>;
  table["eq_number"] = compare_number<Equal>, table["ne_number"] = compare_number<Equal, true>;
  table["lt_number"] = compare_number<Less>, table["le_number"] = compare_number<LessOrEqual>;
  table["gt_number"] = compare_number<Greater>, table["ge_number"] = compare_number<GreaterOrEqual>;
  table["logical_and"] = logic<And>, table["logical_or"] = logic<Or>, table["logical_xor"] = logic<Xor>;
  table["logical_not"] = logical_not;
  table["isnan"] = isnan, table["isinf"] = isinf, table["isfinite"] = isfinite;
}

}  // namespace xgrad::onnx::detail
