#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::check_rows;
using test::composed_of;
using test::elementwise;
using test::Family;
using test::Input;
using test::Kind;

using V = std::vector<double>;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

const Input any = {{2, 3}, -4, 4};

/// A row of an op along an axis: on lines shorter and longer than a vector, and of no and one element.
template <class F>
test::Row along(const char* name, F f, int rank = 2) {
  return test::row(name, Kind::smooth, {{rank == 1 ? Shape{5} : Shape{3, 5}}}, std::move(f),
                   rank == 1 ? std::vector<std::vector<Shape>>{{Shape{}}, {Shape{0}}, {Shape{40}}}
                             : std::vector<std::vector<Shape>>{
                                   {Shape{2, 19, 3}}, {Shape{1, 1}}, {Shape{0, 3}}, {Shape{3, 0}}});
}

const Family activation(
    "activation",
    {
        composed_of(elementwise("sigmoid", Kind::smooth, {any}, [](const Tensor& x) { return sigmoid(x); }),
                    [](const Tensor& x) { return 1 / (1 + exp(-x)); }),
        composed_of(elementwise("logsigmoid", Kind::smooth, {any},
                                [](const Tensor& x) { return logsigmoid(x); }),
                    [](const Tensor& x) { return -log1p(exp(-x)); }),
        composed_of(elementwise("softplus", Kind::smooth, {any}, [](const Tensor& x) { return softplus(x); }),
                    [](const Tensor& x) { return log1p(exp(x)); }),
        composed_of(elementwise("softplus", Kind::piecewise, {any},
                                [](const Tensor& x) { return softplus(x, 2, 3); }),
                    [](const Tensor& x) { return where(2 * x > 3, x, log1p(exp(2 * x)) / 2); }),
        composed_of(elementwise("silu", Kind::smooth, {any}, [](const Tensor& x) { return silu(x); }),
                    [](const Tensor& x) { return x / (1 + exp(-x)); }),
        composed_of(elementwise("mish", Kind::smooth, {any}, [](const Tensor& x) { return mish(x); }),
                    [](const Tensor& x) { return x * tanh(log1p(exp(x))); }),
        composed_of(elementwise("gelu", Kind::smooth, {any}, [](const Tensor& x) { return gelu(x); }),
                    [](const Tensor& x) { return 0.5 * x * erfc(-x * std::sqrt(0.5)); }),
        composed_of(elementwise("gelu", Kind::smooth, {any},
                                [](const Tensor& x) { return gelu(x, Approximate::tanh); }),
                    [](const Tensor& x) {
                      return 0.5 * x *
                             (1 + tanh(std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
                    }),
        composed_of(elementwise("tanhshrink", Kind::smooth, {any},
                                [](const Tensor& x) { return tanhshrink(x); }),
                    [](const Tensor& x) { return x - tanh(x); }),
        composed_of(elementwise("softsign", Kind::piecewise, {any},
                                [](const Tensor& x) { return softsign(x); }),
                    [](const Tensor& x) { return x / (1 + abs(x)); }),
        composed_of(elementwise("relu", Kind::piecewise, {any}, [](const Tensor& x) { return relu(x); }),
                    [](const Tensor& x) { return maximum(x, 0); }),
        composed_of(elementwise("relu6", Kind::piecewise, {any},
                                [](const Tensor& x) { return relu6(2 * x); }),
                    [](const Tensor& x) { return clamp(2 * x, 0, 6); }),
        composed_of(elementwise("leaky_relu", Kind::piecewise, {any},
                                [](const Tensor& x) { return leaky_relu(x, 0.1); }),
                    [](const Tensor& x) { return where(x > 0, x, 0.1 * x); }),
        composed_of(elementwise("elu", Kind::piecewise, {any}, [](const Tensor& x) { return elu(x, 0.7); }),
                    [](const Tensor& x) { return where(x > 0, x, 0.7 * expm1(x)); }),
        composed_of(elementwise("selu", Kind::piecewise, {any}, [](const Tensor& x) { return selu(x); }),
                    [](const Tensor& x) {
                      return 1.0507009873554805 * where(x > 0, x, 1.6732632423543772 * expm1(x));
                    }),
        composed_of(elementwise("celu", Kind::piecewise, {any}, [](const Tensor& x) { return celu(x, 0.7); }),
                    [](const Tensor& x) { return where(x > 0, x, 0.7 * expm1(x / 0.7)); }),
        composed_of(elementwise("hardtanh", Kind::piecewise, {any},
                                [](const Tensor& x) { return hardtanh(x, -2, 1); }),
                    [](const Tensor& x) { return clamp(x, -2, 1); }),
        composed_of(elementwise("hardsigmoid", Kind::piecewise, {any},
                                [](const Tensor& x) { return hardsigmoid(x); }),
                    [](const Tensor& x) { return clamp(x / 6 + 0.5, 0, 1); }),
        composed_of(elementwise("hardswish", Kind::piecewise, {any},
                                [](const Tensor& x) { return hardswish(x); }),
                    [](const Tensor& x) { return x * clamp(x / 6 + 0.5, 0, 1); }),
        composed_of(elementwise("hardshrink", Kind::piecewise, {any},
                                [](const Tensor& x) { return hardshrink(x); }),
                    [](const Tensor& x) { return where(abs(x) > 0.5, x, 0); }),
        composed_of(elementwise("softshrink", Kind::piecewise, {any},
                                [](const Tensor& x) { return softshrink(x); }),
                    [](const Tensor& x) { return where(x > 0.5, x - 0.5, where(x < -0.5, x + 0.5, 0)); }),
        test::row("prelu", Kind::piecewise, {{{2, 3, 2}}, {{3}}},
                  [](const Tensor& x, const Tensor& w) { return prelu(x, w); },
                  {{Shape{4}, Shape{1}}, {Shape{}, Shape{}}, {Shape{0, 3}, Shape{3}}}),
        along("softmax", [](const Tensor& x) { return softmax(x, 1); }),
        along("softmax", [](const Tensor& x) { return softmax(x, 0); }),
        along(
            "softmax", [](const Tensor& x) { return softmax(x, -1); }, 1),
        along("softmin", [](const Tensor& x) { return softmin(x, 1); }),
        along("softmin", [](const Tensor& x) { return softmin(x, 0); }),
        along(
            "softmin", [](const Tensor& x) { return softmin(x, -1); }, 1),
        along("log_softmax", [](const Tensor& x) { return log_softmax(x, 1); }),
        along("log_softmax", [](const Tensor& x) { return log_softmax(x, 0); }),
        along(
            "log_softmax", [](const Tensor& x) { return log_softmax(x, -1); }, 1),
    });

Tensor leaf(V values) { return tensor(values).requires_grad_(); }

V values(Tensor (*f)(const Tensor&), V at) { return f(leaf(std::move(at))).to_vector<double>(); }

/// The gradient of sum(f(x)).
V slopes(Tensor (*f)(const Tensor&), V at) {
  const Tensor x = leaf(std::move(at));
  return grad(sum(f(x)), {x})[0].to_vector<double>();
}

bool close(const V& a, const V& b, double rtol = 2e-15) {
  bool all = a.size() == b.size();
  for (std::size_t i = 0; all && i < a.size(); ++i)
    all = a[i] == b[i] || std::abs(a[i] - b[i]) <= rtol * std::abs(b[i]);
  return all;
}

using test::message_of;

}  // namespace

TEST_CASE("activation: every row holds") { check_rows(activation); }

TEST_CASE("sigmoid and its slope are exact in both tails") {
  const auto f = [](const Tensor& x) { return sigmoid(x); };

  CHECK(values(f, {-745, -40, 0, 40}) == V{5e-324, std::exp(-40.0), 0.5, 1});
  CHECK(close(slopes(f, {-745, -40, 40, 745}), {5e-324, std::exp(-40.0), std::exp(-40.0), 5e-324}));
  CHECK(slopes(f, {-1e4, 1e4}) == V{0, 0});
}

TEST_CASE("softplus is the identity above its threshold") {
  const auto f = [](const Tensor& x) { return softplus(x, 1, 20); };

  CHECK(close(values(f, {20, 21, -800, 800}), {20.000000002061153622, 21, 0, 800}));
  CHECK(close(slopes(f, {20, 21, -800, 800}), {0.99999999793884631, 1, 0, 1}));
}

TEST_CASE("at inf and -inf the smooth activations have their limits, with slopes of 0 and 1") {
  using F = Tensor (*)(const Tensor&);
  const std::vector<F> ops = {silu, mish, static_cast<F>(gelu),
                              [](const Tensor& x) { return gelu(x, Approximate::tanh); }, hardswish};

  for (const F op : ops) {
    CHECK(values(op, {inf, -inf}) == V{inf, 0});
    CHECK(slopes(op, {inf, -inf}) == V{1, 0});
  }
  CHECK(values(softsign, {inf, -inf}) == V{1, -1});
}

TEST_CASE("tanhshrink is exact for small numbers, where x - tanh x cancels") {
  CHECK(close(values(tanhshrink, {1e-5, -1e-100}), {1e-15 / 3, -1e-300 / 3}, 1e-9));
}

TEST_CASE("slopes at the kinks") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const double selu_at_0 = 1.7580993408473766;

  CHECK(slopes(relu, {-1, 0, -0.0, 1, nan, inf}) == V{0, 0, 0, 1, 1, 1});
  CHECK(slopes(relu6, {0, 6, 3}) == V{0, 0, 1});
  CHECK(slopes([](const Tensor& x) { return leaky_relu(x); }, {0}) == V{0.01});
  CHECK(slopes([](const Tensor& x) { return elu(x); }, {0}) == V{1});
  CHECK(close(slopes(selu, {0}), {selu_at_0}));
  CHECK(slopes([](const Tensor& x) { return celu(x, 2); }, {0}) == V{1});
  CHECK(slopes([](const Tensor& x) { return hardtanh(x); }, {-1, 0, 1}) == V{0, 1, 0});
  CHECK(slopes(hardsigmoid, {-3, 0, 3}) == V{0, static_cast<double>(1.0F / 6), 0});
  CHECK(slopes(hardswish, {-3, 0, 3}) == V{-0.5, 0.5, 1.5});
  CHECK(slopes([](const Tensor& x) { return hardshrink(x); }, {0.5, -0.5, 0.6}) == V{0, 0, 1});
  CHECK(slopes([](const Tensor& x) { return softshrink(x); }, {0.5, -0.5, 0.6}) == V{0, 0, 1});
}

