#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "core/ops/rows.hpp"
#include "core/ops/ulps.hpp"

using namespace xgrad;
using test::check_rows;
using test::Family;
using test::Kind;
using test::same;

using V = std::vector<double>;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

template <class F>
test::Row row(const char* name, F f, double low = -2, double high = 2, Kind kind = Kind::smooth) {
  return test::elementwise(name, kind, {{{2, 3}, low, high}}, std::move(f));
}

const Family unary(
    "unary", {
                 row("exp", [](const Tensor& x) { return exp(x); }),
                 row("exp2", [](const Tensor& x) { return exp2(x); }),
                 row("expm1", [](const Tensor& x) { return expm1(x); }),
                 row(
                     "log", [](const Tensor& x) { return log(x); }, 0.1, 4),
                 row(
                     "log2", [](const Tensor& x) { return log2(x); }, 0.1, 4),
                 row(
                     "log10", [](const Tensor& x) { return log10(x); }, 0.1, 4),
                 row(
                     "log1p", [](const Tensor& x) { return log1p(x); }, -0.9, 4),
                 row(
                     "sqrt", [](const Tensor& x) { return sqrt(x); }, 0.1, 4),
                 row(
                     "rsqrt", [](const Tensor& x) { return rsqrt(x); }, 0.1, 4),
                 row("square", [](const Tensor& x) { return square(x); }),
                 row(
                     "reciprocal", [](const Tensor& x) { return reciprocal(x); }, -3, -0.3),
                 row(
                     "abs", [](const Tensor& x) { return abs(x); }, -2, 2, Kind::piecewise),
                 row(
                     "sign", [](const Tensor& x) { return sign(x); }, -2, 2, Kind::not_differentiable),
                 row(
                     "floor", [](const Tensor& x) { return floor(x); }, -5, 5, Kind::not_differentiable),
                 row(
                     "ceil", [](const Tensor& x) { return ceil(x); }, -5, 5, Kind::not_differentiable),
                 row(
                     "trunc", [](const Tensor& x) { return trunc(x); }, -5, 5, Kind::not_differentiable),
                 row(
                     "round", [](const Tensor& x) { return round(x); }, -5, 5, Kind::not_differentiable),
                 row(
                     "nan_to_num", [](const Tensor& x) { return nan_to_num(x); }, -2, 2, Kind::piecewise),
                 row(
                     "sin", [](const Tensor& x) { return sin(x); }, -10, 10),
                 row(
                     "cos", [](const Tensor& x) { return cos(x); }, -10, 10),
                 row(
                     "tan", [](const Tensor& x) { return tan(x); }, -1.2, 1.2),
                 row(
                     "asin", [](const Tensor& x) { return asin(x); }, -0.9, 0.9),
                 row(
                     "acos", [](const Tensor& x) { return acos(x); }, -0.9, 0.9),
                 row(
                     "atan", [](const Tensor& x) { return atan(x); }, -5, 5),
                 row(
                     "sinh", [](const Tensor& x) { return sinh(x); }, -3, 3),
                 row(
                     "cosh", [](const Tensor& x) { return cosh(x); }, -3, 3),
                 row(
                     "tanh", [](const Tensor& x) { return tanh(x); }, -5, 5),
                 row(
                     "asinh", [](const Tensor& x) { return asinh(x); }, -5, 5),
                 row(
                     "acosh", [](const Tensor& x) { return acosh(x); }, 1.1, 5),
                 row(
                     "atanh", [](const Tensor& x) { return atanh(x); }, -0.9, 0.9),
                 row(
                     "erf", [](const Tensor& x) { return erf(x); }, -3, 3),
                 row(
                     "erfc", [](const Tensor& x) { return erfc(x); }, -3, 3),
                 row(
                     "erfinv", [](const Tensor& x) { return erfinv(x); }, -0.95, 0.95),
                 row(
                     "lgamma", [](const Tensor& x) { return lgamma(x); }, 0.2, 6),
                 row(
                     "digamma", [](const Tensor& x) { return digamma(x); }, 0.2, 6),
                 row(
                     "polygamma", [](const Tensor& x) { return polygamma(2, x); }, 0.5, 6),
                 row(
                     "sinc", [](const Tensor& x) { return sinc(x); }, -3, 3),
             });

