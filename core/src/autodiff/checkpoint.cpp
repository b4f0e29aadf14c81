#include "xgrad/core/checkpoint.hpp"

#include <functional>
#include <string_view>

#include "autodiff/listen.hpp"
#include "autodiff/node_map.hpp"
#include "ops/random/draw_log.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {
namespace {

/// The leaves that y was computed from, apart from `inputs`.
std::vector<Tensor> captured_leaves(const Tensor& y, const std::vector<Tensor>& inputs) {
  NodeMap seen;
  for (const Tensor& x : inputs) seen.insert(x.node(), 1);
  std::vector<Node*> nodes;
  std::vector<Tensor> leaves;
  const auto reach = [&](Node* n) {
    if (!n->requires_grad || seen.find(n)) return;
    seen.insert(n, 1);
    if (n->op)
      nodes.push_back(n);
    else
      leaves.push_back(Tensor::share(n));
  };
  reach(y.node());
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (int k = 0; k < nodes[i]->input_count; ++k)
      if (Node* x = nodes[i]->inputs()[k]) reach(x);
  return leaves;
}

std::vector<Tensor> as_leaves(std::vector<Tensor> x) {
  for (Tensor& t : x)
    t = is_floating(t.dtype("checkpoint")) ? t.detach().requires_grad_(t.requires_grad()) : t;
  return x;
}

Tensor one_output(const TensorFunction& f, const std::vector<Tensor>& x) {
  std::vector<Tensor> y = f(x);
  if (y.size() != 1)
    fail("checkpoint", "the function must return one tensor: it returned " + std::to_string(y.size()));
  return std::move(y[0]);
}

/// A number that tensors of other bits do not share, but by an accident.
std::size_t fingerprint(const Tensor& y) {
  const auto bytes = static_cast<std::size_t>(y.numel() * size_of(y.dtype()));
  return std::hash<std::string_view>()({static_cast<const char*>(y.node()->data), bytes});
}

struct Recipe {
  TensorFunction f;
  std::size_t inputs = 0;  ///< of f; captured leaves come behind them
  DrawScript draws = {};   ///< the random numbers that f took
  std::size_t value = 0;   ///< the fingerprint of what f returned
};

void check_same_value(const Recipe& r, const Tensor& y, const Tensor& g) {
  if (y.shape() == g.shape() && y.dtype() == g.dtype() && fingerprint(y) == r.value) return;
  fail("checkpoint", "the function gave another value when backward computed it again: " + y.describe() +
                         " then, " + g.describe() +
                         " at first; let it draw from the default generator only, and change nothing that it "
                         "reads before backward");
}

/// Computes the segment again and differentiates it. When the walk is recorded, the segment hangs on views
/// of the true inputs, so that second derivatives find them; otherwise on leaves of its own.
std::vector<Tensor> recompute(const CustomCall<Recipe>& c, const Tensor& g, int count) {
  const Recipe& r = c.state;
  std::vector<Tensor> x, wanted;
  for (int i = 0; i < count; ++i) x.push_back(c.x(i));
  std::vector<Tensor> arguments(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(r.inputs));
  const bool create_graph = is_recording();
  if (create_graph)
    for (Tensor& a : arguments) a = reshape(a, a.shape());  // one that is given twice has a share for each
  else
    arguments = as_leaves(std::move(arguments));
  std::copy(arguments.begin(), arguments.end(), x.begin());
  for (int i = 0; i < count; ++i)
    if (c.wants(i)) wanted.push_back(x[static_cast<std::size_t>(i)]);

  const EnableGrad guard;
  const DrawReplay replay(r.draws);
  const Tensor y = one_output(r.f, arguments);
  check_same_value(r, y, g);
  std::vector<Tensor> found =
      grad({y}, wanted, {g},
           {.retain_graph = true, .create_graph = create_graph, .allow_unused = true, .partial = true});
  std::vector<Tensor> dx(static_cast<std::size_t>(count));
  for (int i = 0, k = 0; i < count; ++i)
    if (c.wants(i)) dx[static_cast<std::size_t>(i)] = std::move(found[static_cast<std::size_t>(k++)]);
  return dx;
}

}  // namespace

Tensor checkpoint_of(const TensorFunction& f, const std::vector<Tensor>& inputs) {
  if (!is_recording() || is_heard()) return one_output(f, inputs);  // a trace keeps all values anyway
  Recipe recipe{f, inputs.size()};
  Tensor value;
  std::vector<Tensor> all = inputs;
  {
    const std::vector<Tensor> x = as_leaves(inputs);
    DrawLog log;
    const Tensor y = one_output(f, x);
    recipe.draws = log.take();
    for (Tensor& leaf : captured_leaves(y, x)) all.push_back(std::move(leaf));
    value = y.detach();
    recipe.value = fingerprint(value);
  }
  const int count = static_cast<int>(all.size());
  const CustomOp op = custom_op<Recipe>(
      "checkpoint",
      [&](Recipe& r, const std::vector<Tensor>&) {
        r = std::move(recipe);
        return value;
      },
      [count](const CustomCall<Recipe>& c, const Tensor& g) { return recompute(c, g, count); });
  return op(all);
}

}  // namespace xgrad::detail
