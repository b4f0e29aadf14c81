#include <cmath>
#include <numbers>

#include "export/activation.hpp"
#include "export/call.hpp"

// Activations. Attributes of ONNX are float32: where a float64 tensor needs more, other nodes say it.

namespace xgrad::onnx::detail {

namespace {

template <const char* type>
void unary(ExportedCall& c) {
  c.give(c.graph.add(type, {c.x(0)}));
}
constexpr char Relu[] = "Relu", Sigmoid[] = "Sigmoid", Softsign[] = "Softsign", HardSwish[] = "HardSwish";

/// max(x, 0) and min(x, 0).
std::string above_0(ExportedCall& c) { return c.graph.add("Relu", {c.x(0)}); }
std::string below_0(ExportedCall& c) { return c.graph.add("Min", {c.x(0), c.graph.number(0, c.dtype(0))}); }

/// above x + below alpha (e^(min(x, 0) / rate) - 1).
void exponential(ExportedCall& c, double scale, double alpha, double rate) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::string power = g.add("Exp", {g.add("Mul", {below_0(c), g.number(rate, t)})});
  const std::string negative =
      g.add("Mul", {g.add("Sub", {power, g.number(1, t)}), g.number(alpha * scale, t)});
  c.give(g.add("Add", {g.add("Mul", {above_0(c), g.number(scale, t)}), negative}));
}

void elu(ExportedCall& c) {
  const double alpha = c.real("alpha");
  if (!fits_attribute(alpha, c.dtype(0))) return exponential(c, 1, alpha, 1);
  c.give(c.graph.add("Elu", {c.x(0)}, {{"alpha", alpha}}));
}

void selu(ExportedCall& c) {
  constexpr double alpha = 1.6732632423543772848170429916717, scale = 1.0507009873554804934193349852946;
  if (c.dtype(0) == float64) return exponential(c, scale, alpha, 1);
  c.give(c.graph.add("Selu", {c.x(0)}, {{"alpha", alpha}, {"gamma", scale}}));
}

void celu(ExportedCall& c) {
  const double alpha = c.real("alpha");
  if (c.dtype(0) == float64 || alpha <= 0) return exponential(c, 1, alpha, 1 / alpha);
  c.give(c.graph.add("Celu", {c.x(0)}, {{"alpha", alpha}}));
}

void leaky_relu(ExportedCall& c) {
  Graph& g = c.graph;
  const double slope = c.real("negative_slope");
  const DType t = c.dtype(0);
  if (t == float32) return c.give(g.add("LeakyRelu", {c.x(0)}, {{"alpha", slope}}));
  c.give(g.add("Add", {above_0(c), g.add("Mul", {below_0(c), g.number(slope, t)})}));
}

std::string limited(Graph& g, const std::string& x, double low, double high, DType t) {
  return g.add("Clip", {x, g.number(low, t), g.number(high, t)});
}
void relu6(ExportedCall& c) { c.give(limited(c.graph, c.x(0), 0, 6, c.dtype(0))); }
void hardtanh(ExportedCall& c) {
  c.give(limited(c.graph, c.x(0), c.real("min_val"), c.real("max_val"), c.dtype(0)));
}

/// relu6(x + 3) / 6.
std::string hard_step(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  if (t == float32) return g.add("HardSigmoid", {c.x(0)}, {{"alpha", 1.0 / 6}, {"beta", 0.5}});
  return g.add("Div", {limited(g, g.add("Add", {c.x(0), g.number(3, t)}), 0, 6, t), g.number(6, t)});
}
void hardsigmoid(ExportedCall& c) { c.give(hard_step(c)); }
void hardswish(ExportedCall& c) {
  if (c.dtype(0) == float32) return unary<HardSwish>(c);
  c.give(c.graph.add("Mul", {c.x(0), hard_step(c)}));
}

void shrink(ExportedCall& c, bool soft) {
  Graph& g = c.graph;
  const double lambda = c.real("lambd");
  const DType t = c.dtype(0);
  if (t == float32)
    return c.give(g.add("Shrink", {c.x(0)}, {{"lambd", lambda}, {"bias", soft ? lambda : 0.0}}));
  const std::string over = g.add("Greater", {g.add("Abs", {c.x(0)}), g.number(lambda, t)});
  const std::string step = g.add("Mul", {g.add("Sign", {c.x(0)}), g.number(soft ? lambda : 0, t)});
  c.give(g.add("Where", {over, g.add("Sub", {c.x(0), step}), g.number(0, t)}));
}
void hardshrink(ExportedCall& c) { shrink(c, false); }
void softshrink(ExportedCall& c) { shrink(c, true); }

void logsigmoid(ExportedCall& c) {
  Graph& g = c.graph;
  c.give(g.add("Neg", {g.add("Softplus", {g.add("Neg", {c.x(0)})})}));
}

void softplus(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const double beta = c.real("beta"), threshold = c.real("threshold");
  std::string x = c.x(0);
  if (beta != 1) x = g.add("Mul", {x, g.number(beta, t)});
  std::string y = g.add("Softplus", {x});
  if (beta != 1) y = g.add("Div", {y, g.number(beta, t)});
  if (!std::isinf(threshold)) y = g.add("Where", {g.add("Greater", {x, g.number(threshold, t)}), c.x(0), y});
  c.give(y);
}

void silu(ExportedCall& c) { c.give(c.graph.add("Mul", {c.x(0), c.graph.add("Sigmoid", {c.x(0)})})); }

void mish(ExportedCall& c) {
  Graph& g = c.graph;
  c.give(g.add("Mul", {c.x(0), g.add("Tanh", {g.add("Softplus", {c.x(0)})})}));
}

/// x (1 + inner) / 2.
void half_of(ExportedCall& c, const std::string& inner) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::string half = g.add("Mul", {c.x(0), g.number(0.5, t)});
  c.give(g.add("Mul", {half, g.add("Add", {inner, g.number(1, t)})}));
}
void gelu(ExportedCall& c) {
  Graph& g = c.graph;
  half_of(c, g.add("Erf", {g.add("Mul", {c.x(0), g.number(1 / std::numbers::sqrt2, c.dtype(0))})}));
}
void gelu_tanh(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::string cube = g.add("Mul", {c.x(0), g.add("Mul", {c.x(0), c.x(0)})});
  const std::string sum = g.add("Add", {c.x(0), g.add("Mul", {cube, g.number(0.044715, t)})});
  half_of(c, g.add("Tanh", {g.add("Mul", {sum, g.number(std::sqrt(2 / std::numbers::pi), t)})}));
}

