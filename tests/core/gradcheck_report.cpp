#include <doctest/doctest.h>

#include <sstream>

#include "core/planted.hpp"
#include "xgrad/core/gradcheck.hpp"

using namespace xgrad;

namespace {

using V = std::vector<double>;

Tensor random_input(Shape shape = {3, 4}) { return randn(shape, {.dtype = float64}, Generator(3)); }

GradcheckResult check_planted(const detail::Op& op, GradcheckOptions options = {}) {
  return gradcheck([&](const Tensor& x) { return planted::tanh_as(op, x); }, {random_input()}, options);
}

/// The op y = f(x) with the gradient that `rule` makes of the cotangent and x.
GradcheckResult check_rule(Tensor (*f)(const Tensor&), const detail::Op& op, const Tensor& x) {
  const auto call = [&](const Tensor& a) {
    Tensor value;
    {
      const NoGrad guard;
      value = f(a);
    }
    return detail::record(op, {a}, value);
  };
  return gradcheck(call, {x});
}

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

using detail::Fn;
using detail::Grad;
using detail::Op;

}  // namespace

TEST_CASE("the report names the op, the inputs, the counts and one line to reproduce") {
  const std::string report = check_planted(planted::of_the_wrong_sign, {.order = 2, .seed = 7}).str();

  CHECK(says(report, "gradcheck of sign: FAILED\n"));
  CHECK(says(report, "input 0: f64[3, 4]\n"));
  CHECK(says(report, "failed      value: 12 of 12 compared slopes are wrong\n"));
  CHECK(says(report, "0 right, 12 wrong, 0 inconclusive, 0 kinks\n"));
  CHECK(says(report, "gradcheck(f, inputs, {.order = 2, .seed = 7})\n"));
}

TEST_CASE("the report lists the worst entries with index, analytic, numeric and error") {
  const GradcheckResult r = check_planted(planted::of_the_wrong_sign);

  REQUIRE(r.worst.size() == 5);
  const GradcheckEntry& e = r.worst[0];
  CHECK(e.verdict == Verdict::wrong);
  CHECK(e.input == 0);
  CHECK(e.index >= 0);
  CHECK(e.analytic == doctest::Approx(-e.numeric));
  CHECK(e.error > 0);
  CHECK(e.error < 1e-6);
  CHECK(says(r.str(), e.place));
}

TEST_CASE("a failing line names the property, the entry and both numbers") {
  const GradcheckResult r = check_planted(planted::relus_the_cotangent);

  CHECK(says(r.str(),
             "failed      linearity in the cotangent: L(-v) is not -L(v): input 0 [0, 0] gets 0 instead of"));
}

TEST_CASE("inputs have the names that they are given") {
  const GradcheckResult r = gradcheck(mul, {random_input(), random_input()}, {.names = {"weight", "x"}});

  CHECK(r.inputs == std::vector<std::string>{"weight: f64[3, 4]", "x: f64[3, 4]"});
}

TEST_CASE("ops behind the output are named too") {
  const auto f = [](const Tensor& x) { return sum(planted::tanh_as(planted::right, x) * 2); };

  CHECK(gradcheck(f, {random_input()}).op == "sum of mul_number, right");
}

TEST_CASE("the report has no colour in a string, and has it on request") {
  const GradcheckResult r = check_planted(planted::right);
  std::ostringstream text;
  text << r;

  CHECK(text.str() == r.str());
  CHECK_FALSE(says(r.str(), "\x1b["));
  CHECK(says(r.str(true), "\x1b[32mpassed\x1b[0m"));
}

TEST_CASE("the Taylor remainder falls with slope 2 for a gradient and with 1 for another") {
  CHECK(check_planted(planted::right).taylor_slope == doctest::Approx(2).epsilon(0.05));
  CHECK(check_planted(planted::twice_too_large).taylor_slope == doctest::Approx(1).epsilon(0.05));
}

