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
using test::row;

namespace {

const Input any = {{2, 3}}, whole = {{2, 3}, -2, 3, int64};

template <class F>
test::Row comparison(std::string name, F f) {
  return elementwise(std::move(name), Kind::not_differentiable, {any, any}, f);
}

const Family compare(
    "compare",
    {
        comparison("eq", [](const Tensor& a, const Tensor& b) { return eq(a, b); }),
        comparison("ne", [](const Tensor& a, const Tensor& b) { return ne(a, b); }),
        comparison("lt", [](const Tensor& a, const Tensor& b) { return lt(a, b); }),
        comparison("le", [](const Tensor& a, const Tensor& b) { return le(a, b); }),
        comparison("gt", [](const Tensor& a, const Tensor& b) { return gt(a, b); }),
        comparison("ge", [](const Tensor& a, const Tensor& b) { return ge(a, b); }),
        elementwise("logical_and", Kind::not_differentiable, {whole, whole},
                    [](const Tensor& a, const Tensor& b) { return logical_and(a, b); }),
        elementwise("logical_or", Kind::not_differentiable, {whole, whole},
                    [](const Tensor& a, const Tensor& b) { return logical_or(a, b); }),
        elementwise("logical_xor", Kind::not_differentiable, {whole, whole},
                    [](const Tensor& a, const Tensor& b) { return logical_xor(a, b); }),
        elementwise("logical_not", Kind::not_differentiable, {whole}, [](const Tensor& a) { return !a; }),
        elementwise("isnan", Kind::not_differentiable, {any}, [](const Tensor& x) { return isnan(x); }),
        elementwise("isinf", Kind::not_differentiable, {any}, [](const Tensor& x) { return isinf(x); }),
        elementwise("isfinite", Kind::not_differentiable, {any}, [](const Tensor& x) { return isfinite(x); }),
        row("allclose", Kind::not_differentiable, {any, any},
            [](const Tensor& a, const Tensor& b) { return tensor(allclose(a, b)); }),
        row("equal", Kind::not_differentiable, {whole, whole},
            [](const Tensor& a, const Tensor& b) { return tensor(equal(a, b)); }),
    });

using Bools = std::vector<int>;

Bools of(const Tensor& x) { return x.to_vector<int>(); }

}  // namespace

TEST_CASE("comparisons: every row") { check_rows(compare); }

TEST_CASE("comparisons with nan are false, apart from !=") {
  const Tensor x = tensor({NAN, 1.0, NAN}), y = tensor({NAN, NAN, 1.0});

  CHECK(of(x == y) == Bools{0, 0, 0});
  CHECK(of(x != y) == Bools{1, 1, 1});
  CHECK(of(x < y) == Bools{0, 0, 0});
  CHECK(of(x <= y) == Bools{0, 0, 0});
  CHECK(of(x > y) == Bools{0, 0, 0});
  CHECK(of(x >= y) == Bools{0, 0, 0});
}

TEST_CASE("each comparison with a number, on either side") {
  const Tensor x = tensor({1, 2, 3});

  CHECK(of(x == 2) == Bools{0, 1, 0});
  CHECK(of(x != 2) == Bools{1, 0, 1});
  CHECK(of(x < 2) == Bools{1, 0, 0});
  CHECK(of(2 < x) == Bools{0, 0, 1});
  CHECK(of(x <= 2) == Bools{1, 1, 0});
  CHECK(of(2 <= x) == Bools{0, 1, 1});
  CHECK(of(x > 2) == Bools{0, 0, 1});
  CHECK(of(2 > x) == Bools{1, 0, 0});
  CHECK(of(x >= 2) == Bools{0, 1, 1});
  CHECK(of(2 >= x) == Bools{1, 1, 0});
}

TEST_CASE("an integer tensor meets a fraction as a fraction") {
  CHECK(of(tensor({2, 3}) > 2.5) == Bools{0, 1});
  CHECK(of(tensor({2, 3}) == 2.5) == Bools{0, 0});
}

TEST_CASE("large integers are compared exactly") {
  const std::int64_t big = (std::int64_t{1} << 53) + 1;

  CHECK(of(tensor(std::vector{big}) == big) == Bools{1});
  CHECK(of(tensor(std::vector{big}) == big - 1) == Bools{0});
}

TEST_CASE("booleans are compared as 0 and 1") {
  CHECK(of(tensor({true, false}) == tensor({true, true})) == Bools{1, 0});
  CHECK(of(tensor({true, false}) < tensor({true, true})) == Bools{0, 1});
}

TEST_CASE("nan and all numbers but 0 are true") {
  const Tensor x = tensor({0.0, -0.0, 0.5, NAN});

  CHECK(of(logical_not(x)) == Bools{1, 1, 0, 0});
  CHECK(of(logical_and(x, tensor({1}))) == Bools{0, 0, 1, 1});
  CHECK(of(logical_or(x, tensor({false}))) == Bools{0, 0, 1, 1});
  CHECK(of(logical_xor(x, tensor({true}))) == Bools{1, 1, 0, 0});
}

TEST_CASE("nan, infinite and finite numbers are told apart, and integers are finite") {
  const Tensor x = tensor({NAN, INFINITY, -INFINITY, 1e300}).to(float64);

  CHECK(of(isnan(x)) == Bools{1, 0, 0, 0});
  CHECK(of(isinf(x)) == Bools{0, 1, 1, 1});  // float32 by default: 1e300 became inf
  CHECK(of(isfinite(tensor(std::vector<double>{NAN, INFINITY, 1e300}))) == Bools{0, 0, 1});
  CHECK(of(isfinite(tensor({1}))) == Bools{1});
  CHECK(of(isnan(tensor({1}))) == Bools{0});
}

TEST_CASE("comparisons have no gradient") {
  const Tensor x = ones({2}).requires_grad_();

  CHECK_FALSE((x > 0).requires_grad());
}

TEST_CASE("allclose: shapes, tolerances, infinities and nan") {
  const Tensor x = tensor({1.0, INFINITY, NAN});

  CHECK_FALSE(allclose(x, x));
  CHECK(allclose(x, x, 0, 0, true));
  CHECK_FALSE(allclose(tensor({INFINITY}), tensor({-INFINITY}), 1, 1));
  CHECK_FALSE(allclose(tensor({1.0}), tensor({INFINITY}), 1, 1));
  CHECK(allclose(tensor({1.0}), tensor({1.1}), 0.2));
  CHECK_FALSE(allclose(tensor({1.0}), tensor({1.1})));
  CHECK_FALSE(allclose(ones({2}), ones({2, 1})));
}

TEST_CASE("equal compares shape, dtype and elements") {
  CHECK(equal(tensor({1, 2}), tensor({1, 2})));
  CHECK_FALSE(equal(tensor({1, 2}), tensor({1, 3})));
  CHECK_FALSE(equal(tensor({1, 2}), tensor({1.0, 2.0})));
  CHECK_FALSE(equal(ones({2}), ones({1, 2})));
  CHECK_FALSE(equal(tensor({NAN}), tensor({NAN})));
}

TEST_CASE("float32 and float64 are not compared") {
  CHECK(message_of([] { return ones({2}) < ones({2}, {.dtype = float64}); }) ==
        "lt: operands mix float32 and float64: a is f32[2], b is f64[2]; convert one with .to(float64)");
}
