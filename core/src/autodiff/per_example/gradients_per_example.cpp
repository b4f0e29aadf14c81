#include "xgrad/core/gradients_per_example.hpp"

#include <algorithm>
#include <string_view>

#include "autodiff/fields.hpp"
#include "autodiff/functions.hpp"
#include "autodiff/per_example/calls.hpp"
#include "autodiff/per_example/rules.hpp"
#include "autodiff/rows.hpp"
#include "ops/support/leaf.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad::detail {
namespace {

constexpr const char* name = "gradients_per_example";

using Tensors = std::vector<Tensor>;

Shape with_examples(std::int64_t examples, Shape shape) {
  shape.insert(0, examples);
  return shape;
}

std::int64_t check_batch(const Tensors& batch) {
  if (batch.empty() || batch[0].dim(name) == 0)
    fail(name, "the batch needs tensors whose first axis are the examples: " +
                   (batch.empty() ? std::string("there are none") : "the first is " + batch[0].describe()) +
                   "; pass inputs and targets");
  for (const Tensor& t : batch)
    if (t.dim(name) == 0 || t.size(0) != batch[0].size(0))
      fail(name, "the tensors of the batch need one number of examples: the first is " + batch[0].describe() +
                     ", another is " + t.describe() + "; give each example its own row");
  return batch[0].size(0);
}

void check_parameters(const Tensors& parameters) {
  for (const Tensor& p : parameters)
    if (!p.requires_grad() || !p.is_leaf())
      fail(name, "parameters are leaves that require gradients: one is " + p.describe() +
                     "; leave frozen ones out of the list");
}

Tensor losses_of(const TensorFunction& f, const Tensors& batch) {
  Tensor y = value_of(name, f, batch);
  if (y.dim() != 1 || y.size(0) != batch[0].size(0))
    fail(name, "the function must return a loss for each of the " + std::to_string(batch[0].size(0)) +
                   " examples: it returned " + y.describe() +
                   "; ask the loss for {.reduction = Reduction::none} and take means within examples alone");
  return y;
}

/// A call of the function and what was heard of it.
struct Run {
  Tensors batch;
  Tensor losses;
  std::vector<HeardCall> calls;

  Run(const TensorFunction& f, Tensors x) : batch(std::move(x)) {
    CallList list;
    losses = losses_of(f, batch);
    calls = std::move(list.calls);
  }
};

Tensors example(const Tensors& batch, std::int64_t i) {
  Tensors x;
  for (const Tensor& t : batch) x.push_back(narrow(t.detach(), 0, i, 1));
  return x;
}

Tensors gradients_of(const Tensor& losses, const Tensors& parameters) {
  return gradients(losses, parameters, ones_of(losses.shape(), losses.dtype()), {.retain_graph = true});
}

Tensors in_a_loop(const TensorFunction& f, const Tensors& parameters, const Tensors& batch) {
  std::vector<Tensors> rows(parameters.size());
  for (std::int64_t i = 0; i < batch[0].size(0); ++i) {
    const Tensors g = gradients_of(losses_of(f, example(batch, i)), parameters);
    for (std::size_t k = 0; k < g.size(); ++k) rows[k].push_back(g[k]);
  }
  Tensors out;
  for (const Tensors& of : rows) out.push_back(stack(of));
  return out;
}

/// Adds up what the uses of parameters give, through what was made of parameters only.
class Gathered {
 public:
  Gathered(const TwoRuns& runs, const Tensors& parameters)
      : runs_(runs), parameters_(parameters), sums_(parameters.size()) {}

  void add(Tensor t, Tensor g) {
    while (const HeardCall* made = runs_.maker(t)) {
      Tensor before = moved_back(*made, g);
      if (!before.defined()) return walk_from(t, g);
      t = made->inputs[0], g = std::move(before);
    }
    for (std::size_t k = 0; k < parameters_.size(); ++k)
      if (parameters_[k].node() == t.node()) add_to(k, g);
  }

  Tensors take() {
    for (std::size_t k = 0; k < sums_.size(); ++k)
      if (!sums_[k].defined())
        sums_[k] = zeros_of(with_examples(runs_.examples(), parameters_[k].shape()), parameters_[k].dtype());
    return std::move(sums_);
  }

 private:
  void add_to(std::size_t k, Tensor g) { sums_[k] = sums_[k].defined() ? sums_[k] + g : std::move(g); }

