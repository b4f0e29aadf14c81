#include "xgrad/core/gradcheck.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "core/planted.hpp"

using namespace xgrad;

namespace {

Tensor random_input() { return randn({3, 4}, {.dtype = float64}, Generator(3)); }

GradcheckResult check_planted(const detail::Op& op, double scale = 1, GradcheckOptions options = {}) {
  return gradcheck([&](const Tensor& x) { return planted::tanh_as(op, x) * scale; }, {random_input()},
                   options);
}

/// Whether this property failed, and no other but `also`.
bool only(const GradcheckResult& r, GradProperty p, GradProperty also) {
  for (const GradcheckFailure& f : r.failures)
    if (f.property != p && f.property != also) return false;
  return r.failed(p) && r.failed(also) && !r.ok();
}
bool only(const GradcheckResult& r, GradProperty p) { return only(r, p, p); }

}  // namespace

TEST_CASE("a right backward passes, every entry of it") {
  const GradcheckResult r = check_planted(planted::right);

  CHECK(r.ok());
  CHECK(static_cast<bool>(r));
  CHECK(r.right == 12);
  CHECK(r.wrong + r.inconclusive + r.kinks == 0);
}

TEST_CASE("a backward that squares the cotangent is found by value and linearity") {
  CHECK(only(check_planted(planted::squares_the_cotangent), GradProperty::value, GradProperty::linearity));
}

TEST_CASE("a backward that squares a cotangent of 1 is found by linearity all the same") {
  const auto f = [](const Tensor& x) { return sum(planted::tanh_as(planted::squares_the_cotangent, x)); };

  CHECK(gradcheck(f, {random_input()}).failed(GradProperty::linearity));
}

TEST_CASE("a backward that uses only whether the cotangent is nonzero is found by value and linearity") {
  CHECK(only(check_planted(planted::tests_the_cotangent), GradProperty::value, GradProperty::linearity));
}

TEST_CASE("a backward that applies relu to the cotangent is found by value and linearity") {
  CHECK(only(check_planted(planted::relus_the_cotangent), GradProperty::value, GradProperty::linearity));
}

TEST_CASE("a backward that zeroes the incoming cotangent in place is found by mutation") {
  const auto f = [](const Tensor& x) { return planted::tanh_as(planted::zeroes_the_cotangent, x); };

  CHECK(only(gradcheck(f, {random_input()}), GradProperty::mutation));
}

TEST_CASE("a backward that changes its input is found by mutation, and the input is put back") {
  const Tensor x = random_input();
  const std::vector<double> before = x.to_vector<double>();

  const auto f = [](const Tensor& a) { return planted::tanh_as(planted::zeroes_its_input, a); };

  CHECK(gradcheck(f, {x}).failed(GradProperty::mutation));
  CHECK(x.to_vector<double>() == before);
}

TEST_CASE("a backward that returns another dtype is found by dtype") {
  CHECK(only(check_planted(planted::returns_float32), GradProperty::dtype));
}

TEST_CASE("a backward that returns another shape is found by shape") {
  CHECK(only(check_planted(planted::returns_another_shape), GradProperty::shape));
}

TEST_CASE("a backward that is off by 0.05 % is found by value, in every entry") {
  const GradcheckResult r = check_planted(planted::off_by_a_little);

  CHECK(only(r, GradProperty::value));
  CHECK(r.wrong == 12);
}

TEST_CASE("a wrong sign is found at any scale of the function") {
  for (const double scale : {1e-12, 1e-6, 1.0, 1e6, 1e12}) {
    const GradcheckResult r = check_planted(planted::of_the_wrong_sign, scale);

    CHECK(only(r, GradProperty::value));
    CHECK(r.wrong == 12);
  }
}

TEST_CASE("a wrong sign and an error of 0.05 % are found at any scale of the input") {
  static constexpr detail::Op wrong = {
      .name = "square",
      .vjp = {{{keep::x(0), [](detail::Grad g, detail::Fn f) { return g * f.x(0) * -2; }}}}};
  static constexpr detail::Op off = {
      .name = "square",
      .vjp = {{{keep::x(0), [](detail::Grad g, detail::Fn f) { return g * f.x(0) * 2.001; }}}}};
  for (const double scale : {1e-8, 1e-4, 1.0, 1e4, 1e8}) {
    for (const detail::Op* op : {&wrong, &off}) {
      const auto f = [&](const Tensor& x) {
        Tensor value;
        {
          const NoGrad guard;
          value = x * x;
        }
        return detail::record(*op, {x}, value);
      };

      const GradcheckResult r = gradcheck(f, {random_input() * scale});

      CHECK(only(r, GradProperty::value));
      CHECK(r.wrong == 12);
    }
  }
}

