#include "xgrad/core/checkpoint.hpp"

#include "autodiff/births.hpp"
#include "autodiff/listen.hpp"
#include "ops/random/draw_log.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {
namespace {

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

struct Recipe {
  TensorFunction f;
  std::size_t inputs = 0;  ///< of f; what it captured comes behind them
  DrawScript draws = {};   ///< the random numbers that f took
  Segment segment = {};    ///< what f recorded at first
};

void check_same(const Recipe& r, const Segment& again, const Tensor& y, const Tensor& g) {
  if (y.shape() == g.shape() && y.dtype() == g.dtype() && again == r.segment) return;
  fail("checkpoint",
       "the function computed something else when backward called it again: " + y.describe() + " then, " +
           g.describe() +
           " at first; let it draw from the default generator only, compute on this thread, and "
           "change nothing that it reads before backward");
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
  const Births births;
  const Tensor y = one_output(r.f, arguments);
  check_same(r, segment_of("checkpoint", y, arguments, births), y, g);
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
  if (!is_recording() || is_traced()) return one_output(f, inputs);  // a trace keeps all values anyway
  Recipe recipe{f, inputs.size()};
  Tensor value;
  std::vector<Tensor> all = inputs;
  {
    const std::vector<Tensor> x = as_leaves(inputs);
    DrawLog log;
    const Births births;
    const Tensor y = one_output(f, x);
    if (!y.requires_grad()) return y;
    recipe.draws = log.take();
    recipe.segment = segment_of("checkpoint", y, x, births);
    all.insert(all.end(), recipe.segment.captured.begin(), recipe.segment.captured.end());
    value = y.detach();
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
