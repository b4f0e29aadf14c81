#include <doctest/doctest.h>

#include "core/geometry/sweep.hpp"

TEST_CASE("convolutions are plain loops, on a million configurations") { sweep::windows(300'000, 2); }
TEST_CASE("pools and patches are plain loops, on a million configurations") { sweep::patches(250'000, 2); }
TEST_CASE("parts and padding are plain loops, on a million configurations") { sweep::parts(200'000, 2); }
TEST_CASE("diagonals are plain loops, on a million configurations") { sweep::diagonals(200'000, 2); }
TEST_CASE("shapes of the same elements are plain loops, on a million configurations") {
  sweep::reshapes(250'000, 2);
}
TEST_CASE("orders of axes are plain loops, on a million configurations") { sweep::orders(200'000, 2); }
TEST_CASE("joining and splitting are plain loops, on a million configurations") { sweep::joins(150'000, 2); }
TEST_CASE("reductions are plain loops, on a million configurations") { sweep::reductions(150'000, 2); }
TEST_CASE("what goes along lines is a plain loop, on a million configurations") { sweep::scans(300'000, 2); }
TEST_CASE("sorting is a plain loop, on a million configurations") { sweep::sorts(1'000'000, 2); }
TEST_CASE("gathers and scatters are plain loops, on a million configurations") { sweep::gathers(200'000, 2); }
TEST_CASE("products are plain loops, on a million configurations") { sweep::products(200'000, 2); }
TEST_CASE("new tensors are plain loops, on a million configurations") { sweep::creations(150'000, 2); }
