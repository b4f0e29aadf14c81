// Attention of sequences that are long enough to go by blocks.

#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"
#include "core/threads/threads.hpp"

using namespace xgrad;

namespace {

Tensor random(const Shape& shape, std::uint64_t seed, DType dtype = float64) {
  return randn(shape, {.dtype = dtype}, Generator(seed));
}

Tensor composed(const Tensor& q, const Tensor& k, const Tensor& v, bool causal, const Tensor& mask = {}) {
  Tensor scores = gemm(q, k, false, true) / std::sqrt(static_cast<double>(q.size(-1)));
  if (causal)
    scores = where(le(unsqueeze(arange(k.size(-2)), 0), unsqueeze(arange(q.size(-2)), 1)), scores,
                   full({}, -INFINITY, {.dtype = q.dtype()}));
  return matmul(softmax(mask.defined() ? scores + mask : scores, -1), v);
}

/// First derivatives, and those of the sum of their squares.
std::vector<Tensor> two_orders(const Tensor& y, const std::vector<Tensor>& x) {
  std::vector<Tensor> all = grad({sum(sin(y))}, x, {}, {.create_graph = true});
  Tensor squares = sum(square(all[0]));
  for (std::size_t i = 1; i < x.size(); ++i) squares = squares + sum(square(all[i]));
  for (const Tensor& d : grad({squares}, x)) all.push_back(d);
  return all;
}

}  // namespace

TEST_CASE("attention by blocks passes gradcheck to second order") {
  for (const std::int64_t keys : {260, 300}) {
    const GradcheckResult r =
        gradcheck([](const Tensor& q, const Tensor& k,
                     const Tensor& v) { return scaled_dot_product_attention(q, k, v, {.is_causal = true}); },
                  {random({260, 2}, 1), random({keys, 2}, 2), random({keys, 1}, 3)}, {.order = 2});

    CHECK_MESSAGE(r.ok(), r);
  }
}

TEST_CASE("attention by blocks has the first and second derivatives of its composed form") {
  for (const bool causal : {false, true}) {
    const auto leaf = [](const Shape& shape, std::uint64_t seed) {
      return random(shape, seed).requires_grad_();
    };
    const Tensor q = leaf({2, 700, 3}, 1), k = leaf({2, 800, 3}, 2), v = leaf({2, 800, 2}, 3);

    const std::vector<Tensor> a =
        two_orders(scaled_dot_product_attention(q, k, v, {.is_causal = causal}), {q, k, v});
    const std::vector<Tensor> b = two_orders(composed(q, k, v, causal), {q, k, v});

    for (std::size_t i = 0; i < a.size(); ++i) CHECK(allclose(a[i], b[i], 1e-10, 1e-12));
  }
}

TEST_CASE("a mask that is added by blocks has its gradient, whichever axes it broadcasts over") {
  for (const Shape& shape :
       {Shape{}, Shape{600}, Shape{500, 1}, Shape{2, 2, 1, 600}, Shape{2, 1, 500, 600}}) {
    const auto leaf = [](const Shape& of, std::uint64_t seed) { return random(of, seed).requires_grad_(); };
    const Tensor q = leaf({2, 2, 500, 3}, 1), k = leaf({1, 2, 600, 3}, 2), v = leaf({600, 2}, 3),
                 mask = leaf(shape, 4);

    const std::vector<Tensor> a =
        two_orders(scaled_dot_product_attention(q, k, v, {.mask = mask}), {q, k, v, mask});
    const std::vector<Tensor> b = two_orders(composed(q, k, v, false, mask), {q, k, v, mask});

    for (std::size_t i = 0; i < a.size(); ++i) CHECK(allclose(a[i], b[i], 1e-10, 1e-11));
  }
}

TEST_CASE("a value of attention has the same bits with gradients of any operand, and without") {
  for (const std::int64_t length : {20, 600}) {
    const Tensor q = random({4, length, 8}, 1), mask = random({length, length}, 2);
    const Tensor y = scaled_dot_product_attention(q, q, q, {.mask = mask});

    const Tensor r = q.clone().requires_grad_(), m = mask.clone().requires_grad_();

    CHECK(equal(scaled_dot_product_attention(r, q, q, {.mask = mask}), y));
    CHECK(equal(scaled_dot_product_attention(q, q, q, {.mask = m}), y));
  }
}

TEST_CASE("nan by blocks is nan for the queries that see it, and for no others") {
  const Tensor q = random({1100, 4}, 1), k = random({1100, 4}, 2), v = random({1100, 2}, 3);
  Tensor broken = k.clone();
  broken.index_put_({700, 1}, NAN);

  CHECK(all(isnan(scaled_dot_product_attention(q, broken, v))).item<bool>());
  const Tensor y = scaled_dot_product_attention(q, broken, v, {.is_causal = true});
  CHECK(all(isfinite(narrow(y, 0, 0, 700))).item<bool>());
  CHECK(all(isnan(narrow(y, 0, 700, 400))).item<bool>());
}

TEST_CASE("what attention takes grows with the length, not with its square") {
  const Threads one(1);
  const auto taken = [](std::int64_t length, bool causal) {
    empty_cache();
    const std::int64_t before = memory_stats().reserved_bytes;
    const Tensor q = random({2, length, 16}, 1, float32).requires_grad_();
    const Tensor keys = random({2, 1, length}, 2, float32);
    sum(scaled_dot_product_attention(q, q, q, {.mask = keys, .is_causal = causal})).backward();
    return memory_stats().reserved_bytes - before;
  };
  taken(1024, false);  // warm: blocks of all sizes below those that are given back
  for (const bool causal : {false, true}) {
    const std::int64_t shorter = taken(2048, causal), longer = taken(8192, causal);

    CHECK(longer <= 5 * shorter);
    CHECK(longer < 8192 * 8192 * 4 / 8);
  }
}
