// Forward mode beside reverse mode: J v by a forward pass, w^T J by a reverse pass, and the same of the
// gradient, whose tangents a forward pass pushes through a walk.

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "autodiff/forward.hpp"
#include "autodiff/push.hpp"
#include "core/ops/rows_checks.hpp"

namespace xgrad::test {

namespace {

Tensors random_like(const Tensors& x, Generator& random) {
  Tensors v;
  for (const Tensor& t : x) v.push_back(randn(t.shape(), {.dtype = t.dtype()}, random));
  return v;
}

double product(const Tensors& a, const Tensors& b) {
  double total = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].defined() && a[i].numel() > 0) total += sum(a[i] * b[i]).item();
  return total;
}

/// The inputs with fresh leaves in place of the floating ones.
Tensors with_leaves(const Tensors& inputs) {
  Tensors x = inputs;
  for (Tensor& t : x)
    if (is_floating(t.dtype())) t = t.clone().requires_grad_();
  return x;
}

Tensors differentiable_outputs(const Row& row, const Tensors& x) {
  Tensors y;
  for (const Tensor& t : row.run(x))
    if (t.requires_grad()) y.push_back(t);
  return y;
}

void compare(const char* what, double forward, double reverse, double scale, Faults& faults) {
  if (std::abs(forward - reverse) <= 1e-9 * (1 + std::abs(reverse) + scale)) return;
  faults.push_back(std::string(what) + " is " + std::to_string(forward) + " by forward mode and " +
                   std::to_string(reverse) + " by reverse mode");
}

}  // namespace

void check_forward(const Row& row, const Tensors& inputs, int order, Faults& faults) {
  const Tensors x = with_leaves(inputs), leaves = floating_of(x);
  Generator random(43);
  const Tensors v = random_like(leaves, random);
  const Tensors y = differentiable_outputs(row, x);
  if (y.empty()) return;
  const Tensors w = random_like(y, random);
  const bool again = order > 1;
  const Tensors g = grad(y, leaves, w, {.create_graph = again, .allow_unused = true});
  const double by_reverse = product(g, v);

  const detail::ForwardPass pass(1);
  const Tensors dual = with_leaves(inputs), dual_leaves = floating_of(dual);
  for (std::size_t i = 0; i < v.size(); ++i) pass.start(dual_leaves[i], {v[i]});
  const Tensors z = differentiable_outputs(row, dual);
  Tensors along;
  for (const Tensor& t : z) along.push_back(pass.tangents(t)[0]);
  const double scale = std::sqrt(product(along, along) * product(w, w));
  compare("its product w J v", product(along, w), by_reverse, scale, faults);
  if (!again) return;

  // u^T (d/dx w^T J) v: by a walk over the gradient, and by the tangents of a walk.
  const Tensors u = random_like(leaves, random);
  Tensors some, cotangents;
  for (std::size_t i = 0; i < g.size(); ++i)
    if (g[i].defined() && g[i].requires_grad()) some.push_back(g[i]), cotangents.push_back(u[i]);
  const double second = some.empty() ? 0 : product(grad(some, leaves, cotangents, {.allow_unused = true}), v);
  const Tensors h = grad(z, dual_leaves, w, {.allow_unused = true});
  Tensors pushed;
  for (const Tensor& t : h) pushed.push_back(t.defined() ? pass.tangents(t)[0] : t);
  compare("its second derivative", product(pushed, u), second,
          std::sqrt(product(pushed, pushed) * product(u, u)), faults);
}

namespace {

/// Hears which ops know nothing of forward mode.
class Fallbacks : public detail::Listener {
 public:
  Fallbacks() : Listener(false) {}
  void hear(const detail::Heard& call) override {
    const bool has_rules = call.op.joint.run || call.op.each.run || call.op.vjp[0].run || call.op.vjp[1].run;
    if (has_rules && detail::pushes_by_reverse(call.op)) names.insert(call.op.name);
  }
  void hear_write(const char*, const Tensor&) override {}

  std::set<std::string> names;
};

}  // namespace

TEST_CASE("the ops that forward mode leaves to two reverse passes are these") {
  Fallbacks fallbacks;
  each_row([&](const Row& row) {
    if (!differentiable(row)) return;
    std::vector<Shape> shapes;
    for (const Input& in : row.inputs) shapes.push_back(in.shape);
    row.run(make_inputs(row, shapes));
  });

  const std::set<std::string> expected = {"ctc_loss", "eigh",      "gru",      "gru_cell",
                                          "lstm",     "lstm_cell", "lstsq",    "pinv",
                                          "qr",       "rnn",       "rnn_cell", "scaled_dot_product_attention",
                                          "svd"};
  std::string more;
  for (const std::string& name : fallbacks.names)
    if (!expected.contains(name)) more += " " + name;
  CHECK_MESSAGE(more.empty(), "give these a jvp, or add them to the list:", more);
}

TEST_CASE("a wrong rule of forward mode is a fault") {
  const auto f = [](const Tensor& x) {
    static const CustomOp op = custom_op(
        "tripled", [](NoState&, const Tensor& u) { return 3 * u; },
        [](const CustomCall<NoState>&, const Tensor& g) { return is_recording() ? 2 * g : 3 * g; });
    return op(x);
  };
  Faults faults;

  const Row wrong = row("tripled", Kind::smooth, {{{2, 3}}}, f);
  check_forward(wrong, make_inputs(wrong, {{2, 3}}), 1, faults);

  CHECK(any_says(faults, "its product w J v"));
}

}  // namespace xgrad::test
