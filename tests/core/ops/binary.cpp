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

const Input any = {{2, 3}}, positive = {{2, 3}, 0.3, 2}, wide = {{2, 3}, -9, 9};

const Family binary(
    "binary",
    {
        elementwise("atan2", Kind::smooth, {any, positive},
                    [](const Tensor& y, const Tensor& x) { return atan2(y, x); }),
        elementwise("hypot", Kind::smooth, {any, positive},
                    [](const Tensor& a, const Tensor& b) { return hypot(a, b); }),
        elementwise("logaddexp", Kind::smooth, {any, any},
                    [](const Tensor& a, const Tensor& b) { return logaddexp(a, b); }),
        elementwise("xlogy", Kind::smooth, {any, positive},
                    [](const Tensor& x, const Tensor& y) { return xlogy(x, y); }),
        test::composed_of(elementwise("xlogy", Kind::smooth, {positive},
                                      [](const Tensor& x) { return xlogy(x, 2.5) + xlogy(1.5, x); }),
                          [](const Tensor& x) { return x * std::log(2.5) + 1.5 * log(x); }),
        elementwise("fmod", Kind::piecewise, {wide, positive},
                    [](const Tensor& a, const Tensor& b) { return fmod(a, b); }),
        elementwise("remainder", Kind::piecewise, {wide, positive},
                    [](const Tensor& a, const Tensor& b) { return remainder(a, b); }),
        test::composed_of(elementwise("remainder", Kind::piecewise, {wide},
                                      [](const Tensor& a) { return remainder(a, 1.7) + fmod(a, -1.3); }),
                          [](const Tensor& a) {
                            return a - 1.7 * floor(a / 1.7) + a + 1.3 * trunc(a / -1.3);
                          }),
        elementwise("floor_divide", Kind::not_differentiable, {wide, positive},
                    [](const Tensor& a, const Tensor& b) { return floor_divide(a, b); }),
        elementwise("lerp", Kind::smooth, {any, any, {{2, 3}, 0, 0.4}},
                    [](const Tensor& a, const Tensor& b, const Tensor& w) { return lerp(a, b, w); }),
        test::composed_of(elementwise("lerp", Kind::smooth, {any, any},
                                      [](const Tensor& a, const Tensor& b) {
                                        return lerp(a, b, 0.3) + lerp(a, b, 0.99);
                                      }),
                          [](const Tensor& a, const Tensor& b) { return 0.71 * a + 1.29 * b; }),
        elementwise("addcmul", Kind::smooth, {any, any, any},
                    [](const Tensor& x, const Tensor& a, const Tensor& b) { return addcmul(x, a, b, 0.5); }),
        elementwise("addcdiv", Kind::smooth, {any, any, positive},
                    [](const Tensor& x, const Tensor& a, const Tensor& b) { return addcdiv(x, a, b, 0.5); }),
    });

using Values = std::vector<double>;
using Function = Tensor (*)(const Tensor&, const Tensor&);

struct Outcome {
  Values value, da, db;
};

/// The value and the gradients of sum(f(a, b)).
Outcome outcome(Function f, const Values& a, const Values& b) {
  const Tensor p = tensor(a).requires_grad_(), q = tensor(b).requires_grad_(), y = f(p, q);
  const auto g = grad(sum(y), {p, q});
  return {y.to_vector<double>(), g[0].to_vector<double>(), g[1].to_vector<double>()};
}

/// The gradient of the gradient's sum, for the first operand.
Values second(Function f, const Values& a, const Values& b) {
  const Tensor p = tensor(a).requires_grad_(), q = tensor(b).requires_grad_();
  const auto g = grad(sum(f(p, q)), {p, q}, {.create_graph = true});
  return grad(sum(g[0]) + sum(g[1]), {p})[0].to_vector<double>();
}

}  // namespace

TEST_CASE("binary functions: every row") { check_rows(binary); }

TEST_CASE("at the origin the gradients of atan2 and hypot are 0") {
  const Outcome a = outcome(atan2, {0}, {0}), h = outcome(hypot, {0}, {0});

  CHECK(a.value == Values{0});
  CHECK(a.da == Values{0});
  CHECK(a.db == Values{0});
  CHECK(h.value == Values{0});
  CHECK(h.da == Values{0});
  CHECK(h.db == Values{0});
}

TEST_CASE("hypot and atan2 neither overflow nor vanish on the way") {
  const Outcome large = outcome(hypot, {3e200}, {4e200}), small = outcome(hypot, {3e-200}, {4e-200});
  const Outcome angle = outcome(atan2, {3e-200}, {4e-200});

  CHECK(large.value[0] == doctest::Approx(5e200));
  CHECK(large.da[0] == doctest::Approx(0.6));
  CHECK(small.value[0] == doctest::Approx(5e-200));
  CHECK(small.db[0] == doctest::Approx(0.8));
  CHECK(angle.da[0] == doctest::Approx(0.16 / 1e-200));
  CHECK(angle.db[0] == doctest::Approx(-0.12 / 1e-200));
}

