// MultiheadAttention. Its values are held to PyTorch's in sequence_reference.cpp.

#include "xgrad/nn/attention.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;

namespace {

Tensor input(const Shape& shape, std::uint64_t seed = 1) { return randn(shape, float64, Generator(seed)); }

/// Tolerances of float64 values around 1.
bool close(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && allclose(a, b, 1e-12, 1e-13);
}

Tensor self(const nn::MultiheadAttention& attention, const Tensor& x, const nn::AttendOptions& options = {}) {
  return attention(x, x, x, options).output;
}

/// True above the diagonal: what a causal query does not look at.
Tensor above_diagonal(std::int64_t n) { return triu(ones({n, n}), 1).to(boolean); }

}  // namespace

TEST_CASE("the weights of attention sum to 1, and are those of the fused op") {
  const nn::MultiheadAttention attention(4, 2, {.dtype = float64});
  const Tensor q = input({3, 2, 4}), k = input({5, 2, 4}, 2);

  const auto [fused, none] = attention(q, k, k);
  const auto [output, weights] = attention(q, k, k, {.need_weights = true});
  const auto heads = attention(q, k, k, {.need_weights = true, .average_attn_weights = false}).weights;

  CHECK_FALSE(none.defined());
  CHECK(close(output, fused));
  CHECK(weights.shape() == Shape{2, 3, 5});
  CHECK(close(sum(weights, -1), ones({2, 3}, float64)));
  CHECK(heads.shape() == Shape{2, 2, 3, 5});
  CHECK(close(mean(heads, 1), weights));
}

TEST_CASE("masks of booleans, masks of numbers and is_causal say the same") {
  const nn::MultiheadAttention attention(4, 2, {.dtype = float64});
  const Tensor x = input({4, 2, 4}), later = above_diagonal(4);
  const Tensor added = where(later, full({}, -INFINITY, float64), zeros({}, float64));
  const Tensor padding = tensor({{false, false, false, true}, {false, true, false, false}});
  const Tensor padded = where(padding, full({}, -INFINITY, float64), zeros({}, float64));

  for (const bool weights : {false, true}) {
    CAPTURE(weights);
    const Tensor causal = self(attention, x, {.need_weights = weights, .is_causal = true});
    CHECK(close(causal, self(attention, x, {.need_weights = weights, .attn_mask = later})));
    CHECK(close(causal, self(attention, x, {.need_weights = weights, .attn_mask = added})));
    CHECK(
        close(causal, self(attention, x, {.need_weights = weights, .attn_mask = expand(later, {4, 4, 4})})));

    const Tensor both =
        self(attention, x, {.key_padding_mask = padding, .need_weights = weights, .is_causal = true});
    CHECK_FALSE(close(both, causal));
    CHECK(close(
        both, self(attention, x, {.key_padding_mask = padded, .need_weights = weights, .attn_mask = later})));
    CHECK(close(both, self(attention, x,
                           {.key_padding_mask = padding, .need_weights = weights, .attn_mask = added})));
  }
}

TEST_CASE("keys that are padding change nothing, and get no gradient") {
  const nn::MultiheadAttention attention(4, 2, {.dtype = float64});
  const Tensor q = input({2, 1, 4}), k = input({3, 1, 4}, 2);
  const Tensor longer = cat({k, full({2, 1, 4}, 7, float64)}).requires_grad_();
  const Tensor padding = tensor({{false, false, false, true, true}});

  const Tensor y = attention(q, longer, longer, {.key_padding_mask = padding}).output;
  sum(y).backward();

  CHECK(close(y, attention(q, k, k).output));
  CHECK(equal(longer.grad().slice(0, 3), zeros({2, 1, 4}, float64)));
}

TEST_CASE("a query that sees no key gives the bias of out_proj") {
  nn::MultiheadAttention attention(4, 2, {.dtype = float64});
  nn::init::constant_(attention.out_proj.bias, 0.5);
  const Tensor x = input({3, 1, 4}), all = tensor({{true, true, true}});

  for (const bool weights : {false, true})
    CHECK(equal(self(attention, x, {.key_padding_mask = all, .need_weights = weights}),
                full({3, 1, 4}, 0.5, float64)));
}

TEST_CASE("each head of a mask of three axes is its own") {
  const nn::MultiheadAttention attention(4, 2, {.dtype = float64});
  const Tensor x = input({3, 1, 4});
  const Tensor mask = stack({above_diagonal(3), zeros({3, 3}).to(boolean)});

  const Tensor w =
      attention(x, x, x, {.need_weights = true, .attn_mask = mask, .average_attn_weights = false}).weights;

  CHECK(w.at({0, 0, 0, 1}) == 0);
  CHECK(w.at({0, 1, 0, 1}) > 0);
}

