#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/planted.hpp"
#include "xgrad/core/gradcheck.hpp"

// Infinite slopes, and points where numbers are equal that an op tells apart: whatever the cotangent, a right
// gradient passes there at any order, and a wrong one does not.

using namespace xgrad;

namespace {

using Tensors = std::vector<Tensor>;

struct Point {
  const char* name;
  std::function<Tensor(const Tensors&)> f;
  Tensors x;
};

Tensor of(std::vector<double> x) { return tensor(x); }

/// The seeds among 100 for which a check fails, with the first report.
struct Failures {
  int count = 0;
  std::string first;
};
Failures failures_of(const Point& p, int order) {
  Failures failures;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const GradcheckResult r = gradcheck(p.f, p.x, {.order = order, .seed = seed});
    if (!r.ok() && ++failures.count == 1) failures.first = r.str();
  }
  return failures;
}
void expect_right(const std::vector<Point>& points) {
  for (const Point& p : points)
    for (const int order : {1, 2}) {
      const Failures failures = failures_of(p, order);
      CHECK_MESSAGE(failures.count == 0, p.name << ", order " << order << "\n" << failures.first);
    }
}
/// f, recorded with another op.
Tensor recorded(const detail::Op& op, const Tensor& x, Tensor (*f)(const Tensor&)) {
  Tensor value;
  {
    const NoGrad guard;
    value = f(x);
  }
  return detail::record(op, {x}, value);
}

}  // namespace

TEST_CASE("infinite slopes are kinks, whatever the cotangent") {
  expect_right({
      {"sqrt", [](const Tensors& x) { return sqrt(x[0]); }, {of({0, 1})}},
      {"sum of sqrt", [](const Tensors& x) { return sum(sqrt(x[0])); }, {of({0, 1})}},
      {"acos", [](const Tensors& x) { return acos(x[0]); }, {of({-1, 0.5, 1})}},
      {"asin", [](const Tensors& x) { return asin(x[0]); }, {of({-1, 0.5, 1})}},
      {"acosh", [](const Tensors& x) { return acosh(x[0]); }, {of({1, 1.5})}},
      {"pow 0.5", [](const Tensors& x) { return pow(x[0], 0.5); }, {of({0, 1})}},
      {"pow", [](const Tensors& x) { return pow(x[0], x[1]); }, {of({0, 1}), of({0.5, 0.5})}},
      {"two of them",
       [](const Tensors& x) { return sqrt(x[0]) * x[1] + sqrt(x[1]); },
       {of({0, 1}), of({2, 0})}},
  });
}

TEST_CASE("ties are kinks at any order, whatever the cotangent") {
  expect_right({
      {"maximum", [](const Tensors& x) { return maximum(x[0], x[1]); }, {of({1, 2, 3}), of({1, 5, 3})}},
      {"minimum", [](const Tensors& x) { return minimum(x[0], x[1]); }, {of({1, 2, 3}), of({1, 5, 3})}},
      {"amax", [](const Tensors& x) { return amax(x[0]); }, {of({1, 3, 3})}},
      {"amin", [](const Tensors& x) { return amin(x[0]); }, {of({3, 3, 3, 5})}},
      {"max", [](const Tensors& x) { return max(x[0], 0).values; }, {of({1, 3, 3})}},
      {"square of max", [](const Tensors& x) { return square(max(x[0])); }, {of({1, 3, 3})}},
      {"sort", [](const Tensors& x) { return sort(x[0], 0).values; }, {of({1, 3, 3, 2, 2, 2})}},
      {"square of sort",
       [](const Tensors& x) { return square(sort(x[0], 0).values); },
       {of({1, 3, 3, 2, 2, 2})}},
      {"median along an axis",
       [](const Tensors& x) { return median(x[0], 0).values; },
       {of({1, 2, 2, 2, 5})}},
      {"median", [](const Tensors& x) { return median(x[0]); }, {of({1, 2, 2, 2, 5})}},
      {"topk", [](const Tensors& x) { return topk(x[0], 2, 0).values; }, {of({1, 2, 2, 2, 0})}},
      {"cummax", [](const Tensors& x) { return cummax(x[0], 0).values; }, {of({1, 3, 3})}},
      {"clamp", [](const Tensors& x) { return clamp(x[0], -1.0, 1.0); }, {of({-1, 0, 1})}},
      {"relu", [](const Tensors& x) { return relu(x[0]); }, {of({0, 1, -1})}},
      {"square of relu", [](const Tensors& x) { return square(relu(x[0])); }, {of({0, 1, -1})}},
      {"abs times exp", [](const Tensors& x) { return abs(x[0]) * exp(x[0]); }, {of({0, 1, -1})}},
      {"max_pool2d",
       [](const Tensors& x) {
         return max_pool2d(x[0].reshape({1, 1, 2, 3}), 2, {.stride = 1});
       },
       {of({1, 1, 1, 1, 0, 1})}},
  });
}