TEST_CASE("logaddexp is exact in the tails") {
  const Outcome o = outcome(logaddexp, {1000, -1000, 0}, {1000, 0, -40});

  CHECK(o.value[0] == doctest::Approx(1000 + std::log(2.0)));
  CHECK(o.value[1] == 0);
  CHECK(o.value[2] == std::log1p(std::exp(-40.0)));
  CHECK(o.da[1] == 0);
  CHECK(o.db[2] == doctest::Approx(std::exp(-40.0)).epsilon(1e-14));
}

TEST_CASE("logaddexp of equal infinities: half each at inf, nothing at -inf") {
  const Outcome o = outcome(logaddexp, {INFINITY, -INFINITY, -INFINITY}, {INFINITY, -INFINITY, 0});

  CHECK(o.value == Values{INFINITY, -INFINITY, 0});
  CHECK(o.da == Values{0.5, 0, 0});
  CHECK(o.db == Values{0.5, 0, 1});
}

TEST_CASE("logaddexp of equal operands has its second derivative") {
  CHECK(second(logaddexp, {1.5}, {1.5})[0] == doctest::Approx(0));  // d2a + dadb = 1/4 - 1/4
}

TEST_CASE("x log y is 0 at x = 0, with slopes log y and 0") {
  const Outcome o = outcome(xlogy, {0, 2, 0}, {3, 5, 0});

  CHECK(o.value[0] == 0);
  CHECK(o.value[1] == doctest::Approx(2 * std::log(5.0)));
  CHECK(o.da[0] == doctest::Approx(std::log(3.0)));
  CHECK(o.da[2] == 0);
  CHECK(o.db == Values{0, 0.4, 0});
  CHECK(std::isnan(outcome(xlogy, {0}, {NAN}).value[0]));
}

TEST_CASE("fmod has the sign of its first operand, remainder that of its second") {
  const Outcome f = outcome(fmod, {5, -5}, {3, 3}), r = outcome(remainder, {5, -5}, {3, 3});

  CHECK(f.value == Values{2, -2});
  CHECK(f.da == Values{1, 1});
  CHECK(f.db == Values{-1, 1});
  CHECK(r.value == Values{2, 1});
  CHECK(r.da == Values{1, 1});
  CHECK(r.db == Values{-1, 2});
}

TEST_CASE("floor_divide rounds down and has no slope") {
  const Outcome o = outcome(floor_divide, {5, -5, 1}, {3, 3, 0});

  CHECK(o.value == Values{1, -2, INFINITY});
  CHECK(o.da == Values{0, 0, 0});
  CHECK(o.db == Values{0, 0, 0});
}

TEST_CASE("remainders and quotients of integers are integers") {
  const Tensor a = tensor({7, -7, 7, -7}), b = tensor({3, 3, -3, -3});

  CHECK(fmod(a, b).to_vector<int>() == std::vector<int>{1, -1, 1, -1});
  CHECK(remainder(a, b).to_vector<int>() == std::vector<int>{1, 2, -2, -1});
  CHECK(floor_divide(a, b).to_vector<int>() == std::vector<int>{2, -3, -3, 2});
  CHECK(remainder(a, 4).dtype() == int64);
}

TEST_CASE("integers divided by 0 are an error") {
  const Tensor a = tensor({1, 2}), b = tensor({1, 0});
  const std::string rest =
      ": integers are divided by 0: a is i64[2], b is i64[2]; convert one with .to(float32)";

  CHECK(message_of([&] { fmod(a, b); }) == "fmod" + rest);
  CHECK(message_of([&] { remainder(a, b); }) == "remainder" + rest);
  CHECK(message_of([&] { floor_divide(a, b); }) == "floor_divide" + rest);
}

TEST_CASE("lerp ends exactly where it should") {
  const Tensor a = tensor({0.1, 1e8}), b = tensor({0.7, 1.0});

  CHECK(equal(lerp(a, b, 0), a));
  CHECK(equal(lerp(a, b, 1), b));
  CHECK(equal(lerp(a, b, ones({2})), b));
}

TEST_CASE("operands that do not fit are named") {
  CHECK(message_of([] {
          addcmul(ones({2}), ones({2}), ones({3}));
        }).starts_with("addcmul: shapes do not broadcast"));
  CHECK(message_of([] {
          lerp(ones({2}), ones({2}, {.dtype = float64}), 0.5);
        }).starts_with("lerp: operands mix float32 and float64"));
}
