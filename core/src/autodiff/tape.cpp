#include "xgrad/core/tape.hpp"

#include <algorithm>
#include <cassert>

#include "autodiff/anomaly.hpp"
#include "autodiff/births.hpp"
#include "autodiff/pushed.hpp"
#include "tensor/arena.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "tensor/roll.hpp"

namespace xgrad::detail {

constinit thread_local std::uint8_t doors = tape;

namespace {

bool keeps(std::uint32_t mask, int i) {
  return i < 31 ? (mask >> i & 1) != 0 : (mask & keep::every_x) == keep::every_x;
}

std::uint32_t* versions_of(Node* n) {
  return n->input_count <= 3 ? n->versions : reinterpret_cast<std::uint32_t*>(n->outside + n->input_count);
}

/// Room for more inputs than fit inside the node: a word for the size class, the inputs, their versions.
Node** outside_inputs(std::size_t count) {
  std::uint16_t c;
  auto* block = static_cast<std::uint64_t*>(take_plain_block(8 + 12 * count, c));
  *block = c;
  return reinterpret_cast<Node**>(block + 1);
}

[[noreturn]] void undeclared(const Node* n, const std::string& what) {
  fail(n->op->name, "a rule reads " + what + ", which no wanted rule declares in its `keep`; name it there");
}

void check_version(const Node* n, const Node* value, std::uint32_t saved, const std::string& what) {
  if (value->buffer->version == saved) return;
  fail(n->op->name, what + " was changed in place after it was recorded, so its gradient would be wrong: " +
                        Tensor::share(const_cast<Node*>(value)).describe() + " is at version " +
                        std::to_string(value->buffer->version) + ", recorded at version " +
                        std::to_string(saved) + "; change it after backward, or use a clone()");
}

}  // namespace

namespace {

/// What the rules of a call need.
struct Needs {
  bool rules = false;        ///< there is a rule at all for an input that requires a gradient
  std::uint32_t values = 0;  ///< those that the rules read
  std::uint32_t stamp = 0;   ///< the newest of the inputs'
};

/// The same in two forms: `few` for up to three inputs with a rule each, as most calls have.
template <bool few>
Needs needs_of(const Op& op, std::span<const Ref> inputs) {
  Needs needs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Node* x = inputs[i].tensor->node();
    if (!x->requires_grad) continue;
#ifndef NDEBUG
    if (x->layer && !x->roll) note_in_loss(x);
#endif
    needs.stamp = std::max(needs.stamp, x->stamp);
    if ((!few && i >= op.vjp.size()) || !op.vjp[i].run) continue;
    needs.rules = true;
    needs.values |= op.vjp[i].keep;
  }
  if (!few && (op.joint.run || op.each.run)) {
    needs.rules = true;
    needs.values = op.joint.run ? op.joint.keep : op.each.keep;
  }
  return needs;
}

template <bool few>
void attach_to(const Op& op, std::span<const Ref> inputs, Node* y) {
  const Needs needs = needs_of<few>(op, inputs);
  if (!needs.rules) return;

  const int count = static_cast<int>(inputs.size());
  Node** edges = y->inside;
  edges[0] = edges[1] = edges[2] = nullptr;
  if (!few && count > 3) y->outside = edges = outside_inputs(inputs.size());
  y->input_count = count;
  std::uint32_t* versions = few ? y->versions : versions_of(y);
  for (int i = 0; i < count; ++i) {
    Node* x = inputs[static_cast<std::size_t>(i)].tensor->node();
    const bool kept = few ? (needs.values >> i & 1) != 0 : keeps(needs.values, i);
    edges[i] = kept || x->requires_grad ? x : nullptr;
    if (kept) {  // a handle is a link too
      add_handle(x);
      versions[i] = x->buffer->version;
    } else if (x->requires_grad) {
      x->links.up();
    }
  }
  y->op = &op;
  y->stamp = needs.stamp + 1;
  y->requires_grad = true;
  y->kept = needs.values;
  if (y->buffer) y->value_version = y->buffer->version;
  count_live_nodes(1);
  if (anomaly_mode) [[unlikely]]
    keep_call_stack(y);
}

[[gnu::noinline]] void attach_any(const Op& op, std::span<const Ref> inputs, Node* y) {
  if (any_requires_grad(inputs)) attach_to<false>(op, inputs, y);
}

void attach(const Op& op, std::span<const Ref> inputs, Node* y) {
  if (inputs.size() > 3 || op.joint.run || op.each.run) return attach_any(op, inputs, y);
  attach_to<true>(op, inputs, y);
}

}  // namespace

namespace {

/// The attributes as they lie in a node.
struct alignas(8) Attributes {
  std::byte bytes[sizeof(Node::attributes)] = {};
};

[[gnu::cold, gnu::noinline]] void record_and_tell(const Op& op, std::span<const Ref> inputs,
                                                  const Tensor& value) {
  if (doors & tape) {
    attach(op, inputs, value.node());
    if (doors & birth_log) log_birth(value.node());
  }
  if ((doors & listener) == 0) return;
  auto attributes = std::make_shared<Attributes>();
  if (op.fields) std::memcpy(attributes->bytes, value.node()->attributes, sizeof attributes->bytes);
  tell(op, inputs, {&value, 1}, std::move(attributes));
}

}  // namespace

Tensor record(const Op& op, std::span<const Ref> inputs, Tensor value) {
  if (doors == tape)
    attach(op, inputs, value.node());
  else if (doors != 0)
    record_and_tell(op, inputs, value);
  return value;
}

