// The table's own checks: what they are for, planted.

#include <doctest/doctest.h>

#include "core/ops/rows_checks.hpp"

namespace xgrad::test {
namespace {

/// The sum over x, with a gradient of 2: as wrong as can be.
Tensor wrong_sum(const Tensor& x) {
  static const CustomOp op = custom_op(
      "wrong", [](NoState&, const Tensor& u) { return sum(u); },
      [](const CustomCall<NoState>& c, const Tensor& g) { return expand(2 * g, c.x(0).shape()); });
  return op(x);
}

Faults faults_with(const std::string& name, Kind kind, Tensor (*f)(const Tensor&)) {
  return faults_of(row(name, kind, {{{2, 3}}}, [f](const Tensor& x) { return f(x); }));
}

}  // namespace

TEST_CASE("an op that is right has no faults") {
  const Row right = elementwise("mul", Kind::smooth, {{{2, 3}}, {{2, 3}}},
                                [](const Tensor& a, const Tensor& b) { return a * b; });

  for (const std::string& fault : faults_of(right)) FAIL_CHECK(fault);
}

TEST_CASE("a wrong gradient is a fault") {
  CHECK(any_says(faults_with("wrong", Kind::smooth, wrong_sum), "gradcheck for f64[2, 3]"));
}

TEST_CASE("a gradient of an op that claims to have none is a fault") {
  CHECK(any_says(faults_with("wrong", Kind::not_differentiable, wrong_sum), "not differentiable"));
}

TEST_CASE("float32 that is less accurate than its inputs allow is a fault") {
  const auto lossy = [](const Tensor& x) { return x + 0.1 * sin(1e4 * x.detach()); };

  CHECK(any_says(faults_with("lossy", Kind::smooth, lossy), "float32 differs from float64"));
}

TEST_CASE("a graph that stays alive is a fault") {
  static std::vector<Tensor> kept;
  const auto keeps = [](const Tensor& x) { return kept.emplace_back(x * x); };

  const Faults faults = faults_with("keeps", Kind::smooth, keeps);

  kept.clear();
  CHECK(any_says(faults, "its graph is not freed"));
}

TEST_CASE("an error that does not name the op is a fault") {
  Row nameless = row("mean", Kind::smooth, {{{2, 3}}}, [](const Tensor& x) { return sum(x); });
  nameless.integers = Integers::rejected;

  CHECK(any_says(faults_of(nameless), "not \"mean: ...\""));
}

TEST_CASE("two calls with one seed that differ are a fault") {
  const auto other = [](const Tensor& x) {
    static double calls = 0;
    return x + ++calls;
  };

  CHECK(any_says(faults_with("other", Kind::random, other), "the same seed gives other values"));
}

}  // namespace xgrad::test
