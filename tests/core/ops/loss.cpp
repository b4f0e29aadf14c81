#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "core/ops/rows.hpp"
#include "core/ops/slopes.hpp"

using namespace xgrad;
using test::check_rows;
using test::Family;
using test::Kind;
using test::rejecting_integers;

using test::close, test::slope, test::V;

namespace {

constexpr auto none = Reduction::none;
constexpr auto total = Reduction::sum;

/// A row of a loss of two tensors of one shape.
template <class F>
test::Row pair(const char* name, Kind kind, F f, double low = -2, double high = 2, double t_low = -2,
               double t_high = 2) {
  return test::row(name, kind, {{{4, 3}, low, high}, {{4, 3}, t_low, t_high}}, std::move(f),
                   {{Shape{}, Shape{}}, {Shape{0, 3}, Shape{0, 3}}, {Shape{37}, Shape{37}}});
}

/// A row of a loss of scores and labels.
template <class F>
test::Row labelled(const char* name, F f, Kind kind = Kind::indexed) {
  return test::rejecting_integers(test::row(name, kind, {{{6, 4}}, {{6}, 0, 3.99, int64}}, std::move(f),
                                            {{Shape{4}, Shape{}}, {Shape{3, 19}, Shape{3}}}));
}

/// 1 and -1 without an order that a fault could follow: by the squares modulo 7.
Tensor signs(const Shape& shape, DType dtype) {
  const Tensor k = arange(shape.numel());
  return 2 * (remainder(k * k, 7) < 3).to(dtype).reshape(shape) - 1;
}

const Family loss(
    "loss",
    {
        pair("mse_loss", Kind::smooth, [](const Tensor& x, const Tensor& t) { return mse_loss(x, t); }),
        pair("mse_loss", Kind::smooth,
             [](const Tensor& x, const Tensor& t) { return mse_loss(x, t, {none}); }),
        pair("l1_loss", Kind::piecewise, [](const Tensor& x, const Tensor& t) { return l1_loss(x, t); }),
        pair("l1_loss", Kind::piecewise,
             [](const Tensor& x, const Tensor& t) { return l1_loss(x, t, {total}); }),
        pair("smooth_l1_loss", Kind::piecewise,
             [](const Tensor& x, const Tensor& t) { return smooth_l1_loss(x, t, {.beta = 0.7}); }),
        pair("huber_loss", Kind::piecewise,
             [](const Tensor& x, const Tensor& t) {
               return huber_loss(x, t, {.delta = 0.7, .reduction = none});
             }),
        test::moderate("takes probabilities",
                       pair(
                           "binary_cross_entropy", Kind::smooth,
                           [](const Tensor& x, const Tensor& t) { return binary_cross_entropy(x, t); }, 0.05,
                           0.95, 0, 1)),
        test::moderate("takes probabilities",
                       pair(
                           "binary_cross_entropy", Kind::smooth,
                           [](const Tensor& x, const Tensor& t) {
                             return binary_cross_entropy(
                                 x, t,
                                 {.weight = full({}, 0.5, {.dtype = test::floating_dtype({x, t})}),
                                  .reduction = total});
                           },
                           0.05, 0.95, 0, 1)),
        pair(
            "binary_cross_entropy_with_logits", Kind::smooth,
            [](const Tensor& x, const Tensor& t) { return binary_cross_entropy_with_logits(x, t); }, -2, 2, 0,
            1),
        pair(
            "binary_cross_entropy_with_logits", Kind::smooth,
            [](const Tensor& x, const Tensor& t) {
              return binary_cross_entropy_with_logits(
                  x, t,
                  {.pos_weight = full({}, 3.0, {.dtype = test::floating_dtype({x, t})}), .reduction = none});
            },
            -2, 2, 0, 1),
        labelled("cross_entropy", [](const Tensor& x, const Tensor& t) { return cross_entropy(x, t); }),
        labelled("cross_entropy",
                 [](const Tensor& x, const Tensor& t) {
                   const std::int64_t classes = x.size(-1);
                   const Tensor w = arange(1, classes + 1).to(x.dtype());
                   return cross_entropy(x, t, {.weight = w, .ignore_index = 1, .label_smoothing = 0.1});
                 }),
        labelled("cross_entropy",
                 [](const Tensor& x, const Tensor& t) {
                   return cross_entropy(x, t, {.label_smoothing = 0.2, .reduction = none});
                 }),
        test::rejecting_integers(test::row("cross_entropy", Kind::indexed,
                                           {{{2, 3, 2, 9}}, {{2, 2, 9}, 0, 2.99, int64}},
                                           [](const Tensor& x, const Tensor& t) {
                                             return cross_entropy(
                                                 x, t, {.label_smoothing = 0.1, .reduction = total});
                                           })),
        test::rejecting_integers(test::row("cross_entropy", Kind::smooth, {{{4, 3}}, {{4, 3}, 0, 1}},
                                           [](const Tensor& x, const Tensor& t) {
                                             const Tensor w = arange(1, 4).to(x.dtype());
                                             return cross_entropy(x, t,
                                                                  {.weight = w, .label_smoothing = 0.1});
                                           },
                                           {{Shape{3}, Shape{3}}, {Shape{2, 3, 5}, Shape{2, 3, 5}}})),
        labelled("nll_loss", [](const Tensor& x, const Tensor& t) { return nll_loss(x, t); }),
        labelled("nll_loss",
                 [](const Tensor& x, const Tensor& t) { return nll_loss(x, t, {.reduction = none}); }),
        labelled("nll_loss",
                 [](const Tensor& x, const Tensor& t) {
                   return nll_loss(x, t, {.weight = arange(1, x.size(-1) + 1).to(x.dtype())});
                 }),
        labelled("multi_margin_loss",
                 [](const Tensor& x, const Tensor& t) { return multi_margin_loss(x, t); }),
        labelled("multi_margin_loss",
                 [](const Tensor& x, const Tensor& t) {
                   const Tensor w = arange(1, x.size(-1) + 1).to(x.dtype());
                   return multi_margin_loss(x, t, {.p = 2, .margin = 0.5, .weight = w, .reduction = none});
                 }),
        test::rejecting_integers(test::row("ctc_loss", Kind::indexed, {{{5, 2, 4}}, {{2, 2}, 1, 3.99, int64}},
                                           [](const Tensor& x, const Tensor& t) {
                                             return ctc_loss(x, t, tensor({5, 4}), tensor({2, 1}));
                                           })),
        pair(
            "kl_div", Kind::smooth, [](const Tensor& x, const Tensor& t) { return kl_div(x, t); }, -2, 0, 0.1,
            1),
        pair(
            "kl_div", Kind::smooth,
            [](const Tensor& x,
               const Tensor&
                   t) { return kl_div(x, t, {.log_target = true, .reduction = Reduction::batchmean}); },
            -2, 0, -2, 0),
        pair(
            "poisson_nll_loss", Kind::smooth,
            [](const Tensor& x, const Tensor& t) { return poisson_nll_loss(x, t); }, -2, 2, 0, 5),
        test::moderate(
            "t log t and t log x cancel where both are large", pair(
                                                                   "poisson_nll_loss", Kind::piecewise,
                                                                   [](const Tensor& x, const Tensor& t) {
                                                                     return poisson_nll_loss(
                                                                         x, t,
                                                                         {.log_input = false,
                                                                          .full = true,
                                                                          .reduction = none});
                                                                   },
                                                                   0.2, 2, 0.2, 5)),
        test::row("gaussian_nll_loss", Kind::smooth, {{{4, 3}}, {{4, 3}}, {{4, 3}, 0.2, 2}},
                  [](const Tensor& x, const Tensor& t, const Tensor& v) {
                    return gaussian_nll_loss(x, t, v);
                  },
                  {{Shape{4, 3}, Shape{4, 3}, Shape{4}},
                   {Shape{4, 3}, Shape{4, 3}, Shape{4, 1}},
                   {Shape{2, 2, 3}, Shape{2, 2, 3}, Shape{2, 2}},
                   {Shape{3}, Shape{3}, Shape{}}}),
        pair("soft_margin_loss", Kind::smooth,
             [](const Tensor& x, const Tensor& t) { return soft_margin_loss(x, t); }),
        test::row("logistic_loss", Kind::smooth, {{{5, 3}}, {{3}}, {{1}}, {{5}, 0, 1}},
                  [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
                    return logistic_loss(x, w, b, t);
                  }),
        test::row("hinge_embedding_loss", Kind::piecewise, {{{4, 3}}},
                  [](const Tensor& x) {
                    return hinge_embedding_loss(x, signs(x.shape(), x.dtype()), {.margin = 0.8});
                  }),
        test::row("margin_ranking_loss", Kind::piecewise, {{{4, 3}}, {{4, 3}}},
                  [](const Tensor& a, const Tensor& b) {
                    return margin_ranking_loss(a, b, signs(a.shape(), a.dtype()), {.margin = 0.2});
                  }),
        test::row("triplet_margin_loss", Kind::piecewise, {{{4, 3}}, {{4, 3}}, {{4, 3}}},
                  [](const Tensor& a, const Tensor& p, const Tensor& n) {
                    return triplet_margin_loss(a, p, n, {.swap = true, .reduction = none});
                  }),
        test::row("cosine_embedding_loss", Kind::piecewise, {{{5, 3}}, {{5, 3}}},
                  [](const Tensor& a, const Tensor& b) {
                    return cosine_embedding_loss(a, b, signs({5}, a.dtype()),
                                                 {.margin = 0.1, .reduction = none});
                  }),
    });

Tensor leaf(V values) { return tensor(values).requires_grad_(); }

}  // namespace

