#include "xgrad/nn/gradcheck.hpp"

namespace xgrad::nn::detail {

Tensor in_float64(const Tensor& x) { return is_floating(x.dtype()) ? x.detach().to(float64) : x; }

GradcheckResult gradcheck_model(Module& model, xgrad::detail::TensorsFunction loss, const Tensor& x,
                                GradcheckOptions options) {
  std::vector<Tensor> leaves = model.trainable_parameters();
  options.names.clear();
  for (const Tensor& leaf : leaves)
    for (const auto& [name, tensor] : model.named_parameters())
      if (tensor.node() == leaf.node()) {
        options.names.push_back(name);
        break;
      }
  Tensor input = in_float64(x);
  if (is_floating(x.dtype()) && x.requires_grad()) {
    input = input.clone().detach().requires_grad_();
    leaves.push_back(input);
    options.names.push_back("x");
  }
  GradcheckResult r = gradcheck_parameters([&] { return loss({input}); }, leaves, options);
  const std::size_t at = r.reproduce.find('{');
  if (at != std::string::npos) r.reproduce.replace(0, at, "gradcheck(model, loss, batch, ");
  return r;
}

}  // namespace xgrad::nn::detail
