// Lines that are sorted by digits, chosen from by a heap, or halved for their median, against
// std::stable_sort.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "xgrad/core.hpp"

using namespace xgrad;

namespace {

/// u before v; a nan is larger than every number.
template <class T>
bool before(T u, T v) {
  return u < v || (u == u && v != v);
}

/// Numbers with ties, of all sizes, with what is special about floats.
template <class T>
std::vector<T> numbers(std::size_t n, std::mt19937_64& random) {
  constexpr T least = std::numeric_limits<T>::lowest(), most = std::numeric_limits<T>::max();
  std::vector<T> v(n);
  for (T& x : v) switch (random() % 8) {
      case 0:
        x = least;
        break;
      case 1:
        x = most;
        break;
      case 2:
      case 3:
        x = static_cast<T>(static_cast<int>(random() % 9) - 4);
        break;
      default:
        x = static_cast<T>(std::ldexp(static_cast<double>(static_cast<std::int32_t>(random())),
                                      std::is_integral_v<T> ? 20 : static_cast<int>(random() % 200) - 140));
    }
  if constexpr (std::is_floating_point_v<T>)
    for (T special : {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
                      std::numeric_limits<T>::quiet_NaN(), -std::numeric_limits<T>::quiet_NaN(), T(-0.0),
                      T(0.0), std::numeric_limits<T>::denorm_min()})
      for (int i = 0; i < 3; ++i) v[random() % n] = special;
  return v;
}

template <class T>
bool alike(T u, T v) {
  return u == v ? std::signbit(static_cast<double>(u)) == std::signbit(static_cast<double>(v))
                : u != u && v != v;
}

template <class T>
void check_line(std::size_t n, std::mt19937_64& random, DType dtype) {
  CAPTURE(n);
  const std::vector<T> v = numbers<T>(n, random);
  const Tensor x = tensor(std::span<const T>(v), {static_cast<std::int64_t>(n)});
  REQUIRE(x.dtype() == dtype);
  for (bool descending : {false, true}) {
    std::vector<std::int64_t> places(n);
    std::iota(places.begin(), places.end(), std::int64_t{0});
    std::stable_sort(places.begin(), places.end(), [&](std::int64_t i, std::int64_t j) {
      const T u = v[static_cast<std::size_t>(i)], w = v[static_cast<std::size_t>(j)];
      return descending ? before(w, u) : before(u, w);
    });
    const ValuesAndIndices y = sort(x, 0, descending);
    CHECK(y.indices.to_vector<std::int64_t>() == places);
    const std::vector<T> sorted = y.values.to_vector<T>();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < n; ++i) wrong += !alike(sorted[i], v[static_cast<std::size_t>(places[i])]);
    CHECK(wrong == 0);
    for (std::int64_t k : {std::int64_t{1}, std::min<std::int64_t>(5, static_cast<std::int64_t>(n))})
      CHECK(topk(x, k, 0, descending).indices.to_vector<std::int64_t>() ==
            std::vector<std::int64_t>(places.begin(), places.begin() + k));
    if (descending) continue;
    const auto nan = std::find_if(v.begin(), v.end(), [](T e) { return e != e; });
    const T middle = v[static_cast<std::size_t>(places[(n - 1) / 2])];
    const auto first = nan != v.end() ? nan : std::find(v.begin(), v.end(), middle);
    CHECK(median(x, 0).indices.item<std::int64_t>() == first - v.begin());
  }
}

}  // namespace

TEST_CASE("long lines are in order, with ties at their places") {
  std::mt19937_64 random(1);
  for (std::size_t n : {2u, 95u, 96u, 97u, 1000u, 70000u}) {
    check_line<float>(n, random, float32);
    check_line<double>(n, random, float64);
    check_line<std::int64_t>(n, random, int64);
  }
}

TEST_CASE("many lines are sorted to the same bits on any number of threads") {
  const Tensor x = randn({40, 130, 50});
  const int before = num_threads();
  for (int axis : {0, 1, 2}) {
    set_num_threads(1);
    const auto one = sort(x, axis).indices.to_vector<std::int64_t>();
    set_num_threads(4);
    CHECK(sort(x, axis).indices.to_vector<std::int64_t>() == one);
  }
  set_num_threads(before);
}