Tensor leaf(V values) { return tensor(values).requires_grad_(); }

/// The gradient of sum(f(x)).
V slopes(Tensor (*f)(const Tensor&), V at) {
  const Tensor x = leaf(std::move(at));
  return grad(sum(f(x)), {x})[0].to_vector<double>();
}

}  // namespace

TEST_CASE("unary: every row holds") { check_rows(unary); }

TEST_CASE("logarithms and roots at 0 and below are -inf, 0 and nan, with slopes of inf") {
  CHECK(same(log(leaf({0, -1})).to_vector<double>(), {-inf, no_number}));
  CHECK(same(slopes([](const Tensor& x) { return log(x); }, {0, -1}), {inf, -1}));
  CHECK(same(sqrt(leaf({0, -0.0, -1, 4})).to_vector<double>(), {0, -0.0, no_number, 2}));
  CHECK(same(slopes([](const Tensor& x) { return sqrt(x); }, {0, -0.0, 4}), {inf, -inf, 0.25}));
  CHECK(same(slopes([](const Tensor& x) { return rsqrt(x); }, {0}), {-inf}));
  CHECK(same(slopes([](const Tensor& x) { return reciprocal(x); }, {0}), {-inf}));
  CHECK(same(slopes([](const Tensor& x) { return acos(x); }, {1}), {-inf}));
}

TEST_CASE("a cotangent of 0 gives a gradient of 0 where the slope is inf or nan") {
  const std::vector<Tensor (*)(const Tensor&)> ops = {exp,   log,        log2,   log10, log1p, sqrt,
                                                      rsqrt, reciprocal, tan,    asin,  acos,  atan,
                                                      acosh, atanh,      lgamma, sinh,  cosh};

  for (const auto op : ops) {
    const Tensor x = leaf({0, 1, -1, inf, no_number, 1e300});
    const Tensor g = grad({op(x)}, {x}, {zeros({6}, {.dtype = float64})})[0];

    CHECK(same(abs(g).to_vector<double>(), V(6, 0.0)));
  }
}

TEST_CASE("a branch that where does not take has a gradient of 0, though its slope is inf") {
  const Tensor x = leaf({0, 4});

  const Tensor y = where(x > 0, sqrt(x), 0);

  CHECK(same(grad(sum(y), {x})[0].to_vector<double>(), {0, 0.25}));
}

TEST_CASE("abs, sign and the roundings have a slope of 0 at their kinks") {
  CHECK(slopes([](const Tensor& x) { return abs(x); }, {-1, 0, -0.0, 2}) == V{-1, 0, 0, 1});
  CHECK(slopes([](const Tensor& x) { return sign(x); }, {-1, 0, 2}) == V{0, 0, 0});
  CHECK(slopes([](const Tensor& x) { return floor(x); }, {-1, 0, 2.5}) == V{0, 0, 0});
}

TEST_CASE("round takes the even one of two neighbours, and decimals on request") {
  CHECK(same(round(leaf({0.5, 1.5, 2.5, -0.5})).to_vector<double>(), {0, 2, 2, -0.0}));
  CHECK(round(leaf({1.25, 0.35}), 1).to_vector<double>() == V{1.2, 0.4});
  CHECK(round(leaf({1250, 349}), -2).to_vector<double>() == V{1200, 300});
}

TEST_CASE("odd functions keep -0") {
  const std::vector<Tensor (*)(const Tensor&)> ops = {expm1, log1p, sqrt,  sin,   tan, asin, atan,
                                                      sinh,  tanh,  asinh, atanh, erf, sign, trunc};

  for (const auto op : ops) CHECK(same(op(leaf({-0.0})).to_vector<double>(), {-0.0}));
}

TEST_CASE("integers stay integers under abs, sign, square and the roundings") {
  const Tensor x = tensor({-3, 0, 9007199254740993});

  CHECK(abs(x).dtype() == int64);
  CHECK(abs(x).to_vector<std::int64_t>() == std::vector<std::int64_t>{3, 0, 9007199254740993});
  CHECK(sign(x).to_vector<std::int64_t>() == std::vector<std::int64_t>{-1, 0, 1});
  CHECK(square(tensor({-3, 4})).dtype() == int64);
  CHECK(floor(x).dtype() == int64);
  CHECK(square(tensor({true, false})).dtype() == int64);
}

