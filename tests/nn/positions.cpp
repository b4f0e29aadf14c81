// Positions of steps.

#include "xgrad/nn/positions.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <complex>

#include "xgrad/core.hpp"
#include "xgrad/nn/gradcheck.hpp"

using namespace xgrad;

namespace {

Tensor input(const Shape& shape, std::uint64_t seed = 1) { return randn(shape, float64, Generator(seed)); }

double angle(std::int64_t position, std::int64_t pair, std::int64_t size, double base = 10000) {
  return static_cast<double>(position) *
         std::pow(base, -2 * static_cast<double>(pair) / static_cast<double>(size));
}

}  // namespace

TEST_CASE("sinusoidal positions are sines and cosines of falling frequencies") {
  const Tensor even = nn::sinusoidal_positions(4, 6, {.offset = 2, .dtype = float64});
  const Tensor odd = nn::sinusoidal_positions(3, 5, {.base = 100, .dtype = float64});

  for (std::int64_t p = 0; p < 4; ++p)
    for (std::int64_t j = 0; j < 6; ++j) {
      const double a = angle(p + 2, j / 2, 6);
      CHECK(even.at({p, j}) == doctest::Approx(j % 2 ? std::cos(a) : std::sin(a)).epsilon(1e-14));
    }
  CHECK(odd.shape() == Shape{3, 5});
  CHECK(odd.at({2, 4}) == doctest::Approx(std::sin(angle(2, 2, 5, 100))).epsilon(1e-14));
  CHECK(nn::sinusoidal_positions(0, 4).shape() == Shape{0, 4});
  CHECK(nn::sinusoidal_positions(2, 0).shape() == Shape{2, 0});
}

TEST_CASE("SinusoidalPositions adds them along the axis of steps") {
  const nn::SinusoidalPositions steps_first(4), batch_first(4, {.batch_first = true});
  const Tensor table = nn::sinusoidal_positions(3, 4, {.dtype = float64}), x = input({3, 2, 4});

  CHECK(equal(steps_first(x), x + unsqueeze(table, 1)));
  CHECK(equal(batch_first(transpose(x, 0, 1)), transpose(x, 0, 1) + table));
  CHECK(equal(steps_first(x[0]), x[0] + table.slice(0, 0, 2)));
  CHECK(equal(steps_first.from(2, x.slice(0, 2)), steps_first(x).slice(0, 2)));
  CHECK(steps_first(x.to(float32)).dtype() == float32);
  CHECK(steps_first(zeros({3, 0, 4})).shape() == Shape{3, 0, 4});
  CHECK(gradcheck(steps_first, {x}, {.order = 2}).ok());
}

TEST_CASE("SinusoidalPositions has no state, and is printed") {
  CHECK(state_dict(nn::SinusoidalPositions(4)).empty());
  CHECK(nn::SinusoidalPositions(4, {.batch_first = true, .max_steps = 7}).str() ==
        "SinusoidalPositions(4, max_steps=7, batch_first=true)");
}

TEST_CASE("rotary embedding turns pairs as complex numbers") {
  const Tensor x = input({2, 3, 4});

  const Tensor y = nn::rotary_embedding(x, {.base = 100, .offset = 5});

  for (std::int64_t b = 0; b < 2; ++b)
    for (std::int64_t p = 0; p < 3; ++p)
      for (std::int64_t i = 0; i < 2; ++i) {
        const std::complex<double> pair(x.at({b, p, 2 * i}), x.at({b, p, 2 * i + 1}));
        const auto turned = pair * std::polar(1.0, angle(p + 5, i, 4, 100));
        CHECK(y.at({b, p, 2 * i}) == doctest::Approx(turned.real()).epsilon(1e-13));
        CHECK(y.at({b, p, 2 * i + 1}) == doctest::Approx(turned.imag()).epsilon(1e-13));
      }
}

TEST_CASE("pairs of rotary embedding may be halves") {
  const Tensor x = input({3, 6});
  const Tensor order = tensor({0, 3, 1, 4, 2, 5});  // the partners side by side

  const Tensor halves = nn::rotary_embedding(x, {.interleaved = false});

  CHECK(equal(index_select(halves, -1, order), nn::rotary_embedding(index_select(x, -1, order))));
}

TEST_CASE("the product of turned queries and keys depends on their distance alone") {
  const Tensor q = input({1, 8}), k = input({1, 8}, 2);
  const auto product = [&](std::int64_t at, std::int64_t other) {
    return dot(nn::rotary_embedding(q, {.offset = at})[0], nn::rotary_embedding(k, {.offset = other})[0])
        .item();
  };

  CHECK(product(7, 4) == doctest::Approx(product(1003, 1000)).epsilon(1e-12));
  CHECK(product(7, 4) != doctest::Approx(product(7, 5)).epsilon(1e-3));
}

TEST_CASE("gradients of rotary embedding are right to second order") {
  const auto turned = [](const Tensor& x) { return nn::rotary_embedding(x, {.offset = 1}); };
  const auto halves = [](const Tensor& x) { return nn::rotary_embedding(x, {.interleaved = false}); };

  CHECK(gradcheck(turned, {input({2, 2, 4})}, {.order = 2}).ok());
  CHECK(gradcheck(halves, {input({2, 4})}, {.order = 2}).ok());
  CHECK(nn::rotary_embedding(zeros({0, 3, 4})).shape() == Shape{0, 3, 4});
}

TEST_CASE("positions that cannot be are errors") {
  CHECK_THROWS_WITH_AS(nn::sinusoidal_positions(-1, 4),
                       "sinusoidal_positions: numbers must not be negative: steps = -1, size = 4, offset = 0",
                       Error);
  CHECK_THROWS_WITH_AS(nn::sinusoidal_positions(1, 4, {.base = 0}),
                       "sinusoidal_positions: the base must be positive: got 0", Error);
  CHECK_THROWS_WITH_AS(nn::sinusoidal_positions(1, 4, {.dtype = int64}),
                       "sinusoidal_positions: needs a floating dtype: got i64", Error);
  const nn::SinusoidalPositions positions(4, {.max_steps = 3});
  CHECK_THROWS_WITH_AS(
      positions(zeros({2, 1, 3})),
      "SinusoidalPositions: x must be floating, [steps, batch, 4] or [steps, 4]: x is f32[2, "
      "1, 3]",
      Error);
  CHECK_THROWS_WITH_AS(
      positions.from(2, zeros({2, 4})),
      "SinusoidalPositions: there must be at most max_steps = 3 positions: the first is 2, x "
      "is f32[2, 4]",
      Error);
  CHECK_THROWS_WITH_AS(nn::rotary_embedding(zeros({2, 3})),
                       "rotary_embedding: needs a floating x[..., steps, size] of an even size: x is f32[2, "
                       "3]",
                       Error);
  CHECK_THROWS_WITH_AS(nn::rotary_embedding(zeros({2, 4}), {.offset = -1}),
                       "rotary_embedding: the offset must not be negative: got -1", Error);
}
