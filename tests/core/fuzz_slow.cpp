#include <doctest/doctest.h>

#include "core/fuzz.hpp"

using namespace xgrad;

TEST_CASE("20,000 random programs have the gradient that differences say, however it is computed") {
  fuzz::expect_right(100001, 20000, {.steps = 30, .order = 1});
}

TEST_CASE("5,000 random programs have the second derivatives that differences say") {
  fuzz::expect_right(200001, 5000, {.steps = 10, .order = 2});
}
