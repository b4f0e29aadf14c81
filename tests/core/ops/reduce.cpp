#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::check_rows;
using test::Family;
using test::Input;
using test::Kind;
using test::Row;

namespace {

const std::vector<std::vector<Shape>> any_shape = {{{}}, {{0, 3, 2}}, {{1, 3, 1}}, {{40}}};
const std::vector<std::vector<Shape>> some_elements = {{{}}, {{1, 3, 1}}, {{40}}};

/// A row for a reduction of one tensor of three axes.
template <class F>
Row reduction(std::string name, Kind kind, F f, std::vector<std::vector<Shape>> shapes = {},
              Input in = {{2, 3, 4}}) {
  return test::row(std::move(name), kind, {std::move(in)}, std::move(f), std::move(shapes));
}

/// The same, where integers are an error.
template <class F>
Row statistic(std::string name, Kind kind, F f, std::vector<std::vector<Shape>> shapes = {}) {
  return test::rejecting_integers(reduction(std::move(name), kind, std::move(f), std::move(shapes)));
}

const Input with_zeros = {{2, 3, 4}, 0, 3, int64};

const Family reduce(
    "reduce",
    {
        reduction(
            "sum", Kind::smooth, [](const Tensor& x) { return sum(x); }, any_shape),
        reduction("sum", Kind::smooth,
                  [](const Tensor& x) {
                    return sum(x, {0, -1});
                  }),
        reduction("sum", Kind::smooth, [](const Tensor& x) { return sum(x, 1, true); }),
        statistic(
            "mean", Kind::smooth, [](const Tensor& x) { return mean(x); }, any_shape),
        statistic("mean", Kind::smooth,
                  [](const Tensor& x) {
                    return mean(x, {0, 2}, true);
                  }),
        reduction(
            "prod", Kind::smooth, [](const Tensor& x) { return prod(x); }, any_shape),
        reduction("prod", Kind::smooth,
                  [](const Tensor& x) {
                    return prod(x, {0, 2});
                  }),
        reduction("prod", Kind::smooth,
                  [](const Tensor& x) {
                    return prod(x, {1, 2}, true);
                  }),
        reduction(
            "cumsum", Kind::smooth, [](const Tensor& x) { return cumsum(x, 0); }, any_shape),
        reduction("cumsum", Kind::smooth, [](const Tensor& x) { return cumsum(x, -1); }),
        reduction(
            "cumprod", Kind::smooth, [](const Tensor& x) { return cumprod(x, 0); }, any_shape),
        reduction("cumprod", Kind::smooth, [](const Tensor& x) { return cumprod(x, -1); }),

        reduction("amax", Kind::piecewise,
                  [](const Tensor& x) {
                    return amax(x, {0, 2});
                  }),
        reduction(
            "amax", Kind::piecewise, [](const Tensor& x) { return amax(x); }, some_elements),
        reduction("amin", Kind::piecewise,
                  [](const Tensor& x) {
                    return amin(x, {0, 2}, true);
                  }),
        reduction(
            "max", Kind::piecewise, [](const Tensor& x) { return max(x); }, some_elements),
        reduction(
            "min", Kind::piecewise, [](const Tensor& x) { return min(x); }, some_elements),
        reduction(
            "max", Kind::piecewise, [](const Tensor& x) { return max(x, 0).values; }, some_elements),
        reduction("min", Kind::piecewise, [](const Tensor& x) { return min(x, -1, true).values; }),
        reduction(
            "argmax", Kind::not_differentiable, [](const Tensor& x) { return argmax(x); }, some_elements),
        reduction("argmax", Kind::not_differentiable, [](const Tensor& x) { return argmax(x, 1); }),
        reduction(
            "argmin", Kind::not_differentiable, [](const Tensor& x) { return argmin(x); }, some_elements),
        reduction("argmin", Kind::not_differentiable, [](const Tensor& x) { return argmin(x, -1, true); }),
        reduction(
            "cummax", Kind::piecewise, [](const Tensor& x) { return cummax(x, 0).values; }, any_shape),
        reduction(
            "cummin", Kind::piecewise, [](const Tensor& x) { return cummin(x, -1).values; }, any_shape),

        statistic("var", Kind::smooth, [](const Tensor& x) { return var(x); }, {{{40}}}),
        statistic("var", Kind::smooth,
                  [](const Tensor& x) {
                    return var(x, {0, 2}, 0, true);
                  },
                  {{{1, 3, 1}}}),
        statistic("var", Kind::smooth, [](const Tensor& x) { return var(x, 1); }),
        statistic("stddev", Kind::smooth, [](const Tensor& x) { return stddev(x); }, {{{40}}}),
        statistic("stddev", Kind::smooth,
                  [](const Tensor& x) {
                    return stddev(x, {0, 2}, 0);
                  }),
        statistic(
            "norm", Kind::smooth, [](const Tensor& x) { return norm(x); }, any_shape),
        statistic("norm", Kind::smooth,
                  [](const Tensor& x) {
                    return norm(x, 2, {0, 2}, true);
                  }),
        statistic(
            "norm", Kind::piecewise, [](const Tensor& x) { return norm(x, 1, -1); }, any_shape),
        statistic("norm", Kind::piecewise,
                  [](const Tensor& x) {
                    return norm(x, 3, {0, 1});
                  }),
        statistic("norm", Kind::piecewise, [](const Tensor& x) { return norm(x, 0.5, -1); }),
        statistic("norm", Kind::piecewise, [](const Tensor& x) { return norm(x, -1.5, -1); }),
        statistic(
            "norm", Kind::piecewise, [](const Tensor& x) { return norm(x, INFINITY, 0); }, some_elements),
        statistic("norm", Kind::piecewise, [](const Tensor& x) { return norm(x, -INFINITY); }),
        statistic(
            "norm", Kind::not_differentiable, [](const Tensor& x) { return norm(x, 0); }, any_shape),
        reduction(
            "logsumexp", Kind::smooth, [](const Tensor& x) { return logsumexp(x, 0); }, any_shape),
        reduction("logsumexp", Kind::smooth,
                  [](const Tensor& x) {
                    return logsumexp(x, {0, 2});
                  }),
        reduction("logsumexp", Kind::smooth,
                  [](const Tensor& x) {
                    return logsumexp(x, {1, 2}, true);
                  }),

        reduction(
            "any", Kind::not_differentiable, [](const Tensor& x) { return any(x, -1); }, any_shape,
            with_zeros),
        reduction(
            "all", Kind::not_differentiable,
            [](const Tensor& x) {
              return all(x, {0, 2});
            },
            {}, with_zeros),
        reduction(
            "all", Kind::not_differentiable, [](const Tensor& x) { return all(x); }, any_shape, with_zeros),
        reduction(
            "count_nonzero", Kind::not_differentiable,
            [](const Tensor& x) {
              return count_nonzero(x, {0, 2}, true);
            },
            {}, with_zeros),
        reduction(
            "count_nonzero", Kind::not_differentiable, [](const Tensor& x) { return count_nonzero(x); },
            any_shape),
    });

}  // namespace

TEST_CASE("reductions: every row") { check_rows(reduce); }
