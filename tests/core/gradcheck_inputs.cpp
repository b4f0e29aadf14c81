#include <doctest/doctest.h>

#include <cmath>

#include "core/planted.hpp"
#include "xgrad/core/gradcheck.hpp"

using namespace xgrad;

namespace {

using V = std::vector<double>;

Tensor random_input(Shape shape = {2, 3}) { return randn(shape, {.dtype = float64}, Generator(3)); }

Tensor sum_of_three(const Tensor& a, const Tensor& b, const Tensor& c) { return a + b * c; }

}  // namespace

TEST_CASE("an input of -0 is put back as -0, which is no mutation") {
  CHECK(gradcheck([](const Tensor& x) { return 3 * x; }, {tensor(std::vector<double>{-0.0, 1})}));
}

TEST_CASE("f takes tensors one by one, a vector or a span, and may be a function or a lambda") {
  const Tensor x = random_input();

  CHECK(gradcheck(tanh, {x}).ok());
  CHECK(gradcheck(mul, {x, x}).ok());
  CHECK(gradcheck(sum_of_three, {x, x, x}).ok());
  CHECK(gradcheck([](const auto& a) { return exp(a); }, {x}).ok());
  CHECK(gradcheck([](Tensor a, Tensor b) { return a / b; }, {x, x}).ok());
  CHECK(gradcheck([](const std::vector<Tensor>& a) { return a[0] * a[1]; }, {x, x}).ok());
  CHECK(gradcheck([](std::span<const Tensor> a) { return sum(a[0]); }, {x}).ok());
  int calls = 0;
  CHECK(gradcheck([&calls](const Tensor& a) mutable { return ++calls, sin(a); }, {x}).ok());
}

TEST_CASE("f may return several tensors, and each is checked") {
  const auto f = [](const Tensor& x) {
    return std::vector<Tensor>{sin(x), planted::tanh_as(planted::of_the_wrong_sign, x)};
  };

  CHECK(gradcheck(
            [](const Tensor& x) {
              return std::vector<Tensor>{sin(x), sum(x * x)};
            },
            {random_input()})
            .ok());
  CHECK(gradcheck(f, {random_input()}).wrong == 6);
}

TEST_CASE("another number of inputs than f takes is an error") {
  CHECK_THROWS_WITH_AS(gradcheck(mul, {random_input()}),
                       "gradcheck: the function takes another number of tensors: there are 1; give one for "
                       "each of its parameters",
                       Error);
}

TEST_CASE("inputs that do not require a gradient are held constant if others do") {
  const Tensor x = random_input().requires_grad_(), y = random_input();

  CHECK(gradcheck(mul, {x, y}).right == 6);
  CHECK(gradcheck(mul, {y, y}).right == 12);
}

TEST_CASE("integer inputs are held constant") {
  const Tensor index = tensor(std::vector<std::int64_t>{1, 0, 1});

  const GradcheckResult r = gradcheck([](const Tensor& x, const Tensor& i) { return index_select(x, 0, i); },
                                      {random_input(), index});

  CHECK(r.ok());
  CHECK(r.right == 6);
}

TEST_CASE("gradcheck leaves inputs and their gradients alone") {
  const Tensor x = random_input().requires_grad_();
  const V before = x.to_vector<double>();

  gradcheck(tanh, {x}, {.order = 2});

  CHECK(x.to_vector<double>() == before);
  CHECK_FALSE(x.grad().defined());
  CHECK(x.requires_grad());
}

TEST_CASE("gradcheck draws nothing from the default generator") {
  manual_seed(11);
  const V expected = rand({4}, {.dtype = float64}).to_vector<double>();
  manual_seed(11);

  gradcheck(tanh, {random_input()}, {.order = 2});

  CHECK(rand({4}, {.dtype = float64}).to_vector<double>() == expected);
}

TEST_CASE("the same seed gives the same report") {
  const auto report = [](std::uint64_t seed) {
    return gradcheck(tanh, {random_input()}, {.seed = seed}).str();
  };

  CHECK(report(3) == report(3));
  CHECK(report(3) != report(4));
}

TEST_CASE("float32 inputs are checked in float64, and their rules in float32 too") {
  const Tensor x = random_input().to(float32);

  CHECK(gradcheck(tanh, {x}).ok());
  CHECK(gradcheck(tanh, {x}).inputs[0] == "input 0: f64[2, 3]");
}

TEST_CASE("a rule that is wrong in float32 alone is found") {
  static constexpr detail::Op op = {.name = "coarse", .vjp = {{{keep::y, [](detail::Grad g, detail::Fn f) {
                                                                  const Tensor dx = g * planted::slope(f);
                                                                  return g.dtype() == float32 ? dx * 1.001
                                                                                              : dx;
                                                                }}}}};
  const auto f = [](const Tensor& x) { return planted::tanh_as(op, x); };

  CHECK(gradcheck(f, {random_input()}).ok());
  const GradcheckResult r = gradcheck(f, {random_input()}, {.float32_rules = true});

  CHECK(r.failed(GradProperty::float32_rules));
}

TEST_CASE("right rules pass in float32 at any scale") {
  for (const double scale : {1e-8, 1e-3, 1.0, 1e3, 1e8}) {
    const Tensor x = random_input() * scale;

    CHECK(gradcheck(tanh, {x}, {.float32_rules = true}).ok());
    CHECK(gradcheck(mul, {x, x + scale}, {.float32_rules = true}).ok());
    CHECK(gradcheck(sum_of_three, {x, x, x}, {.float32_rules = true}).ok());
    CHECK(gradcheck([](const Tensor& a) { return softmax(a, 1); }, {x}, {.float32_rules = true}).ok());
  }
}

