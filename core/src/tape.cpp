#include "xgrad/core/tape.hpp"

#include "anomaly.hpp"
#include "errors.hpp"
#include "node.hpp"

namespace xgrad::detail {

constinit thread_local bool recording = true;

namespace {

/// Which values the wanted rules read; `wanted` tells whether there is a rule at all.
std::uint32_t values_to_keep(const Op& op, std::span<const Ref> inputs, bool& wanted) {
  if (op.joint.run || op.each.run) {
    wanted = true;
    return op.joint.run ? op.joint.keep : op.each.keep;
  }
  std::uint32_t mask = 0;
  const std::size_t rules = inputs.size() < op.vjp.size() ? inputs.size() : op.vjp.size();
  for (std::size_t i = 0; i < rules; ++i) {
    if (!op.vjp[i].run || !inputs[i].tensor->node()->requires_grad) continue;
    wanted = true;
    mask |= op.vjp[i].keep;
  }
  return mask;
}

bool keeps(std::uint32_t mask, int i) {
  return i < 31 ? (mask >> i & 1) != 0 : (mask & keep::every_x) == keep::every_x;
}

std::uint32_t* versions_of(Node* n) {
  return n->input_count <= 3 ? n->versions : reinterpret_cast<std::uint32_t*>(n->outside + n->input_count);
}

/// Room for more inputs than fit inside the node: a word for the size class, the inputs, their versions.
Node** outside_inputs(std::size_t count) {
  std::uint16_t c;
  auto* block = static_cast<std::uint64_t*>(take_block(8 + 12 * count, c));
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

void attach(const Op& op, std::span<const Ref> inputs, Node* y) {
  bool wanted = false;
  const std::uint32_t mask = values_to_keep(op, inputs, wanted);
  if (!wanted) return;

  const int count = static_cast<int>(inputs.size());
  Node** edges = y->inside;
  if (count > 3) y->outside = edges = outside_inputs(inputs.size());
  y->input_count = static_cast<std::uint16_t>(count);
  std::uint32_t* versions = versions_of(y);
  std::uint32_t stamp = 0;
  for (int i = 0; i < count; ++i) {
    Node* x = inputs[static_cast<std::size_t>(i)].tensor->node();
    const bool kept = keeps(mask, i);
    edges[i] = nullptr;
    if (!kept && !x->requires_grad) continue;
    if (kept) {  // a handle is a link too
      add_handle(x);
      versions[i] = x->buffer->version;
    } else {
      x->links.up();
    }
    edges[i] = x;
    if (x->requires_grad && x->stamp > stamp) stamp = x->stamp;
  }
  y->op = &op;
  y->stamp = stamp + 1;
  y->requires_grad = true;
  y->kept = mask & keep::every_x;
  y->keeps_value = (mask & keep::y) != 0;
  if (y->buffer) y->value_version = y->buffer->version;
  count_live_nodes(1);
  if (anomaly_mode) [[unlikely]]
    watch_recording(y, inputs);
}

Tensor Fn::checked_x(int i) const {
  if (i < 0 || i >= node_->input_count || !keeps(node_->kept, i))
    undeclared(node_, "input " + std::to_string(i));
  Node* value = node_->inputs()[i];
  check_version(node_, value, versions_of(node_)[i], "input " + std::to_string(i));
  return Tensor::share(value);
}

Tensor Fn::y() const {
  if (!node_->keeps_value) undeclared(node_, "the output");
  check_version(node_, node_, node_->value_version, "the output");
  return Tensor::share(node_);
}

const Shape& Fn::shape(int i) const { return node_->inputs()[i]->shape; }
DType Fn::dtype(int i) const { return node_->inputs()[i]->dtype; }

bool Fn::wants(int i) const {
  const Node* x = node_->inputs()[i];
  return x && x->requires_grad;
}

namespace {

/// Makes `value` output k of an op with several: a node with one edge, to the node that they share.
Tensor attach_output(Tensor value, Node* joint, int k) {
  Node* y = value.node();
  y->op = joint->op;
  y->inside[0] = joint;
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

Node* record_outputs(const Op& op, std::span<const Ref> inputs, std::span<Tensor> outputs,
                     std::shared_ptr<void> state) {
  if (!recording || !any_requires_grad(inputs)) return nullptr;
  const Tensor joint = new_tensor({0}, float32);
  Extra& extra = extra_of(joint.node());
  attach(op, inputs, joint.node());
  extra.state = std::move(state);
  if (op.joint.keep & keep::y)
    for (Tensor& y : outputs) {
      extra.outputs.push_back(y.detach());
      extra.output_versions.push_back(y.node()->buffer->version);
    }
  extra.cotangents.resize(outputs.size());
  for (std::size_t k = 0; k < outputs.size(); ++k)
    if (is_floating(outputs[k].dtype()))
      outputs[k] = attach_output(std::move(outputs[k]), joint.node(), static_cast<int>(k));
  return joint.node();  // its outputs hold it
}

Tensor Fn::output(int k) const {
  if (node_->extra->outputs.empty()) undeclared(node_, "output " + std::to_string(k));
  const Tensor& value = node_->extra->outputs[static_cast<std::size_t>(k)];
  check_version(node_, value.node(), node_->extra->output_versions[static_cast<std::size_t>(k)],
                "output " + std::to_string(k));
  Tensor y = new_view(value, value.shape());
  return recording ? attach_output(std::move(y), node_, k) : y;
}

void* state_of(Node* n) { return n->extra ? n->extra->state.get() : nullptr; }

}  // namespace xgrad::detail
