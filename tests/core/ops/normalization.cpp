#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::check_rows;
using test::Family;
using test::floating_row;
using test::Kind;

using V = std::vector<double>;

namespace {

/// 65 rows are more than one block of sums.
test::Row layer_norm_row() {
  test::Row r = floating_row(
      "layer_norm", Kind::smooth, {{{3, 2, 4}}, {{2, 4}}, {{2, 4}}},
      [](const Tensor& x, const Tensor& w, const Tensor& b) { return layer_norm(x, w.shape(), w, b); },
      {{{0, 2, 4}, {2, 4}, {2, 4}}, {{2, 0}, {0}, {0}}, {{65, 3}, {3}, {3}}, {{2, 19}, {19}, {19}}});
  r.composed = as_function([](const Tensor& x, const Tensor& w, const Tensor& b) {
    const Tensor rows = reshape(x, {x.size(0), w.numel()}), from_mean = rows - mean(rows, 1, true);
    const Tensor y = from_mean * rsqrt(mean(square(from_mean), 1, true) + 1e-5);
    return reshape(y, x.shape()) * w + b;
  });
  return r;
}

const Family normalization(
    "normalization",
    {
        layer_norm_row(),
        floating_row("layer_norm", Kind::smooth, {{{3, 4}}, {{4}}},
                     [](const Tensor& x, const Tensor& w) { return layer_norm(x, {4}, w); }),
        floating_row("layer_norm", Kind::smooth, {{{3, 4}}, {{4}}},
                     [](const Tensor& x, const Tensor& b) { return layer_norm(x, {4}, {}, b); }),
        floating_row("layer_norm", Kind::smooth, {{{3, 5}}},
                     [](const Tensor& x) { return layer_norm(x, {5}); }, {{{0, 5}}}),
        floating_row("group_norm", Kind::smooth, {{{2, 4, 3}}, {{4}}, {{4}}},
                     [](const Tensor& x, const Tensor& w, const Tensor& b) {
                       return group_norm(x, 2, w, b);
                     }),
        floating_row("instance_norm", Kind::smooth, {{{2, 3, 4}}, {{3}}, {{3}}},
                     [](const Tensor& x, const Tensor& w, const Tensor& b) {
                       return instance_norm(x, w, b);
                     }),
        test::moderate("its eps is the dtype's",
                       floating_row("rms_norm", Kind::smooth, {{{3, 5}}, {{5}}},
                                    [](const Tensor& x, const Tensor& w) { return rms_norm(x, {5}, w); })),
        floating_row("batch_norm", Kind::smooth, {{{4, 3, 2}}, {{3}}, {{3}}},
                     [](const Tensor& x, const Tensor& w, const Tensor& b) {
                       return batch_norm(x, {}, {}, w, b, {.training = true});
                     }),
        floating_row("batch_norm", Kind::smooth, {{{4, 3}}, {{3}}, {{3}}},
                     [](const Tensor& x, const Tensor& w, const Tensor& b) {
                       return batch_norm(x, full({3}, 0.5, {.dtype = x.dtype()}),
                                         full({3}, 2.0, {.dtype = x.dtype()}), w, b);
                     }),
        floating_row("dropout", Kind::random, {{{3, 4}}}, [](const Tensor& x) { return dropout(x, 0.3); }),
        floating_row("cosine_similarity", Kind::smooth, {{{4, 3}}, {{4, 3}}},
                     [](const Tensor& a, const Tensor& b) { return cosine_similarity(a, b); }),
        floating_row("pairwise_distance", Kind::smooth, {{{4, 3}}, {{4, 3}}},
                     [](const Tensor& a, const Tensor& b) { return pairwise_distance(a, b); }),
        floating_row("normalize", Kind::smooth, {{{4, 3}}}, [](const Tensor& x) { return normalize(x); }),
    });

}  // namespace

TEST_CASE("normalization: every row holds") { check_rows(normalization); }

