#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::check_rows;
using test::elementwise;
using test::Family;
using test::Input;
using test::Kind;
using test::message_of;

namespace {

const Input any = {{2, 3}}, positive = {{2, 3}, 0.3, 2}, boolean_input = {{2, 3}, 0, 1, boolean};

/// A number in the shape and dtype of x.
Tensor like(const Tensor& x, double value) { return full(x.shape(), value, {.dtype = x.dtype()}); }

const Family arithmetic(
    "arithmetic",
    {
        elementwise("add", Kind::smooth, {any, any}, [](const Tensor& a, const Tensor& b) { return a + b; }),
        test::composed_of(elementwise("add", Kind::smooth, {any}, [](const Tensor& x) { return 1.5 + x; }),
                          [](const Tensor& x) { return x + like(x, 1.5); }),
        elementwise("sub", Kind::smooth, {any, any}, [](const Tensor& a, const Tensor& b) { return a - b; }),
        test::composed_of(elementwise("sub", Kind::smooth, {any},
                                      [](const Tensor& x) { return (x - 1.5) + (2 - x) * 3; }),
                          [](const Tensor& x) { return like(x, 4.5) - like(x, 2) * x; }),
        elementwise("mul", Kind::smooth, {any, any}, [](const Tensor& a, const Tensor& b) { return a * b; }),
        test::composed_of(elementwise("mul", Kind::smooth, {any}, [](const Tensor& x) { return 2.5 * x; }),
                          [](const Tensor& x) { return like(x, 2.5) * x; }),
        elementwise("div", Kind::smooth, {any, positive},
                    [](const Tensor& a, const Tensor& b) { return a / b; }),
        test::composed_of(elementwise("div", Kind::smooth, {positive},
                                      [](const Tensor& x) { return x / 2.5 + 1 / x; }),
                          [](const Tensor& x) { return x / like(x, 2.5) + like(x, 1) / x; }),
        elementwise("mul0", Kind::smooth, {any, any},
                    [](const Tensor& a, const Tensor& b) { return mul0(a, b); }),
        elementwise("neg", Kind::smooth, {any}, [](const Tensor& x) { return -x; }),
        test::of_whole(elementwise("pow", Kind::smooth, {positive, any},
                                   [](const Tensor& x, const Tensor& p) { return pow(x, p); }),
                       {{{2, 3}, -3, 3}, {{2, 3}, 0, 5, int64}}),
        test::composed_of(elementwise("pow", Kind::smooth, {positive},
                                      [](const Tensor& x) { return pow(x, 2.7); }),
                          [](const Tensor& x) { return exp(like(x, 2.7) * log(x)); }),
        test::composed_of(elementwise("pow", Kind::smooth, {any}, [](const Tensor& x) { return pow(x, 3); }),
                          [](const Tensor& x) { return x * x * x; }),
        test::composed_of(elementwise("pow", Kind::smooth, {any},
                                      [](const Tensor& p) { return pow(1.7, p); }),
                          [](const Tensor& p) { return exp(p * like(p, std::log(1.7))); }),
        elementwise("maximum", Kind::piecewise, {any, any},
                    [](const Tensor& a, const Tensor& b) { return maximum(a, b); }),
        elementwise("minimum", Kind::piecewise, {any, any},
                    [](const Tensor& a, const Tensor& b) { return minimum(a, b); }),
        test::composed_of(elementwise("maximum", Kind::piecewise, {any},
                                      [](const Tensor& x) { return maximum(x, 0.1) + minimum(x, -0.1); }),
                          [](const Tensor& x) { return where(x > 0.1, x, 0.1) + where(x < -0.1, x, -0.1); }),
        elementwise("where", Kind::piecewise, {boolean_input, any, any},
                    [](const Tensor& c, const Tensor& a, const Tensor& b) { return where(c, a, b); }),
        test::composed_of(elementwise("clamp", Kind::piecewise, {any},
                                      [](const Tensor& x) { return clamp(x, -0.5, 0.8); }),
                          [](const Tensor& x) { return where(x < -0.5, -0.5, where(x > 0.8, 0.8, x)); }),
        test::composed_of(elementwise("clamp_min", Kind::piecewise, {any},
                                      [](const Tensor& x) { return clamp_min(x, -0.5); }),
                          [](const Tensor& x) { return where(x < -0.5, -0.5, x); }),
        test::composed_of(elementwise("clamp_max", Kind::piecewise, {any},
                                      [](const Tensor& x) { return clamp_max(x, 0.8); }),
                          [](const Tensor& x) { return where(x > 0.8, 0.8, x); }),
    });

/// The gradient of sum(f(x...)) for each input.
template <class F, class... X>
std::vector<std::vector<double>> slopes(F f, const X&... x) {
  std::vector<Tensor> inputs = {tensor(x).requires_grad_()...};
  const auto y = as_function(f)(inputs);
  std::vector<std::vector<double>> all;
  for (const Tensor& g : grad(sum(y[0]), inputs)) all.push_back(g.template to_vector<double>());
  return all;
}

using Values = std::vector<double>;

}  // namespace