Tensor Fn::checked_x(int i) const {
  if (const Pushed* p = pushed(node_)) return *p->inputs[static_cast<std::size_t>(i)].tensor;
  if (i < 0 || i >= node_->input_count)
    fail(node_->op->name, "there is no input " + std::to_string(i) + " to read: it has " +
                              std::to_string(node_->input_count) + "; count from 0");
  if (!keeps(node_->kept, i)) undeclared(node_, "input " + std::to_string(i));
  Node* value = node_->inputs()[i];
  check_version(node_, value, versions_of(node_)[i], "input " + std::to_string(i));
  return Tensor::share(value);
}

Tensor Fn::y() const {
  if (const Pushed* p = pushed(node_)) return p->outputs[0];
  if (!node_->keeps_value()) undeclared(node_, "the output");
  check_version(node_, node_, node_->value_version, "the output");
  return Tensor::share(node_);
}

const Shape& Fn::shape(int i) const {
  if (const Pushed* p = pushed(node_)) return p->inputs[static_cast<std::size_t>(i)].tensor->shape();
  return node_->inputs()[i]->shape;
}
DType Fn::dtype(int i) const {
  if (const Pushed* p = pushed(node_)) return p->inputs[static_cast<std::size_t>(i)].tensor->dtype();
  return node_->inputs()[i]->dtype;
}

int Fn::pushed_inputs() const { return static_cast<int>(pushed(node_)->inputs.size()); }

Tensor Fn::t(int i) const {
  const Pushed* p = pushed(node_);
  assert(p && "the tangents are there in forward mode only");
  return p->tangents[static_cast<std::size_t>(i)];
}

bool Fn::wants_any(int i) const {
  if (const Pushed* p = pushed(node_)) return p->tangents[static_cast<std::size_t>(i)].defined();
  if (i < 0 || i >= node_->input_count)
    fail(node_->op->name, "there is no input " + std::to_string(i) + " that could be wanted: it has " +
                              std::to_string(node_->input_count) + "; count from 0");
  const Node* x = node_->inputs()[i];
  return x && x->requires_grad;
}

namespace {

/// Makes `value` output k of an op with several: a node with one edge, to the node that they share.
Tensor attach_output(Tensor value, Node* joint, int k) {
  Node* y = value.node();
  y->op = joint->op;
  y->inside[0] = joint;
  y->inside[1] = y->inside[2] = nullptr;
  y->kept = keep::nothing;
  joint->links.up();
  y->input_count = 1;
  y->stamp = joint->stamp + 1;
  y->requires_grad = true;
  y->output_of_joint = true;
  std::memcpy(y->attributes, &k, sizeof k);
  count_live_nodes(1);
  return value;
}

}  // namespace

namespace {

/// Another tensor of the same elements, as rules get the outputs of an op with several.
constexpr Op same_elements = {
    .name = "output", .again = [](Call c) { return c.x(0); }, .jvp = Jvp::By::linear};

/// The node of a call with several outputs, null where nothing is recorded.
Node* record_joint(const Op& op, std::span<const Ref> inputs, std::span<Tensor> outputs,
                   std::span<const std::byte> attributes, std::shared_ptr<void> state) {
  if (!is_recording() || outputs.empty() || !any_requires_grad(inputs)) return nullptr;
  const Tensor joint = new_tensor({0}, float32);
  Extra& extra = extra_of(joint.node());
  attach(op, inputs, joint.node());
  if (!attributes.empty()) std::memcpy(joint.node()->attributes, attributes.data(), attributes.size());
  extra.state = std::move(state);
  if (op.joint.keep & keep::y)
    for (Tensor& y : outputs) {
      extra.outputs.push_back(new_view(y, y.shape()));
      extra.output_versions.push_back(y.node()->buffer->version);
    }
  extra.cotangents.resize(outputs.size());
  for (std::size_t k = 0; k < outputs.size(); ++k)
    if (is_floating(outputs[k].dtype()))
      outputs[k] = attach_output(std::move(outputs[k]), joint.node(), static_cast<int>(k));
  if (doors & birth_log) {
    log_birth(joint.node());
    for (const Tensor& y : outputs) log_birth(y.node());
  }
  return joint.node();  // its outputs hold it
}

}  // namespace

Node* record_outputs(const Op& op, std::span<const Ref> inputs, std::span<Tensor> outputs,
                     std::span<const std::byte> attributes, std::shared_ptr<void> state) {
  Node* joint = record_joint(op, inputs, outputs, attributes, std::move(state));
  if (doors & listener) [[unlikely]] {
    auto kept = std::make_shared<Attributes>();
    if (!attributes.empty()) std::memcpy(kept->bytes, attributes.data(), attributes.size());
    tell(op, inputs, outputs, std::move(kept));
    if (joint)
      for (std::size_t k = 0; k < joint->extra->outputs.size(); ++k)
        pass(same_elements, {outputs[k]}, joint->extra->outputs[k]);
  }
  return joint;
}

Tensor Fn::output(int k) const {
  if (const Pushed* p = pushed(node_)) return p->outputs[static_cast<std::size_t>(k)];
  if (node_->extra->outputs.empty()) undeclared(node_, "output " + std::to_string(k));
  const Tensor& value = node_->extra->outputs[static_cast<std::size_t>(k)];
  check_version(node_, value.node(), node_->extra->output_versions[static_cast<std::size_t>(k)],
                "output " + std::to_string(k));
  Tensor y = pass(same_elements, {value}, new_view(value, value.shape()));
  if (!is_recording()) return y;
  y = attach_output(std::move(y), node_, k);
  if (doors & birth_log) log_birth(y.node());
  return y;
}

void* state_of(Node* n) { return n->extra ? n->extra->state.get() : nullptr; }

}  // namespace xgrad::detail
