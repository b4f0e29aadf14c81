#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "core/planted.hpp"
#include "xgrad/core/gradcheck.hpp"

// Backward passes that are right but on some occasion: the first one, one that is recorded, one whose
// cotangent is all ones, large or small.

using namespace xgrad;

namespace {

Tensor random_input() { return randn({3, 4}, {.dtype = float64}, Generator(3)); }

GradcheckResult check_planted(const detail::Op& op) {
  return gradcheck([&](const Tensor& x) { return planted::tanh_as(op, x); }, {random_input()});
}

/// Whether one failure is all there is, of this property and with a message that begins so.
bool only(const GradcheckResult& r, GradProperty p, const std::string& message) {
  return r.failures.size() == 1 && r.failures[0].property == p &&
         r.failures[0].message.rfind(message, 0) == 0;
}

}  // namespace

TEST_CASE("a first backward that is wrong, and right ever after, is found by repeatability") {
  planted::runs = 0;

  const GradcheckResult r = check_planted(planted::wrong_at_first);

  CHECK_MESSAGE(only(r, GradProperty::repeatability,
                     "the first backward of f gives another gradient than later ones; does a rule keep a "
                     "state? input 0 [0, 0] was "),
                r.str());
}

TEST_CASE("a backward that is wrong when its graph is walked again is found by repeatability") {
  struct Runs {
    std::shared_ptr<int> count = std::make_shared<int>(0);
  };
  const CustomOp op = custom_op<Runs>(
      "once", [](Runs& runs, const Tensor& x) { return runs = Runs(), tanh(x); },
      [](const CustomCall<Runs>& c, const Tensor& g) {
        return g * (1.0 - c.y() * c.y()) * (++*c.state.count == 1 ? 1.0 : 1.01);
      });

  const GradcheckResult r = gradcheck([&](const Tensor& x) { return op(x); }, {random_input()});

  CHECK_MESSAGE(only(r, GradProperty::repeatability, "backward gives another gradient when it runs again"),
                r.str());
}

TEST_CASE("a backward that is off by 1 % under create_graph alone is found by recording, to first order") {
  for (const detail::Op* op : {&planted::off_when_recorded, &planted::off_for_a_variable_cotangent}) {
    const GradcheckResult r = check_planted(*op);

    CHECK_MESSAGE(only(r, GradProperty::recording,
                       "the gradient is another one under create_graph: input 0 [0, 0] gets "),
                  r.str());
  }
}

TEST_CASE("a gradient that cannot be recorded is no error to first order, and said to be one that cannot") {
  static constexpr detail::Op op = planted::op_of("once", [](detail::Grad g, detail::Fn f) {
    if (is_recording()) throw Error("once: it has no second derivative; use another");
    return g * planted::slope(f);
  });

  const GradcheckResult r = check_planted(op);

  CHECK(r.ok());
  CHECK(r.note == "the gradient cannot be recorded: once: it has no second derivative; use another\n");
}

TEST_CASE("a backward that is wrong for a cotangent of ones alone is found by linearity") {
  const GradcheckResult r = check_planted(planted::wrong_for_ones);

  CHECK_MESSAGE(only(r, GradProperty::linearity, "a cotangent of ones gets another gradient than its parts"),
                r.str());
}

TEST_CASE("a cotangent that is clipped at 1e8 is found by linearity, and about where") {
  const GradcheckResult r = check_planted(planted::clips_the_cotangent);

  CHECK_MESSAGE(
      only(r, GradProperty::linearity, "large cotangents are clipped or dropped: L(6.71089e+07 v) is not "),
      r.str());
}

TEST_CASE("a cotangent that is dropped below 1e-8 is found by linearity, and about where") {
  const GradcheckResult r = check_planted(planted::drops_small_cotangents);

  CHECK_MESSAGE(
      only(r, GradProperty::linearity, "small cotangents are clipped or dropped: L(1.49012e-08 v) is not "),
      r.str());
}

TEST_CASE("gradients near the ends of the range of float64 are linear as far as they can be") {
  const auto f = [](const Tensor& x) { return exp(x); };

  CHECK(gradcheck(f, {tensor(std::vector<double>{-740, -700, -1, 1, 650, 700})}).ok());
  CHECK(gradcheck([](const Tensor& x) { return log(sigmoid(x)); }, {tensor(std::vector<double>{-700, 1})})
            .ok());
}
