#include "xgrad/data/scaling.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/random.hpp"
#include "xgrad/core/state.hpp"

using namespace xgrad;
using data::MinMaxScaler;
using data::Standardizer;
using data::TensorDataset;
using test::error_of;

namespace {

using Reals = std::vector<double>;

Reals reals(const Tensor& x) { return x.to_vector<double>(); }

Tensor columns() {
  return tensor(Reals{1, 10, 2, 10, 3, 10, 4, 10}, {4, 2});  // the second one is constant
}

}  // namespace

TEST_CASE("a standardizer subtracts the mean and divides by the deviation") {
  const auto scaler = Standardizer().fit(tensor(Reals{1, 2, 3, 4, 0, 8}, {3, 2}));  // columns 1 3 0 and 2 4 8

  CHECK(reals(scaler.mean())[0] == doctest::Approx(4.0 / 3));
  CHECK(reals(scaler.mean())[1] == doctest::Approx(14.0 / 3));
  CHECK(reals(scaler.deviation())[0] == doctest::Approx(std::sqrt(14.0 / 9)));  // 10/3 - 16/9
  CHECK(reals(scaler.deviation())[1] == doctest::Approx(std::sqrt(56.0 / 9)));  // 28 - 196/9
  CHECK(scaler.transform(tensor(Reals{1, 2}, {1, 2})).at({0, 0}) == doctest::Approx(-1 / std::sqrt(14.0)));
}

TEST_CASE("standardized training data has mean 0 and deviation 1") {
  const Tensor x = randn({200, 3}, {.dtype = float64}) * 7 + 100;
  const Tensor y = Standardizer().fit(x).transform(x);

  CHECK(allclose(y.mean({0}), zeros({3}, {.dtype = float64}), 0, 1e-13));
  CHECK(allclose((y * y).mean({0}), ones({3}, {.dtype = float64}), 1e-12));
}

TEST_CASE("test data is scaled by what the training data says") {
  const auto scaler = Standardizer().fit(tensor(Reals{0, 2}));  // mean 1, deviation 1

  CHECK(reals(scaler.transform(tensor(Reals{10, -5}))) == Reals{9, -6});
}

TEST_CASE("constant columns become 0 and are not divided by 0") {
  CHECK(reals(Standardizer().fit(columns()).transform(columns()).slice(1, 1)) == Reals{0, 0, 0, 0});
  CHECK(reals(Standardizer().fit(columns()).deviation())[1] == 1);
  CHECK(reals(MinMaxScaler().fit(columns()).transform(columns()).slice(1, 1)) == Reals{0, 0, 0, 0});
}

TEST_CASE("rounding does not give a constant column a deviation") {
  const Tensor x = full({1000, 1}, 0.1f, {.dtype = float32});  // the rounded sum of these is not 100

  CHECK(Standardizer().fit(x).deviation().item() == 1);
  CHECK(Standardizer().fit(x).transform(x)[7].item() == 0);
}

TEST_CASE("a deviation too small for the dtype does not divide by 0") {
  const Tensor x = tensor(std::vector<float>{1e-30f, 2e-30f, 3e-30f});

  CHECK(all(isfinite(Standardizer().fit(x).transform(x))).item<bool>());
}

TEST_CASE("inverse_transform undoes transform") {
  const Tensor x = tensor(Reals{1, 10, 2, 10, 3, 10, 4, 10}, {4, 2});
  const auto standardizer = Standardizer().fit(x);
  const auto scaler = MinMaxScaler({.low = -1, .high = 3}).fit(x);

  CHECK(allclose(standardizer.inverse_transform(standardizer.transform(x)), x, 1e-15));
  CHECK(allclose(scaler.inverse_transform(scaler.transform(x)), x, 1e-15));
}

TEST_CASE("a min-max scaler fills its interval") {
  const Tensor x = tensor(Reals{2, 4, 6});

  CHECK(reals(MinMaxScaler().fit(x).transform(x)) == Reals{0, 0.5, 1});
  CHECK(reals(MinMaxScaler({.low = -1, .high = 3}).fit(x).transform(x)) == Reals{-1, 1, 3});
  CHECK(reals(MinMaxScaler().fit(x).transform(tensor(Reals{8, 0}))) == Reals{1.5, -0.5});
}

TEST_CASE("scalers take and give data sets, targets untouched") {
  const TensorDataset set({columns(), arange(4)}, {.classes = {"a", "b", "c", "d"}});
  const auto scaler = MinMaxScaler().fit(set);
  const TensorDataset scaled = scaler.transform(set);

  CHECK(reals(scaled.features().slice(1, 0, 1)) == Reals{0, 1.0 / 3, 2.0 / 3, 1});
  CHECK(scaled.targets().to_vector<int>() == std::vector<int>{0, 1, 2, 3});
  CHECK(scaled.names().classes.size() == 4);
}

TEST_CASE("examples may be numbers or have several axes") {
  CHECK(Standardizer().fit(tensor(Reals{1, 2, 3})).mean().shape() == Shape{});
  CHECK(Standardizer().fit(rand({5, 2, 3})).transform(rand({4, 2, 3})).shape() == Shape{4, 2, 3});
}

