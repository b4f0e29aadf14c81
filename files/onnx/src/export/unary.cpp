#include <cmath>
#include <limits>
#include <numbers>

#include "export/call.hpp"

// Elementwise functions of one tensor.

namespace xgrad::onnx::detail {

namespace {

template <const char* type>
void unary(ExportedCall& c) {
  c.give(c.graph.add(type, {c.x(0)}));
}

constexpr char Abs[] = "Abs", Acos[] = "Acos", Acosh[] = "Acosh", Asin[] = "Asin", Asinh[] = "Asinh",
               Atan[] = "Atan", Atanh[] = "Atanh", Ceil[] = "Ceil", Cos[] = "Cos", Cosh[] = "Cosh",
               Erf[] = "Erf", Exp[] = "Exp", Floor[] = "Floor", Identity[] = "Identity", Log[] = "Log",
               Neg[] = "Neg", Reciprocal[] = "Reciprocal", Sign[] = "Sign", Sin[] = "Sin", Sinh[] = "Sinh",
               Sqrt[] = "Sqrt", Tan[] = "Tan", Tanh[] = "Tanh";

/// Of integers, which stay as they are.
template <const char* type>
void rounded(ExportedCall& c) {
  c.give(c.graph.add(c.dtype(0) == int64 ? "Identity" : type, {c.x(0)}));
}

void trunc(ExportedCall& c) {
  Graph& g = c.graph;
  if (c.dtype(0) == int64) return c.give(g.add("Identity", {c.x(0)}));
  const std::string below = g.add("Less", {c.x(0), g.number(0, c.dtype(0))});
  c.give(g.add("Where", {below, g.add("Ceil", {c.x(0)}), g.add("Floor", {c.x(0)})}));
}

void round(ExportedCall& c) {
  Graph& g = c.graph;
  const auto decimals = c.integer("decimals");
  if (c.dtype(0) == int64) {
    if (decimals < 0) c.fail("ONNX rounds no integers; convert them with .to() first");
    return c.give(g.add("Identity", {c.x(0)}));
  }
  if (decimals == 0) return c.give(g.add("Round", {c.x(0)}));
  const std::string unit = g.number(std::pow(10.0, std::abs(static_cast<double>(decimals))), c.dtype(0));
  const char *in = decimals > 0 ? "Mul" : "Div", *out = decimals > 0 ? "Div" : "Mul";
  c.give(g.add(out, {g.add("Round", {g.add(in, {c.x(0), unit})}), unit}));
}

void exp2(ExportedCall& c) { c.give(c.graph.add("Pow", {c.graph.number(2, c.dtype(0)), c.x(0)})); }

void expm1(ExportedCall& c) {
  // sinh(x / 2) 2 e^(x / 2), which is exact for small x.
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  if (t == float64) return c.give(g.add("Sub", {g.add("Exp", {c.x(0)}), g.number(1, t)}));
  const std::string half = g.add("Mul", {c.x(0), g.number(0.5, t)});
  c.give(g.add("Mul", {g.add("Mul", {g.add("Sinh", {half}), g.number(2, t)}), g.add("Exp", {half})}));
}

/// log(x + before) * factor.
void logarithm(ExportedCall& c, double before, double factor) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  std::string y = before == 0 ? c.x(0) : g.add("Add", {c.x(0), g.number(before, t)});
  y = g.add("Log", {y});
  c.give(factor == 1 ? y : g.add("Mul", {y, g.number(factor, t)}));
}
void log1p(ExportedCall& c) { logarithm(c, 1, 1); }
void log2(ExportedCall& c) { logarithm(c, 0, std::numbers::log2e); }
void log10(ExportedCall& c) { logarithm(c, 0, std::numbers::log10e); }

void rsqrt(ExportedCall& c) { c.give(c.graph.add("Reciprocal", {c.graph.add("Sqrt", {c.x(0)})})); }
void square(ExportedCall& c) { c.give(c.graph.add("Mul", {c.x(0), c.x(0)})); }
void erfc(ExportedCall& c) {
  c.give(c.graph.add("Sub", {c.graph.number(1, c.dtype(0)), c.graph.add("Erf", {c.x(0)})}));
}

void sinc(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  if (c.integer("n") != 0) c.fail("ONNX has no op for a derivative of sinc; save a function without it");
  const std::string angle = g.add("Mul", {c.x(0), g.number(std::numbers::pi, t)});
  const std::string at_0 = g.add("Equal", {c.x(0), g.number(0, t)}), one = g.number(1, t);
  const std::string safe = g.add("Where", {at_0, one, angle});
  c.give(g.add("Where", {at_0, one, g.add("Div", {g.add("Sin", {safe}), safe})}));
}

void nan_to_num(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const auto of = [&](const char* name, double otherwise) {
    const double v = c.real(name);
    if (v != v) return g.number(otherwise, t);
    const double most = t == float32 ? static_cast<double>(std::numeric_limits<float>::max())
                                     : std::numeric_limits<double>::max();
    return g.number(std::isinf(v) ? v : std::clamp(v, -most, most), t);
  };
  const std::string x = c.x(0);
  const std::string above = g.add("IsInf", {x}, {{"detect_negative", std::int64_t{0}}}),
                    below = g.add("IsInf", {x}, {{"detect_positive", std::int64_t{0}}});
  std::string y = g.add("Where", {above, of("posinf", 0), x});
  y = g.add("Where", {below, of("neginf", 0), y});
  c.give(g.add("Where", {g.add("IsNaN", {x}), of("nan", c.real("nan")), y}));
}

void to(ExportedCall& c) { c.give(c.graph.cast(c.x(0), c.result_dtype())); }

}  // namespace

void add_unary(ExportTable& table) {
  table["abs"] = unary<Abs>, table["sign"] = unary<Sign>, table["neg"] = unary<Neg>;
  table["floor"] = rounded<Floor>, table["ceil"] = rounded<Ceil>, table["trunc"] = trunc,
  table["round"] = round;
  table["exp"] = unary<Exp>, table["log"] = unary<Log>, table["sqrt"] = unary<Sqrt>;
  table["exp2"] = exp2, table["expm1"] = expm1, table["log1p"] = log1p, table["log2"] = log2;
  table["log10"] = log10, table["rsqrt"] = rsqrt, table["square"] = square;
  table["reciprocal"] = unary<Reciprocal>;
  table["sin"] = unary<Sin>, table["cos"] = unary<Cos>, table["tan"] = unary<Tan>;
  table["asin"] = unary<Asin>, table["acos"] = unary<Acos>, table["atan"] = unary<Atan>;
  table["sinh"] = unary<Sinh>, table["cosh"] = unary<Cosh>, table["tanh"] = unary<Tanh>;
  table["asinh"] = unary<Asinh>, table["acosh"] = unary<Acosh>, table["atanh"] = unary<Atanh>;
  table["erf"] = unary<Erf>, table["erfc"] = erfc, table["sinc"] = sinc, table["nan_to_num"] = nan_to_num;
  table["output"] = table["detach"] = table["clone"] = unary<Identity>;
  table["to"] = to;
}

}  // namespace xgrad::onnx::detail
