// Each option of each method against its published formula, one number at a time in plain doubles.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "xgrad/core.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

constexpr double gradients[] = {0.5, -1.7, 2.3, 0.21, -0.1, 0.0, 3.1};
constexpr double start = 1.5;

/// What the optimizer makes of n equal numbers under these gradients.
template <class Optimizer, class Options>
std::vector<double> run_many(std::int64_t n, Options options, DType dtype) {
  Tensor p = full({n}, start, {.dtype = dtype, .requires_grad = true});
  Optimizer optimizer({p}, options);
  for (const double g : gradients) {
    p.set_grad(full({n}, g, {.dtype = dtype}));
    optimizer.step();
  }
  return p.to_vector<double>();
}

template <class Optimizer, class Options>
double run(Options options, DType dtype = float64) {
  return run_many<Optimizer>(1, options, dtype)[0];
}

template <class Optimizer, class Options>
void check_place_does_not_matter(Options options) {
  for (const DType dtype : {float32, float64})
    for (const std::int64_t n : {0, 2, 7, 16, 33, 67}) {
      CAPTURE(n);
      const std::vector<double> alike(static_cast<std::size_t>(n), run<Optimizer>(options, dtype));
      CHECK(run_many<Optimizer>(n, options, dtype) == alike);
    }
}

doctest::Approx near(double x) { return doctest::Approx(x).epsilon(1e-14); }

}  // namespace

TEST_CASE("momentum starts with the whole gradient, and dampening cuts later ones") {
  double p = start, b = 0;
  bool first = true;
  for (const double g : gradients) {
    b = first ? g : 0.8 * b + (1 - 0.3) * g;
    p -= 0.1 * b;
    first = false;
  }

  CHECK(run<optim::SGD>(optim::SgdOptions{.lr = 0.1, .momentum = 0.8, .dampening = 0.3}) == near(p));
}

TEST_CASE("weight decay of SGD pulls towards 0") {
  double p = start;
  for (const double g : gradients) p -= 0.1 * (g + 0.01 * p);

  CHECK(run<optim::SGD>(optim::SgdOptions{.lr = 0.1, .weight_decay = 0.01}) == near(p));
}

TEST_CASE("weight decay of Adam is part of the gradient") {
  double p = start, m = 0, v = 0;
  int t = 0;
  for (const double gradient : gradients) {
    const double g = gradient + 0.1 * p;
    ++t;
    m = 0.8 * m + (1 - 0.8) * g;
    v = 0.95 * v + (1 - 0.95) * g * g;
    p -= 0.1 * (m / (1 - std::pow(0.8, t))) / (std::sqrt(v / (1 - std::pow(0.95, t))) + 1e-3);
  }

  CHECK(run<optim::Adam>(optim::AdamOptions{
            .lr = 0.1, .betas = {0.8, 0.95}, .eps = 1e-3, .weight_decay = 0.1}) == near(p));
}

TEST_CASE("AMSGrad divides by the largest second moment so far") {
  double p = start, m = 0, v = 0, top = 0;
  int t = 0;
  for (const double g : gradients) {
    ++t;
    m = 0.9 * m + (1 - 0.9) * g;
    v = 0.6 * v + (1 - 0.6) * g * g;
    top = std::max(top, v);
    p -= 0.1 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(top / (1 - std::pow(0.6, t))) + 1e-8);
  }

  CHECK(run<optim::Adam>(optim::AdamOptions{.lr = 0.1, .betas = {0.9, 0.6}, .amsgrad = true}) == near(p));
}

TEST_CASE("Adam counts the steps of each parameter by itself") {
  const Tensor early = full({1}, start, {.dtype = float64, .requires_grad = true});
  Tensor late = full({1}, start, {.dtype = float64, .requires_grad = true});
  optim::Adam adam({early, late}, {.lr = 0.1});
  Tensor(early).set_grad(ones({1}, {.dtype = float64}));
  adam.step();
  adam.step();

  late.set_grad(ones({1}, {.dtype = float64}));
  adam.step();

  CHECK(late.item() == near(start - 0.1 / (1 + 1e-8)));
}

TEST_CASE("RMSprop with weight decay, centering and momentum is the sum of its parts") {
  double p = start, v = 0, a = 0, b = 0;
  for (const double gradient : gradients) {
    const double g = gradient + 0.1 * p;
    v = 0.9 * v + (1 - 0.9) * g * g;
    a = 0.9 * a + (1 - 0.9) * g;
    b = 0.7 * b + g / (std::sqrt(v - a * a) + 1e-3);
    p -= 0.01 * b;
  }

  CHECK(run<optim::RMSprop>(optim::RmspropOptions{
            .lr = 0.01, .alpha = 0.9, .eps = 1e-3, .weight_decay = 0.1, .momentum = 0.7, .centered = true}) ==
        near(p));
}

TEST_CASE("RMSprop with momentum alone accumulates scaled gradients") {
  double p = start, v = 0, b = 0;
  for (const double g : gradients) {
    v = 0.99 * v + (1 - 0.99) * g * g;
    b = 0.7 * b + g / (std::sqrt(v) + 1e-8);
    p -= 0.01 * b;
  }

  CHECK(run<optim::RMSprop>(optim::RmspropOptions{.lr = 0.01, .momentum = 0.7}) == near(p));
}

TEST_CASE("float32 agrees with float64 to rounding") {
  const auto close = [](double x) { return doctest::Approx(x).epsilon(1e-6); };
  const optim::SgdOptions sgd{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true};
  const optim::AdamOptions adam{.lr = 0.1, .weight_decay = 0.01, .amsgrad = true};
  const optim::RmspropOptions rmsprop{.lr = 0.1, .momentum = 0.5, .centered = true};

  CHECK(run<optim::SGD>(sgd, float32) == close(run<optim::SGD>(sgd)));
  CHECK(run<optim::Adam>(adam, float32) == close(run<optim::Adam>(adam)));
  CHECK(run<optim::RMSprop>(rmsprop, float32) == close(run<optim::RMSprop>(rmsprop)));
}

TEST_CASE("the place of an element and the size of its parameter do not change its bits") {
  check_place_does_not_matter<optim::SGD>(
      optim::SgdOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true});
  check_place_does_not_matter<optim::Adam>(
      optim::AdamOptions{.lr = 0.1, .weight_decay = 0.01, .amsgrad = true});
  check_place_does_not_matter<optim::RMSprop>(
      optim::RmspropOptions{.lr = 0.1, .weight_decay = 0.01, .momentum = 0.5, .centered = true});
}