TEST_CASE("a scaler can be made from statistics that were kept") {
  const Tensor x = rand({10, 3});
  const auto fitted = Standardizer().fit(x);
  const auto scaler = MinMaxScaler({.low = -1, .high = 1}).fit(x);

  CHECK(equal(Standardizer(fitted.mean(), fitted.deviation()).transform(x), fitted.transform(x)));
  CHECK(equal(MinMaxScaler(scaler.min(), scaler.max(), {.low = -1, .high = 1}).transform(x),
              scaler.transform(x)));
}

TEST_CASE("gradients flow through transform") {
  const auto scaler = Standardizer().fit(tensor(Reals{0, 4}));  // deviation 2
  const Tensor x = tensor(Reals{1, 2}).requires_grad_();
  scaler.transform(x).sum().backward();

  CHECK(reals(x.grad()) == Reals{0.5, 0.5});
}

TEST_CASE("integers cannot be scaled") {
  CHECK(error_of([] {
          Standardizer().fit(arange(6).reshape({3, 2}));
        }) == "Standardizer::fit: x must be floating; convert it by x.to(float32): x is i64[3, 2]");
  CHECK(error_of([] { MinMaxScaler().fit(Tensor()); }) ==
        "MinMaxScaler::fit: x must be floating; convert it by x.to(float32): x is undefined");
}

TEST_CASE("there must be rows to learn from") {
  CHECK(error_of([] {
          Standardizer().fit(zeros({0, 2}));
        }) == "Standardizer::fit: x must have rows to learn from: x is f32[0, 2]");
  CHECK(error_of([] { MinMaxScaler().fit(zeros({})); }) ==
        "MinMaxScaler::fit: x must have rows to learn from: x is f32[]");
}

TEST_CASE("values that are nan or inf are named by row and leave the scaler as it was") {
  auto scaler = Standardizer().fit(columns());
  const double nan = std::numeric_limits<double>::quiet_NaN();

  CHECK(error_of([&] {
          scaler.fit(tensor(Reals{1, 2, 3, nan, 5, 6}, {3, 2}));
        }) == "Standardizer::fit: values must be finite, the first nan or inf is in row 1: x is f64[3, 2]");
  CHECK(reals(scaler.mean()) == Reals{2.5, 10});
}

TEST_CASE("fit comes before transform") {
  CHECK(error_of([] {
          Standardizer().transform(zeros({1, 2}));
        }) == "Standardizer::transform: nothing was learned yet; call fit first: x is f32[1, 2]");
  CHECK(error_of([] {
          MinMaxScaler().inverse_transform(zeros({1, 2}));
        }) == "MinMaxScaler::inverse_transform: nothing was learned yet; call fit first: x is f32[1, 2]");
}

TEST_CASE("columns and dtype are those of fit") {
  const auto scaler = Standardizer().fit(columns());

  CHECK(error_of([&] {
          scaler.transform(zeros({4, 3}, {.dtype = float64}));
        }) == "Standardizer::transform: x must have the columns [2] that fit saw: x is f64[4, 3]");
  CHECK(error_of([&] { scaler.transform(zeros({2}, {.dtype = float64})); }) ==
        "Standardizer::transform: x must have the columns [2] that fit saw: x is f64[2]");
  CHECK(error_of([&] {
          scaler.transform(zeros({4, 2}));
        }) == "Standardizer::transform: x must be f64, as what fit saw: x is f32[4, 2]");
}

TEST_CASE("intervals and statistics that make no sense") {
  CHECK(error_of([] { MinMaxScaler({.low = 1, .high = 1}); }) ==
        "MinMaxScaler: low must be below high: they are 1.000000 and 1.000000");
  CHECK(error_of([] { Standardizer(zeros({2}), zeros({3})); }) ==
        "Standardizer: two floating tensors of one shape are expected: they are f32[2] and f32[3]");
}

TEST_CASE("a scaler's state brings its statistics back, also into one that has learned nothing") {
  const Tensor x = rand({10, 3}, {.dtype = float64});
  const auto fitted = Standardizer().fit(x);
  const auto scaled = MinMaxScaler({.low = -1, .high = 3}).fit(x);
  auto standardizer = Standardizer().fit(columns());
  MinMaxScaler scaler;
  const Tensor held = standardizer.mean();
  const Reals before = reals(held);

  load_state_dict(standardizer, state_dict(fitted)), load_state_dict(scaler, state_dict(scaled));

  CHECK(equal(standardizer.transform(x), fitted.transform(x)));
  CHECK(equal(scaler.transform(x), scaled.transform(x)));
  CHECK(equal(scaler.inverse_transform(x), scaled.inverse_transform(x)));
  CHECK(reals(held) == before);
  load_state_dict(standardizer, state_dict(Standardizer()));
  CHECK_FALSE(standardizer.mean().defined());
}

TEST_CASE("statistics that make no sense are not loaded") {
  auto standardizer = Standardizer().fit(columns());
  MinMaxScaler scaler;
  const StateDict before = state_dict(standardizer);
  StateDict halves = before, interval = state_dict(scaler);
  halves.set("deviation", zeros({3}, {.dtype = float64})), interval.set("low", 2.0);

  CHECK(error_of([&] { load_state_dict(standardizer, halves); }) ==
        "Standardizer: two floating tensors of one shape are expected: they are f64[2] and f64[3]");
  CHECK(same(standardizer, before));
  CHECK(error_of([&] { load_state_dict(scaler, interval); }) ==
        "MinMaxScaler: low must be below high: they are 2.000000 and 1.000000");
}
