#include "fused.hpp"

TEST_CASE("fuse is right in a file that is compiled for more instructions than another of the program") {
  xgrad::test::check_fused(xgrad::float32);
  xgrad::test::check_fused(xgrad::float64);
}
