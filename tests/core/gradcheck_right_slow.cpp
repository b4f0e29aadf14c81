#include "core/right_ops.hpp"

TEST_CASE("right functions raise no false alarm at 3,000 random inputs of every scale") {
  right_ops::expect_no_false_alarm(1000, 1);
}

TEST_CASE("right functions raise no false alarm to second order at 300 random inputs of every scale") {
  right_ops::expect_no_false_alarm(100, 2);
}