TEST_CASE("grouped queries are heads whose keys and values are the same") {
  const std::int64_t heads = 4, groups = 2, size = 2;
  const nn::MultiheadAttention grouped(heads * size, heads, {.num_kv_heads = groups, .dtype = float64});
  nn::MultiheadAttention full(heads * size, heads, {.dtype = float64});
  nn::init::uniform_(grouped.in_proj_bias);
  // Each head of keys and values twice.
  const auto repeated = [&](const Tensor& rows) {
    Shape shape{groups, 1, size}, all{groups, heads / groups, size};
    if (rows.dim() == 2) shape.push_back(rows.size(1)), all.push_back(rows.size(1));
    Shape flat = rows.shape();
    flat[0] = heads * size;
    return reshape(expand(reshape(rows, shape), all), flat);
  };
  const auto widened = [&](const Tensor& all) {
    const std::vector<Tensor> parts = split(all.detach(), std::vector<std::int64_t>{8, 4, 4});
    return cat({parts[0], repeated(parts[1]), repeated(parts[2])}).requires_grad_();
  };
  full.in_proj_weight = widened(grouped.in_proj_weight), full.in_proj_bias = widened(grouped.in_proj_bias);
  full.out_proj = grouped.out_proj;
  const Tensor x = input({3, 2, 8}), per_head = input({2 * heads, 3, 3}, 3);
  const Tensor padding = tensor({{false, true, false}, {false, false, false}});

  CHECK(grouped.in_proj_weight.shape() == Shape{16, 8});
  CHECK(close(self(grouped, x), self(full, x)));
  CHECK(close(self(grouped, x, {.is_causal = true}), self(full, x, {.is_causal = true})));
  for (const bool weights : {false, true}) {
    const nn::AttendOptions masked{.key_padding_mask = padding,
                                   .need_weights = weights,
                                   .attn_mask = per_head,
                                   .average_attn_weights = false};
    CHECK(close(self(grouped, x, masked), self(full, x, masked)));
    if (weights) CHECK(close(grouped(x, x, x, masked).weights, full(x, x, x, masked).weights));

    const Tensor step = x.slice(0, 1, 2);  // one step alone goes its own way
    const nn::AttendOptions one{.key_padding_mask = padding,
                                .need_weights = weights,
                                .attn_mask = per_head.slice(1, 0, 1),
                                .average_attn_weights = false};
    CHECK(close(grouped(step, x, x, one).output, full(step, x, x, one).output));
    if (weights) CHECK(close(grouped(step, x, x, one).weights, full(step, x, x, one).weights));
    const nn::AttendOptions first{.need_weights = weights, .is_causal = true};
    CHECK(close(grouped(step, x, x, first).output, full(step, x, x, first).output));
    CHECK_FALSE(close(grouped(step, x, x, first).output, grouped(step, x, x).output));
  }
}

TEST_CASE("a sequence that is made step by step with a cache is the causal one") {
  const Tensor x = input({5, 2, 8});
  for (const std::int64_t kv_heads : {4, 2})
    for (const double rotary : {0.0, 100.0}) {
      CAPTURE(kv_heads);
      CAPTURE(rotary);
      const nn::MultiheadAttention attention(
          8, 4, {.num_kv_heads = kv_heads, .rotary_base = rotary, .dtype = float64});
      const Tensor whole = self(attention, x, {.is_causal = true});
      const NoGrad unrecorded;

      nn::KeyValues cache;
      std::vector<Tensor> parts;
      for (const auto& [from, to] : {std::pair{0, 2}, std::pair{2, 4}, std::pair{4, 5}})
        parts.push_back(self(attention, x.slice(0, from, to), {.is_causal = true, .cache = &cache}));

      CHECK(close(cat(parts), whole));
      CHECK(cache.steps() == 5);
      CHECK(cache.keys.shape() == Shape{2, kv_heads, 5, 2});
    }
}

TEST_CASE("masks cover what a cache holds") {
  const nn::MultiheadAttention attention(4, 2, {.dtype = float64});
  const Tensor x = input({4, 1, 4}), padding = tensor({{true, false, false, false}});
  const Tensor whole = self(attention, x, {.key_padding_mask = padding, .is_causal = true});

  nn::KeyValues cache;
  self(attention, x.slice(0, 0, 3), {.is_causal = true, .cache = &cache});
  const Tensor last =
      self(attention, x.slice(0, 3), {.key_padding_mask = padding, .is_causal = true, .cache = &cache});

  CHECK(close(last, whole.slice(0, 3)));
}

