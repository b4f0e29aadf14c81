// The losses beside plain loops over their formulas: a constant that is missing has no gradient that would
// show it.

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "core/ops/slopes.hpp"

using namespace xgrad;
using test::close, test::V;

namespace {

constexpr auto none = Reduction::none;
constexpr std::size_t rows = 5, columns = 3;

Tensor random(double low, double high, std::uint64_t seed) {
  return rand({rows, columns}, {.dtype = float64}, Generator(seed)) * (high - low) + low;
}

/// 1 or -1 for each element or row.
V signs(std::size_t n) {
  V all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(i % 3 == 1 ? -1 : 1);
  return all;
}

/// f of corresponding elements.
V each(const Tensor& x, const Tensor& t, const std::function<double(double, double)>& f) {
  const V u = x.to_vector<double>(), v = t.to_vector<double>();
  V all;
  for (std::size_t i = 0; i < u.size(); ++i) all.push_back(f(u[i], v[i]));
  return all;
}

/// f of the corresponding rows.
V by_rows(const std::vector<Tensor>& x, const std::function<double(std::size_t, const std::vector<V>&)>& f) {
  V all;
  for (std::size_t r = 0; r < rows; ++r) {
    std::vector<V> lines;
    for (const Tensor& t : x) lines.push_back(t[static_cast<std::int64_t>(r)].to_vector<double>());
    all.push_back(f(r, lines));
  }
  return all;
}

double distance(const V& a, const V& b, double eps, double p) {
  double total = 0;
  for (std::size_t i = 0; i < a.size(); ++i) total += std::pow(std::abs(a[i] - b[i] + eps), p);
  return std::pow(total, 1 / p);
}

double dot(const V& a, const V& b) {
  double total = 0;
  for (std::size_t i = 0; i < a.size(); ++i) total += a[i] * b[i];
  return total;
}

double hinge(double x) { return std::max(0.0, x); }

V of(const Tensor& x) { return x.to_vector<double>(); }

const Tensor x = random(-2, 2, 1), t = random(-2, 2, 2), p = random(0.05, 0.95, 3), q = random(0.05, 0.95, 4);

}  // namespace

TEST_CASE("distances are their formulas") {
  CHECK(close(of(mse_loss(x, t, {none})), each(x, t, [](double u, double v) { return (u - v) * (u - v); })));
  CHECK(close(of(l1_loss(x, t, {none})), each(x, t, [](double u, double v) { return std::abs(u - v); })));
  CHECK(close(of(smooth_l1_loss(x, t, {.beta = 0.7, .reduction = none})), each(x, t, [](double u, double v) {
                const double d = std::abs(u - v);
                return d < 0.7 ? d * d / 1.4 : d - 0.35;
              })));
  CHECK(close(of(huber_loss(x, t, {.delta = 0.7, .reduction = none})), each(x, t, [](double u, double v) {
                const double d = std::abs(u - v);
                return d <= 0.7 ? d * d / 2 : 0.7 * (d - 0.35);
              })));
}

TEST_CASE("binary cross entropies are their formulas, with weights for all and for positives") {
  CHECK(close(of(binary_cross_entropy(p, q, {.reduction = none})),
              each(p, q, [](double u, double v) { return -v * std::log(u) - (1 - v) * std::log(1 - u); })));
  CHECK(close(of(binary_cross_entropy_with_logits(x, q, {.reduction = none})),
              each(x, q, [](double u, double v) { return std::log1p(std::exp(u)) - u * v; }), 1e-14));
  CHECK(close(of(binary_cross_entropy_with_logits(x, q, {.pos_weight = tensor(V{3.0}), .reduction = none})),
              each(x, q,
                   [](double u, double v) {
                     return 3 * v * std::log1p(std::exp(-u)) + (1 - v) * std::log1p(std::exp(u));
                   }),
              1e-14));
}

TEST_CASE("the losses of densities are their formulas") {
  CHECK(close(of(kl_div(x, q, {.reduction = none})),
              each(x, q, [](double u, double v) { return v * (std::log(v) - u); }), 1e-14));
  CHECK(close(of(kl_div(x, t, {.log_target = true, .reduction = none})),
              each(x, t, [](double u, double v) { return std::exp(v) * (v - u); })));
  CHECK(close(of(poisson_nll_loss(x, q, {.reduction = none})),
              each(x, q, [](double u, double v) { return std::exp(u) - v * u; }), 1e-13));
  CHECK(
      close(of(poisson_nll_loss(p, 3 * q, {.log_input = false, .full = true, .eps = 0.1, .reduction = none})),
            each(p, 3 * q,
                 [](double u, double v) {
                   const double full = v * std::log(v) - v + std::log(2 * std::numbers::pi * v) / 2;
                   return u - v * std::log(u + 0.1) + (v > 1 ? full : 0);
                 }),
            1e-13));
  const auto gaussian = [](double d, double v) { return (std::log(v) + d * d / v) / 2; };
  CHECK(close(of(gaussian_nll_loss(x, zeros_like(x), q, {.reduction = none})), each(x, q, gaussian), 1e-13));
  CHECK(close(
      of(gaussian_nll_loss(zeros_like(x), x, q, {.full = true, .reduction = none})),
      each(x, q, [&](double d, double v) { return gaussian(d, v) + std::log(2 * std::numbers::pi) / 2; }),
      1e-13));
}

