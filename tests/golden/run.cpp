#include "run.hpp"

#include <algorithm>
#include <cmath>

#include "conventions.hpp"

namespace golden {

using namespace xgrad;

namespace {

/// What a case does to its first input before the op.
Tensor prepared(const Tensor& x, const std::string& how) {
  const auto identity = [&x] { return eye(x.size(-1), {.dtype = x.dtype()}); };
  const auto square = [](const Tensor& y) { return matmul(y, transpose(y, -2, -1)); };
  if (how.empty()) return x;
  if (how == "log_softmax") return log_softmax(x, x.dim() > 1 ? 1 : 0);
  if (how == "log_softmax(-1)") return log_softmax(x, -1);
  if (how == "softmax") return softmax(x, -1);
  if (how == "sigmoid") return sigmoid(x);
  if (how == "a@a.T") return square(x);
  if (how == "a@a.T+I" || how == "a@a.mT+I") return square(x) + identity();
  if (how == "a+a.T") return x + transpose(x, -2, -1);
  if (how == "(a+a.T)/2") return (x + transpose(x, -2, -1)) / 2;
  if (how == "a+I") return x + identity();
  if (how == "a+2I" || how == "a+2*I") return x + 2 * identity();
  if (how == "a+3I" || how == "a+3*I") return x + 3 * identity();
  if (how == "tril") return tril(x);
  if (how == "triu") return triu(x);
  throw Unknown{"preparation " + how};
}

Tensor second_weights(const Shape& shape, bool ones) {
  Tensor w = xgrad::ones(shape, {.dtype = float64});
  if (ones) return w;
  auto values = w.mutable_data<double>();
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = 0.5 + 0.5 * std::cos(0.7 * static_cast<double>(i) + 5.7);
  return w;
}

/// The outputs that carry a gradient, each with its cotangent.
struct Seeds {
  std::vector<Tensor> outputs, cotangents;
};

Seeds seeds(const Case& c, const std::vector<Tensor>& outputs) {
  Seeds s;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    if (!is_floating(outputs[k].dtype()) || !outputs[k].requires_grad()) continue;
    const bool given = k < c.cotangents.size();
    if (!c.cotangents.empty() && (!given || !c.cotangents[k].defined())) continue;
    const bool zero = c.value_only;
    Tensor w = zero    ? zeros_like(outputs[k].detach())
               : given ? reshape(c.cotangents[k], outputs[k].shape())
                       : ones_like(outputs[k].detach());
    s.outputs.push_back(outputs[k]);
    s.cotangents.push_back(w);
  }
  return s;
}

void differentiate_again(const Case& c, const std::vector<Tensor>& leaves, Found& found) {
  std::vector<Tensor> firsts, weights;
  for (const Tensor& g : found.gradients)
    if (g.defined() && g.requires_grad()) {
      firsts.push_back(g);
      weights.push_back(second_weights(g.shape(), c.ones_for_second));
    }
  if (firsts.empty())
    found.second.resize(leaves.size());
  else
    found.second = grad(firsts, leaves, weights, {.allow_unused = true});
}

}  // namespace

Named op_of(const Case& c) {
  const Named op = c.titled ? find_convention(c.op) : find_op(c.op);
  if (op.call == nullptr) throw Unknown{"no op of this name"};
  return op;
}

Found run(const Case& c, const Named& op, const Json& guess) {
  std::vector<Tensor> leaves, inputs;
  for (const Tensor& x : c.inputs) {
    inputs.push_back(is_floating(x.dtype()) ? x.clone().requires_grad_() : x);
    if (is_floating(x.dtype())) leaves.push_back(inputs.back());
  }
  Json attributes = op.implied;
  attributes.update(guess);
  attributes.update(c.attributes);
  if (!inputs.empty()) inputs[0] = prepared(inputs[0], attributes.value("pre", ""));

  const Arguments arguments(inputs, attributes);
  Found found;
  found.outputs = (*op.call)(arguments);
  for (const std::string& name : arguments.unread())
    if (c.attributes.contains(name)) throw Unknown{"attribute " + name + " of " + op.op};

  const Seeds s = seeds(c, found.outputs);
  if (s.outputs.empty()) {
    found.gradients.resize(leaves.size());
    found.second.resize(leaves.size());
    return found;
  }
  const bool twice = !c.second.empty();
  found.gradients = grad(s.outputs, leaves, s.cotangents, {.create_graph = twice, .allow_unused = true});
  if (twice) differentiate_again(c, leaves, found);
  return found;
}

}  // namespace golden
