#include "export/call.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/tape.hpp"

// Normalisation of rows; that of a batch is found in batch_norm.hpp.

namespace xgrad::onnx::detail {

namespace {

/// (x - mean) / sqrt(variance + eps) over the last axis, from other nodes.
std::string composed(Graph& g, const std::string& x, std::int64_t axis, double eps, DType t) {
  const auto mean = [&](const std::string& of) {
    return g.add("ReduceMean", {of}, {{"axes", std::vector{axis}}, {"keepdims", std::int64_t{1}}});
  };
  const std::string far = g.add("Sub", {x, mean(x)});
  const std::string variance = g.add("Add", {mean(g.add("Mul", {far, far})), g.number(eps, t)});
  return g.add("Div", {far, g.add("Sqrt", {variance})});
}

void layer_norm(ExportedCall& c, const std::string& weight, const std::string& bias) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::int64_t axis = c.rank(0) - 1;
  const double eps = c.real("eps");
  const Dim n = c.dims(0).back();
  if (n.by_batch || !fits_attribute(eps, t)) {
    std::string y = composed(g, c.x(0), axis, eps, t);
    if (!weight.empty()) y = g.add("Mul", {y, weight});
    if (!bias.empty()) y = g.add("Add", {y, bias});
    return c.give(y);
  }
  const NoGrad guard;
  const std::string scale = weight.empty() ? g.constant(ones({n.size}, t)) : weight;
  c.give(g.add("LayerNormalization", {c.x(0), scale, bias}, {{"axis", axis}, {"epsilon", eps}}));
}
void layer_norm_rows(ExportedCall& c) {
  const bool weight = c.flag("weight"), bias = c.flag("bias");
  layer_norm(c, weight ? c.x(1) : "", bias ? c.x(weight ? 2 : 1) : "");
}
void standardize(ExportedCall& c) { layer_norm(c, "", ""); }

/// x[batch, channels, positions] times a weight for each channel.
void scale_channels(ExportedCall& c) { c.give(c.graph.add("Mul", {c.x(0), c.graph.unsqueeze(c.x(1), {1})})); }

}  // namespace

void add_normalization(ExportTable& table) {
  table["layer_norm"] = layer_norm_rows, table["standardize"] = standardize;
  table["scale_channels"] = scale_channels;
}

}  // namespace xgrad::onnx::detail