TEST_CASE("loss: every row holds") { check_rows(loss); }

TEST_CASE("reductions: every loss, their mean, their sum, their sum over the rows") {
  const Tensor x = tensor(V{1, 2, 3, 4, 5, 6}, Shape{2, 3}), t = zeros_like(x);

  CHECK(mse_loss(x, t, {none}).to_vector<double>() == V{1, 4, 9, 16, 25, 36});
  CHECK(mse_loss(x, t).item() == doctest::Approx(91.0 / 6).epsilon(1e-15));
  CHECK(mse_loss(x, t, {total}).item() == 91);
  CHECK(mse_loss(x, t, {Reduction::batchmean}).item() == 45.5);
  CHECK(kl_div(x, ones_like(x), {.reduction = Reduction::batchmean}).item() == -10.5);
}

TEST_CASE("the mean over nothing is nan, the sum 0") {
  const Tensor nothing = zeros({0, 3});

  CHECK(std::isnan(mse_loss(nothing, nothing).item()));
  CHECK(mse_loss(nothing, nothing, {total}).item() == 0);
}

TEST_CASE("distances at their kinks") {
  const Tensor x = leaf({1, 2, 0}), t = tensor(V{0, 1, 0});

  CHECK(slope(l1_loss(x, x.detach(), {none}), x) == V{0, 0, 0});
  CHECK(smooth_l1_loss(x, t, {.reduction = none}).to_vector<double>() == V{0.5, 0.5, 0});
  CHECK(slope(smooth_l1_loss(x, t, {.reduction = none}), x) == V{1, 1, 0});
  CHECK(slope(huber_loss(x, t, {.reduction = none}), x) == V{1, 1, 0});
  CHECK(slope(smooth_l1_loss(x, t, {.beta = 0, .reduction = none}), x) == V{1, 1, 0});
}

