#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;

namespace {

/// The module's value at one number, in float64.
double at(const nn::Module& f, double x) { return f(full({}, x, {.dtype = float64})).item(); }

doctest::Approx near(double x) { return doctest::Approx(x).epsilon(1e-14); }

}  // namespace

TEST_CASE("activation modules compute their functions") {
  CHECK(at(nn::Identity(), -2) == -2);
  CHECK(at(nn::ReLU(), -2) == 0);
  CHECK(at(nn::ReLU(), 2) == 2);
  CHECK(at(nn::LeakyReLU(), -2) == near(-0.02));
  CHECK(at(nn::LeakyReLU(0.5), -2) == near(-1));
  CHECK(at(nn::ELU(), -2) == near(std::expm1(-2)));
  CHECK(at(nn::ELU(3), -2) == near(3 * std::expm1(-2)));
  CHECK(at(nn::GELU(), -2) == near(-2 * 0.5 * std::erfc(std::sqrt(2))));
  CHECK(at(nn::SiLU(), -2) == near(-2 / (1 + std::exp(2))));
  CHECK(at(nn::Softplus(), -2) == near(std::log1p(std::exp(-2))));
  CHECK(at(nn::Softplus(3), -2) == near(std::log1p(std::exp(-6)) / 3));
  CHECK(at(nn::Sigmoid(), -2) == near(1 / (1 + std::exp(2))));
  CHECK(at(nn::Tanh(), -2) == near(std::tanh(-2)));
}

TEST_CASE("Softmax and LogSoftmax work along the last axis unless told") {
  const Tensor x = tensor({{0.0, std::log(3.0)}, {0.0, 0.0}}, {.dtype = float64});

  CHECK(nn::Softmax()(x).at({0, 1}) == near(0.75));
  CHECK(nn::Softmax(0)(x).at({0, 1}) == near(0.75));
  CHECK(nn::Softmax(0)(x).at({0, 0}) == near(0.5));
  CHECK(nn::LogSoftmax()(x).at({0, 0}) == near(std::log(0.25)));
}

TEST_CASE("Flatten keeps the first axis unless told") {
  const Tensor x = ones({2, 3, 4, 5});

  CHECK(nn::Flatten()(x).shape() == Shape{2, 60});
  CHECK(nn::Flatten(0)(x).shape() == Shape{120});
  CHECK(nn::Flatten(1, 2)(x).shape() == Shape{2, 12, 5});
}
