#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>

#include "xgrad/core.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor with_gradient(std::vector<double> gradient) {
  Tensor p = zeros({static_cast<std::int64_t>(gradient.size())}, {.dtype = float64, .requires_grad = true});
  p.set_grad(tensor(gradient));
  return p;
}

}  // namespace

TEST_CASE("clipping scales all gradients to the largest allowed norm together") {
  const Tensor a = with_gradient({3}), b = with_gradient({0, 4});

  const double before = optim::clip_grad_norm_({a, b}, 1);

  CHECK(before == 5);
  CHECK(a.grad().item() == doctest::Approx(3 / (5 + 1e-6)).epsilon(1e-15));
  CHECK(b.grad().at({1}) == doctest::Approx(4 / (5 + 1e-6)).epsilon(1e-15));
}

TEST_CASE("gradients within the norm stay as they are") {
  const Tensor a = with_gradient({3, 4});

  CHECK(optim::clip_grad_norm_({a}, 6) == 5);
  CHECK(a.grad().to_vector<double>() == std::vector<double>{3, 4});
}

TEST_CASE("clipping knows other norms") {
  CHECK(optim::clip_grad_norm_({with_gradient({3, -4})}, 100, 1) == 7);
  CHECK(optim::clip_grad_norm_({with_gradient({3, -4})}, 100, infinity) == 4);
  CHECK(optim::clip_grad_norm_({with_gradient({1, 2})}, 100, 3) == doctest::Approx(2.080083823051904));
}

TEST_CASE("parameters without gradient are passed over") {
  const Tensor none = zeros({2}, {.requires_grad = true});

  CHECK(optim::clip_grad_norm_({none}, 1) == 0);
  CHECK_FALSE(none.grad().defined());
}

TEST_CASE("gradients whose squares leave the range of double are clipped all the same") {
  for (const double size : {1e200, 1e-200, 1e308})
    for (const double p : {1., 2., 3.})
      CHECK(optim::clip_grad_norm_({with_gradient({-size})}, size, p) ==
            doctest::Approx(size).epsilon(1e-14));
  CHECK(optim::clip_grad_norm_({with_gradient({3e-200}), with_gradient({4e-200})}, 1) / 1e-200 ==
        doctest::Approx(5).epsilon(1e-14));
  const Tensor a = with_gradient({3e200}), b = with_gradient({0, 4e200});

  CHECK(optim::clip_grad_norm_({a, b}, 1) == doctest::Approx(5e200).epsilon(1e-15));
  CHECK(a.grad().item() == doctest::Approx(0.6).epsilon(1e-14));
  CHECK(b.grad().at({1}) == doctest::Approx(0.8).epsilon(1e-14));
}

TEST_CASE("a norm beyond double is inf, and the gradients are clipped to the right one") {
  const double big = 1.5e308;
  const Tensor a = with_gradient({big, big, big, big});

  CHECK(optim::clip_grad_norm_({a}, 1) == infinity);
  CHECK(a.grad().to_vector<double>()[2] == doctest::Approx(0.5).epsilon(1e-14));
}

TEST_CASE("clipping refuses gradients that are not finite where it is asked to, and changes nothing") {
  const Tensor a = with_gradient({3, 4}), b = with_gradient({1, std::numeric_limits<double>::quiet_NaN()});

  CHECK_THROWS_WITH_AS(
      optim::clip_grad_norm_({a, b}, 1, 2, true),
      "clip_grad_norm_: the gradient of parameter 1 is not finite: it is f64[2], its element 1 is "
      "nan; AnomalyMode finds the op that made it; skip the step, or lower the learning rate",
      Error);
  CHECK(a.grad().to_vector<double>() == std::vector<double>{3, 4});
  CHECK(b.grad().at({0}) == 1);
}

TEST_CASE("without being asked to, clipping passes a nan on to all gradients") {
  const Tensor a = with_gradient({3, 4}), b = with_gradient({std::numeric_limits<double>::quiet_NaN()});

  CHECK(std::isnan(optim::clip_grad_norm_({a, b}, 1)));
  CHECK(std::isnan(a.grad().at({0})));
}

TEST_CASE("clipping by value limits each element") {
  const Tensor a = with_gradient({-3, 0.5, 4});

  optim::clip_grad_value_({a}, 1);

  CHECK(a.grad().to_vector<double>() == std::vector<double>{-1, 0.5, 1});
}

TEST_CASE("limits that make no sense are errors") {
  CHECK_THROWS_WITH_AS(optim::clip_grad_norm_({with_gradient({1})}, -1),
                       "clip_grad_norm_: max_norm must be at least 0 and finite: got -1", Error);
  CHECK_THROWS_WITH_AS(optim::clip_grad_norm_({with_gradient({1})}, 1, 0),
                       "clip_grad_norm_: p must be above 0: got 0", Error);
  CHECK_THROWS_WITH_AS(optim::clip_grad_value_({with_gradient({1})}, -1),
                       "clip_grad_value_: max_value must be at least 0 and finite: got -1", Error);
}

TEST_CASE("clip_grad_norm_ leaves gradients alone that are smaller than any normal number") {
  for (const double g : {4e-320, 1e-310, 1e-300}) {
    const Tensor w = zeros({2}, {.dtype = float64, .requires_grad = true});
    Tensor(w).set_grad(full({2}, g, float64));

    CHECK(optim::clip_grad_norm_({w}, 1) == doctest::Approx(g * std::sqrt(2.0)));
    CHECK(w.grad().at({0}) == g);
  }
}

TEST_CASE("clipping changes nothing where one of the gradients is not to be written") {
  const std::array<float, 2> fixed = {3, 4};
  Tensor a = ones({2}, {.requires_grad = true}), b = ones({2}, {.requires_grad = true});
  sum(2 * a).backward();
  b.set_grad(from_memory(fixed.data(), {2}));

  CHECK_THROWS_AS(optim::clip_grad_norm_({a, b}, 1), Error);
  CHECK_THROWS_AS(optim::clip_grad_value_({a, b}, 1), Error);
  CHECK(a.grad().to_vector<double>() == std::vector<double>{2, 2});
}

TEST_CASE("a nan is not lost among larger gradients, in the largest one either") {
  const Tensor p = with_gradient({std::nan(""), 5});

  CHECK(std::isnan(optim::clip_grad_norm_({p}, 1, infinity)));
}

TEST_CASE("a parameter that is listed twice counts once, and is scaled once") {
  const Tensor p = with_gradient({3, 4});

  CHECK(optim::clip_grad_norm_({p, p}, 1) == doctest::Approx(5));
  CHECK(p.grad().at({1}) == doctest::Approx(0.8));
}

TEST_CASE("without being asked to refuse it, clipping makes an inf nan and all else 0, as PyTorch does") {
  const Tensor p = with_gradient({INFINITY, 1});

  CHECK(std::isinf(optim::clip_grad_norm_({p}, 1)));
  CHECK(std::isnan(p.grad().at({0})));
  CHECK(p.grad().at({1}) == 0);
}