TEST_CASE("nan_to_num replaces what is not finite, by limits of the dtype or by what is given") {
  const Tensor x = leaf({no_number, inf, -inf, 1});
  constexpr double largest = std::numeric_limits<double>::max();

  CHECK(nan_to_num(x).to_vector<double>() == V{0, largest, -largest, 1});
  CHECK(nan_to_num(x, 7, 8, 9).to_vector<double>() == V{7, 8, 9, 1});
  CHECK(slopes([](const Tensor& u) { return nan_to_num(u); }, {no_number, inf, -inf, 1}) == V{0, 0, 0, 1});
}

TEST_CASE("the slope of tanh is exact in the tails, where 1 - tanh^2 is 0") {
  const auto slope = [](double x) { return 4 / std::pow(std::exp(x) + std::exp(-x), 2); };

  const V got = slopes([](const Tensor& x) { return tanh(x); }, {20, -30, 300});

  CHECK(got[0] == doctest::Approx(slope(20)).epsilon(1e-14));
  CHECK(got[1] == doctest::Approx(slope(30)).epsilon(1e-14));
  CHECK(got[2] == doctest::Approx(slope(300)).epsilon(1e-14));
}

TEST_CASE("the slope of asinh does not overflow where x^2 does") {
  const V got = slopes([](const Tensor& x) { return asinh(x); }, {1e200, -1e200, 1e-200});

  CHECK(got[0] == doctest::Approx(1e-200).epsilon(1e-14));
  CHECK(got[1] == doctest::Approx(1e-200).epsilon(1e-14));
  CHECK(got[2] == 1);
}

TEST_CASE("the fused slope of tanh is 1 - tanh^2") {
  const Tensor x = leaf({-2, -0.5, 0, 0.7, 3});

  const Tensor fused = grad(sum(tanh(x)), {x})[0], composed = 1 - square(tanh(x));

  CHECK(allclose(fused, composed, 1e-13, 0));
}

TEST_CASE("sinc is 1 at 0 and 0 at other integers, with every derivative") {
  CHECK(sinc(leaf({0, 1, -2, 1000})).to_vector<double>() == V{1, 0, 0, 0});

  const Tensor x = leaf({0});
  const Tensor first = grad(sinc(x), {x}, {.create_graph = true})[0];
  const Tensor second = grad(first, {x}, {.create_graph = true})[0];
  const Tensor third = grad(second, {x}, {.create_graph = true})[0];

  CHECK(first.item() == 0);
  CHECK(second.item() == doctest::Approx(-std::numbers::pi * std::numbers::pi / 3).epsilon(1e-14));
  CHECK(third.item() == 0);
}

TEST_CASE("digamma and its derivatives have their known values, left of 0 too") {
  constexpr double gamma = std::numbers::egamma, pi = std::numbers::pi;

  const V psi = digamma(leaf({1, 2, 0.5, -0.5})).to_vector<double>();
  const V trigamma = polygamma(1, leaf({1, 0.5, -0.5})).to_vector<double>();

  CHECK(psi[0] == doctest::Approx(-gamma).epsilon(1e-15));
  CHECK(psi[1] == doctest::Approx(1 - gamma).epsilon(1e-15));
  CHECK(psi[2] == doctest::Approx(-gamma - 2 * std::numbers::ln2).epsilon(1e-15));
  CHECK(psi[3] == doctest::Approx(2 - gamma - 2 * std::numbers::ln2).epsilon(1e-14));
  CHECK(trigamma[0] == doctest::Approx(pi * pi / 6).epsilon(1e-15));
  CHECK(trigamma[1] == doctest::Approx(pi * pi / 2).epsilon(1e-15));
  CHECK(trigamma[2] == doctest::Approx(pi * pi / 2 + 4).epsilon(1e-15));
  CHECK(same(digamma(leaf({0, -0.0, -1})).to_vector<double>(), {-inf, inf, no_number}));
}

TEST_CASE("polygamma of a negative order is an error") {
  CHECK(test::message_of([] { polygamma(-1, tensor({1.0})); }) ==
        "polygamma: n must lie between 0 and 170, whose factorial is the largest: it is -1");
}
