// Normal numbers by their formula, from the uniform numbers of the same stream.

#include <doctest/doctest.h>

#include <cmath>
#include <vector>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

/// The largest distance from sqrt(-2 log(1 - u)) cos and sin of 2 pi v, in blocks of 16 numbers.
template <class T>
double distance_from_formula(std::int64_t n) {
  const std::vector<T> x = randn({n}, {.dtype = dtype_of<T>}, Generator(7)).template to_vector<T>(),
                       u = rand({n}, {.dtype = dtype_of<T>}, Generator(7)).template to_vector<T>();
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); i += 16)
    for (std::size_t j = i; j < i + 8; ++j) {
      const T angle = static_cast<T>(2 * M_PI) * u[j + 8], rest = 1 - u[j];
      const long double radius = std::sqrt(-2 * std::log(static_cast<long double>(rest)));
      largest = std::max(
          largest, static_cast<double>(std::abs(x[j] - radius * std::cos(static_cast<long double>(angle)))));
      largest = std::max(
          largest,
          static_cast<double>(std::abs(x[j + 8] - radius * std::sin(static_cast<long double>(angle)))));
    }
  return largest;
}

}  // namespace

TEST_CASE("normal numbers are those of Box and Muller to a few units in the last place") {
  for (const std::int64_t n : {16, 32, 112, 128, 144, 16 * 1000}) {
    CAPTURE(n);
    CHECK(distance_from_formula<float>(n) < 2e-6);
    CHECK(distance_from_formula<double>(n) < 4e-15);
  }
}

TEST_CASE("the last block of normal numbers ends with the run, and is drawn anew") {
  const std::vector<float> x = randn({35}, {}, Generator(3)).to_vector<float>();
  Generator g(3);
  const std::vector<float> whole = randn({32}, {}, g).to_vector<float>();
  rand({3}, {}, g);
  const std::vector<float> last = randn({16}, {}, g).to_vector<float>();

  CHECK(std::vector<float>(x.begin(), x.begin() + 19) ==
        std::vector<float>(whole.begin(), whole.begin() + 19));
  CHECK(std::vector<float>(x.begin() + 19, x.end()) == last);
}
