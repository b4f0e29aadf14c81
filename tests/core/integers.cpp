#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <xgrad/core.hpp>

using namespace xgrad;

namespace {

constexpr std::int64_t largest = INT64_MAX, smallest = INT64_MIN;

std::int64_t only(const Tensor& x) { return x.item<std::int64_t>(); }

}  // namespace

TEST_CASE("integers wrap around modulo 2^64") {
  const Tensor a = tensor({largest}), b = tensor({smallest}), two = tensor({2});
  Tensor c = tensor({largest});

  CHECK(only(a + 1) == smallest);
  CHECK(only(a + a) == -2);
  CHECK(only(b - 1) == largest);
  CHECK(only(b - tensor({1})) == largest);
  CHECK(only(a * two) == -2);
  CHECK(only(b * -1) == smallest);
  CHECK(only(-b) == smallest);
  CHECK(only(abs(b)) == smallest);
  CHECK(only(square(a)) == 1);
  CHECK(only(c += a) == -2);
  CHECK(only(c *= b) == 0);
  CHECK(only(sum(tensor({largest, 1}))) == smallest);
  CHECK(only(prod(tensor({largest, 2}))) == -2);
  CHECK(only(cumsum(tensor({largest, 1}), 0)[1]) == smallest);
  CHECK(only(cumprod(tensor({largest, 2}), 0)[1]) == -2);
  CHECK(only(dot(tensor({largest, 1}), tensor({1, 1}))) == smallest);
  CHECK(only(matmul(tensor({{largest, 2}}), tensor({{1}, {1}}))) == smallest + 1);
  CHECK(only(trace(tensor({{largest, 0}, {0, 1}}))) == smallest);
  CHECK(only(scatter_add(a, 0, tensor({0}), tensor({1}))) == smallest);
  CHECK(only(index_put(a, {tensor({0})}, tensor({1}), true)) == smallest);
}

TEST_CASE(
    "a floating number that no int64 holds becomes the smallest one in a tensor, and is an error alone") {
  CHECK(only(tensor({NAN}).to(int64)) == smallest);
  CHECK(only(tensor({1e30}).to(int64)) == smallest);
  CHECK_THROWS_WITH_AS(full({1}, NAN, {.dtype = int64}),
                       "number: no integer of the wanted type holds it: it is nan", Error);
}
