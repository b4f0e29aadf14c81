#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/core.hpp"

using namespace xgrad;

namespace {

struct Fit {
  Tensor x, w, b, t;
  Fit(std::int64_t rows, std::int64_t features, DType dtype = float64, unsigned seed = 5) {
    Generator draws(seed);
    x = randn({rows, features}, {.dtype = dtype}, draws);
    w = (0.3 * randn({features}, {.dtype = dtype}, draws)).requires_grad_();
    b = full({1}, 0.2, {.dtype = dtype, .requires_grad = true});
    t = (rand({rows}, {.dtype = dtype}, draws) < 0.4).to(dtype);
  }
};

Tensor by_ops(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
  return binary_cross_entropy_with_logits(mv(x, w) + b, t);
}

}  // namespace

TEST_CASE(
    "logistic_loss is the mean loss of the logits, with its gradients, for any number of rows and features") {
  for (const std::int64_t rows : {1, 2, 15, 16, 17, 4095, 4096, 4097, 9000})
    for (const std::int64_t features : {1, 3, 8, 100}) {
      const Fit f(rows, features);
      const Tensor loss = logistic_loss(f.x, f.w, f.b, f.t), same = by_ops(f.x, f.w, f.b, f.t);
      const auto ours = grad(loss, {f.w, f.b}), theirs = grad(same, {f.w, f.b});

      CAPTURE(rows);
      CAPTURE(features);
      CHECK(loss.item() == doctest::Approx(same.item()).epsilon(1e-13));
      for (std::size_t i = 0; i < 2; ++i) CHECK(allclose(ours[i], theirs[i], 1e-11, 1e-14));
    }
}

TEST_CASE("logistic_loss in float32 is as exact as its number of rows allows") {
  const Fit f(20'000, 30, float32);
  const Tensor exact =
      by_ops(f.x.to(float64), f.w.detach().to(float64), f.b.detach().to(float64), f.t.to(float64));

  CHECK(logistic_loss(f.x, f.w, f.b, f.t).item() == doctest::Approx(exact.item()).epsilon(2e-6));
}

TEST_CASE("logistic_loss has the same bits for any number of threads") {
  const int before = num_threads();
  const Fit f(30'000, 20);
  const auto at = [&](int threads) {
    set_num_threads(threads);
    const Tensor loss = logistic_loss(f.x, f.w, f.b, f.t);
    const auto g = grad(loss, {f.w, f.b});
    return std::vector{loss.to_vector<double>(), g[0].to_vector<double>(), g[1].to_vector<double>()};
  };
  const auto one = at(1);

  for (const int threads : {2, 3, 4}) CHECK(at(threads) == one);
  set_num_threads(before);
}

TEST_CASE("the Hessian of logistic_loss is x^T diag(p (1 - p) / n) x") {
  const Fit f(40, 4);
  const Tensor p = sigmoid(mv(f.x, f.w.detach()) + f.b.detach());
  const Tensor right = matmul(f.x.t() * (p * (1 - p) / 40), f.x);

  const Tensor h =
      hessian([&](const Tensor& w) { return logistic_loss(f.x, w, f.b.detach(), f.t); }, f.w.detach());

  CHECK(allclose(h, right, 1e-12, 1e-14));
}

TEST_CASE("logistic_loss takes the weight of a linear layer, integer targets, and no bias") {
  const Fit f(6, 3);
  const Tensor row = reshape(f.w.detach(), {1, 3}).detach().requires_grad_();

  const Tensor loss = logistic_loss(f.x, row, {}, f.t.to(int64));

  CHECK(loss.item() == doctest::Approx(by_ops(f.x, f.w, zeros({1}, float64), f.t).item()).epsilon(1e-14));
  CHECK(grad(loss, {row})[0].shape() == Shape{1, 3});
}

TEST_CASE("logistic_loss is exact in the tails, and nan for no rows") {
  const Tensor x = tensor({{1e4}, {-1e4}, {40.0}}).to(float64), w = ones({1}, float64);

  CHECK(logistic_loss(x, w, {}, tensor({0, 1, 1})).item() ==
        doctest::Approx((2e4 + std::exp(-40.0)) / 3).epsilon(1e-15));
  CHECK(std::isnan(logistic_loss(zeros({0, 2}), zeros({2}), {}, zeros({0})).item()));
}

TEST_CASE("logistic_loss names operands that do not fit") {
  const Tensor x = zeros({4, 3}), w = zeros({3}), b = zeros({1}), t = zeros({4});
  const auto said = [](auto f) -> std::string {
    try {
      f();
    } catch (const Error& e) {
      return e.what();
    }
    return "nothing";
  };
  const std::string all = ": x is f32[4, 3], weight is f32[2], bias is f32[1], target is f32[4]";

  CHECK(said([&] { logistic_loss(x, zeros({2}), b, t); }) ==
        "logistic_loss: the weight must have a number for each feature, [features] or [1, features]" + all);
  CHECK(said([&] {
          logistic_loss(t, w, b, t);
        }).starts_with("logistic_loss: x must be [rows, features]: x is f32[4]"));
  CHECK(said([&] {
          logistic_loss(x, w, zeros({2}), t);
        }).starts_with("logistic_loss: the bias must be one number"));
  CHECK(said([&] {
          logistic_loss(x, w, b, zeros({4, 1}));
        }).starts_with("logistic_loss: the target must be [rows]; reshape it"));
  CHECK(said([&] {
          logistic_loss(x, w.to(float64), b, t);
        }).starts_with("logistic_loss: operands mix float32 and float64; convert one with .to()"));
}
