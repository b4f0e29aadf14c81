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

TEST_CASE("powers of integers are exact, and wrap around modulo 2^64") {
  const Tensor three = tensor({3}), big = tensor({(1ll << 53) + 1});

  CHECK(only(pow(three, tensor({39}))) == 4052555153018976267);  // no double holds it
  CHECK(only(pow(three, 39)) == 4052555153018976267);
  CHECK(only(pow(3, tensor({39}))) == 4052555153018976267);
  CHECK(only(pow(big, 1)) == (1ll << 53) + 1);
  CHECK(only(pow(tensor({-2}), 63)) == smallest);
  CHECK(only(pow(tensor({2}), 64)) == 0);
  CHECK(only(pow(tensor({0}), 0)) == 1);
  CHECK(only(pow(tensor({true}), 2)) == 1);
  CHECK(pow(tensor({{1}, {-2}}), tensor({2, 3})).to_vector<int>() == std::vector<int>{1, 1, 4, -8});
}

TEST_CASE("a negative power of an integer is an error, unless the integer is 1 or -1") {
  CHECK(pow(tensor({1, -1, -1}), tensor({-3, -3, -2})).to_vector<int>() == std::vector<int>{1, -1, 1});
  CHECK_THROWS_WITH_AS(
      pow(tensor({1, 2}), -1),
      "pow: an integer to a negative power is no integer: x is i64[2], p is i64[]; convert x "
      "with x.to(float32)",
      Error);
  CHECK(pow(tensor({4, 2}), 0.5).dtype() == float32);
  CHECK(pow(tensor({4, 2}).to(float32), -1).to_vector<double>() == std::vector<double>{0.25, 0.5});
}

TEST_CASE(
    "a floating number that no int64 holds becomes the smallest one in a tensor, and is an error alone") {
  CHECK(only(tensor({NAN}).to(int64)) == smallest);
  CHECK(only(tensor({1e30}).to(int64)) == smallest);
  CHECK_THROWS_WITH_AS(full({1}, NAN, {.dtype = int64}),
                       "full: no integer of the wanted type holds the number: it is nan; use a floating "
                       "type, or a number in range",
                       Error);
}