TEST_CASE("a dropped path is found by value") {
  CHECK(only(check_planted(planted::drops_the_path), GradProperty::value));
}

TEST_CASE("a cotangent of 0 that does not give 0 is found") {
  CHECK(check_planted(planted::multiplies_by_infinity).failed(GradProperty::zero_cotangent));
}

TEST_CASE("a backward that throws is reported with what it says") {
  const GradcheckResult r = check_planted(planted::throws_an_error);

  CHECK(only(r, GradProperty::no_error));
  CHECK(r.failures[0].message == "backward throws: throws: no rule today");
}

TEST_CASE("a backward that gives other bits on each run is found by repeatability") {
  CHECK(check_planted(planted::changes_its_mind).failed(GradProperty::repeatability));
}

TEST_CASE("a random function is reported as not repeatable, and not as wrong") {
  Generator random(1);
  const auto f = [&](const Tensor& x) { return x * rand(x.shape(), {.dtype = float64}, random); };

  CHECK(only(gradcheck(f, {random_input()}), GradProperty::repeatability));
}

TEST_CASE("an output in float32 is found by dtype") {
  const auto f = [](const Tensor& x) { return x.to(float32); };

  CHECK(gradcheck(f, {random_input()}).failed(GradProperty::dtype));
}

TEST_CASE("a gradient that depends on which other inputs want one is found by subset of inputs") {
  static constexpr detail::Op op = {
      .name = "selfish",
      .joint = {keep::every_x, [](std::span<const Tensor> g, detail::Fn f, std::span<Tensor> dx) {
                  if (f.wants(0)) dx[0] = g[0] * f.x(1);
                  if (f.wants(1)) dx[1] = f.wants(0) ? g[0] * f.x(0) : g[0];
                }}};
  const auto f = [](const Tensor& a, const Tensor& b) {
    Tensor value;
    {
      const NoGrad guard;
      value = a * b;
    }
    return detail::record(op, {a, b}, value);
  };

  CHECK(only(gradcheck(f, {random_input(), random_input() + 1}), GradProperty::subset_of_inputs));
}

TEST_CASE("a function with another value under NoGrad is found by recording") {
  const auto f = [](const Tensor& x) { return is_recording() ? x * 2 : x * 3; };

  CHECK(gradcheck(f, {random_input()}).failed(GradProperty::recording));
}

TEST_CASE("an error of the second derivative is found only to second order") {
  CHECK(check_planted(planted::wrong_to_second_order).ok());

  const GradcheckResult r = check_planted(planted::wrong_to_second_order, 1, {.order = 2});

  CHECK_FALSE(r.ok());
  REQUIRE(r.next.size() == 1);
  CHECK(r.next[0].failed(GradProperty::value));
  CHECK(r.next[0].order == 2);
}

TEST_CASE("third derivatives are checked on request") {
  const GradcheckResult r = gradcheck(tanh, {random_input()}, {.order = 3});

  CHECK(r.ok());
  CHECK(r.next.at(0).next.at(0).order == 3);
}

TEST_CASE("a right x * x at 1e8 passes") {
  const auto f = [](const Tensor& x) { return x * x; };

  const GradcheckResult r = gradcheck(f, {full({3}, 1e8, {.dtype = float64})}, {.order = 2});

  CHECK(r.ok());
  CHECK(r.right == 3);
}

TEST_CASE("relu at 0 is a kink and not an error") {
  const GradcheckResult r = gradcheck(relu, {zeros({2}, {.dtype = float64})}, {.order = 2});

  CHECK(r.ok());
  CHECK(r.kinks == 2);
}

TEST_CASE("a gradient outside the two slopes of a kink is wrong") {
  static constexpr detail::Op op = {
      .name = "relu", .vjp = {{{keep::x(0), [](detail::Grad g, detail::Fn) { return g * -1; }}}}};
  const auto f = [](const Tensor& x) {
    Tensor value;
    {
      const NoGrad guard;
      value = relu(x);
    }
    return detail::record(op, {x}, value);
  };

  const GradcheckResult r = gradcheck(f, {zeros({1}, {.dtype = float64})});

  CHECK(r.wrong == 1);
  CHECK(r.kinks == 0);
}

TEST_CASE("ties of a maximum are kinks") {
  const Tensor x = tensor(std::vector<double>{1, 2, 3}), y = tensor(std::vector<double>{1, 5, 3});

  const GradcheckResult r = gradcheck(maximum, {x, y});

  CHECK(r.ok());
  CHECK(r.kinks == 4);
  CHECK(r.right == 2);
}

