#include "xgrad/core/derivatives.hpp"

#include "autodiff/functions.hpp"
#include "autodiff/rows.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {

std::pair<Tensor, std::vector<Tensor>> value_and_grad_of(const char* name, const TensorFunction& f,
                                                         const std::vector<Tensor>& inputs,
                                                         FunctionalOptions options) {
  const EnableGrad guard;
  const std::vector<Tensor> x = fresh(name, inputs, options.create_graph);
  const Tensor y = number_of(name, f, x);
  std::vector<Tensor> g = gradients(y, x, ones_like(y.detach()), {.create_graph = options.create_graph});
  return {returned(y, options.create_graph), std::move(g)};
}

std::vector<std::vector<Tensor>> jacobians_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                              FunctionalOptions options) {
  if (options.independent_rows)
    fail("jacobians", "takes no independent_rows: there are " + std::to_string(inputs.size()) +
                          " inputs; ask jacobian for each output");
  const EnableGrad guard;
  const std::vector<Tensor> x = fresh("jacobians", inputs, options.create_graph);
  std::vector<std::vector<Tensor>> out;
  for (const Tensor& y : f(x)) {
    check_floating("jacobians", y);
    out.push_back(by_rows(y, x, options));
  }
  return out;
}

std::vector<Tensor> hessian_diagonal_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                        FunctionalOptions options) {
  const EnableGrad guard;
  const std::vector<Tensor> x = fresh("hessian_diagonal", inputs, options.create_graph);
  const Tensor y = number_of("hessian_diagonal", f, x);
  const std::vector<Tensor> g = gradients(y, x, ones_like(y.detach()), {.create_graph = true});
  std::vector<Tensor> out;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const std::int64_t n = x[k].numel();
    if (options.independent_rows) {
      const Tensor blocks = by_rows(g[k], {x[k]}, options)[0];
      const std::int64_t rows = x[k].size(0), width = rows == 0 ? 0 : n / rows;
      out.push_back(reshape(diagonal(reshape(blocks, {rows, width, width}), 0, 1, 2), x[k].shape()));
      continue;
    }
    const std::vector<Tensor> one = {x[k]};
    RowWalk walk(g[k], one, options.create_graph);
    std::vector<Tensor> elements;
    for (std::int64_t i = 0; i < n; ++i)
      elements.push_back(select(reshape(walk(unit(g[k], i))[0], {n}), 0, i));
    out.push_back(n == 0 ? zeros_of(x[k].shape(), x[k].dtype()) : reshape(stack(elements), x[k].shape()));
  }
  return out;
}

}  // namespace xgrad::detail
