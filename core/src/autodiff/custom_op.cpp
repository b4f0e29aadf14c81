#include "xgrad/core/custom_op.hpp"

#include "autodiff/fields.hpp"
#include "autodiff/hooks.hpp"
#include "autodiff/listen.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"

namespace xgrad::detail {
namespace {

const CustomDefinition& definition_of(Node* n) {
  return *static_cast<const CustomDefinition*>(n->extra->definition.get());
}

void run_vjp(std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
  const CustomDefinition& d = definition_of(f.node());
  const Unwritten guard(g[0]);
  std::vector<Tensor> result = d.vjp(f, state_of(f.node()), g[0]);
  guard.check(d.name.c_str(), "vjp");
  if (result.size() != dx.size())
    fail(d.name.c_str(), "its vjp must return a gradient for each of " + std::to_string(dx.size()) +
                             " inputs (an undefined one for none): it returned " +
                             std::to_string(result.size()));
  for (std::size_t i = 0; i < dx.size(); ++i) {
    dx[i] = std::move(result[i]);
    if (dx[i].defined() && dx[i].node()->copy_of == CopyOf::part_in_list) dx[i] = whole_result(dx[i]);
  }
}

/// What it takes to call the op again.
struct Called {
  std::shared_ptr<const CustomDefinition> definition;
  void fields(auto&&) const {}
};

}  // namespace

std::shared_ptr<const CustomDefinition> define(CustomDefinition definition) {
  auto d = std::make_shared<CustomDefinition>(std::move(definition));
  d->op.name = d->name.c_str();
  d->op.joint = {keep::every_x | keep::y, run_vjp};
  d->op.fields = &fields_of<Called>;
  d->op.again = [](Call c) {
    return call(c.attributes<Called>().definition, {c.inputs().begin(), c.inputs().end()});
  };
  return d;
}

Tensor call(const std::shared_ptr<const CustomDefinition>& definition, const std::vector<Tensor>& inputs) {
  std::shared_ptr<void> state;
  Tensor y;
  {
    const NoGrad guard;
    const Unheard within;
    y = definition->forward(inputs, state);
  }
  if (!y.defined())
    fail(definition->name.c_str(),
         "its forward must return a tensor that is defined: it returned an undefined one");
  const std::vector<Ref> refs(inputs.begin(), inputs.end());
  const bool recorded = is_recording() && is_floating(y.dtype()) && any_requires_grad(refs);
  if (recorded || is_heard()) y = new_view(y, y.shape());  // of our own, also where forward returned an input
  if (recorded) {
    Extra& extra = extra_of(y.node());
    extra.state = std::move(state);
    extra.definition = std::const_pointer_cast<CustomDefinition>(definition);
    const Unheard twice;
    y = record(definition->op, refs, std::move(y));
  }
  return pass(definition->op, refs, std::move(y), [&] { return Called{definition}; });
}

}  // namespace xgrad::detail
