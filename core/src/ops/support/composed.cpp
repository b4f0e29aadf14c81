#include "ops/support/composed.hpp"

#include "ops/support/leaf.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {

void differentiate(Composed composed, std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
  const bool again = is_recording();
  std::vector<Tensor> x, wanted, outputs, cotangents;
  for (int i = 0; i < f.inputs(); ++i) {
    // One that is given twice, or made of another, has its own share only: the engine adds up the rest.
    x.push_back(again && f.x(i).requires_grad() ? reshape(f.x(i), f.shape(i)) : without_tape(f.x(i)));
    if (!f.wants(i)) continue;
    if (!again) x.back().requires_grad_();
    wanted.push_back(x.back());
  }
  const EnableGrad guard;
  const std::vector<Tensor> y = composed(x, f);
  for (std::size_t k = 0; k < y.size(); ++k)
    if (g[k].defined() && y[k].requires_grad()) outputs.push_back(y[k]), cotangents.push_back(g[k]);
  if (outputs.empty()) return;
  std::vector<Tensor> d = grad(outputs, wanted, cotangents, {.create_graph = again, .allow_unused = true});
  for (std::size_t i = 0, next = 0; i < x.size(); ++i)
    if (f.wants(static_cast<int>(i))) dx[i] = std::move(d[next++]);
}

}  // namespace xgrad::detail