TEST_CASE("a number in the middle of equal ones may get what its index says") {
  const GradcheckResult r =
      gradcheck([](const Tensor& x) { return sort(x, 0).values; }, {of({2, 2, 2})}, {.seed = 5});

  CHECK(r.ok());
  CHECK(r.kinks == 3);
}

TEST_CASE("a tie does not excuse a gradient that is off by 1 %") {
  static constexpr detail::Op op = {
      .name = "off", .vjp = {{{keep::x(0), [](detail::Grad g, detail::Fn f) {
                                 return index_select(g * 1.01, 0, argsort(argsort(f.x(0), 0), 0));
                               }}}}};
  const auto f = [](const Tensor& x) {
    return recorded(op, x, [](const Tensor& a) { return sort(a, 0).values; });
  };

  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const GradcheckResult r = gradcheck(f, {of({1, 3, 3, 2, 2, 2})}, {.seed = seed});
    CHECK(r.failed(GradProperty::value));
    CHECK(r.worst[0].verdict == Verdict::wrong);
  }
}

TEST_CASE("a tie does not excuse a gradient beyond all those around it") {
  static constexpr detail::Op op = {.name = "all",
                                    .vjp = {{{keep::x(0) | keep::y, [](detail::Grad g, detail::Fn f) {
                                                return g * 2 * (f.x(0) == f.y()).to(g.dtype());
                                              }}}}};
  const auto f = [](const Tensor& x) { return recorded(op, x, [](const Tensor& a) { return median(a); }); };

  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const GradcheckResult r = gradcheck(f, {of({1, 2, 2, 2, 5})}, {.seed = seed});
    CHECK(r.wrong == 3);
  }
}

TEST_CASE("a tie does not excuse a second derivative that is wrong") {
  const auto f = [](const Tensor& x, const Tensor& y) {
    return planted::tanh_as(planted::wrong_to_second_order, maximum(x, y));
  };

  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const GradcheckResult r =
        gradcheck(f, {of({0.1, 0.2, 0.3}), of({0.1, 0.5, 0.3})}, {.order = 2, .seed = seed});
    REQUIRE(r.next.size() == 1);
    CHECK(r.next[0].failed(GradProperty::value));
  }
}

TEST_CASE("a gradient that is wrong at one point of a smooth function is wrong") {
  static constexpr detail::Op op = {
      .name = "hole", .vjp = {{{keep::x(0) | keep::y, [](detail::Grad g, detail::Fn f) {
                                  return where(f.x(0) == 0, zeros_like(g), g * (1.0 - f.y() * f.y()));
                                }}}}};

  const GradcheckResult r = gradcheck([](const Tensor& x) { return recorded(op, x, tanh); }, {of({0, 1})});

  CHECK(r.wrong == 1);
  CHECK(r.right == 1);
}

TEST_CASE("a wrong gradient of a function with many waves close by is wrong") {
  static constexpr detail::Op op = {
      .name = "sin",
      .vjp = {{{keep::x(0), [](detail::Grad g, detail::Fn f) { return g * cos(f.x(0)) * 0.5; }}}}};

  const GradcheckResult r =
      gradcheck([](const Tensor& x) { return recorded(op, x, sin); }, {of({1e8, 3e7, -2e8})});

  CHECK(r.wrong == 3);
}
