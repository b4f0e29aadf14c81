#include "core/fuzz.hpp"

#include <doctest/doctest.h>

using namespace xgrad;

TEST_CASE("random programs have the gradient that differences say, however it is computed") {
  fuzz::expect_right(1, 600, {.steps = 30, .order = 1});
}

TEST_CASE("random programs have the second derivatives that differences say") {
  fuzz::expect_right(1, 200, {.steps = 8, .order = 2});
}