TEST_CASE("relu keeps -0 and nan") {
  const V y = values(relu, {-0.0, std::numeric_limits<double>::quiet_NaN()});

  CHECK(std::signbit(y[0]));
  CHECK(std::isnan(y[1]));
}

TEST_CASE("softmax does not overflow, and its slope does not cancel where one element outweighs the others") {
  const Tensor x = leaf({40, 0}), huge = leaf({1e4, 0});
  const double small = std::exp(-40.0);

  const Tensor y = softmax(x, 0);

  CHECK(softmax(huge, 0).to_vector<double>() == V{1, 0});
  CHECK(close(grad({y}, {x}, {tensor(V{1, 0})})[0].to_vector<double>(), {small, -small}));
}

TEST_CASE("log_softmax and its slope keep their last places where one element outweighs the others") {
  const Tensor x = leaf({40, 0});
  const double small = std::exp(-40.0);

  const Tensor y = log_softmax(x, 0);

  CHECK(close(y.to_vector<double>(), {-small, -40}));
  CHECK(close(grad({y}, {x}, {tensor(V{1, 0})})[0].to_vector<double>(), {small, -small}));
}

TEST_CASE("a masked element, -inf, has probability 0 and gets no gradient") {
  const Tensor x = leaf({-inf, 0});

  CHECK(softmax(x, 0).to_vector<double>() == V{0, 1});
  CHECK(log_softmax(x, 0).to_vector<double>() == V{-inf, 0});
  CHECK(grad({log_softmax(x, 0)}, {x}, {tensor(V{0, 1})})[0].to_vector<double>() == V{0, 0});
}