TEST_CASE("integer targets take the dtype of the prediction") {
  const Tensor x = tensor({0.5F, 0.25F});

  CHECK(binary_cross_entropy(x, tensor({1, 0})).dtype() == float32);
  CHECK(mse_loss(x, tensor({true, false}), {total}).item() == 0.3125);
}

TEST_CASE("binary_cross_entropy limits its logarithms at -100 and its slope at 1e12") {
  const Tensor p = leaf({0, 0, 1, 1}), t = tensor(V{1, 0, 0, 1});

  CHECK(binary_cross_entropy(p, t, {.reduction = none}).to_vector<double>() == V{100, 0, 100, 0});
  const double steep = 1.0 / static_cast<double>(1e-12F);
  CHECK(close(slope(binary_cross_entropy(p, t, {.reduction = none}), p), {-steep, 0, steep, 0}));
}

TEST_CASE("the loss of logits and its slope are exact in the tails") {
  const Tensor x = leaf({-1e4, 1e4, 40, -40}), t = tensor(V{1, 0, 1, 0});
  const double small = std::exp(-40.0);

  const Tensor y = binary_cross_entropy_with_logits(x, t, {.reduction = none});

  CHECK(close(y.to_vector<double>(), {1e4, 1e4, small, small}));
  CHECK(close(slope(y, x), {-1, 1, -small, small}));
}

TEST_CASE("pos_weight multiplies the losses of positive targets, weight all") {
  const Tensor x = tensor(V{0.3, -0.7}), t = tensor(V{1, 0});
  const Tensor plain = binary_cross_entropy_with_logits(x, t, {.reduction = none});

  const Tensor y = binary_cross_entropy_with_logits(
      x, t, {.weight = tensor(V{2, 5}), .pos_weight = tensor(V{3.0}), .reduction = none});

  CHECK(allclose(y, plain * tensor(V{6, 5}), 1e-14, 0));
}

TEST_CASE("kl_div is 0 where the target is 0") {
  const Tensor x = leaf({-1, -2});

  const Tensor y = kl_div(x, tensor(V{0, 1}), {.reduction = none});

  CHECK(y.to_vector<double>() == V{0, 2});
  CHECK(slope(y, x) == V{0, -1});
}

TEST_CASE("gaussian_nll_loss uses the least variance below it and lets its gradient pass") {
  const Tensor v = leaf({0}), x = tensor(V{2}), t = tensor(V{1});

  const Tensor y = gaussian_nll_loss(x, t, v, {.full = true, .eps = 0.25});

  CHECK(y.item() ==
        doctest::Approx(0.5 * (std::log(0.25) + 4 + std::log(2 * std::numbers::pi))).epsilon(1e-14));
  CHECK(close(slope(y, v), {0.5 * (4 - 16)}));
}

TEST_CASE("margins that are kept cost nothing, and have a slope of 0 where they are kept exactly") {
  const Tensor x = leaf({1.0, 3.0, 0.5}), apart = tensor(V{-1, -1, -1});

  const Tensor y = hinge_embedding_loss(x, apart, {.reduction = none});

  CHECK(y.to_vector<double>() == V{0, 0, 0.5});
  CHECK(slope(y, x) == V{0, 0, -1});
}

TEST_CASE("multi_margin_loss counts the other classes only") {
  const Tensor x = tensor(V{0.5, 1, 2}, Shape{1, 3});

  CHECK(multi_margin_loss(x, tensor({1})).item() == doctest::Approx((0.5 + 2) / 3).epsilon(1e-15));
  CHECK(multi_margin_loss(x, tensor({1}), {.p = 2}).item() == doctest::Approx((0.25 + 4) / 3).epsilon(1e-15));
}
