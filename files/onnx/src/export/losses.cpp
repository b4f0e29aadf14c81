#include "export/call.hpp"

// Losses.

namespace xgrad::onnx::detail {

namespace {

std::string summed(Graph& g, const std::string& x) {
  return g.add("ReduceSum", {x}, {{"keepdims", std::int64_t{0}}});
}
std::string averaged(Graph& g, const std::string& x) {
  return g.add("ReduceMean", {x}, {{"keepdims", std::int64_t{0}}});
}

/// The losses of elements, reduced as the op was asked.
void give_reduced(ExportedCall& c, const std::string& losses) {
  Graph& g = c.graph;
  const std::string how = c.text("reduction");
  if (how == "none") return c.give(losses);
  if (how == "sum") return c.give(summed(g, losses));
  if (how == "mean") return c.give(averaged(g, losses));
  const Dims dims = c.dims(0);
  const std::string rows = g.size(dims.empty() ? Dim{1} : dims[0], c.dtype(0));
  c.give(g.add("Div", {summed(g, losses), rows}));
}

std::string difference(ExportedCall& c) { return c.graph.add("Sub", {c.x(0), c.x(1)}); }

void mse_loss(ExportedCall& c) {
  const std::string d = difference(c);
  give_reduced(c, c.graph.add("Mul", {d, d}));
}
void l1_loss(ExportedCall& c) { give_reduced(c, c.graph.add("Abs", {difference(c)})); }

/// factor d^2 / 2 up to a bend, else slope (|d| - bend / 2).
void bent(ExportedCall& c, double bend, double factor, double slope) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::string far = g.add("Abs", {difference(c)});
  const std::string line = g.add("Mul", {g.add("Sub", {far, g.number(bend / 2, t)}), g.number(slope, t)});
  const std::string square = g.add("Mul", {g.add("Mul", {far, far}), g.number(factor / 2, t)});
  give_reduced(c, g.add("Where", {g.add("Less", {far, g.number(bend, t)}), square, line}));
}
void huber_loss(ExportedCall& c) { bent(c, c.real("delta"), 1, c.real("delta")); }
void smooth_l1_loss(ExportedCall& c) {
  const double beta = c.real("beta");
  bent(c, beta, beta > 0 ? 1 / beta : 0, 1);
}

void binary_cross_entropy(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::string one = g.number(1, t), least = g.number(-100, t);
  const auto log = [&](const std::string& p) { return g.add("Max", {g.add("Log", {p}), least}); };
  const std::string yes = g.add("Mul", {c.x(1), log(c.x(0))});
  const std::string no = g.add("Mul", {g.add("Sub", {one, c.x(1)}), log(g.add("Sub", {one, c.x(0)}))});
  give_reduced(c, g.add("Neg", {g.add("Add", {yes, no})}));
}

void binary_cross_entropy_with_logits(ExportedCall& c) {
  // max(x, 0) - x t + log(1 + e^-|x|)
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::string tail =
      g.add("Log", {g.add("Add", {g.number(1, t), g.add("Exp", {g.add("Neg", {g.add("Abs", {c.x(0)})})})})});
  const std::string rest = g.add("Sub", {g.add("Relu", {c.x(0)}), g.add("Mul", {c.x(0), c.x(1)})});
  give_reduced(c, g.add("Add", {rest, tail}));
}

/// A loss of labels, whose node takes classes along axis 1: of one line there is no batch.
void of_labels(ExportedCall& c, const char* type, const std::string& input) {
  Graph& g = c.graph;
  const bool line = c.rank(0) == 1;
  std::string how = c.text("reduction");
  const bool by_rows = how == "batchmean";
  NodeAttributes attributes = {{"ignore_index", c.integer("ignore_index")},
                               {"reduction", by_rows ? std::string("sum") : how}};
  const std::string x = line ? g.unsqueeze(input, {0}) : input,
                    labels = line ? g.unsqueeze(c.x(1), {0}) : c.x(1);
  std::string y = g.add(type, {x, labels, c.inputs() > 2 ? c.x(2) : ""}, attributes);
  if (by_rows) y = g.add("Div", {y, g.size(line ? Dim{1} : c.dims(0)[0], c.dtype(0))});
  c.give(line && how == "none" ? g.squeeze(y, {0}) : y);
}
void nll_loss(ExportedCall& c) { of_labels(c, "NegativeLogLikelihoodLoss", c.x(0)); }

/// Labels of which each class has a share: from the losses of labels, and the mean of all classes' losses.
void smoothed_cross_entropy(ExportedCall& c, double share) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::int64_t axis = c.rank(0) == 1 ? 0 : 1, classes = c.shape(0)[static_cast<int>(axis)];
  const bool weighted = c.inputs() > 2;
  const auto summed_over = [&](const std::string& x) {
    return g.add("ReduceSum", {x, g.ints({axis})}, {{"keepdims", std::int64_t{0}}});
  };
  const std::string losses = g.add("Neg", {g.add("LogSoftmax", {c.x(0)}, {{"axis", axis}})});
  const std::string counts = g.add("Not", {g.add("Equal", {c.x(1), g.integer(c.integer("ignore_index"))})});
  const std::string label = g.add("Where", {counts, c.x(1), g.integer(0)}), zero = g.number(0, t);
  const std::string column = g.unsqueeze(label, {axis});
  const std::string of_label = g.squeeze(g.add("GatherElements", {losses, column}, {{"axis", axis}}), {axis});
  std::string all = losses, own = of_label, factor = g.cast(counts, t);
  if (weighted) {
    const std::string weight = g.add("Gather", {c.x(2), label}, {{"axis", std::int64_t{0}}});
    std::vector<std::int64_t> along(static_cast<std::size_t>(c.rank(0)), 1);
    along[static_cast<std::size_t>(axis)] = classes;
    all = g.add("Mul", {losses, g.reshape(c.x(2), fixed(along))});
    own = g.add("Mul", {of_label, weight}), factor = g.add("Mul", {factor, weight});
  }
  const std::string even =
      g.add("Mul", {summed_over(all), g.number(share / static_cast<double>(classes), t)});
  const std::string both = g.add("Add", {g.add("Mul", {own, g.number(1 - share, t)}), even});
  const std::string y = g.add("Where", {counts, both, zero});
  if (c.text("reduction") != "mean") return give_reduced(c, y);
  c.give(g.add("Div", {summed(g, y), summed(g, factor)}));
}

void cross_entropy(ExportedCall& c) {
  if (const double share = c.real("label_smoothing"); share != 0) return smoothed_cross_entropy(c, share);
  of_labels(c, "SoftmaxCrossEntropyLoss", c.x(0));
}

}  // namespace

void add_losses(ExportTable& table) {
  table["mse_loss"] = mse_loss, table["l1_loss"] = l1_loss, table["huber_loss"] = huber_loss;
  table["smooth_l1_loss"] = smooth_l1_loss, table["binary_cross_entropy"] = binary_cross_entropy;
  table["binary_cross_entropy_with_logits"] = binary_cross_entropy_with_logits;
  table["nll_loss"] = nll_loss, table["cross_entropy"] = cross_entropy;
}

}  // namespace xgrad::onnx::detail
