// Losses along the last axis: what comes before it is rows, in whatever shape.

#include <doctest/doctest.h>

#include <functional>

#include "core/ops/matrices.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

constexpr Reduction none = Reduction::none;

using Loss = std::function<Tensor(const Tensor&, const Tensor&, const Tensor&)>;

/// f of 12 rows of 3 elements beside the same rows in other shapes: the losses, and the slopes of x.
void check_ranks(const Loss& f, const Shape& last) {
  const Tensor x = numbers({12, 3}).requires_grad_(), a = numbers({12, 3}, 2);
  const auto third = [&](const Shape& rows) {
    Shape shape = rows;
    for (std::int64_t n : last) shape.push_back(n);
    return square(numbers(Shape{12 * last.numel()}, 3)).reshape(shape) + 0.5;
  };
  const Tensor y = f(x, a, third({12}));
  const Tensor dx = grad(sum(y * numbers(y.shape(), 4)), {x}, {.retain_graph = true})[0];

  for (const Shape& rows : {Shape{3, 4}, Shape{3, 1, 4}, Shape{2, 2, 3}}) {
    Shape shape = rows;
    shape.push_back(3);
    const Tensor z = f(x.reshape(shape), a.reshape(shape), third(rows));

    INFO(shape.str());
    CHECK(z.numel() == y.numel());
    CHECK(distance(z.reshape(y.shape()), y) == 0);
    CHECK(distance(grad(sum(z * numbers(y.shape(), 4).reshape(z.shape())), {x})[0], dx) < 1e-15);
  }
}

}  // namespace

TEST_CASE("losses along the last axis take their rows in any shape") {
  const Loss gaussian = [](const Tensor& x, const Tensor& t, const Tensor& v) {
    return gaussian_nll_loss(x, t, v, {.full = true, .reduction = none});
  };
  check_ranks(gaussian, {});
  check_ranks(gaussian, {1});
  check_ranks(gaussian, {3});
  check_ranks([](const Tensor& a, const Tensor& p,
                 const Tensor& n) { return triplet_margin_loss(a, p, n, {.swap = true, .reduction = none}); },
              {3});
  check_ranks([](const Tensor& a, const Tensor& b, const Tensor&) { return pairwise_distance(a, b, 3); },
              {3});
}
