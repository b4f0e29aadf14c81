#include "autodiff/columns.hpp"

#include <algorithm>

#include "autodiff/forward.hpp"
#include "autodiff/functions.hpp"
#include "kernels/loops/dispatch.hpp"
#include "ops/support/leaf.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {

std::int64_t directions_at_once(std::int64_t most) {
  constexpr std::int64_t elements = std::int64_t{1} << 18;  // two MiB of float64: what a cache holds
  return std::clamp<std::int64_t>(elements / std::max<std::int64_t>(most, 1), 16, 256);
}

Tensor pushed_columns(const char* op, const TensorFunction& f, const std::vector<Tensor>& inputs,
                      const std::vector<Tensor>& v, bool create_graph) {
  const EnableGrad guard;
  const ForwardPass pass = ForwardPass::wide(v[0].size(0), create_graph);
  const std::vector<Tensor> x = fresh(op, inputs, create_graph);  // leaves: f may take gradients of its own
  for (std::size_t i = 0; i < x.size(); ++i) pass.start(x[i], {v[i]});
  return returned(pass.tangents(value_of(op, f, x))[0], create_graph);
}

std::vector<Tensor> pushed_gradients(const char* op, const TensorFunction& f,
                                     const std::vector<Tensor>& inputs, const std::vector<Tensor>& v,
                                     bool create_graph) {
  const EnableGrad guard;
  const ForwardPass pass = ForwardPass::wide(v[0].size(0), create_graph);
  const std::vector<Tensor> x = fresh(op, inputs, create_graph);
  for (std::size_t i = 0; i < x.size(); ++i) pass.start(x[i], {v[i]});
  const Tensor y = number_of(op, f, x);
  std::vector<Tensor> along;
  for (const Tensor& g : gradients(y, x, ones_like(y.detach()), {.create_graph = create_graph}))
    along.push_back(returned(pass.tangents(g)[0], create_graph));
  return along;
}

std::vector<Tensor> unit_directions(const std::vector<Tensor>& x, std::int64_t first, std::int64_t count) {
  std::vector<Tensor> v;
  std::int64_t before = 0;
  for (const Tensor& t : x) {
    const std::int64_t n = t.numel(), from = std::max(first, before),
                       to = std::min(first + count, before + n);
    Shape shape = t.shape();
    shape.insert(0, count);
    v.push_back(zeros_of(shape, t.dtype()));
    visit_floating(t.dtype(), [&](auto tag) {
      for (std::int64_t j = from; j < to; ++j)
        ptr<type_of<decltype(tag)>>(v.back())[(j - first) * n + j - before] = 1;
    });
    before += n;
  }
  return v;
}

}  // namespace xgrad::detail
