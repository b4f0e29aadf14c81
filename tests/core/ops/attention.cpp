#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::Family;
using test::floating_row;
using test::Kind;

namespace {

/// Against softmax between two products; without queries, keys or batches too.
test::Row attention_row(std::vector<test::Input> inputs, const AttentionOptions& o) {
  std::vector<std::vector<Shape>> shapes;
  if (!o.mask.defined())
    shapes = {{{0, 3, 4}, {0, 5, 4}, {0, 5, 2}}, {{0, 4}, {5, 4}, {5, 2}}, {{20, 3}, {19, 3}, {19, 17}}};
  test::Row r = floating_row(
      "scaled_dot_product_attention", Kind::smooth, std::move(inputs),
      [o](const Tensor& q, const Tensor& k, const Tensor& v) {
        return scaled_dot_product_attention(q, k, v, o);
      },
      shapes);
  r.composed = as_function([o](const Tensor& q, const Tensor& k, const Tensor& v) {
    const double scale = o.scale != 0 ? o.scale : 1 / std::sqrt(static_cast<double>(q.size(-1)));
    Tensor scores = scale * gemm(q, k, false, true);
    const Tensor low = full({}, -INFINITY, {.dtype = q.dtype()});
    if (o.mask.defined()) scores = where(o.mask, scores, low);
    if (o.is_causal)
      scores = where(le(unsqueeze(arange(k.size(-2)), 0), unsqueeze(arange(q.size(-2)), 1)), scores, low);
    return matmul(softmax(scores, -1), v);
  });
  return r;
}

const Family attention(
    "attention", {
                     attention_row({{{2, 3, 4}}, {{2, 5, 4}}, {{2, 5, 2}}}, {}),
                     attention_row({{{4, 3}}, {{4, 3}}, {{4, 3}}}, {.is_causal = true, .scale = 0.7}),
                     attention_row({{{2, 3, 4}}, {{2, 5, 4}}, {{2, 5, 2}}},
                                   {.mask = tensor({{true, false, true, true, false}}), .scale = -0.4}),
                     floating_row("scaled_dot_product_attention", Kind::smooth,
                                  {{{3, 4}}, {{2, 5, 4}}, {{5, 2}}, {{3, 5}}},
                                  [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
                                    return scaled_dot_product_attention(q, k, v, {.mask = mask});
                                  }),
                 });

}  // namespace

TEST_CASE("attention: every row holds") { test::check_rows(attention); }

TEST_CASE("a causal position does not see what comes after it") {
  const Tensor q = randn({4, 3}, {}, Generator(1)), k = randn({4, 3}, {}, Generator(2));
  const Tensor v = randn({4, 2}, {}, Generator(3));

  const Tensor y = scaled_dot_product_attention(q, k, v, {.is_causal = true});

  CHECK(equal(y[0], v[0]));
}

TEST_CASE("a mask of any shape that broadcasts is added to the scores") {
  const Tensor q = randn({2, 3, 4, 5}, {.dtype = float64}, Generator(1)),
               k = randn({2, 3, 6, 5}, {.dtype = float64}, Generator(2));
  for (const Shape& shape :
       {Shape{}, Shape{6}, Shape{4, 1}, Shape{4, 6}, Shape{3, 4, 6}, Shape{2, 1, 1, 6}}) {
    const Tensor mask = randn(shape, {.dtype = float64}, Generator(3));

    const Tensor y = scaled_dot_product_attention(q, k, k, {.mask = mask, .scale = 1});

    CHECK(allclose(y, matmul(softmax(gemm(q, k, false, true) + mask, -1), k), 1e-13, 1e-14));
  }
}

TEST_CASE("attention of many positions, whose weights are not kept, has the gradients of its composed form") {
  const auto leaf = [](Shape shape, unsigned seed) {
    return randn(shape, {.dtype = float64}, Generator(seed)).requires_grad_();
  };
  const Tensor q = leaf({1000, 2}, 1), k = leaf({1100, 2}, 2), v = leaf({1100, 3}, 3);
  const Tensor mask = randn({1000, 1100}, {.dtype = float64}, Generator(4));

  const auto fused =
      grad(sum(square(scaled_dot_product_attention(q, k, v, {.mask = mask, .scale = 1}))), {q, k, v});
  const auto composed = grad(sum(square(matmul(softmax(gemm(q, k, false, true) + mask, -1), v))), {q, k, v});

  for (std::size_t i = 0; i < 3; ++i) CHECK(allclose(fused[i], composed[i], 1e-11, 1e-13));
}

TEST_CASE("a boolean mask and one of 0 and -inf are the same") {
  const Tensor q = randn({2, 3}, {}, Generator(1)), k = randn({4, 3}, {}, Generator(2));
  const Tensor mask = tensor({{true, false, true, true}, {false, true, true, false}});
  const Tensor added = where(mask, zeros({2, 4}), full({2, 4}, -INFINITY));

  CHECK(equal(scaled_dot_product_attention(q, k, k, {.mask = mask}),
              scaled_dot_product_attention(q, k, k, {.mask = added})));
}

TEST_CASE("attention: wrong operands are named") {
  CHECK_THROWS_WITH_AS(scaled_dot_product_attention(ones({2, 3}), ones({2, 4}), ones({2, 4})),
                       "scaled_dot_product_attention: needs q[..., L, d], k[..., S, d], v[..., S, e]: q is "
                       "f32[2, 3], k is f32[2, 4], v is "
                       "f32[2, 4]",
                       Error);
}
