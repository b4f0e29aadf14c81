// Transforms of images.

#include "xgrad/data/augment.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/data/stages.hpp"

using namespace xgrad;
using data::Row;
using test::error_of;

namespace {

using Numbers = std::vector<double>;

/// 1 ... n as an image.
Tensor counting(std::int64_t channels, std::int64_t height, std::int64_t width) {
  return arange(1, channels * height * width + 1, 1, {.dtype = float64}).reshape({channels, height, width});
}
Numbers numbers(const Tensor& x) { return x.to_vector<double>(); }

/// All that a transform makes of an image in many draws.
std::set<Numbers> outcomes(const data::ImageTransform& f, const Tensor& image, int draws = 400) {
  Generator g(5);
  std::set<Numbers> all;
  for (int i = 0; i < draws; ++i) all.insert(numbers(f(image, g)));
  return all;
}

double distance(const Tensor& a, const Tensor& b) {
  double most = 0;
  const Numbers x = numbers(a), y = numbers(b);
  for (std::size_t i = 0; i < x.size(); ++i) most = std::max(most, std::abs(x[i] - y[i]));
  return most;
}

}  // namespace

TEST_CASE("channels are normalised each by its own numbers, or all by one") {
  const Tensor x = tensor({1.0, 2.0, 3.0}, float64).reshape({3, 1, 1});

  CHECK(numbers(data::normalize({1, 1, 2}, {1, 2, 0.5})(x)) == Numbers{0, 0.5, 2});
  CHECK(numbers(data::normalize({2}, {4})(x)) == Numbers{-0.25, 0, 0.25});
}

TEST_CASE("a crop is every part of the image, and only parts") {
  const Tensor x = counting(1, 2, 3);
  CHECK(outcomes(data::random_crop({.height = 1, .width = 2}), x) ==
        std::set<Numbers>{{1, 2}, {2, 3}, {4, 5}, {5, 6}});
  CHECK(outcomes(data::random_crop({.height = 2, .width = 3, .padding = 1}), x).size() == 9);
  CHECK(numbers(data::center_crop({.height = 2, .width = 1})(x)) == Numbers{2, 5});
  CHECK(numbers(data::center_crop({.height = 4, .width = 1, .padding = 1})(x)) == Numbers{0, 2, 5, 0});
}

TEST_CASE("a flip swaps left and right, as often as it says") {
  const Tensor x = counting(2, 1, 2);
  CHECK(outcomes(data::random_flip(), x) == std::set<Numbers>{{1, 2, 3, 4}, {2, 1, 4, 3}});
  CHECK(outcomes(data::random_flip(0), x).size() == 1);
  CHECK(outcomes(data::random_flip(1), x) == std::set<Numbers>{{2, 1, 4, 3}});
}

TEST_CASE("a shift moves the image, and zeros come in") {
  CHECK(outcomes(data::random_shift(1), counting(1, 1, 2)) ==
        std::set<Numbers>{{1, 2}, {0, 1}, {2, 0}, {0, 0}});
}

TEST_CASE("turning by right angles is turning by right angles") {
  const Tensor x = counting(2, 3, 3);
  const Tensor quarter =
      flip(transpose(x, 1, 2), {1});  // against the clock: the first row is the last column

  CHECK(distance(data::rotate(x, 0), x) == 0);
  CHECK(distance(data::rotate(x, 90), quarter) < 1e-12);
  CHECK(distance(data::rotate(x, 180), flip(x, {1, 2})) < 1e-12);
  CHECK(distance(data::rotate(x, -90), flip(transpose(x, 1, 2), {2})) < 1e-12);
}

TEST_CASE("turning a linear image is evaluating it where its pixels come from") {
  // f(y, x) = 2 y - 3 x is its own bilinear interpolation, where no zeros come in.
  Tensor image = zeros({1, 21, 21}, float64);
  for (int y = 0; y < 21; ++y)
    for (int x = 0; x < 21; ++x) image.index_put_({0, y, x}, 2.0 * (y - 10) - 3.0 * (x - 10));
  const double angle = 0.5, degrees = angle * 180 / 3.14159265358979323846;

  const Tensor turned = data::rotate(image, degrees);

  for (int y = 5; y < 16; ++y)
    for (int x = 5; x < 16; ++x) {
      const double from_y = std::cos(angle) * (y - 10) + std::sin(angle) * (x - 10);
      const double from_x = std::cos(angle) * (x - 10) - std::sin(angle) * (y - 10);
      CHECK(turned.at({0, y, x}) == doctest::Approx(2 * from_y - 3 * from_x).epsilon(1e-12));
    }
  CHECK(outcomes(data::random_rotation(10), image, 20).size() == 20);
  CHECK(outcomes(data::random_rotation(0), image, 20).size() == 1);
}