TEST_CASE("a call that throws leaves the cache as it was") {
  const nn::MultiheadAttention attention(4, 2);
  nn::KeyValues cache;
  self(attention, zeros({2, 1, 4}), {.cache = &cache});

  CHECK_THROWS_AS(self(attention, zeros({1, 1, 4}), {.attn_mask = zeros({1, 1}), .cache = &cache}), Error);
  CHECK(cache.steps() == 2);
}

TEST_CASE("a source may be projected once for all queries") {
  const nn::MultiheadAttention attention(4, 2, {.kdim = 3, .vdim = 5, .batch_first = true, .dtype = float64});
  const Tensor q = input({2, 3, 4}), k = input({2, 6, 3}, 2), v = input({2, 6, 5}, 3);

  const nn::KeyValues source = attention.project(k, v);

  CHECK(close(attention.attend(q, source).output, attention(q, k, v).output));
  const auto [y, weights] = attention.attend(q[0], attention.project(k[0], v[0]), {.need_weights = true});
  CHECK(close(y, attention(q, k, v).output[0]));
  CHECK(weights.shape() == Shape{3, 6});
}

TEST_CASE("rotary positions see distances: a shift of all steps changes nothing") {
  const nn::MultiheadAttention attention(8, 2, {.rotary_base = 100, .dtype = float64});
  const Tensor x = input({4, 1, 8});
  const Tensor shifted = cat({input({3, 1, 8}, 2), x});
  const Tensor none = tensor({{true, true, true, false, false, false, false}});

  CHECK(close(self(attention, shifted, {.key_padding_mask = none}).slice(0, 3), self(attention, x)));
  CHECK_FALSE(close(self(attention, flip(x, 0)), flip(self(attention, x), 0)));
}

TEST_CASE("a batch of none, a batch of one and single sequences work") {
  const nn::MultiheadAttention attention(4, 2, {.dtype = float64});
  const Tensor x = input({3, 4}), mask = above_diagonal(3), padding = tensor({false, false, true});
  const nn::AttendOptions options{.key_padding_mask = padding, .need_weights = true, .attn_mask = mask};

  const auto single = attention(x, x, x, options);
  const Tensor batch = unsqueeze(x, 1);
  const auto one = attention(batch, batch, batch, options);
  const auto none = attention(zeros({3, 0, 4}, float64), zeros({2, 0, 4}, float64), zeros({2, 0, 4}, float64),
                              {.need_weights = true});

  CHECK(single.output.shape() == Shape{3, 4});
  CHECK(single.weights.shape() == Shape{3, 3});
  CHECK(close(single.output, squeeze(one.output, 1)));
  CHECK(none.output.shape() == Shape{3, 0, 4});
  CHECK(none.weights.shape() == Shape{0, 3, 2});
}

TEST_CASE("gradients of attention are right to second order in both modes") {
  nn::MultiheadAttention attention(4, 2, {.dropout = 0.25, .num_kv_heads = 1, .rotary_base = 10});
  const auto f = [](const nn::MultiheadAttention& m, const Tensor& x) {
    manual_seed(1);  // so that each call drops the same elements
    return self(m, x, {.is_causal = true});
  };
  for (const bool training : {true, false}) {
    CAPTURE(training);
    attention.train(training);

    const GradcheckResult r = gradcheck(attention, f, {input({3, 1, 4})}, {.order = 2});

    CHECK_MESSAGE(r.ok(), r.str());
  }
}

TEST_CASE("gradients by queries, keys, values and masks are right to second order") {
  const nn::MultiheadAttention attention(2, 1, {.kdim = 1, .vdim = 3});
  const auto f = [](const nn::MultiheadAttention& m, const Tensor& q, const Tensor& k, const Tensor& v,
                    const Tensor& mask) {
    const auto [y, weights] = m(q, k, v, {.need_weights = true, .attn_mask = mask});
    return std::vector<Tensor>{y, weights, m(q, k, v, {.attn_mask = mask}).output};
  };

  CHECK(gradcheck(attention, f,
                  {input({2, 1, 2}), input({3, 1, 1}, 2), input({3, 1, 3}, 3), input({2, 3}, 4)},
                  {.order = 2})
            .ok());
}

TEST_CASE("attention is cloned, moved, named and printed") {
  nn::MultiheadAttention attention(4, 2), cross(4, 2, {.dropout = 0.5, .kdim = 3, .num_kv_heads = 1});
  const Tensor x = randn({3, 2, 4}), before = self(attention, x).detach();

  nn::MultiheadAttention copy = clone(attention);
  nn::init::zeros_(attention.in_proj_weight);
  CHECK(equal(self(copy, x), before));
  copy.to(float64);
  CHECK(self(copy, x.to(float64)).dtype() == float64);

  std::vector<std::string> names;
  for (const auto& [name, tensor] : cross.named_parameters()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias",
                                          "out_proj.weight", "out_proj.bias"});
  CHECK(cross.str() ==
        "MultiheadAttention(\n  4, 2, num_kv_heads=1, kdim=3, vdim=4\n"
        "  (out_proj): Linear(in_features=4, out_features=4, bias=true)\n  (dropout): Dropout(p=0.5)\n)");
}

