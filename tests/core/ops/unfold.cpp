#include <doctest/doctest.h>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::Family;
using test::floating_row;
using test::Kind;

namespace {

const Family unfolding(
    "unfold",
    {
        floating_row("unfold", Kind::smooth, {{{2, 2, 4, 5}}},
                     [](const Tensor& x) {
                       return unfold(x, {2, 3}, {.dilation = {2, 1}, .padding = 1, .stride = {1, 2}});
                     }),
        floating_row("fold", Kind::smooth, {{{2, 12, 4}}},
                     [](const Tensor& x) {
                       return fold(x, {3, 3}, {2, 3}, {.padding = {1, 0}, .stride = {1, 2}});
                     }),
    });

}  // namespace

TEST_CASE("unfold: every row holds") { test::check_rows(unfolding); }

TEST_CASE("fold adds what unfold took: for patches that do not overlap, the image itself") {
  const Tensor x = randn({2, 3, 4, 6}, {.dtype = float64}, Generator(1));

  CHECK(equal(fold(unfold(x, 2, {.stride = 2}), {4, 6}, 2, {.stride = 2}), x));
}
