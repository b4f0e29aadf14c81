#include "xgrad/core/backward.hpp"

#include "autodiff/walk.hpp"
#include "tensor/errors.hpp"

namespace xgrad {
namespace {

using detail::fail;
using detail::Walk;

void check_root(const char* op, const Tensor& y, const Tensor& cotangent) {
  if (!y.requires_grad(op))
    fail(op, "nothing to differentiate: the output " + y.describe() +
                 " requires no gradient; call requires_grad_() on a leaf, compute outside NoGrad, and take "
                 "gradients "
                 "that are to be differentiated with create_graph");
  if (!cotangent.defined()) {
    if (y.numel(op) != 1)
      fail(op, "the output must have one element: it is " + y.describe() +
                   "; reduce it by sum() or mean(), or pass a cotangent of its shape");
  } else if (!(cotangent.shape(op) == y.shape()) || cotangent.dtype() != y.dtype()) {
    fail(op, "the cotangent must have the output's shape and dtype: the output is " + y.describe() +
                 ", the cotangent is " + cotangent.describe());
  }
}

Tensor seed(const Tensor& y, const Tensor& cotangent) {
  if (cotangent.defined()) return cotangent;
  const NoGrad guard;
  return detail::ones_of(y.shape(), y.dtype());
}

}  // namespace

void Tensor::backward(BackwardOptions options) const { backward(Tensor(), options); }

void Tensor::backward(const Tensor& cotangent, BackwardOptions options) const {
  check_root("backward", *this, cotangent);
  Walk walk(options.retain_graph, options.create_graph);
  walk.add(node(), seed(*this, cotangent));
  walk.run();
  walk.run_leaf_hooks();
  walk.commit();
}

std::vector<Tensor> grad(const Tensor& output, const std::vector<Tensor>& inputs, GradOptions options) {
  return grad(std::vector<Tensor>{output}, inputs, {}, options);
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& cotangents, GradOptions options) {
  if (!cotangents.empty() && cotangents.size() != outputs.size())
    fail("grad", std::to_string(outputs.size()) + " outputs need as many cotangents: there are " +
                     std::to_string(cotangents.size()));
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].requires_grad())
      fail("grad", "input " + std::to_string(i) + " requires no gradient: it is " + inputs[i].describe() +
                       "; call requires_grad_() on it before the outputs are computed");
  const auto cotangent = [&](std::size_t k) { return cotangents.empty() ? Tensor() : cotangents[k]; };
  for (std::size_t k = 0; k < outputs.size(); ++k) check_root("grad", outputs[k], cotangent(k));

  Walk walk(options.retain_graph, options.create_graph);
  walk.only(inputs, options.partial);
  for (std::size_t k = 0; k < outputs.size(); ++k)
    walk.add(outputs[k].node(), seed(outputs[k], cotangent(k)));
  walk.run();
  walk.run_leaf_hooks();

  std::vector<Tensor> result;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    result.push_back(walk.captured(inputs[i].node()));
    if (!result.back().defined() && !options.allow_unused)
      fail("grad", "no output depends on input " + std::to_string(i) + ": it is " + inputs[i].describe() +
                       "; pass {.allow_unused = true} to get an undefined gradient for it");
  }
  return result;
}

}  // namespace xgrad