TEST_CASE("heads that cannot be made are errors") {
  CHECK_THROWS_WITH_AS(nn::MultiheadAttention(10, 3),
                       "MultiheadAttention: embed_dim must be a positive multiple of num_heads: embed_dim = "
                       "10, num_heads = 3",
                       Error);
  CHECK_THROWS_AS(nn::MultiheadAttention(4, 0), Error);
  CHECK_THROWS_WITH_AS(nn::MultiheadAttention(8, 4, {.num_kv_heads = 3}),
                       "MultiheadAttention: num_heads must be a multiple of num_kv_heads: embed_dim = 8, "
                       "num_heads = 4, num_kv_heads = 3",
                       Error);
  CHECK_THROWS_WITH_AS(nn::MultiheadAttention(8, 4, {.kdim = -1}),
                       "MultiheadAttention: sizes must not be negative: kdim = -1, vdim = 0", Error);
  CHECK_THROWS_WITH_AS(nn::MultiheadAttention(3, 1, {.rotary_base = 100}),
                       "MultiheadAttention: rotary positions need a positive base and heads of an even size: "
                       "embed_dim = 3, num_heads = 1, rotary_base = 100",
                       Error);
}

TEST_CASE("what does not fit attention is an error that names the layer") {
  const nn::MultiheadAttention attention(4, 2);
  const Tensor x = zeros({3, 2, 4}), k = zeros({5, 2, 4});

  CHECK_THROWS_WITH_AS(
      attention(zeros({3, 2, 3}), k, k),
      "MultiheadAttention: query must be [steps, batch, 4] or [steps, 4]: query is f32[3, 2, "
      "3] of MultiheadAttention(4, 2)",
      Error);
  CHECK_THROWS_WITH_AS(attention(x, k, k.to(float64)),
                       "MultiheadAttention: value must have the dtype of the weights; convert one of them "
                       "with to(): value is f64[5, 2, 4], out_proj.weight is f32[4, 4]",
                       Error);
  CHECK_THROWS_WITH_AS(attention(x, k, x),
                       "MultiheadAttention: key and value must have the same steps and batch: key is f32[5, "
                       "2, 4], value is f32[3, 2, 4]",
                       Error);
  CHECK_THROWS_WITH_AS(
      attention(x, x[0], x[0]),
      "MultiheadAttention: query and key must be of one batch: query is f32[3, 2, 4], key is "
      "f32[2, 4]",
      Error);
  CHECK_THROWS_WITH_AS(attention.attend(x, {}),
                       "MultiheadAttention: the source must hold keys and values f32[batch, heads, steps, "
                       "size] = [2, 2, 0, 2], as project() makes them: one is undefined",
                       Error);
  nn::KeyValues cache = attention.project(k, k);
  cache.values = zeros({2, 2, 4, 2});
  CHECK_THROWS_WITH_AS(attention(x, x, x, {.cache = &cache}),
                       "MultiheadAttention: the cache must hold keys and values f32[batch, heads, steps, "
                       "size] = [2, 2, 5, 2], as project() makes them: one is f32[2, 2, 4, 2]",
                       Error);
}

TEST_CASE("masks that do not fit attention are errors") {
  const nn::MultiheadAttention attention(4, 2);
  const Tensor x = zeros({3, 2, 4}), k = zeros({5, 2, 4});

  CHECK_THROWS_WITH_AS(
      attention(x, k, k, {.key_padding_mask = zeros({5, 2})}),
      "MultiheadAttention: key_padding_mask must be [batch, source] = [2, 5]: it is f32[5, 2]", Error);
  CHECK_THROWS_WITH_AS(attention(x, k, k, {.attn_mask = zeros({5, 3})}),
                       "MultiheadAttention: attn_mask must be [target, source] = [3, 5] or [batch * heads, "
                       "target, source] = [4, 3, 5]: it is f32[5, 3]",
                       Error);
  CHECK_THROWS_WITH_AS(attention(x, k, k, {.attn_mask = zeros({3, 5}, int64)}),
                       "MultiheadAttention: attn_mask must be boolean, where true is not looked at, or f32, "
                       "which is added to the scores: it is i64[3, 5]",
                       Error);
}
