#include "xgrad/nn/gradcheck.hpp"

#include <algorithm>

namespace xgrad::nn::detail {

namespace {

using xgrad::detail::TensorsFunction;

/// Checks `f` by the parameters of the model and by the inputs that have a name.
GradcheckResult check(ModuleBase& model, TensorsFunction f, const std::vector<Tensor>& inputs,
                      const std::vector<std::string>& names, const std::string& call,
                      GradcheckOptions options) {
  std::vector<Tensor> leaves = model.trainable_parameters(), given;
  options.names.clear();
  for (const Tensor& leaf : leaves)
    for (const auto& [name, tensor] : model.named_parameters())
      if (tensor.node() == leaf.node()) {
        options.names.push_back(name);
        break;
      }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    given.push_back(in_float64(inputs[i]));
    if (names[i].empty()) continue;
    given[i] = given[i].clone().detach().requires_grad_();
    leaves.push_back(given[i]);
    options.names.push_back(names[i]);
  }
  GradcheckResult r = gradcheck_parameters([&] { return f(given); }, leaves, options);
  const std::size_t at = r.reproduce.find('{');
  if (at != std::string::npos) r.reproduce.replace(0, at, call);
  return r;
}

bool is_wanted(const Tensor& x) { return is_floating(x.dtype()) && x.requires_grad(); }

}  // namespace

Tensor in_float64(const Tensor& x) { return is_floating(x.dtype()) ? x.detach().to(float64) : x; }

GradcheckResult gradcheck_loss(ModuleBase& model, TensorsFunction loss, const Tensor& x,
                               const GradcheckOptions& options) {
  return check(model, loss, {x}, {is_wanted(x) ? "x" : ""}, "gradcheck(model, loss, batch, ", options);
}

GradcheckResult gradcheck_call(ModuleBase& model, TensorsFunction f, const std::vector<Tensor>& inputs,
                               const char* call, const GradcheckOptions& options) {
  const bool all = std::ranges::none_of(inputs, is_wanted);
  std::vector<std::string> names;
  for (const Tensor& x : inputs)
    names.push_back(is_wanted(x) || (all && is_floating(x.dtype())) ? "input " + std::to_string(names.size())
                                                                    : "");
  return check(model, f, inputs, names, call, options);
}

}  // namespace xgrad::nn::detail
