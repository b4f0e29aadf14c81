#include <doctest/doctest.h>

#include "core/geometry/sweep.hpp"

TEST_CASE("convolutions, transposed ones and pooling are plain loops, on a million configurations") {
  sweep_windows(1'000'000, 2);
}
