#include <numeric>

#include "export/activation.hpp"
#include "export/call.hpp"
#include "export/diagonal.hpp"

// Products of vectors and matrices.

namespace xgrad::onnx::detail {

namespace {

std::string turned(Graph& g, const std::string& x, std::int64_t rank) {
  std::vector<std::int64_t> axes(static_cast<std::size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return g.transpose(x, axes);
}

void matmul(ExportedCall& c) {
  Graph& g = c.graph;
  const bool ta = c.flag("transpose_a"), tb = c.flag("transpose_b");
  if ((ta || tb) && c.rank(0) == 2 && c.rank(1) == 2 && is_floating(c.dtype(0)))
    return c.give(
        g.add("Gemm", {c.x(0), c.x(1)}, {{"transA", std::int64_t{ta}}, {"transB", std::int64_t{tb}}}));
  const std::string a = ta ? turned(g, c.x(0), c.rank(0)) : c.x(0),
                    b = tb ? turned(g, c.x(1), c.rank(1)) : c.x(1);
  c.give(g.add("MatMul", {a, b}));
}

void mv(ExportedCall& c) {
  Graph& g = c.graph;
  c.give(g.add("MatMul", {c.flag("transpose") ? turned(g, c.x(0), 2) : c.x(0), c.x(1)}));
}
void dot(ExportedCall& c) { c.give(c.graph.add("MatMul", {c.x(0), c.x(1)})); }
void outer(ExportedCall& c) {
  c.give(c.graph.add("Mul", {c.graph.unsqueeze(c.x(0), {1}), c.graph.unsqueeze(c.x(1), {0})}));
}

std::string linear_value(ExportedCall& c) {
  return c.graph.add("Gemm", {c.x(0), c.x(1), c.inputs() > 2 ? c.x(2) : ""}, {{"transB", std::int64_t{1}}});
}
void linear(ExportedCall& c) { c.give(linear_value(c)); }
void linear_activated(ExportedCall& c) { c.give(activated(c.graph, linear_value(c), c.text("activation"))); }

void addmm(ExportedCall& c) {
  Graph& g = c.graph;
  const double alpha = c.real("alpha"), beta = c.real("beta");
  const DType t = c.result_dtype();
  if (is_floating(t) && c.op() == "addmm" && fits_attribute(alpha, t) && fits_attribute(beta, t))
    return c.give(
        g.add("Gemm", {c.x(1), c.x(2), beta == 0 ? "" : c.x(0)}, {{"alpha", alpha}, {"beta", beta}}));
  std::string y = g.add("MatMul", {c.x(1), c.x(2)});
  if (alpha != 1) y = g.add("Mul", {y, g.number(alpha, t)});
  if (beta != 0) y = g.add("Add", {y, beta == 1 ? c.x(0) : g.add("Mul", {c.x(0), g.number(beta, t)})});
  c.give(y);
}

void trace(ExportedCall& c) {
  const std::int64_t last = c.rank(0) - 1;
  const std::string d = diagonal_of(c, 0, last - 1, last);
  c.give(c.graph.add("ReduceSum", {d, c.graph.ints({last - 1})}, {{"keepdims", std::int64_t{0}}}));
}
void take_diagonal(ExportedCall& c) {
  const std::int64_t i = c.integer("axis1"), j = c.integer("axis2"), last = c.rank(0) - 2;
  const std::string d = diagonal_of(c, 0, i, j);  // as the last axis, which belongs at i
  std::vector<std::int64_t> axes;
  for (std::int64_t k = 0; k <= last; ++k) axes.push_back(k < i ? k : k == i ? last : k - 1);
  c.give(c.graph.transpose(d, axes));
}

void det(ExportedCall& c) { c.give(c.graph.add("Det", {c.x(0)})); }

/// softmax(q k^T scale + mask) v, where a query that sees no key gives 0.
void attention(ExportedCall& c) {
  Graph& g = c.graph;
  const DType t = c.dtype(0);
  const std::int64_t last = c.rank(0) - 1;
  const std::string q = g.add("Mul", {c.x(0), g.number(c.real("scale"), t)});
  std::string scores = g.add("MatMul", {q, turned(g, c.x(1), c.rank(1))});
  const std::string none = g.number(-__builtin_inf(), t);
  if (c.flag("is_causal")) {
    const auto at = static_cast<std::size_t>(last - 1);
    const auto places = [&](Dim n, std::int64_t axis) {
      const std::string end = g.size(n, int64);
      return g.unsqueeze(g.add("Range", {g.integer(0), end, g.integer(1)}), {axis});
    };
    const std::string row = places(c.dims(0)[at], 1), column = places(c.dims(1)[at], 0);
    scores = g.add("Where", {g.add("LessOrEqual", {column, row}), scores, none});
  }
  if (c.inputs() < 4) return c.give(g.add("MatMul", {g.add("Softmax", {scores}, {{"axis", last}}), c.x(2)}));
  scores = g.add("Add", {scores, c.x(3)});
  const std::string most =
      g.add("ReduceMax", {scores}, {{"axes", std::vector{last}}, {"keepdims", std::int64_t{1}}});
  const std::string weights = g.add(
      "Where", {g.add("Equal", {most, none}), g.number(0, t), g.add("Softmax", {scores}, {{"axis", last}})});
  c.give(g.add("MatMul", {weights, c.x(2)}));
}

}  // namespace

void add_linear_algebra(ExportTable& table) {
  table["matmul"] = matmul, table["mv"] = mv, table["dot"] = dot, table["outer"] = outer;
  table["linear"] = linear, table["linear_activated"] = linear_activated;
  table["addmm"] = table["baddbmm"] = addmm, table["trace"] = trace, table["det"] = det;
  table["einsum_take_diagonal"] = take_diagonal;
  table["scaled_dot_product_attention"] = attention;
}

}  // namespace xgrad::onnx::detail