void tanhshrink(ExportedCall& c) { c.give(c.graph.add("Sub", {c.x(0), c.graph.add("Tanh", {c.x(0)})})); }

template <const char* type>
void along(ExportedCall& c) {
  if (c.rank(0) > 0) return c.give(c.graph.add(type, {c.x(0)}, {{"axis", c.integer("axis")}}));
  // A number is a vector of one.
  c.give(c.graph.squeeze(c.graph.add(type, {c.graph.unsqueeze(c.x(0), {0})}), {0}));
}
constexpr char Softmax[] = "Softmax", LogSoftmax[] = "LogSoftmax";

}  // namespace

std::string activated(Graph& g, const std::string& x, const std::string& activation) {
  if (activation == "relu") return g.add("Relu", {x});
  if (activation == "sigmoid") return g.add("Sigmoid", {x});
  return activation == "tanh" ? g.add("Tanh", {x}) : x;
}

void add_activations(ExportTable& table) {
  table["relu"] = unary<Relu>, table["sigmoid"] = unary<Sigmoid>, table["softsign"] = unary<Softsign>;
  table["elu"] = elu, table["selu"] = selu, table["celu"] = celu, table["leaky_relu"] = leaky_relu;
  table["relu6"] = relu6, table["hardtanh"] = hardtanh, table["hardsigmoid"] = hardsigmoid;
  table["hardswish"] = hardswish, table["hardshrink"] = hardshrink, table["softshrink"] = softshrink;
  table["logsigmoid"] = logsigmoid, table["softplus"] = softplus, table["silu"] = silu;
  table["mish"] = mish, table["gelu"] = gelu, table["gelu_tanh"] = gelu_tanh;
  table["tanhshrink"] = tanhshrink;
  table["softmax"] = along<Softmax>, table["log_softmax"] = along<LogSoftmax>;
}

}  // namespace xgrad::onnx::detail