TEST_CASE("arithmetic: every row") { check_rows(arithmetic); }

// Dtypes ----------------------------------------------------------------------------------------------------

TEST_CASE("float32 with float64 is an error that names both") {
  CHECK(message_of([] {
          ones({2}) + ones({3, 2}, {.dtype = float64});
        }) ==
        "add: operands mix float32 and float64: a is f32[2], b is f64[3, 2]; convert one with .to(float64)");
}

TEST_CASE("integers and bools take the floating dtype of the other operand") {
  const Tensor x = tensor({0.5, 2.0}).to(float64);

  CHECK((x * tensor({2, 3})).dtype() == float64);
  CHECK((x * (x > 1)).to_vector<double>() == Values{0, 2});
}

TEST_CASE("integers among themselves stay int64, and their quotient is float32") {
  CHECK((tensor({7, 8}) * tensor({2, 3})).dtype() == int64);
  CHECK((tensor({7, 8}) / tensor({2, 4})).dtype() == float32);
  CHECK((tensor({7, 8}) / tensor({2, 4})).to_vector<double>() == Values{3.5, 2});
  CHECK((tensor({7, 8}) * 2.5).dtype() == float32);
}

TEST_CASE("shapes that do not broadcast are an error that says where") {
  CHECK(message_of([] {
          ones({2, 3}) * ones({2});
        }) ==
        "mul: shapes do not broadcast: f32[2, 3] and f32[2] differ in axis -1; sizes must agree, or one of "
        "them be 1");
}

// Edges -----------------------------------------------------------------------------------------------------

TEST_CASE("a cotangent of 0 contributes 0 where a quotient is infinite") {
  const auto g = slopes([](const Tensor& a, const Tensor& b) { return where(b != 0, a / b, 0); },
                        Values{1, 2}, Values{0, 4});

  CHECK(g[0] == Values{0, 0.25});
  CHECK(g[1] == Values{0, -0.125});
}

TEST_CASE("the gradient of 1 / 0 is infinite") {
  const auto g = slopes([](const Tensor& a, const Tensor& b) { return a / b; }, Values{1, 0}, Values{0, 0});

  CHECK(g[0] == Values{INFINITY, INFINITY});
  CHECK(g[1][0] == -INFINITY);
  CHECK(std::isnan(g[1][1]));
}

TEST_CASE("equal operands of maximum and minimum share the cotangent") {
  const auto g =
      slopes([](const Tensor& a, const Tensor& b) { return maximum(a, b); }, Values{1, 2}, Values{1, 0});
  const auto h =
      slopes([](const Tensor& a, const Tensor& b) { return minimum(a, b); }, Values{1, 2}, Values{1, 5});

  CHECK(g[0] == Values{0.5, 1});
  CHECK(g[1] == Values{0.5, 0});
  CHECK(h[0] == Values{0.5, 1});
  CHECK(h[1] == Values{0.5, 0});
}

TEST_CASE("maximum and minimum are nan where either operand is") {
  const Tensor a = tensor(Values{NAN, 1}), b = tensor(Values{0, NAN});

  CHECK(all(isnan(maximum(a, b))).item<bool>());
  CHECK(all(isnan(minimum(a, b))).item<bool>());
}

