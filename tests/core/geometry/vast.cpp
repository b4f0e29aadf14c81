#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

// Tensors without elements may have sizes whose products come near what a number holds.

namespace {

constexpr std::int64_t k10 = 1 << 10, k20 = 1 << 20, k22 = 1 << 22, k23 = 1 << 23;
constexpr std::int64_t k40 = std::int64_t{1} << 40, k44 = std::int64_t{1} << 44, k45 = std::int64_t{1} << 45;

struct Case {
  const char* op;
  Shape x;
  std::function<Tensor(const Tensor&)> f;
  std::optional<Shape> result;  // none: an Error
};

const std::vector<Case> cases = {
    {"reshape",
     {0},
     [](const Tensor& x) {
       return reshape(x, {0, k45});
     },
     Shape{0, k45}},
    {"reshape",
     {0},
     [](const Tensor& x) {
       return reshape(x, {0, k45 + 1});
     },
     {}},
    {"reshape",
     {0},
     [](const Tensor& x) {
       return reshape(x, {k40, k40, 0});
     },
     {}},
    {"reshape",
     {0},
     [](const Tensor& x) {
       return reshape(x, {0, k40, k40});
     },
     {}},
    {"flatten", {k22, 0, k22}, [](const Tensor& x) { return flatten(x); }, Shape{0}},
    {"unflatten",
     {k44, 0},
     [](const Tensor& x) {
       return unflatten(x, 0, {k22, -1});
     },
     Shape{k22, k22, 0}},
    {"unflatten",
     {k44, 0},
     [](const Tensor& x) {
       return unflatten(x, 1, {k44, 0});
     },
     {}},
    {"transpose", {0, k22, k23}, [](const Tensor& x) { return transpose(x, 1, 2); }, Shape{0, k23, k22}},
    {"flip",
     {k40, 0},
     [](const Tensor& x) {
       return flip(x, {0, 1});
     },
     Shape{k40, 0}},
    {"roll", {k40, 0}, [](const Tensor& x) { return roll(x, INT64_MIN, 0); }, Shape{k40, 0}},
    {"expand",
     {0, 1},
     [](const Tensor& x) {
       return expand(x, {0, k45});
     },
     Shape{0, k45}},
    {"expand",
     {0, 1},
     [](const Tensor& x) {
       return expand(x, {0, k45 + 1});
     },
     {}},
    {"repeat",
     {0, k40},
     [](const Tensor& x) {
       return repeat(x, {1, k40});
     },
     {}},
    {"tile",
     {k40, 0},
     [](const Tensor& x) {
       return tile(x, {2, 3});
     },
     Shape{2 * k40, 0}},
    {"cat",
     {0, k44},
     [](const Tensor& x) {
       return cat({x, x}, 1);
     },
     Shape{0, k45}},
    {"cat",
     {0, k44},
     [](const Tensor& x) {
       return cat({x, x, x}, 1);
     },
     {}},
    {"stack",
     {0, k45},
     [](const Tensor& x) {
       return stack({x, x});
     },
     {}},
    {"split", {k40, 0}, [](const Tensor& x) { return split(x, 1)[0]; }, {}},
    {"split", {k40, 0}, [](const Tensor& x) { return split(x, k40 - 1)[1]; }, Shape{1, 0}},
    {"chunk", {k40, 0}, [](const Tensor& x) { return chunk(x, INT64_MAX)[0]; }, {}},
    {"unbind", {k40, 0}, [](const Tensor& x) { return unbind(x)[0]; }, {}},
    {"slice",
     {k40, 0},
     [](const Tensor& x) { return slice(x, 0, -1, Tensor::end_of_axis, -3); },
     Shape{k40 / 3 + 1, 0}},
    {"index",
     {k40, 0},
     [](const Tensor& x) {
       return x.index({Slice{.step = 2}, ellipsis});
     },
     Shape{k40 / 2, 0}},
    {"select", {k40, 0}, [](const Tensor& x) { return select(x, 0, k40 - 1); }, Shape{0}},
    {"pad",
     {0, 1},
     [](const Tensor& x) {
       return pad(x, {k44, k44 - 1});
     },
     Shape{0, k45}},
    {"pad",
     {0, 1},
     [](const Tensor& x) {
       return pad(x, {k44, k44});
     },
     {}},
    {"diag_embed", {0, k22}, [](const Tensor& x) { return diag_embed(x); }, Shape{0, k22, k22}},
    {"diag_embed", {0, k23}, [](const Tensor& x) { return diag_embed(x); }, {}},
    {"diagonal", {k22, k22, 0}, [](const Tensor& x) { return diagonal(x); }, Shape{0, k22}},
    {"tril", {0, k22, k22}, [](const Tensor& x) { return tril(x); }, Shape{0, k22, k22}},
    {"gather",
     {0, k40},
     [](const Tensor& x) {
       return gather(x, 1, zeros({0, k40}, {.dtype = int64}));
     },
     Shape{0, k40}},
    {"index_select",
     {k40, 0},
     [](const Tensor& x) { return index_select(x, 0, tensor({k40 - 1})); },
     Shape{1, 0}},
    {"embedding", {k40, 0}, [](const Tensor& x) { return embedding(tensor({0}), x); }, Shape{1, 0}},
    {"one_hot", {0}, [](const Tensor& x) { return one_hot(x.to(int64), k45 + 1); }, {}},
    {"one_hot", {0}, [](const Tensor& x) { return one_hot(x.to(int64), INT64_MAX); }, {}},
    {"sum", {0, k40}, [](const Tensor& x) { return sum(x, 1); }, Shape{0}},
    {"mean", {k40, 0}, [](const Tensor& x) { return mean(x, 0); }, Shape{0}},
    {"var", {0, k40}, [](const Tensor& x) { return var(x, 1); }, Shape{0}},
    {"prod",
     {0, k22, k22},
     [](const Tensor& x) {
       return prod(x, {1, 2});
     },
     Shape{0}},
    {"logsumexp",
     {k22, 0, k22},
     [](const Tensor& x) {
       return logsumexp(x, {0, 2});
     },
     Shape{0}},
    {"max", {0, k40}, [](const Tensor& x) { return max(x, 1).values; }, Shape{0}},
    {"median", {k40, 0}, [](const Tensor& x) { return median(x, 0).values; }, Shape{0}},
    {"cumsum", {k40, 0}, [](const Tensor& x) { return cumsum(x, 0); }, Shape{k40, 0}},
    {"cumprod", {k40, 0}, [](const Tensor& x) { return cumprod(x, 0); }, Shape{k40, 0}},
    {"cummax", {k40, 0}, [](const Tensor& x) { return cummax(x, 0).values; }, Shape{k40, 0}},
    {"sort", {k40, 0}, [](const Tensor& x) { return sort(x, 0).values; }, Shape{k40, 0}},
    {"topk", {k40, 0}, [](const Tensor& x) { return topk(x, k40, 0).values; }, Shape{k40, 0}},
    {"softmax", {k40, 0}, [](const Tensor& x) { return softmax(x, 0); }, Shape{k40, 0}},
    {"log_softmax", {0, k40}, [](const Tensor& x) { return log_softmax(x, 1); }, Shape{0, k40}},
    {"matmul",
     {0, k22, k23},
     [](const Tensor& x) {
       return matmul(x, zeros({0, k23, k22}));
     },
     Shape{0, k22, k22}},
    {"matmul",
     {k23, 0},
     [](const Tensor& x) {
       return matmul(x, zeros({0, k23}));
     },
     {}},
    {"linear",
     {0, k40},
     [](const Tensor& x) {
       return linear(x, zeros({0, k40}));
     },
     Shape{0, 0}},
    {"outer", {0}, [](const Tensor& x) { return outer(x, zeros({0})); }, Shape{0, 0}},
    {"kron",
     {0, k40},
     [](const Tensor& x) {
       return kron(x, zeros({0, k40}));
     },
     {}},
    {"bilinear",
     {0, k20},
     [](const Tensor& x) {
       return bilinear(x, zeros({0, k20}), zeros({0, k20, k20}));
     },
     Shape{0, 0}},
    {"einsum",
     {0, k40},
     [](const Tensor& x) {
       return einsum("ij,jk->ik", {x, zeros({k40, 0})});
     },
     Shape{0, 0}},
    {"einsum",
     {0, k40},
     [](const Tensor& x) {
       return einsum("ij,kl->ijkl", {x, zeros({0, k40})});
     },
     {}},
    {"einsum",
     {0, k23},
     [](const Tensor& x) {
       return einsum("ij,ik->jk", {x, zeros({0, k23})});
     },
     {}},
    {"trace", {0, k10, k10}, [](const Tensor& x) { return trace(x); }, Shape{0}},
    {"conv2d",
     {0, 1, k22, k22},
     [](const Tensor& x) {
       return conv2d(x, zeros({0, 1, k10, k10}));
     },
     Shape{0, 0, k22 - k10 + 1, k22 - k10 + 1}},
    {"conv2d",
     {0, 1, 1, k45},
     [](const Tensor& x) {
       return conv2d(x, zeros({1, 1, 1, 1}), {}, {.padding = 9});
     },
     {}},
    {"conv_transpose2d",
     {0, 1, k22, k22},
     [](const Tensor& x) {
       return conv_transpose2d(x, zeros({1, 1, 3, 3}), {}, {.stride = 99});
     },
     {}},
    {"conv_transpose2d",
     {0, 1, k20, k20},
     [](const Tensor& x) {
       return conv_transpose2d(x, zeros({1, 1, 2, 2}), {}, {.stride = 2});
     },
     Shape{0, 1, 2 * k20, 2 * k20}},
    {"max_pool2d",
     {0, 1, k22, k22},
     [](const Tensor& x) { return max_pool2d(x, 2); },
     Shape{0, 1, k22 / 2, k22 / 2}},
    {"avg_pool2d",
     {0, 1, k22, k22},
     [](const Tensor& x) { return avg_pool2d(x, 2); },
     Shape{0, 1, k22 / 2, k22 / 2}},
    {"adaptive_avg_pool2d",
     {0, 1, k20, k20},
     [](const Tensor& x) { return adaptive_avg_pool2d(x, static_cast<int>(k20)); },
     Shape{0, 1, k20, k20}},
    {"interpolate",
     {0, 1, k20, k20},
     [](const Tensor& x) { return interpolate(x, static_cast<int>(k22)); },
     Shape{0, 1, k22, k22}},
    {"interpolate", {0, 1, 1, 1}, [](const Tensor& x) { return interpolate(x, INT_MAX); }, {}},
    {"unfold", {0, k40, 1, 1}, [](const Tensor& x) { return unfold(x, 32767, {.padding = 16383}); }, {}},
    {"unfold", {0, 1, k22, k22}, [](const Tensor& x) { return unfold(x, 1); }, Shape{0, 1, k44}},
    {"fold",
     {0, 1, k44},
     [](const Tensor& x) { return fold(x, static_cast<int>(k22), 1); },
     Shape{0, 1, k22, k22}},
    {"fold", {0, 1, 1}, [](const Tensor& x) { return fold(x, INT_MAX, 1); }, {}},
    {"layer_norm", {0, k20}, [](const Tensor& x) { return layer_norm(x, {k20}); }, Shape{0, k20}},
    {"group_norm", {0, k40, 1}, [](const Tensor& x) { return group_norm(x, 1 << 30); }, Shape{0, k40, 1}},
    {"group_norm", {0, k40, 1}, [](const Tensor& x) { return group_norm(x, INT_MIN); }, {}},
    {"instance_norm",
     {0, (std::int64_t{1} << 32) + 1, 1},
     [](const Tensor& x) { return instance_norm(x); },
     Shape{0, (std::int64_t{1} << 32) + 1, 1}},
    {"rms_norm", {0, k40}, [](const Tensor& x) { return rms_norm(x, {k40}); }, Shape{0, k40}},
    {"attention",
     {0, k20, 1},
     [](const Tensor& x) { return scaled_dot_product_attention(x, x, x); },
     Shape{0, k20, 1}},
    {"nll_loss",
     {0, k40},
     [](const Tensor&
            x) { return nll_loss(x, zeros({0}, {.dtype = int64}), {.reduction = Reduction::none}); },
     Shape{0}},
    {"cross_entropy",
     {0, k40},
     [](const Tensor&
            x) { return cross_entropy(x, zeros({0}, {.dtype = int64}), {.reduction = Reduction::none}); },
     Shape{0}},
    {"multi_margin_loss",
     {0, k40},
     [](const Tensor&
            x) { return multi_margin_loss(x, zeros({0}, {.dtype = int64}), {.reduction = Reduction::none}); },
     Shape{0}},
};

}  // namespace

TEST_CASE(
    "an empty tensor of vast sizes gives a result of the right shape, and a gradient of its own, or an "
    "Error") {
  for (const Case& c : cases) {
    const std::string call = c.op + (" of " + c.x.str());
    INFO(call);
    const Tensor x = zeros(c.x, {.requires_grad = true});
    std::vector<Tensor> y;
    if (!results_in(
            {x}, [&](const std::vector<Tensor>& all) { return std::vector<Tensor>{c.f(all[0])}; },
            c.result.has_value(), {c.result.value_or(Shape{})}, y))
      continue;

    try {
      sum(y[0]).backward();
    } catch (const Error& e) {
      FAIL_CHECK(e.what());
      continue;
    }

    CHECK(x.grad().shape() == c.x);
  }
}

TEST_CASE("a tensor without elements may not have sizes whose product is too large for any other") {
  CHECK_THROWS_AS(zeros({0, k40, k40}), Error);
  CHECK_THROWS_AS(zeros({k40, k40, 0}), Error);
  CHECK(zeros({k22, 0, k23}).numel() == 0);
}