TEST_CASE("large inputs are checked along directions, with few calls of f") {
  const Tensor x = randn({100, 100}, {.dtype = float64}, Generator(1));
  int calls = 0;

  const GradcheckResult r = gradcheck([&](const Tensor& a) { return ++calls, tanh(a); }, {x});

  CHECK(r.ok());
  CHECK(r.right > 40);
  CHECK(calls < 700);
  CHECK(r.note == "input 0 is checked along 16 random directions and at some of its 10000 entries\n");
}

TEST_CASE("one wrong entry among ten thousand is found and named") {
  static constexpr detail::Op op = {.name = "one_wrong", .vjp = {{{keep::y, [](detail::Grad g, detail::Fn f) {
                                                                     const NoGrad guard;
                                                                     Tensor dx = g * planted::slope(f);
                                                                     dx.mutable_data<double>()[7123] *= 1.01;
                                                                     return dx;
                                                                   }}}}};
  const Tensor x = randn({100, 100}, {.dtype = float64}, Generator(1)) * 0.1;

  const GradcheckResult r = gradcheck([](const Tensor& a) { return planted::tanh_as(op, a); }, {x});

  CHECK(r.failed(GradProperty::value));
  bool named = false;
  for (const GradcheckEntry& e : r.worst) named = named || (e.index == 7123 && e.verdict == Verdict::wrong);
  CHECK(named);
}

TEST_CASE("a large input whose entries differ in scale by 1e16 is checked as well") {
  Tensor x = randn({40, 40}, {.dtype = float64}, Generator(1));
  for (std::int64_t i = 0; i < x.numel(); ++i)
    x.mutable_data<double>()[static_cast<std::size_t>(i)] *= std::pow(10.0, static_cast<double>(i % 17) - 8);

  CHECK(gradcheck(square, {x}, {.order = 2}).ok());
}

TEST_CASE("parameters are checked in place and have their old bits afterwards") {
  Tensor w = random_input().requires_grad_(), b = random_input({3}).requires_grad_();
  const Tensor x = random_input({4, 2});
  const V before = w.to_vector<double>();

  const GradcheckResult r =
      gradcheck_parameters([&] { return tanh(matmul(x, w) + b); }, {w, b}, {.names = {"w", "b"}});

  CHECK(r.ok());
  CHECK(r.right == 9);
  CHECK(r.inputs == std::vector<std::string>{"w: f64[2, 3]", "b: f64[3]"});
  CHECK(w.to_vector<double>() == before);
  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("a parameter that throws halfway is put back") {
  Tensor w = random_input().requires_grad_();
  const V before = w.to_vector<double>();
  int calls = 0;

  gradcheck_parameters(
      [&] {
        if (++calls > 20) throw Error("enough");
        return tanh(w);
      },
      {w});

  CHECK(w.to_vector<double>() == before);
}

TEST_CASE("a parameter in float32 is an error that says what to do") {
  const Tensor w = zeros({2}, {.requires_grad = true});

  CHECK_THROWS_WITH_AS(
      gradcheck_parameters([&] { return w * 2; }, {w}),
      "gradcheck: a parameter must be a float64 leaf that requires a gradient: parameter 0 is "
      "f32[2]; convert the model with to(float64), or call requires_grad_()",
      Error);
}

TEST_CASE("there must be something to differentiate") {
  const Tensor i = zeros({2}, {.dtype = int64}), x = random_input();

  CHECK_THROWS_WITH_AS(
      gradcheck(abs, {i}),
      "gradcheck: there is nothing to differentiate: none of the 1 inputs is floating; pass one of float64",
      Error);
  CHECK_THROWS_WITH_AS(
      gradcheck([](const Tensor& a) { return a > 0; }, {x}),
      "gradcheck: there is nothing to differentiate: f returns no floating tensor; return one", Error);
  CHECK_THROWS_WITH_AS(gradcheck_parameters([&] { return x; }, {}),
                       "gradcheck: there is nothing to differentiate: the list of parameters is empty; name "
                       "them in the module's visit",
                       Error);
}

TEST_CASE("options out of range are errors") {
  const Tensor x = random_input();

  CHECK_THROWS_WITH_AS(gradcheck(abs, {x}, {.rtol = 0}), "gradcheck: rtol must lie between 0 and 1: it is 0",
                       Error);
  CHECK_THROWS_WITH_AS(gradcheck(abs, {x}, {.order = 0}), "gradcheck: order must be 1 or more: it is 0",
                       Error);
  CHECK_THROWS_WITH_AS(gradcheck(abs, {x}, {.directions = 0}),
                       "gradcheck: directions must be 1 or more: it is 0", Error);
}

TEST_CASE("what f throws at the inputs reaches the caller") {
  const auto f = [](const Tensor&) -> Tensor { throw Error("f: not today"); };

  CHECK_THROWS_WITH_AS(gradcheck(f, {random_input()}), "f: not today", Error);
}

TEST_CASE("a function that differentiates inside is checked like any other") {
  const auto slope = [](const Tensor& x) {
    Tensor a = is_recording() ? x * 1.0 : x.detach().requires_grad_();
    return grad(sum(a * a * a), {a}, {.create_graph = true})[0];
  };

  CHECK(gradcheck(slope, {random_input()}).ok());
}

TEST_CASE("an empty input and an output that depends on nothing are no errors") {
  CHECK(gradcheck(tanh, {zeros({0}, {.dtype = float64})}).ok());
  CHECK(gradcheck([](const Tensor& x) { return zeros_like(x); }, {random_input()}).ok());
}

TEST_CASE("a small entry takes about four calls of f") {
  int calls = 0;

  gradcheck([&](const Tensor& x) { return ++calls, sin(x); }, {random_input({10, 10})});

  CHECK(calls < 100 * 4 + 60);
}