TEST_CASE("the derivative of clamp is 1 inside and at the limits, 0 outside") {
  const auto g = slopes([](const Tensor& x) { return clamp(x, 0, 1); }, Values{-1, 0, 0.5, 1, 2});

  CHECK(g[0] == Values{0, 1, 1, 1, 0});
}

TEST_CASE("clamp keeps nan, and says when its limits are the wrong way round") {
  CHECK(std::isnan(clamp(tensor(Values{NAN}), 0, 1).item<double>()));
  CHECK(
      message_of([] { clamp(ones({2}), 1, 0); }).starts_with("clamp: low must not be above high: low is 1"));
}

TEST_CASE("powers at 0: x^2 has slope 0 and curvature 2, x^0 slope 0, x^1 slope 1, x^0.5 slope inf") {
  const Tensor x = tensor(Values{0, -3}).requires_grad_();
  const Tensor dx = grad(sum(pow(x, 2)), {x}, {.create_graph = true})[0];

  CHECK(dx.to_vector<double>() == Values{0, -6});
  CHECK(grad(sum(dx), {x})[0].to_vector<double>() == Values{2, 2});
  CHECK(slopes([](const Tensor& u) { return pow(u, 0); }, Values{0, 2})[0] == Values{0, 0});
  CHECK(slopes([](const Tensor& u) { return pow(u, 1); }, Values{0})[0] == Values{1});
  CHECK(slopes([](const Tensor& u) { return pow(u, 0.5); }, Values{0})[0] == Values{INFINITY});
}

TEST_CASE("x^p with p a tensor: slope 0 where p = 0, d/dp 0 where x = 0 and p >= 0, nan where x < 0") {
  const auto g = slopes([](const Tensor& x, const Tensor& p) { return pow(x, p); }, Values{0, 0, 0, -2, 2},
                        Values{0, 1, 2, 2, 0});

  CHECK(g[0] == Values{0, 1, 0, -4, 0});
  CHECK(Values(g[1].begin(), g[1].begin() + 3) == Values{0, 0, 0});
  CHECK(std::isnan(g[1][3]));
  CHECK(g[1][4] == doctest::Approx(std::log(2.0)));
}

TEST_CASE("where passes nothing to the branch that is not taken, even if it is nan") {
  const auto g = slopes([](const Tensor& x) { return where(x > 0, log(x), 0); }, Values{-1, 2});

  CHECK(g[0] == Values{0, 0.5});
}

TEST_CASE("where needs a boolean condition") {
  CHECK(message_of([] { where(ones({2}), ones({2}), ones({2})); }) ==
        "where: the condition must be boolean: it is f32[2]; compare it, as in x > 0");
}

TEST_CASE("mul0 is 0 where its first operand is, whatever the second") {
  CHECK(mul0(tensor(Values{0, 0, 2}), tensor(Values{INFINITY, NAN, 3})).to_vector<double>() ==
        Values{0, 0, 6});
}

TEST_CASE("x * x has the gradient 2 x and the second derivative 2") {
  const Tensor x = tensor(Values{3}).requires_grad_();
  const Tensor dx = grad(x * x, {x}, {.create_graph = true})[0];

  CHECK(dx.item<double>() == 6);
  CHECK(grad(dx, {x})[0].item<double>() == 2);
}

TEST_CASE("pow has its mixed second derivative where the exponent is 0") {
  // d/dp of p x^(p - 1) is x^(p - 1) (1 + p log x): 1/x at p = 0.
  for (const double at : {2.0, 0.5}) {
    const Tensor x = tensor({at}, {.dtype = float64, .requires_grad = true}),
                 p = tensor({0.0}, {.dtype = float64, .requires_grad = true});
    const std::vector<Tensor> g = grad(sum(pow(x, p)), {x, p}, {.create_graph = true});

    CHECK(g[0].item() == 0);
    CHECK(grad(sum(g[0]), {p}, {.retain_graph = true})[0].item() == 1 / at);
    CHECK(grad(sum(g[1]), {x})[0].item() == 1 / at);
  }
}
