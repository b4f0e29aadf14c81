#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/core.hpp"

// where, maximum, minimum and clamp beside plain loops; their rows are in the table of arithmetic.cpp.

using namespace xgrad;

namespace {

/// n different elements, or one where `single`.
Tensor numbers(std::int64_t n, bool single, DType dtype, std::uint64_t seed) {
  const Tensor x = randint(0, 100, {single ? 1 : n}, {}, Generator(seed));
  return dtype == boolean ? x > 50 : x.to(dtype) / 4;
}

/// x[i], or x[0] where x has one element.
double entry(const std::vector<double>& x, std::size_t i) { return x[x.size() == 1 ? 0 : i]; }

std::vector<double> chosen(const Tensor& condition, const Tensor& a, const Tensor& b, std::int64_t n) {
  const auto c = condition.to(float64).to_vector<double>(), u = a.to(float64).to_vector<double>(),
             v = b.to(float64).to_vector<double>();
  std::vector<double> y;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i)
    y.push_back(entry(c, i) != 0 ? entry(u, i) : entry(v, i));
  return y;
}

}  // namespace

TEST_CASE("where chooses as a plain loop does, at every length, of one number or many") {
  for (const DType dtype : {float32, float64, int64, boolean})
    for (std::int64_t n = 0; n <= 70; ++n)
      for (int single = 0; single < 8; ++single) {
        if (n == 0 && single) continue;
        const Tensor c = numbers(n, single & 1, boolean, 3), a = numbers(n, single & 2, dtype, 4),
                     b = numbers(n, single & 4, dtype, 5);
        const std::int64_t size = single == 7 ? 1 : n;
        CAPTURE(n);
        CAPTURE(single);
        CHECK(where(c, a, b).to(float64).to_vector<double>() == chosen(c, a, b, size));
      }
}

TEST_CASE("where broadcasts rows and columns") {
  const Tensor c = reshape(arange(6), {2, 3}) > 2, row = tensor({1.0, 2.0, 3.0}),
               column = tensor({{-1.0}, {-2.0}});

  CHECK(where(c, row, column).to_vector<double>() == std::vector<double>{-1, -1, -1, 1, 2, 3});
  CHECK(where(tensor({{true}, {false}}), row, column).to_vector<double>() ==
        std::vector<double>{1, 2, 3, -2, -2, -2});
}

TEST_CASE("where keeps the bits of what it chooses, nan and -0 included") {
  const Tensor y =
      where(tensor({true, false, true}), tensor({-0.0, 1.0, double{NAN}}), tensor({1.0, -0.0, 2.0}));

  CHECK(std::signbit(y.at({0})));
  CHECK(std::signbit(y.at({1})));
  CHECK(std::isnan(y.at({2})));
}

TEST_CASE("the cotangent of maximum goes to the larger, half each at ties, and to both where one is nan") {
  const Tensor a = tensor({1.0, 2.0, 3.0, double{NAN}}, {.requires_grad = true});
  const Tensor b = tensor(2.0, {.requires_grad = true});
  const Tensor g = tensor({10.0, 20.0, 30.0, 40.0});

  const auto high = grad({maximum(a, b)}, {a, b}, {g}), low = grad({minimum(a, b)}, {a, b}, {g});

  CHECK(high[0].to_vector<double>() == std::vector<double>{0, 10, 30, 40});
  CHECK(high[1].item<double>() == 10 + 10 + 40);
  CHECK(low[0].to_vector<double>() == std::vector<double>{10, 10, 0, 40});
  CHECK(low[1].item<double>() == 10 + 30 + 40);
}

TEST_CASE("the cotangents of maximum and clamp have the same shares as their own cotangents") {
  const Tensor a = tensor({1.0, 2.0, 3.0}, {.requires_grad = true});
  const Tensor g = ones({3}, {.requires_grad = true}), h = tensor({5.0, 6.0, 7.0});

  const Tensor top = grad({maximum(a, 2)}, {a}, {g}, {.create_graph = true})[0];
  const Tensor inside = grad({clamp(a, 2, 4)}, {a}, {g}, {.create_graph = true})[0];

  CHECK(grad({top}, {g}, {h})[0].to_vector<double>() == std::vector<double>{0, 3, 7});
  CHECK(grad({inside}, {g}, {h})[0].to_vector<double>() == std::vector<double>{0, 6, 7});
}
