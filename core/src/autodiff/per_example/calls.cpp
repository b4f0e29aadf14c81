#include "autodiff/per_example/calls.hpp"

#include <algorithm>
#include <string_view>

#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {

Heard HeardCall::as_heard(std::vector<Ref>& refs) const {
  refs.assign(inputs.begin(), inputs.end());
  const std::span<const Ref> all = refs;
  return {*op, all.first(count), all.subspan(count), outputs, attributes};
}

void CallList::hear(const Heard& call) {
  if (call.op.draws)
    fail("gradients_per_example", std::string("the function draws random numbers by ") + call.op.name +
                                      ": its value is " + call.outputs[0].describe() +
                                      "; call eval(), or draw before and pass them with the batch");
  HeardCall c{&call.op, {}, call.inputs.size(), {call.outputs.begin(), call.outputs.end()}, call.attributes};
  for (Ref r : call.inputs) c.inputs.push_back(*r.tensor);
  for (Ref r : call.scratch) c.inputs.push_back(*r.tensor);
  calls.push_back(std::move(c));
}

void CallList::hear_write(const char* op, const Tensor& x) {
  fail("gradients_per_example", std::string("the function writes into a tensor by ") + op +
                                    ", as batch normalization does in training: it is " + x.describe() +
                                    "; call eval(), or normalize by group_norm or layer_norm");
}

namespace {

/// The axis whose size is `examples` times that of the other shape; -1 where the shapes are equal, -2 where
/// they differ otherwise.
int scaled_axis(const Shape& whole, const Shape& single, std::int64_t examples) {
  if (whole.rank() != single.rank()) return -2;
  int axis = -1;
  for (int i = 0; i < whole.rank(); ++i) {
    if (whole[i] == single[i]) continue;
    if (axis >= 0 || whole[i] != examples * single[i]) return -2;
    axis = i;
  }
  return axis;
}

std::int64_t behind(const Shape& shape, int axis) {
  std::int64_t n = 1;
  for (int i = axis + 1; i < shape.rank(); ++i) n *= shape[i];
  return n;
}

}  // namespace

TwoRuns::TwoRuns(std::vector<HeardCall> batch_calls, std::vector<HeardCall> single_calls,
                 const std::vector<Tensor>& parameters, const std::vector<Tensor>& batch,
                 const std::vector<Tensor>& single, std::int64_t examples)
    : calls_(std::move(batch_calls)), single_(std::move(single_calls)), examples_(examples) {
  agree_ = calls_.size() == single_.size();
  for (std::size_t i = 0; agree_ && i < calls_.size(); ++i)
    agree_ = calls_[i].op == single_[i].op && calls_[i].count == single_[i].count &&
             calls_[i].outputs.size() == single_[i].outputs.size();
  if (!agree_) return;
  for (const Tensor& p : parameters) of_parameters_[p.node()] = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    layouts_[batch[i].node()] = {{batch[i].numel() / examples_}, single[i].shape()};
    depends_[batch[i].node()] = true;
  }
  for (std::size_t i = 0; agree_ && i < calls_.size(); ++i) look_at(i);
}

std::optional<Layout> TwoRuns::layout_of(const Tensor& y, const Shape& single, const HeardCall& call) const {
  const int axis = scaled_axis(y.shape(), single, examples_);
  if (axis < 0) return {};
  const std::int64_t trail = behind(y.shape(), axis);
  if (single[axis] == 1) return Layout{trail};
  // Examples share the axis with something, in the order in which they do in an input.
  for (std::size_t i = 0; i < call.count; ++i) {
    const auto place = layouts_.find(call.inputs[i].node());
    if (place == layouts_.end()) continue;
    const Tensor& x = call.inputs[i];
    if (std::string_view(call.op->name) == "reshape") return place->second.layout;
    const int own = scaled_axis(x.shape(), place->second.single, examples_);
    if (own < 0 || x.shape()[own] != y.shape()[axis]) continue;
    const std::int64_t inner = place->second.layout.inner, rest = behind(x.shape(), own);
    if (inner % rest == 0) return Layout{inner / rest * trail};
  }
  return {};
}

void TwoRuns::look_at(std::size_t i) {
  const HeardCall& call = calls_[i];
  bool depends = false, of_parameters = false;
  Use use{i, {}};
  for (std::size_t j = 0; j < call.count; ++j) {
    const Node* x = call.inputs[j].node();
    if (!x) continue;
    depends |= depends_.contains(x);
    if (of_parameters_.contains(x)) of_parameters = true, use.inputs.push_back(j);
  }
  bool scales = false;
  for (std::size_t k = 0; k < call.outputs.size(); ++k)
    scales |= !(call.outputs[k].shape() == single_[i].outputs[k].shape());
  if (of_parameters && !depends && !scales) {
    for (const Tensor& y : call.outputs) of_parameters_[y.node()] = i + 1;
    return;
  }
  if (!depends && !scales) return;
  for (std::size_t k = 0; k < call.outputs.size(); ++k) {
    const Tensor& y = call.outputs[k];
    depends_[y.node()] = true;
    if (const auto layout = layout_of(y, single_[i].outputs[k].shape(), call))
      layouts_[y.node()] = {*layout, single_[i].outputs[k].shape()};
    else if (of_parameters)
      agree_ = false;
  }
  if (!of_parameters) return;
  uses_.push_back(std::move(use));
  for (std::size_t j = 0; j < call.count; ++j)
    if (const Node* x = call.inputs[j].node(); x && depends_.contains(x) && !layouts_.contains(x))
      agree_ = false;
}

Tensor TwoRuns::by_examples(const Tensor& x, const Tensor& of) const {
  const Place& place = layouts_.at(of.node());
  const std::int64_t inner = place.layout.inner,
                     outer = examples_ * inner == 0 ? 0 : x.numel() / (examples_ * inner);
  Shape shape = place.single;
  shape.insert(0, examples_);
  if (outer == 1) return reshape(x, shape);
  return reshape(transpose(reshape(x, {outer, examples_, inner}), 0, 1), shape);
}

const HeardCall* TwoRuns::maker(const Tensor& x) const {
  const std::size_t at = of_parameters_.at(x.node());
  return at == 0 ? nullptr : &calls_[at - 1];
}

}  // namespace xgrad::detail