  /// The gradients of what a call has moved, which is its first input; undefined for other calls.
  Tensor moved_back(const HeardCall& call, const Tensor& g) const {
    const std::string_view op = call.op->name;
    if (op == "reshape") return reshape(g, with_examples(runs_.examples(), call.inputs[0].shape()));
    if (op != "transpose") return {};
    int axes[2] = {}, k = 0;
    for (const Attribute& a : call.op->fields->list(call.attributes.get()))
      axes[k++] = static_cast<int>(std::get<std::int64_t>(a.value)) + 1;
    return transpose(g, axes[0], axes[1]);
  }

  void walk_from(const Tensor& t, const Tensor& g) {
    if (!t.requires_grad()) return;
    RowWalk walk(t, parameters_, false);
    std::vector<Tensors> rows(parameters_.size());
    for (std::int64_t i = 0; i < runs_.examples(); ++i) {
      Tensors one = walk(select(g, 0, i));
      for (std::size_t k = 0; k < one.size(); ++k) rows[k].push_back(std::move(one[k]));
    }
    for (std::size_t k = 0; k < rows.size(); ++k) add_to(k, stack(rows[k]));
  }

  const TwoRuns& runs_;
  const Tensors& parameters_;
  Tensors sums_;
};

Tensors of_uses(const TwoRuns& runs, const Tensor& losses, const Tensors& parameters) {
  Tensors made;
  for (const auto& use : runs.uses())
    for (const Tensor& y : runs.call(use.call).outputs)
      if (y.requires_grad()) made.push_back(y);
  Tensors g;
  if (!made.empty() && losses.requires_grad())
    g = grad({losses}, made, {ones_of(losses.shape(), losses.dtype())},
             {.retain_graph = true, .allow_unused = true});
  else
    g.resize(made.size());
  const NoGrad guard;
  Gathered sums(runs, parameters);
  auto next = g.begin();
  for (const auto& use : runs.uses()) {
    const HeardCall& call = runs.call(use.call);
    Tensors cotangents;
    bool any = false;
    for (const Tensor& y : call.outputs) {
      cotangents.push_back(y.requires_grad() ? *next++ : Tensor());
      any |= cotangents.back().defined();
    }
    if (!any) continue;
    for (std::size_t j : use.inputs)
      if (call.inputs[j].requires_grad())
        if (Tensor d = example_gradients(runs, use, j, cotangents); d.defined()) sums.add(call.inputs[j], d);
  }
  return sums.take();
}

/// Whether the first example has what it has alone, but for rounding.
bool agrees(const Tensors& all, const Tensors& alone) {
  double difference = 0, size = 0;
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (alone[k].numel() == 0) continue;
    const Tensor one = select(all[k].detach(), 0, 0).to(float64), other = alone[k].detach().to(float64);
    difference = std::max(difference, max(abs(one - other)).item());
    size = std::max(size, max(abs(other)).item());
    if (!(difference <= 1e300)) return !(size <= 1e300);  // where it is nan alone, too
  }
  return difference <= (all.empty() || all[0].dtype() == float64 ? 1e-8 : 2e-3) * size;
}

}  // namespace

std::vector<Tensor> gradients_per_example_of(const TensorFunction& f, const Tensors& parameters,
                                             const Tensors& batch) {
  const std::int64_t examples = check_batch(batch);
  check_parameters(parameters);
  Tensors out;
  if (examples == 0) {
    for (const Tensor& p : parameters) out.push_back(zeros_of(with_examples(0, p.shape()), p.dtype()));
    return out;
  }
  const EnableGrad guard;
  if (examples == 1) return in_a_loop(f, parameters, batch);
  Tensors x;
  for (const Tensor& t : batch) x.push_back(t.detach());
  Run whole(f, std::move(x)), single(f, example(batch, 0));
  const Tensor losses = whole.losses, loss = single.losses;
  const Tensors alone = gradients_of(loss, parameters);
  const TwoRuns runs(std::move(whole.calls), std::move(single.calls), parameters, whole.batch, single.batch,
                     examples);
  if (!runs.agree()) return in_a_loop(f, parameters, batch);
  out = of_uses(runs, losses, parameters);
  if (!agrees(out, alone) || !agrees({losses}, {select(loss, 0, 0)}))
    fail(name,
         "examples depend on each other: the first has another loss or gradient alone than in the batch, "
         "whose first tensor is " +
             batch[0].describe() +
             "; normalize by group_norm or layer_norm in the place of batch statistics, and let nothing "
             "reduce, sort or shift along the examples");
  return out;
}

}  // namespace xgrad::detail
