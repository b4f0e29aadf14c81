#include "core/right_ops.hpp"

TEST_CASE("right functions pass at inputs from 1e-8 to 1e8") { right_ops::expect_no_false_alarm(20, 1); }

TEST_CASE("right functions pass at inputs from 1e-8 to 1e8 to second order") {
  right_ops::expect_no_false_alarm(4, 2);
}