TEST_CASE("softmin prefers the smallest: 1, 1/2 and 1/4 over their sum at 0, log 2 and log 4") {
  const Tensor y = softmin(log(leaf({1, 2, 4})), 0);

  CHECK(allclose(y, tensor(V{4. / 7, 2. / 7, 1. / 7}), 1e-15, 0));
}

TEST_CASE("the fused slopes of softmax and log_softmax are their formulas") {
  const Tensor x = randn({3, 21}, {.dtype = float64}, Generator(1)).requires_grad_();
  const Tensor g = randn({3, 21}, {.dtype = float64}, Generator(2));
  const Tensor p = softmax(x, 1).detach();

  CHECK(allclose(grad({softmax(x, 1)}, {x}, {g})[0], p * (g - sum(g * p, 1, true)), 1e-12, 1e-15));
  CHECK(allclose(grad({log_softmax(x, 1)}, {x}, {g})[0], g - p * sum(g, 1, true), 1e-12, 1e-15));
}

TEST_CASE("softmax along any axis is softmax along the last of the transposed tensor") {
  const Tensor x = randn({4, 37, 5}, {.dtype = float32}, Generator(1));

  const Tensor y = softmax(x, 1), z = softmax(x.transpose(1, 2), 2).transpose(1, 2);

  CHECK(allclose(y, z, 1e-6, 0));
}

TEST_CASE("a long line of softmax sums to 1") {
  const Tensor y = softmax(randn({1, 100000}, {.dtype = float32}, Generator(1)), 1);

  CHECK(sum(y.to(float64)).item() == doctest::Approx(1).epsilon(1e-6));
}

TEST_CASE("activations say which attribute is wrong") {
  const Tensor x = tensor({1.0, 2.0});

  CHECK(message_of([&] { softplus(x, 0); }) == "softplus: beta must not be 0");
  CHECK(message_of([&] { celu(x, 0); }) == "celu: alpha must not be 0");
  CHECK(message_of([&] { hardtanh(x, 1, 0); }) ==
        "hardtanh: low must not be above high: low is 1, high is 0");
  CHECK(message_of([&] { hardshrink(x, -1); }) == "hardshrink: lambda must not be negative: it is -1");
  CHECK(message_of([&] { softshrink(x, -1); }) == "softshrink: lambda must not be negative: it is -1");
  CHECK(
      message_of([&] {
        prelu(x, tensor({1.0, 2.0}));
      }) ==
      "prelu: the weight needs one element, or one for each entry of axis 1: x is f32[2], weight is f32[2]");
  CHECK(message_of([&] { softmax(x, 1); }) ==
        "softmax: axis 1 is out of range: x is f32[2]; axes are -1 to 0");
  CHECK(message_of([&] { softmin(x, 1); }) ==
        "softmin: axis 1 is out of range: x is f32[2]; axes are -1 to 0");
  CHECK(message_of([&] { log_softmax(x, -2); }) ==
        "log_softmax: axis -2 is out of range: x is f32[2]; axes are -1 to 0");
}
