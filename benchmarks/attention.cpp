#include "attention.hpp"

#include "support/leaf.hpp"

using namespace xgrad;
using namespace bench::attention;
using bench::Run;

namespace {

Tensor by_ops(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
  const Tensor scores = gemm(q / std::sqrt(double{head}), k, false, true);
  return matmul(softmax(mask.defined() ? scores + mask : scores, -1), v);
}

Run run_of(Case c, bool one_node) {
  const Inputs in(c.length);
  const Shape shape = {heads, c.length, head};
  const std::vector<Tensor> p = {bench::leaf(in.q, shape), bench::leaf(in.k, shape),
                                 bench::leaf(in.v, shape)};
  const Tensor t = tensor(in.t, shape);
  Tensor mask;
  if (c.causal && !one_node) mask = triu(full({c.length, c.length}, -INFINITY), 1);
  return {[=] {
            const Tensor y = one_node
                                 ? scaled_dot_product_attention(p[0], p[1], p[2], {.is_causal = c.causal})
                                 : by_ops(p[0], p[1], p[2], mask);
            for (Tensor x : p) x.zero_grad();
            const Tensor loss = sum(y * t);
            loss.backward();
            return loss.item();
          },
          [=] { return bench::gradient_squares(p); }};
}

const bool added = [] {
  for (const Case c : cases) {
    bench::Contender(c.name(), "xgrad", [c] { return run_of(c, true); });
    bench::Contender(c.name(), "by_ops", [c] { return run_of(c, false); });
  }
  return true;
}();

}  // namespace
