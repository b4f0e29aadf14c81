#include "ops/recurrent/sequence.hpp"

#include "autodiff/fields.hpp"
#include "ops/activation/activated.hpp"
#include "ops/support/composed.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/creation.hpp"

// The node of a sequence, and that of its gradients.

namespace xgrad::detail {

void SequenceAttributes::fields(auto&& field) const {
  if (kind == Recurrence::rnn) field("activation", std::string(name_of(activation)));
  field("reverse", reverse), field("given", given), field("wanted", wanted);
}

namespace {

const SequenceAttributes& attributes_of(Call c) { return c.attributes<SequenceAttributes>(); }

/// The gradients from other ops, for second derivatives: of the cotangents and the operands.
std::vector<Tensor> composed_gradients(const std::vector<Tensor>& x, Fn f) {
  const auto a = f.attributes<SequenceAttributes>();
  const std::size_t outputs = a.outputs();
  Operands o = operands_from(a.given, [&](int i) { return x[outputs + static_cast<std::size_t>(i)]; });
  std::vector<Tensor> wanted, made, cotangents;
  for (std::size_t place = 0; place < Operand::count; ++place) {
    if (!holds(a.wanted, place)) continue;
    if (!o[place].requires_grad()) o[place] = o[place].detach().requires_grad_();
    wanted.push_back(o[place]);
  }
  const std::vector<Tensor> y = composed_sequence(o, a);
  for (std::size_t k = 0; k < outputs; ++k)
    if (y[k].requires_grad()) made.push_back(y[k]), cotangents.push_back(x[k]);
  std::vector<Tensor> d(wanted.size());
  if (!made.empty()) d = grad(made, wanted, cotangents, {.create_graph = true, .allow_unused = true});
  for (std::size_t i = 0; i < d.size(); ++i)
    if (!d[i].defined()) d[i] = zeros_like(wanted[i]);
  return d;
}

std::vector<Tensor> sequence_vjp(std::vector<Tensor> cotangents, const Operands& o, const SequenceValues& y,
                                 const SequenceAttributes& a);

constexpr Op vjp_op(const char* name) {
  return {.name = name,
          .joint = derived<composed_gradients>,
          .fields = &fields_of<SequenceAttributes>,
          .again_all = [](Call c) {
            const SequenceAttributes& a = attributes_of(c);
            const std::size_t outputs = a.outputs();
            std::vector<Tensor> cotangents;
            for (std::size_t k = 0; k < outputs; ++k) cotangents.push_back(c.x(k));
            const Operands o =
                operands_from(a.given, [&](int i) { return c.x(outputs + static_cast<std::size_t>(i)); });
            const Unheard within;
            return sequence_vjp(std::move(cotangents), o, sequence_values(o, a), a);
          }};
}

std::vector<Tensor> sequence_vjp(std::vector<Tensor> cotangents, const Operands& o, const SequenceValues& y,
                                 const SequenceAttributes& a) {
  static constexpr Op ops[] = {vjp_op("rnn_vjp"), vjp_op("gru_vjp"), vjp_op("lstm_vjp")};
  if (doors != 0)  // before the kernels, which are the last that are heard before their op
    for (std::size_t k = 0; k < cotangents.size(); ++k)
      if (!cotangents[k].defined()) cotangents[k] = zeros_like(k == 0 ? y.outputs : o[Operand::h]).detach();
  std::vector<Tensor> d = sequence_gradients(cotangents, o, y, a);
  if (doors == 0) return d;
  std::vector<Ref> inputs(cotangents.begin(), cotangents.end());
  for (const Tensor& t : o)
    if (t.defined()) inputs.push_back(t);
  record_outputs(ops[static_cast<std::size_t>(a.kind)], inputs, d, a);
  return d;
}

void differentiate_sequence(std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
  auto a = f.attributes<SequenceAttributes>();
  const Operands o = operands_from(a.given, [&](int i) { return f.x(i); });
  SequenceValues y = {.outputs = f.output(0), .h = {}, .c = {}, .gates = {}, .memory = {}};
  int next = 0;
  std::vector<int> wanted;
  for (std::size_t place = 0; place < Operand::count; ++place) {
    if (!holds(a.given, place)) continue;
    if (f.wants(next)) a.wanted = static_cast<OperandSet>(a.wanted | 1 << place), wanted.push_back(next);
    ++next;
  }
  if (a.kind != Recurrence::rnn) y.gates = f.x(next), y.memory = f.x(next + 1);
  std::vector<Tensor> d = sequence_vjp({g.begin(), g.end()}, o, y, a);
  for (std::size_t i = 0; i < d.size(); ++i) dx[static_cast<std::size_t>(wanted[i])] = std::move(d[i]);
}

constexpr Op sequence_op(const char* name, int scratch) {
  return {.name = name,
          .joint = {keep::every_x | keep::y, &differentiate_sequence},
          .scratch = scratch,  // the gates' values, and what a cell has besides
          .fields = &fields_of<SequenceAttributes>,
          .again_all = [](Call c) {
            const SequenceAttributes& a = attributes_of(c);
            return sequence(operands_from(a.given, [&](int i) { return c.x(static_cast<std::size_t>(i)); }),
                            a);
          }};
}

}  // namespace

std::vector<Tensor> sequence(const Operands& o, const SequenceAttributes& attributes) {
  static constexpr Op ops[] = {sequence_op("rnn", 0), sequence_op("gru", 2), sequence_op("lstm", 2)};
  SequenceAttributes a = attributes;
  std::vector<Ref> inputs;
  a.given = 0;
  for (std::size_t place = 0; place < Operand::count; ++place)
    if (o[place].defined()) {
      a.given = static_cast<OperandSet>(a.given | 1 << place);
      inputs.push_back(o[place]);
    }
  a.kept = is_recording() && any_requires_grad(inputs);
  SequenceValues y = sequence_values(o, a);
  if (a.kind != Recurrence::rnn) {
    if (!a.kept) y.gates = y.memory = new_tensor({0}, y.outputs.dtype());
    inputs.push_back(y.gates), inputs.push_back(y.memory);
  }
  std::vector<Tensor> all = {std::move(y.outputs), std::move(y.h)};
  if (a.kind == Recurrence::lstm) all.push_back(std::move(y.c));
  record_outputs(ops[static_cast<std::size_t>(a.kind)], inputs, all, a);
  return all;
}

}  // namespace xgrad::detail