TEST_CASE("the losses with margins are their formulas") {
  const Tensor s = tensor(signs(rows * columns), Shape{rows, columns});

  CHECK(close(of(soft_margin_loss(x, s, {none})),
              each(x, s, [](double u, double v) { return std::log1p(std::exp(-u * v)); }), 1e-14));
  CHECK(close(of(hinge_embedding_loss(x, s, {.margin = 0.8, .reduction = none})),
              each(x, s, [](double u, double v) { return v > 0 ? u : hinge(0.8 - u); })));
  CHECK(close(of(margin_ranking_loss(x, zeros_like(x), s, {.margin = 0.2, .reduction = none})),
              each(x, s, [](double u, double v) { return hinge(0.2 - v * u); })));
}

TEST_CASE("the triplet loss is its formula, of any norm, with and without swap") {
  for (const double order : {1.0, 2.0, 3.0})
    for (const bool swap : {false, true}) {
      const Tensor y = triplet_margin_loss(
          x, t, p, {.margin = 0.5, .p = order, .eps = 0.01, .swap = swap, .reduction = none});
      CHECK(close(of(y),
                  by_rows({x, t, p},
                          [&](std::size_t, const std::vector<V>& line) {
                            const double near = distance(line[0], line[1], 0.01, order);
                            double far = distance(line[0], line[2], 0.01, order);
                            if (swap) far = std::min(far, distance(line[1], line[2], 0.01, order));
                            return hinge(0.5 + near - far);
                          }),
                  1e-13));
    }
}

TEST_CASE("the cosine embedding loss is its formula") {
  const V s = signs(rows);
  const Tensor y = cosine_embedding_loss(x, p, tensor(s), {.margin = 0.1, .reduction = none});

  CHECK(close(of(y),
              by_rows({x, p},
                      [&](std::size_t r, const std::vector<V>& line) {
                        const double cosine =
                            dot(line[0], line[1]) / std::sqrt(dot(line[0], line[0]) * dot(line[1], line[1]));
                        return s[r] > 0 ? 1 - cosine : hinge(cosine - 0.1);
                      }),
              1e-10));
}

TEST_CASE("the losses of labels are their formulas, with weights, an ignored label and smoothing") {
  const std::vector<std::int64_t> label = {2, 0, 1, 2, 1};
  const Tensor labels = tensor(label), weight = tensor(V{1, 2, 4});
  const V w = {1, 2, 4};

  CHECK(close(of(nll_loss(x, labels, {.weight = weight, .ignore_index = 1, .reduction = none})),
              by_rows({x}, [&](std::size_t r, const std::vector<V>& line) {
                const auto k = static_cast<std::size_t>(label[r]);
                return k == 1 ? 0 : -w[k] * line[0][k];
              })));
  CHECK(close(of(multi_margin_loss(x, labels, {.p = 2, .margin = 0.5, .weight = weight, .reduction = none})),
              by_rows({x},
                      [&](std::size_t r, const std::vector<V>& line) {
                        const auto k = static_cast<std::size_t>(label[r]);
                        double total = 0;
                        for (std::size_t j = 0; j < columns; ++j)
                          if (j != k) total += w[k] * std::pow(hinge(0.5 - line[0][k] + line[0][j]), 2);
                        return total / columns;
                      }),
              1e-14));
  CHECK(
      close(of(cross_entropy(
                x, labels, {.weight = weight, .ignore_index = 1, .label_smoothing = 0.1, .reduction = none})),
            by_rows({x},
                    [&](std::size_t r, const std::vector<V>& line) {
                      const auto k = static_cast<std::size_t>(label[r]);
                      double sum = 0, smooth = 0;
                      for (const double u : line[0]) sum += std::exp(u);
                      for (std::size_t j = 0; j < columns; ++j) smooth -= w[j] * (line[0][j] - std::log(sum));
                      return k == 1 ? 0 : -0.9 * w[k] * (line[0][k] - std::log(sum)) + 0.1 * smooth / columns;
                    }),
            1e-13));
}