TEST_CASE("a rectangle of the stated area is erased, as often as it says") {
  const Tensor x = ones({2, 40, 40}, float64);
  const auto erase = data::random_erasing({.p = 0.5, .min_area = 0.1, .max_area = 0.2, .value = 3});
  Generator g(2);
  int changed = 0;
  for (int i = 0; i < 200; ++i) {
    const Numbers y = numbers(erase(x, g));
    const auto erased = std::count(y.begin(), y.end(), 3.0);
    CHECK(erased + std::count(y.begin(), y.end(), 1.0) == 3200);
    if (erased == 0) continue;
    ++changed;
    CHECK(erased > 0.085 * 3200);  // sides are whole pixels
    CHECK(erased < 0.215 * 3200);
  }
  CHECK(std::abs(changed - 100) < 4 * 7.1);  // sqrt(200 / 4)
  CHECK(numbers(x) == Numbers(3200, 1.0));
}

TEST_CASE("noise has the stated deviation") {
  Generator g(2);
  const Numbers y = numbers(data::gaussian_noise(0.1)(zeros({1, 100, 100}, float64), g));
  double squares = 0;
  for (const double v : y) squares += v * v;
  CHECK(std::abs(std::sqrt(squares / 1e4) - 0.1) < 4 * 0.1 / std::sqrt(2e4));
}

TEST_CASE("colours change by brightness, contrast and saturation") {
  Generator g(2);
  const Tensor grey = full({3, 2, 2}, 0.5, float64);
  const Tensor brighter = data::color_jitter({.brightness = 0.4})(grey, g);
  const double factor = brighter.at({0, 0, 0}) / 0.5;
  CHECK(std::abs(factor - 1) <= 0.4);
  CHECK(distance(brighter, grey * factor) < 1e-15);
  CHECK(distance(data::color_jitter({.contrast = 0.9, .saturation = 0.9})(grey, g), grey) < 1e-12);

  const Tensor red = cat({full({1, 1, 2}, 0.6, float64), zeros({2, 1, 2}, float64)});
  const double level = 0.299 * 0.6;
  const Tensor other = data::color_jitter({.saturation = 0.5})(red, g);
  const double f = (other.at({0, 0, 0}) - level) / (0.6 - level);
  CHECK(std::abs(f - 1) <= 0.5);
  CHECK(other.at({1, 0, 0}) == doctest::Approx(std::max(0.0, level - f * level)).epsilon(1e-12));
}

TEST_CASE("mix-up mixes images and targets by one share") {
  const Row batch{tensor({{0.0}, {10.0}}, float64), tensor({0, 1})};
  const auto mix = data::mix_up(0.4, 3);
  Generator g(4);
  double sum = 0, squares = 0;
  constexpr int draws = 4000;
  int swapped = 0;
  for (int i = 0; i < draws; ++i) {
    const Row mixed = mix(batch, g);
    const Tensor &x = mixed[0], &y = mixed[1];
    REQUIRE(y.describe() == "f64[2, 3]");
    CHECK(x.at({0, 0}) == doctest::Approx(10 * y.at({0, 1})).epsilon(1e-12));
    CHECK(y.at({0, 0}) + y.at({0, 1}) == doctest::Approx(1));
    CHECK(y.at({0, 2}) == 0);
    if (x.at({0, 0}) == 0) continue;  // mixed with itself
    ++swapped;
    const double share = y.at({0, 0});
    sum += share, squares += (share - 0.5) * (share - 0.5);
  }
  // Beta(a, a) has mean 1/2 and variance 1 / (4 (2 a + 1)) = 0.1389.
  CHECK(std::abs(swapped - draws / 2) < 4 * 32);
  CHECK(std::abs(sum / swapped - 0.5) < 4 * std::sqrt(0.1389 / swapped));
  CHECK(std::abs(squares / swapped - 0.1389) < 4 * 0.1 / std::sqrt(swapped));
}

