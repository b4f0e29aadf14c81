#include "xgrad/core/derivatives.hpp"

#include <algorithm>

#include "autodiff/columns.hpp"
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

namespace {

/// The diagonals of blocks that stand row by row, [rows, columns, columns].
std::vector<Tensor> diagonal_of_rows(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                     FunctionalOptions options) {
  const std::vector<Tensor> x = fresh("hessian_diagonal", inputs, options.create_graph);
  const Tensor y = number_of("hessian_diagonal", f, x);
  const std::vector<Tensor> g = gradients(y, x, ones_like(y.detach()), {.create_graph = true});
  std::vector<Tensor> out;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const Tensor blocks = by_rows(g[k], {x[k]}, options)[0];
    const std::int64_t rows = x[k].size(0), width = rows == 0 ? 0 : x[k].numel() / rows;
    out.push_back(reshape(diagonal(reshape(blocks, {rows, width, width}), 0, 1, 2), x[k].shape()));
  }
  return out;
}

}  // namespace

std::vector<Tensor> hessian_diagonal_of(const TensorFunction& f, const std::vector<Tensor>& x,
                                        FunctionalOptions options) {
  const EnableGrad guard;
  if (options.independent_rows) return diagonal_of_rows(f, x, options);
  std::int64_t n = 0;
  for (const Tensor& t : x) check_floating("hessian_diagonal", t), n += t.numel();
  const std::int64_t most = directions_at_once(n);
  std::vector<std::vector<Tensor>> parts(x.size());
  for (std::int64_t first = 0; first == 0 || first < n; first += most) {
    const std::int64_t count = std::min(most, std::max<std::int64_t>(n - first, 1));
    const std::vector<Tensor> along =
        pushed_gradients("hessian_diagonal", f, x, unit_directions(x, first, count), options.create_graph);
    std::int64_t before = 0;
    for (std::size_t k = 0; k < x.size(); before += x[k].numel(), ++k) {
      const std::int64_t from = std::max(first, before),
                         size = std::min(first + count, before + x[k].numel()) - from;
      if (size <= 0) continue;
      const Tensor rows = narrow(reshape(along[k], {count, x[k].numel()}), 0, from - first, size);
      parts[k].push_back(diagonal(narrow(rows, 1, from - before, size)));
    }
  }
  std::vector<Tensor> out;
  for (std::size_t k = 0; k < x.size(); ++k)
    out.push_back(parts[k].empty() ? zeros_of(x[k].shape(), x[k].dtype())
                                   : reshape(cat(parts[k]), x[k].shape()));
  return out;
}

}  // namespace xgrad::detail
