#include <numbers>

#include "export/batch_norm.hpp"
#include "export/call.hpp"

// Arithmetic of one and two tensors, with numbers, and selections.

namespace xgrad::onnx::detail {

namespace {

template <const char* type>
void binary(ExportedCall& c) {
  c.give(c.graph.add(type, {c.x(0), c.x(1)}));
}
/// With a number behind the tensor, or in front of it.
template <const char* type>
void with_number(ExportedCall& c) {
  c.give(c.graph.add(type, {c.x(0), c.graph.number(c.real("number"), c.result_dtype())}));
}
template <const char* type>
void number_with(ExportedCall& c) {
  c.give(c.graph.add(type, {c.graph.number(c.real("number"), c.result_dtype()), c.x(0)}));
}

constexpr char Add[] = "Add", Sub[] = "Sub", Mul[] = "Mul", Div[] = "Div", Pow[] = "Pow", Max[] = "Max",
               Min[] = "Min";

/// As one node where it is the end of what batch_norm computes from running statistics.
template <const char* type>
void perhaps_batch_norm(ExportedCall& c) {
  if (!give_batch_norm(c)) binary<type>(c);
}

void mul0(ExportedCall& c) {
  Graph& g = c.graph;
  const std::string zero = g.number(0, c.dtype(0));
  c.give(g.add("Where", {g.add("Equal", {c.x(0), zero}), c.x(0), g.add("Mul", {c.x(0), c.x(1)})}));
}

void clamp(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const double low = c.real("min"), high = c.real("max");
  const auto limit = [&](double v) {
    return v == v && v != __builtin_inf() && v != -__builtin_inf() ? g.number(v, t) : std::string();
  };
  c.give(g.add("Clip", {c.x(0), limit(low), limit(high)}));
}

void where(ExportedCall& c) {
  Graph& g = c.graph;
  if (c.dtype(1) != boolean) return c.give(g.add("Where", {c.x(0), c.x(1), c.x(2)}));
  const std::string a = g.cast(c.x(1), int64), b = g.cast(c.x(2), int64);
  c.give(g.cast(g.add("Where", {c.x(0), a, b}), boolean));
}

void atan2(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const auto number = [&](double v) { return g.number(v, t); };
  const std::string &y = c.x(0), &x = c.x(1), zero = number(0);
  const std::string angle = g.add("Atan", {g.add("Div", {y, x})});
  const std::string half =
      g.add("Where", {g.add("Less", {y, zero}), number(-std::numbers::pi), number(std::numbers::pi)});
  const std::string on_axis = g.add("Mul", {g.add("Sign", {y}), number(std::numbers::pi / 2)});
  const std::string left = g.add("Where", {g.add("Less", {x, zero}), g.add("Add", {angle, half}), on_axis});
  c.give(g.add("Where", {g.add("Greater", {x, zero}), angle, left}));
}

void hypot(ExportedCall& c) {
  Graph& g = c.graph;
  const std::string a = g.add("Abs", {c.x(0)}), b = g.add("Abs", {c.x(1)});
  const std::string large = g.add("Max", {a, b}), small = g.add("Min", {a, b});
  const DType t = c.dtype(0);
  const std::string safe = g.add("Where", {g.add("Equal", {large, g.number(0, t)}), g.number(1, t), large});
  const std::string ratio = g.add("Div", {small, safe});
  const std::string root = g.add("Sqrt", {g.add("Add", {g.number(1, t), g.add("Mul", {ratio, ratio})})});
  c.give(g.add("Mul", {large, root}));
}

void logaddexp(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::string &a = c.x(0), &b = c.x(1);
  const std::string apart = g.add("Neg", {g.add("Abs", {g.add("Sub", {a, b})})});
  const std::string more = g.add("Log", {g.add("Add", {g.number(1, t), g.add("Exp", {apart})})});
  const std::string same = g.add("Equal", {a, b});  // infinities too, whose difference is nan
  c.give(g.add("Add", {g.add("Max", {a, b}), g.add("Where", {same, g.number(std::numbers::ln2, t), more})}));
}

void xlogy(ExportedCall& c) {
  Graph& g = c.graph;
  const std::string zero = g.number(0, c.dtype(0));
  const std::string product = g.add("Mul", {c.x(0), g.add("Log", {c.x(1)})});
  c.give(g.add("Where", {g.add("Equal", {c.x(0), zero}), zero, product}));
}

void fmod(ExportedCall& c) { c.give(c.graph.add("Mod", {c.x(0), c.x(1)}, {{"fmod", std::int64_t{1}}})); }

void remainder(ExportedCall& c) {
  Graph& g = c.graph;
  if (c.dtype(0) == int64) return c.give(g.add("Mod", {c.x(0), c.x(1)}));
  // a - b trunc(a / b), which is exact, and b more where the signs differ.
  const std::string &b = c.x(1), zero = g.number(0, c.dtype(0));
  const std::string rest = g.add("Mod", {c.x(0), b}, {{"fmod", std::int64_t{1}}});
  const std::string signs = g.add("Less", {g.add("Mul", {g.add("Sign", {rest}), g.add("Sign", {b})}), zero});
  c.give(g.add("Where", {signs, g.add("Add", {rest, b}), rest}));
}

void floor_divide(ExportedCall& c) {
  Graph& g = c.graph;
  if (c.dtype(0) != int64) return c.give(g.add("Floor", {g.add("Div", {c.x(0), c.x(1)})}));
  const std::string rest = g.add("Mod", {c.x(0), c.x(1)});
  c.give(g.add("Div", {g.add("Sub", {c.x(0), rest}), c.x(1)}));
}

void lerp(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::string &from = c.x(0), &to = c.x(1), &w = c.x(2), way = g.add("Sub", {to, from});
  const std::string rest = g.add("Sub", {g.number(1, t), w});
  const std::string near_start = g.add("Add", {from, g.add("Mul", {w, way})});
  const std::string near_end = g.add("Sub", {to, g.add("Mul", {rest, way})});
  c.give(g.add("Where", {g.add("Less", {w, g.number(0.5, t)}), near_start, near_end}));
}

}  // namespace

void add_arithmetic(ExportTable& table) {
  table["add"] = perhaps_batch_norm<Add>, table["mul"] = perhaps_batch_norm<Mul>;
  table["sub"] = binary<Sub>, table["div"] = binary<Div>, table["pow"] = binary<Pow>;
  table["maximum"] = binary<Max>, table["minimum"] = binary<Min>;
  table["add_number"] = with_number<Add>, table["sub_number"] = with_number<Sub>;
  table["mul_number"] = with_number<Mul>, table["div_number"] = with_number<Div>;
  table["pow_number"] = with_number<Pow>;
  table["number_sub"] = number_with<Sub>, table["number_div"] = number_with<Div>;
  table["mul0"] = mul0, table["clamp"] = clamp, table["where"] = where;
  table["atan2"] = atan2, table["hypot"] = hypot, table["logaddexp"] = logaddexp, table["xlogy"] = xlogy;
  table["fmod"] = fmod, table["remainder"] = remainder, table["floor_divide"] = floor_divide;
  table["lerp"] = lerp;
}

}  // namespace xgrad::onnx::detail
