// Reductions at their hard points: what they give there, and what their gradients are.

#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::message_of;

namespace {

using Values = std::vector<double>;
using Function = Tensor (*)(const Tensor&);

Tensor of(const Values& v) { return tensor(v); }

/// The gradient of sum(f(x)).
Values slope(Function f, const Values& x) {
  const Tensor t = of(x).requires_grad_();
  return grad(sum(f(t)), {t})[0].to_vector<double>();
}

/// The gradient of the sum of that gradient.
Values curvature(Function f, const Values& x) {
  const Tensor t = of(x).requires_grad_();
  const Tensor g = grad(sum(f(t)), {t}, {.create_graph = true})[0];
  return grad(sum(g), {t}, {.allow_unused = true})[0].to_vector<double>();
}

Tensor values_of(const ValuesAndIndices& r) { return r.values; }

}  // namespace

// Sums and products -----------------------------------------------------------------------------------------

TEST_CASE("the float32 sum of twenty million ones is exact, along rows and along columns") {
  const Tensor x = ones({20'000'000});

  CHECK(sum(x).item<double>() == 2e7);
  CHECK(sum(x.reshape({10'000'000, 2}), 0).to_vector<double>() == Values{1e7, 1e7});
  CHECK(sum(x.reshape({20'000, 1'000}), 0).at({999}) == 20'000);
  CHECK(sum(x.reshape({2, 5'000'000, 2}), {0, 1}).to_vector<double>() == Values{1e7, 1e7});
}

TEST_CASE("a sum depends on its elements and its shape, not on where it stands") {
  const Tensor row = rand({1001}), column = row.reshape({1001, 1});
  const Tensor rows = expand(row, {7, 1001}), columns = expand(column, {1001, 7});
  const double alone = sum(row).item<double>();

  for (double s : sum(rows, 1).to_vector<double>()) CHECK(s == alone);
  const Values side_by_side = sum(columns, 0).to_vector<double>();
  for (double s : side_by_side) CHECK(s == side_by_side[0]);
}

TEST_CASE("over nothing the sum is 0, the product 1, the mean nan, any false and all true") {
  const Tensor none = zeros({0});

  CHECK(sum(none).item<double>() == 0);
  CHECK(prod(none).item<double>() == 1);
  CHECK(std::isnan(mean(none).item<double>()));
  CHECK_FALSE(any(none).item<bool>());
  CHECK(all(none).item<bool>());
  CHECK(sum(zeros({2, 0, 3}), 1).shape() == Shape{2, 3});
  CHECK(sum(zeros({2, 0, 3}), 0).numel() == 0);
}

TEST_CASE("sums and products of integers and bools are int64") {
  CHECK(sum(tensor({true, true, false})).dtype() == int64);
  CHECK(sum(tensor({true, true, false})).item<int>() == 2);
  CHECK(prod(tensor({2, 3})).dtype() == int64);
  CHECK(cumsum(tensor({true, true}), 0).to_vector<int>() == std::vector<int>{1, 2});
}

TEST_CASE("the product's gradient is exact with zeros, and so is the second") {
  const Function f = [](const Tensor& x) { return prod(x); };

  CHECK(slope(f, {2, 0, 3}) == Values{0, 6, 0});
  CHECK(slope(f, {0, 0, 3}) == Values{0, 0, 0});
  CHECK(curvature(f, {2, 0, 0}) == Values{0, 2, 2});
  CHECK(curvature(f, {2, 0, 3}) == Values{3, 5, 2});
}

TEST_CASE("the running product's gradient is exact with zeros") {
  CHECK(slope([](const Tensor& x) { return cumprod(x, 0); }, {2, 0, 3}) == Values{1, 8, 0});
}

TEST_CASE("running sums of float32 are carried in float64") {
  const Tensor y = cumsum(full({20'000'000}, 1.0F), 0);

  CHECK(y.at({19'999'999}) == 2e7);
}

// Extrema ---------------------------------------------------------------------------------------------------

TEST_CASE("equal values share the cotangent in amax, amin, max and min") {
  CHECK(slope([](const Tensor& x) { return max(x); }, {3, 1, 3}) == Values{0.5, 0, 0.5});
  CHECK(slope([](const Tensor& x) { return amax(x); }, {3, 1, 3}) == Values{0.5, 0, 0.5});
  CHECK(slope([](const Tensor& x) { return min(x); }, {1, 1, 3}) == Values{0.5, 0.5, 0});
  CHECK(slope([](const Tensor& x) { return amin(x); }, {1, 1, 1, 3, 1}) == Values{0.25, 0.25, 0.25, 0, 0.25});
}

TEST_CASE("with an axis the first of equal values takes all the cotangent, and its index is given") {
  const ValuesAndIndices found = max(of({1, 3, 3}), 0);

  CHECK(found.indices.item<int>() == 1);
  CHECK(slope([](const Tensor& x) { return values_of(max(x, 0)); }, {3, 1, 3}) == Values{1, 0, 0});
  CHECK(argmin(of({2, 1, 1})).item<int>() == 1);
  CHECK(cummax(of({1, 3, 3, 2}), 0).indices.to_vector<int>() == std::vector<int>{0, 1, 1, 1});
}

TEST_CASE("nan is the extremum, and takes the cotangent") {
  const Tensor x = of({1, NAN, 2, NAN});

  CHECK(std::isnan(max(x).item<double>()));
  CHECK(std::isnan(min(x).item<double>()));
  CHECK(argmax(x).item<int>() == 1);
  CHECK(argmin(x).item<int>() == 1);
  CHECK(max(x.reshape({2, 2}), 0).indices.to_vector<int>() == std::vector<int>{1, 0});
  CHECK(slope([](const Tensor& u) { return max(u); }, {1, NAN, 2}) == Values{0, 1, 0});
  CHECK(slope([](const Tensor& u) { return values_of(max(u, 0)); }, {1, NAN, NAN}) == Values{0, 1, 0});
}

TEST_CASE("extrema of integers and bools keep their dtype") {
  CHECK(amax(tensor({1, 5, 3})).dtype() == int64);
  CHECK(amin(tensor({-4, 5})).item<int>() == -4);
  CHECK(amax(tensor({false, true})).item<bool>());
  CHECK(argmax(tensor({1, 5, 3})).item<int>() == 1);
}

TEST_CASE("there is no extremum of nothing") {
  CHECK(message_of([] { max(zeros({0})); }) == "max: needs an element to choose along the axis: x is f32[0]");
  CHECK(message_of([] { amin(zeros({2, 0}), 1); }).starts_with("amin: needs an element"));
  CHECK(message_of([] { argmax(zeros({0, 2}), 0); }).starts_with("argmax: needs an element"));
  CHECK(message_of([] { median(zeros({0})); }).starts_with("median: needs an element"));
  CHECK(message_of([] { norm(zeros({0}), INFINITY); }).starts_with("norm: needs an element"));
  CHECK(amax(zeros({2, 0}), 0).numel() == 0);  // of two elements, no times
}

TEST_CASE("the median of an even number is the lower of the two in the middle") {
  CHECK(median(of({4, 1, 3, 2})).item<double>() == 2);
  CHECK(slope([](const Tensor& x) { return median(x); }, {1, 2, 3, 4}) == Values{0, 1, 0, 0});
}

TEST_CASE("equal medians share the cotangent; with an axis the first takes it") {
  CHECK(slope([](const Tensor& x) { return median(x); }, {1, 2, 2, 4}) == Values{0, 0.5, 0.5, 0});
  CHECK(slope([](const Tensor& x) { return values_of(median(x, 0)); }, {1, 2, 2, 4}) == Values{0, 1, 0, 0});
  CHECK(std::isnan(median(of({1, NAN, 2})).item<double>()));
}

// Statistics ------------------------------------------------------------------------------------------------

TEST_CASE("the variance is computed in two passes") {
  const Function f = [](const Tensor& x) { return var(x); };

  CHECK(var(of({1e15, 1e15 + 1, 1e15 + 2})).item<double>() == 1);
  CHECK(slope(f, {1e15, 1e15 + 1, 1e15 + 2}) == Values{-1, 0, 1});
}

TEST_CASE("the variance of one element is nan, or 0 without correction") {
  CHECK(std::isnan(var(of({2})).item<double>()));
  CHECK(std::isnan(var(of({2}), {}, 2).item<double>()));
  CHECK(var(of({2}), {}, 0).item<double>() == 0);
  CHECK(std::isnan(slope([](const Tensor& x) { return var(x); }, {2})[0]));
  CHECK(slope([](const Tensor& x) { return where(isnan(var(x)), 0, var(x)); }, {2}) == Values{0});
}

TEST_CASE("the gradient of the deviation is 0 where the deviation is") {
  CHECK(slope([](const Tensor& x) { return stddev(x); }, {3, 3, 3}) == Values{0, 0, 0});
  CHECK(slope([](const Tensor& x) { return stddev(x, {}, 0); }, {2}) == Values{0});
  CHECK(curvature([](const Tensor& x) { return stddev(x); }, {3, 3, 3}) == Values{0, 0, 0});
}

TEST_CASE("the gradient of a norm is 0 at the origin") {
  const Function two = [](const Tensor& x) { return norm(x); };
  const Function three = [](const Tensor& x) { return norm(x, 3); };

  CHECK(slope(two, {0, 0}) == Values{0, 0});
  CHECK(curvature(two, {0, 0}) == Values{0, 0});
  CHECK(slope(three, {0, 0}) == Values{0, 0});
  CHECK(slope([](const Tensor& x) { return norm(x, 1); }, {0, 1}) == Values{0, 1});
  CHECK(slope([](const Tensor& x) { return norm(x, 0.5); }, {0, 4}) == Values{0, 1});
}

TEST_CASE("a norm neither overflows nor vanishes on the way") {
  const Function two = [](const Tensor& x) { return norm(x); };

  CHECK(norm(of({3e-200, 4e-200})).item<double>() == doctest::Approx(5e-200).epsilon(1e-15));
  CHECK(slope(two, {3e-200, 4e-200})[0] == doctest::Approx(0.6).epsilon(1e-15));
  CHECK(norm(of({3e200, 4e200})).item<double>() == doctest::Approx(5e200).epsilon(1e-15));
  CHECK(norm(of({3e200, 4e200}), 3).item<double>() == doctest::Approx(std::cbrt(91.0) * 1e200));
  CHECK(norm(of({INFINITY, 1})).item<double>() == INFINITY);
  CHECK(std::isnan(norm(of({NAN, 1})).item<double>()));
}

TEST_CASE("norms of order 0, inf and -inf") {
  CHECK(norm(of({0, -2, 5}), 0).item<double>() == 2);
  CHECK(norm(of({0, -7, 5}), INFINITY).item<double>() == 7);
  CHECK(norm(of({3, -7, -2}), -INFINITY).item<double>() == 2);
  CHECK(slope([](const Tensor& x) { return norm(x, INFINITY); }, {-2, 2, 1}) == Values{-0.5, 0.5, 0});
  CHECK(norm(zeros({0}), 1).item<double>() == 0);
  CHECK(message_of([] { norm(ones({2}), NAN); }) == "norm: the order p must be a number: it is nan");
}

// log sum exp -----------------------------------------------------------------------------------------------

TEST_CASE("logsumexp subtracts the maximum, and its gradient sums to 1 at any offset") {
  const Function f = [](const Tensor& x) { return logsumexp(x, 0); };
  const double e = std::exp(-1.0), total = 2 + e;

  for (double offset : {0.0, 1e8, -1e8}) {
    const Values g = slope(f, {offset, offset, offset - 1});
    CHECK(g[0] == doctest::Approx(1 / total).epsilon(2e-15));
    CHECK(g[2] == doctest::Approx(e / total).epsilon(2e-15));
  }
  CHECK(logsumexp(of({1000, 1000}), 0).item<double>() ==
        doctest::Approx(1000 + std::log(2.0)).epsilon(1e-15));
}

TEST_CASE("logsumexp of infinities: the largest share, and a line of -inf has nothing to share") {
  const Function f = [](const Tensor& x) { return logsumexp(x, 0); };

  CHECK(logsumexp(of({INFINITY, 0}), 0).item<double>() == INFINITY);
  CHECK(slope(f, {INFINITY, 0}) == Values{1, 0});
  CHECK(slope(f, {INFINITY, INFINITY}) == Values{0.5, 0.5});
  CHECK(logsumexp(of({-INFINITY, -INFINITY}), 0).item<double>() == -INFINITY);
  CHECK(slope(f, {-INFINITY, -INFINITY}) == Values{0, 0});
  CHECK(slope(f, {-INFINITY, 0}) == Values{0, 1});
  CHECK(logsumexp(zeros({0}), 0).item<double>() == -INFINITY);
}

TEST_CASE("logsumexp with a nan is nan, whatever stands beside it") {
  for (double other : Values{0, -INFINITY, INFINITY}) {
    CHECK(std::isnan(logsumexp(of({NAN, other}), 0).item<double>()));
    CHECK(std::isnan(logsumexp(of({other, NAN}), 0).item<double>()));
    CHECK(std::isnan(slope([](const Tensor& x) { return logsumexp(x, 0); }, {other, NAN})[1]));
  }
}

// Axes ------------------------------------------------------------------------------------------------------

TEST_CASE("axes: none named in a vector reduces nothing, and empty braces reduce all") {
  const Tensor x = ones({2, 3});

  CHECK(sum(x, std::vector<int>{}).shape() == x.shape());
  CHECK(sum(x, {}).shape() == Shape{});
  CHECK(sum(x, {0, 1}, true).shape() == Shape{1, 1});
}

TEST_CASE("a number counts as having one axis") {
  CHECK(sum(tensor(2.0), 0).item<double>() == 2);
  CHECK(max(tensor(2.0), -1).indices.item<int>() == 0);
}

TEST_CASE("axes that are not there, or twice, are errors") {
  const Tensor x = ones({2, 3});

  CHECK(message_of([&] { sum(x, 2); }) == "sum: axis 2 is out of range: x is f32[2, 3]; axes are -2 to 1");
  CHECK(message_of([&] {
          mean(x, {0, -2});
        }) == "mean: axis -2 is named twice: x is f32[2, 3]; name each axis once");
  CHECK(message_of([&] { sum(x, std::vector<int>(33)); }) ==
        "Axes: 33 axes are more than the 32 that a tensor can have; name each axis once");
  CHECK(message_of([&] { sum(tensor(1.0), 1); }) ==
        "sum: axis 1 is out of range: x is f32[]; axes are -1 to 0");
}

TEST_CASE("the mean of integers is an error") {
  CHECK(message_of([] {
          mean(tensor({1, 2}));
        }) == "mean: needs a floating tensor: x is i64[2]; convert it with x.to(float32)");
}

TEST_CASE("sums over any axes of four agree with the definition") {
  const Shape shape = {3, 5, 2, 7};
  const Tensor x = arange(210, {.dtype = float64}).reshape(shape);
  for (int bits = 0; bits < 16; ++bits) {
    std::vector<int> axes;
    Shape kept = shape;
    for (int i = 0; i < 4; ++i)
      if (bits >> i & 1) axes.push_back(i), kept[i] = 1;

    const Tensor y = sum(x, axes, true);

    REQUIRE(y.shape() == kept);
    Values want(static_cast<std::size_t>(kept.numel()));
    for (std::int64_t flat = 0; flat < 210; ++flat) {
      std::int64_t rest = flat, to = 0, step = 1;
      for (int i = 3; i >= 0; --i) {
        if (kept[i] > 1) to += rest % shape[i] * step;
        step *= kept[i];
        rest /= shape[i];
      }
      want[static_cast<std::size_t>(to)] += static_cast<double>(flat);
    }
    CHECK(y.to_vector<double>() == want);
  }
}