TEST_CASE("the infinite slope of sqrt at 0 is no error") {
  const GradcheckResult r = gradcheck(sqrt, {tensor(std::vector<double>{0, 1})});

  CHECK(r.ok());
  CHECK(r.kinks == 1);
}

TEST_CASE("nan where the slope is finite is wrong") {
  const auto f = [](const Tensor& x) { return where(x > 0.5, x, x * 0.5) + x * (x / x) * 0.0; };

  const GradcheckResult r = gradcheck(f, {tensor(std::vector<double>{1, 2})});
  CHECK(r.ok());

  static constexpr detail::Op op = {
      .name = "nan",
      .vjp = {{{keep::nothing, [](detail::Grad g, detail::Fn) { return full_like(g, std::nan("")); }}}}};
  const auto broken = [](const Tensor& x) { return detail::record(op, {x}, x.detach().clone()); };
  CHECK(gradcheck(broken, {random_input()}).wrong == 12);
}

TEST_CASE("outputs that are not finite are left out, and said to be") {
  const GradcheckResult r = gradcheck(log, {tensor(std::vector<double>{0, 1, 2})});

  CHECK(r.ok());
  CHECK(r.right == 3);  // the first gets a cotangent of 0, which gives 0
  CHECK(r.note == "outputs that are not finite get a cotangent of 0: 1 of 3\n");
}

TEST_CASE("entries next to the edge of the domain are right") {
  const GradcheckResult r = gradcheck([](const Tensor& x) { return sqrt(1.0 - x); },
                                      {tensor(std::vector<double>{1 - 1e-9, 1 - 1e-5})});

  CHECK(r.right == 2);
}

TEST_CASE("a function that computes in float32 inside is found by dtype") {
  const auto f = [](const Tensor& x) { return exp(x.to(float32)).to(float64); };

  const GradcheckResult r = gradcheck(f, {random_input()});

  CHECK(r.failed(GradProperty::dtype));
}

TEST_CASE("outputs with few digits are not taken for float32") {
  CHECK(gradcheck(sign, {random_input()}).ok());
  CHECK(gradcheck([](const Tensor& x) { return (x > 0).to(float64); }, {random_input()}).ok());
}

TEST_CASE("a rule that zeroes its cotangent is found and named in the middle of f, where it does no harm") {
  const auto f = [](const Tensor& x) { return sum(planted::tanh_as(planted::zeroes_the_cotangent, x * 2)); };

  const GradcheckResult r = gradcheck(f, {random_input()});

  CHECK(only(r, GradProperty::mutation));
  CHECK(r.failures[0].message.rfind("the backward of zeroes changed the cotangent that it was given", 0) ==
        0);
}

TEST_CASE("ops with several outputs are watched for mutation too") {
  const auto f = [](const Tensor& x) {
    const std::vector<Tensor> parts = split(x, 1, 0);
    return parts[0] * parts[1] + parts[2];
  };

  CHECK(gradcheck(f, {random_input()}, {.order = 2}).ok());
}

TEST_CASE("a custom op is checked like any other: value, mutation, dtype, shape and linearity") {
  using Vjp = Tensor (*)(const CustomCall<NoState>&, const Tensor&);
  const auto check = [](Vjp vjp) {
    const CustomOp op = custom_op(
        "mine", [](NoState&, const Tensor& x) { return tanh(x); }, vjp);
    return gradcheck([&](const Tensor& x) { return op(x); }, {random_input()});
  };

  CHECK(check([](const CustomCall<NoState>& c, const Tensor& g) { return g * (1.0 - c.y() * c.y()); }).ok());
  CHECK(only(check([](const CustomCall<NoState>& c, const Tensor& g) { return g * c.y(); }),
             GradProperty::value));
  CHECK(check([](const CustomCall<NoState>& c, const Tensor& g) {
          return g * g * (1.0 - c.y() * c.y());
        }).failed(GradProperty::linearity));
  CHECK(only(check([](const CustomCall<NoState>& c, const Tensor& g) {
               const Tensor dx = g * (1.0 - c.y() * c.y());
               const NoGrad guard;
               Tensor(g).zero_();
               return dx;
             }),
             GradProperty::mutation));
  CHECK(only(check([](const CustomCall<NoState>&, const Tensor& g) { return g.to(float32); }),
             GradProperty::dtype));
  CHECK(only(check([](const CustomCall<NoState>&, const Tensor&) { return zeros({7}, {.dtype = float64}); }),
             GradProperty::shape));
}