TEST_CASE("cut-mix puts in a rectangle, and targets have its share") {
  const Row batch{cat({zeros({1, 1, 8, 8}), ones({1, 1, 8, 8})}), tensor({{1.0, 0.0}, {0.0, 1.0}})};
  const auto mix = data::cut_mix(1, 2);
  Generator g(4);
  std::set<double> shares;
  for (int i = 0; i < 100; ++i) {
    const Row mixed = mix(batch, g);
    double ones_in_first = 0;
    for (const double v : numbers(mixed[0][0])) ones_in_first += v;
    CHECK(mixed[1].at({0, 1}) == doctest::Approx(ones_in_first / 64));
    CHECK(mixed[1].at({1, 0}) == doctest::Approx(ones_in_first / 64));
    shares.insert(ones_in_first);
  }
  CHECK(shares == std::set<double>{0, 1, 4, 9, 16, 25, 36, 49});  // squares of whole pixels
  CHECK(numbers(batch[0][0]) == Numbers(64, 0.0));
}

TEST_CASE("transforms are stages, the same for any number of workers") {
  const data::TensorDataset set(rand({20, 1, 6, 6}, {}, Generator(1)), randint(0, 3, {20}, {}, Generator(3)));
  const auto train = [&](int workers) {
    const auto batches = data::from(set).with(Generator(2)) | data::shuffle() |
                         data::map(data::random_flip()) |
                         data::map(data::random_crop({.height = 6, .width = 6, .padding = 1})) |
                         data::batch(5) | data::map(data::mix_up(0.2, 3)) | data::prefetch(workers);
    Numbers all;
    for (const auto& [x, y] : batches)
      for (const Tensor& t : {x, y})
        for (const double v : numbers(t)) all.push_back(v);
    return all;
  };

  CHECK(train(0).size() == 20 * 36 + 20 * 3);
  CHECK(train(2) == train(0));
}

TEST_CASE("misuses of transforms say what to do") {
  const auto says = [](auto f, const std::string& message) { CHECK(error_of(f) == message); };
  Generator g(1);
  const Tensor x = zeros({1, 4, 4});
  const std::string image = "a floating image [channels, height, width] is expected: it is f32[4, 4]";

  says([&] { data::random_flip()(x[0], g); }, "random_flip: " + image);
  says([&] { data::rotate(x[0], 3); }, "rotate: " + image);
  says([] { data::random_flip(2); }, "random_flip: the probability must lie between 0 and 1: it is 2.000000");
  says([&] { data::random_crop({.height = 5, .width = 4})(x, g); },
       "random_crop: the part must fit into the image; give a smaller one or more padding: it is 5 x 4 of "
       "f32[1, 4, 4]");
  says([] { data::center_crop({}); },
       "center_crop: height and width must be at least 1 and padding at least 0: they are 0, 0 and 0");
  says([] { data::random_shift(-1); }, "random_shift: the pixels must not be negative: they are -1");
  says([] { data::random_rotation(-1); },
       "random_rotation: the degrees must not be negative: they are -1.000000");
  says([] { data::gaussian_noise(-1); },
       "gaussian_noise: the deviation must not be negative: it is -1.000000");
  says([] { data::normalize({0}, {0}); }, "normalize: each deviation must be above 0: one is 0.000000");
  says(
      [&] {
        data::normalize({0, 0}, {1})(x);
      },
      "normalize: one mean for each channel must be given, or one for all: there are 2 for f32[1, 4, 4]");
  says([] { data::color_jitter({.contrast = 2}); },
       "color_jitter: brightness, contrast and saturation must lie between 0 and 1: one is 2.000000");
  says([] { data::random_erasing({.min_area = 0.5, .max_area = 0.4}); },
       "random_erasing: 0 <= min_area <= max_area <= 1 and 0 < aspect <= 1 are expected: they are 0.500000, "
       "0.400000 and "
       "0.333333");
  says([] { data::mix_up(0, 3); },
       "mix_up: alpha must be above 0 and classes at least 1: they are 0.000000 and 3");
  says(
      [&] {
        data::mix_up(1, 3)({zeros({2, 4}), zeros({2, 2})}, g);
      },
      "mix_up: the targets must be classes int64 [n] or floating [n, 3]: they are f32[2, 2]");
  says([&] { data::mix_up(1, 3)({zeros({4})}, g); },
       "mix_up: a batch of floating images and targets is expected; put it behind batch: there are 1 "
       "tensors, the first "
       "is f32[4]");
  says(
      [&] {
        data::cut_mix(1, 3)({zeros({2, 4}), arange(2)}, g);
      },
      "cut_mix: images [n, channels, height, width] are expected: they are f32[2, 4]");
}