TEST_CASE("layer_norm gives rows of mean 0 and variance 1, far from 0 too") {
  const Tensor x = randn({4, 1000}, {.dtype = float64}, Generator(1)) * 3.0 + 1e6;

  const Tensor y = layer_norm(x, {1000}, {}, {}, 0);

  for (double m : mean(y, 1).to_vector<double>()) CHECK(std::abs(m) < 1e-9);
  for (double v : var(y, 1, 0).to_vector<double>()) CHECK(v == doctest::Approx(1).epsilon(1e-9));
}

TEST_CASE("a constant row is normalised to 0") {
  CHECK(layer_norm(full({1, 4}, 7.0), {4}).to_vector<double>() == V{0, 0, 0, 0});
}

TEST_CASE("rms_norm without eps takes the machine epsilon of the dtype, as PyTorch does") {
  const double u = 1e-4, rounding32 = 0x1p-23, rounding64 = 0x1p-52;

  CHECK(rms_norm(full({1, 2}, u), {2}).to_vector<double>()[0] ==
        doctest::Approx(u / std::sqrt(u * u + rounding32)).epsilon(1e-6));
  CHECK(rms_norm(full({1, 2}, u, {.dtype = float64}), {2}).to_vector<double>()[0] ==
        doctest::Approx(u / std::sqrt(u * u + rounding64)).epsilon(1e-14));
}

TEST_CASE("cosine_similarity broadcasts its operands before it measures them") {
  const Tensor a = tensor({{3.0}, {4.0}}), b = tensor({{1.0, 0.0}, {2.0, 2.0}});

  CHECK(cosine_similarity(a, b).to_vector<double>() ==
        cosine_similarity(expand(a, {2, 2}), b).to_vector<double>());
}

TEST_CASE("batch_norm in training moves the running statistics, the variance with Bessel's correction") {
  const Tensor x = tensor(V{1, 2, 3, 6}, Shape{4, 1});  // mean 3, unbiased variance 14/3
  Tensor mean_ = zeros({1}, {.dtype = float64}), var_ = ones({1}, {.dtype = float64});

  batch_norm(x, mean_, var_, {}, {}, {.training = true, .momentum = 0.25});

  CHECK(mean_.item() == 0.75);
  CHECK(var_.item() == doctest::Approx(0.75 + 0.25 * 14 / 3).epsilon(1e-14));
}

TEST_CASE("dropout keeps the mean, and does nothing outside training") {
  const Tensor x = ones({100'000}, {.dtype = float64});

  CHECK(mean(dropout(x, 0.3, true, Generator(1))).item() == doctest::Approx(1).epsilon(0.01));
  CHECK(equal(dropout(x, 0.3, false), x));
  CHECK(sum(dropout(x, 1.0)).item() == 0);
}

TEST_CASE("dropout draws as PyTorch does") {  // seed 0, p = 0.5, float64: torch_rng_streams.json
  CHECK(dropout(ones({8}, {.dtype = float64}), 0.5, true, Generator(0)).to_vector<double>() ==
        V{0, 0, 2, 0, 0, 0, 2, 2});
}

TEST_CASE("normalization: wrong operands are named") {
  CHECK_THROWS_WITH_AS(layer_norm(ones({2, 3}), {4}),
                       "layer_norm: x must end in the normalized shape [4]: x is f32[2, 3]", Error);
  CHECK_THROWS_WITH_AS(layer_norm(ones({2, 3}), {3}, ones({2})),
                       "layer_norm: weight must have shape [3]: it is f32[2]", Error);
  CHECK_THROWS_WITH_AS(
      group_norm(ones({2, 4, 3}), 3),
      "group_norm: needs x[batch, channels, ...] whose channels divide into 3 groups: x is f32[2, 4, 3]",
      Error);
  CHECK_THROWS_WITH_AS(batch_norm(ones({1, 4}), {}, {}, {}, {}, {.training = true}),
                       "batch_norm: training needs more than one value for each channel: x is f32[1, 4]",
                       Error);
  CHECK_THROWS_WITH_AS(batch_norm(ones({2, 4}), {}, {}),
                       "batch_norm: outside training the running statistics are needed: x is f32[2, 4]; pass "
                       "both, or {.training = true}",
                       Error);
  CHECK_THROWS_WITH_AS(dropout(ones({2}), 1.5), "dropout: the probability must lie in [0, 1]: it is 1.5",
                       Error);
}
