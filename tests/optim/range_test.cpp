// The test of learning rates: what it finds, and that it leaves nothing behind.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;
using namespace xgrad::optim;

namespace {

/// Losses by a formula of the rate, without a model.
struct Losses {
  Tensor p = zeros({1}, {.requires_grad = true});
  GD gd{{p}, 0.3};

  template <class F>
  LrRange test(F loss, const LrRangeTestOptions& options) {
    return lr_range_test(
        gd, [&] { return loss(gd.lr()); }, options);
  }
};

}  // namespace

TEST_CASE("rates go from the first to the last by equal factors, or by equal differences") {
  Losses losses;
  const auto flat = [](double) { return 1; };

  const LrRange factors = losses.test(flat, {.start = 1e-3, .end = 10, .steps = 5});
  const LrRange differences = losses.test(flat, {.start = 1, .end = 3, .steps = 5, .linear = true});

  REQUIRE(factors.points.size() == 5);
  REQUIRE(differences.points.size() == 5);
  for (int i = 0; i < 5; ++i) {
    const auto k = static_cast<std::size_t>(i);
    CHECK(std::abs(factors.points[k].lr / std::pow(10, i - 3) - 1) < 1e-14);
    CHECK(std::abs(differences.points[k].lr - (1 + 0.5 * i)) < 1e-15);
  }
  CHECK_FALSE(factors.diverged);
  CHECK(losses.gd.lr() == 0.3);
}

TEST_CASE("losses are smoothed without bias: weights of 0.5^k, which add up to 1") {
  Losses losses;
  const std::vector<double> values{8, 4, 6};
  std::size_t i = 0;

  const LrRange range =
      losses.test([&](double) { return values[i++]; }, {.start = 1, .end = 2, .steps = 3, .smoothing = 0.5});

  CHECK(range.points[0].smoothed == 8);
  CHECK(std::abs(range.points[1].smoothed - (8 * 1 + 4 * 2) / 3.0) < 1e-15);
  CHECK(std::abs(range.points[2].smoothed - (8 * 1 + 4 * 2 + 6 * 4) / 7.0) < 1e-15);
  CHECK(range.points[2].loss == 6);
}

TEST_CASE("the steepest rate is where the loss falls most over the logarithm of the rate") {
  Losses losses;
  // -arctan of the logarithm falls most where that is 0, at 1e-2.
  const LrRange range = losses.test([](double lr) { return 5 - std::atan(3 * std::log10(lr / 1e-2)); },
                                    {.start = 1e-5, .end = 10, .steps = 61, .smoothing = 0});

  CHECK(std::abs(range.steepest() / 1e-2 - 1) < 1e-12);
}

TEST_CASE("a test ends when the smoothed loss is so many times the least, also below 0, or no number") {
  Losses losses;
  const auto at = [&](std::vector<double> values) {
    std::size_t i = 0;
    const LrRange range = losses.test([&](double) { return values.at(i++); },
                                      {.start = 1, .end = 2, .steps = 4, .smoothing = 0, .divergence = 3});
    return range.diverged ? range.points.size() : 0;
  };

  CHECK(at({2, 1, 3.5, 1}) == 3);
  CHECK(at({2, 1, 2.5, 3}) == 0);
  CHECK(at({-1, -2, 1, 2.5}) == 4);
  CHECK(at({1, std::nan(""), 1, 1}) == 2);
  CHECK(at({std::numeric_limits<double>::infinity(), 1, 1, 1}) == 1);
}

TEST_CASE("parameters, gradients, the optimizer and what is named besides are as they were") {
  struct WithGenerator : Net {
    Generator noise{3};
    void visit(nn::Visitor& v) override { Net::visit(v), v("noise", noise); }
  };
  WithGenerator net;
  Adam adam(net, 0.01);
  learn(net, adam, 3, 1);
  const StateDict model = state_dict(net), state = state_dict(adam);
  const auto gradient = net.out.weight.grad().to_vector<float>();
  int calls = 0;
  const auto step = [&](bool clears) {
    if (clears) adam.zero_grad();
    const Tensor loss = square(net(randn({8, 3}, float32, net.noise))).mean();
    loss.backward();
    adam.step();
    ++calls;
    return loss;
  };

  for (const bool clears : {true, false}) {
    const LrRange range = lr_range_test(
        adam, [&] { return step(clears); }, {.start = 1e-4, .end = 1e-2, .steps = 10}, net);
    CHECK(range.points.size() == 10);
    CHECK(same(net, model));
    CHECK(same(adam, state));
    CHECK(net.out.weight.grad().to_vector<float>() == gradient);
  }
  CHECK(calls == 20);
}

TEST_CASE("all is as it was when a step throws, and its error goes on") {
  Net net;
  Adam adam(net, 0.01);
  const StateDict model = state_dict(net), state = state_dict(adam);
  int calls = 0;

  CHECK_THROWS_AS(lr_range_test(adam,
                                [&]() -> double {
                                  learn(net, adam, 1, 1);
                                  if (++calls == 3) throw std::runtime_error("no more data");
                                  return 1;
                                }),
                  std::runtime_error);

  CHECK(calls == 3);
  CHECK(same(net, model));
  CHECK(same(adam, state));
  CHECK_FALSE(net.out.weight.grad().defined());
}

TEST_CASE("bad ranges are refused, before a step is made") {
  Losses losses;
  const auto refused = [&](const LrRangeTestOptions& options) {
    return said([&] { losses.test([](double) -> double { throw std::runtime_error("a step"); }, options); });
  };

  CHECK(refused({.start = 0}) ==
        "lr_range_test: start must be above 0 and end above start: start = 0, end = 10");
  CHECK(refused({.start = 1, .end = 1}) ==
        "lr_range_test: start must be above 0 and end above start: start = 1, end = 1");
  CHECK(refused({.steps = 2}) == "lr_range_test: steps must be at least 3, so that there is a slope: got 2");
  CHECK(refused({.smoothing = 1}) == "lr_range_test: smoothing must be in [0, 1): got 1");
  CHECK(refused({.divergence = 1}) == "lr_range_test: divergence must be above 1: got 1");
}

TEST_CASE("there is no steepest rate where the loss falls nowhere") {
  Losses losses;
  const std::string remedy = "points with a finite loss; begin with a smaller start, or make more steps";

  CHECK(said([&] {
          (void)losses.test([](double lr) { return lr; }, {.start = 1, .end = 2, .steps = 4}).steepest();
        }) == "lr_range_test: the loss falls at no rate: there are 4 " + remedy);
  CHECK(said([&] { (void)losses.test([](double) { return std::nan(""); }, {}).steepest(); }) ==
        "lr_range_test: the loss falls at no rate: there are 0 " + remedy);
}