TEST_CASE("require throws the report of a failed check, and returns a passed one") {
  CHECK(require(check_planted(planted::right)).right == 12);

  CHECK_THROWS_AS(require(check_planted(planted::of_the_wrong_sign)), Error);
}

TEST_CASE("the cause is guessed: sign") {
  CHECK(check_planted(planted::of_the_wrong_sign).cause == "input 0: sign");
}

TEST_CASE("the cause is guessed: a factor of 2") {
  CHECK(check_planted(planted::twice_too_large).cause == "input 0: a factor of 2: 2 times the slope");
}

TEST_CASE("the cause is guessed: another factor") {
  CHECK(check_planted(planted::off_by_a_little).cause ==
        "input 0: a constant factor: 1.0005 times the slope");
}

TEST_CASE("the cause is guessed: dropped path") {
  CHECK(says(check_planted(planted::drops_the_path).cause, "dropped path"));
}

TEST_CASE("the cause is guessed: squared, tested and rectified cotangents") {
  CHECK(check_planted(planted::squares_the_cotangent).cause == "input 0: the cotangent was squared");
  CHECK(says(check_planted(planted::tests_the_cotangent).cause, "the cotangent was left out"));
  CHECK(says(check_planted(planted::relus_the_cotangent).cause, "lost where the cotangent is negative"));
}

TEST_CASE("the cause is guessed: missing mean") {
  static constexpr Op op = {.name = "mean",
                            .vjp = {{{keep::nothing, [](Grad g, Fn f) { return expand(g, f.shape(0)); }}}}};

  const GradcheckResult r = check_rule(mean, op, random_input());

  CHECK(r.cause == "input 0: missing mean: 12 times the slope, and 12 is a size here");
}

TEST_CASE("the cause is guessed: a mean in place of a sum") {
  static constexpr Op op = {
      .name = "sum", .vjp = {{{keep::nothing, [](Grad g, Fn f) { return expand(g, f.shape(0)) / 12; }}}}};

  const GradcheckResult r = check_rule(sum, op, random_input());

  CHECK(r.cause == "input 0: a mean in place of a sum: 1/12 of the slope, and 12 is a size here");
}

TEST_CASE("the cause is guessed: transpose") {
  static constexpr Op op = {.name = "t",
                            .vjp = {{{keep::nothing, [](Grad g, Fn f) { return reshape(g, f.shape(0)); }}}}};

  const GradcheckResult r =
      check_rule([](const Tensor& x) { return transpose(x, 0, 1); }, op, random_input());

  CHECK(says(r.cause, "transpose: the numbers are right"));
}

TEST_CASE("the cause is guessed: missing broadcast sum") {
  static constexpr Op op = {
      .name = "add_bias",
      .vjp = {{{keep::nothing, [](Grad g, Fn) { return g.slice(0, 0, 1).reshape({4}); }}}}};

  const GradcheckResult r = check_rule(
      [](const Tensor& b) {
        return b + zeros({3, 4}, {.dtype = float64});
      },
      op, random_input({4}));

  CHECK(says(r.cause, "missing broadcast sum: the gradient is one of the 3 terms"));
}

TEST_CASE("the cause is guessed: wrong on one side of 0") {
  static constexpr Op op = {
      .name = "abs", .vjp = {{{keep::x(0), [](Grad g, Fn f) { return where(f.x(0) > 0, g, g * -1.5); }}}}};

  const GradcheckResult r = check_rule(abs, op, random_input());

  CHECK(says(r.cause, "1.5 times the slope, where the input is negative, and only there"));
}

TEST_CASE("no cause is guessed where there is no pattern") {
  static constexpr Op op = {.name = "abs",
                            .vjp = {{{keep::x(0), [](Grad g, Fn f) { return g * f.x(0) + 1; }}}}};

  CHECK(check_rule(abs, op, random_input()).cause.empty());
}
