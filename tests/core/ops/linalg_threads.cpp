#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "xgrad/core.hpp"

using namespace xgrad;

namespace {

/// Runs f(seed) on several threads at once, again and again, and counts the results that are not those of one
/// thread alone, to the bit.
template <class F>
int wrong_results(F f) {
  constexpr int threads = 4, repeats = 1500;
  std::vector<Tensor> alone;
  for (int seed = 0; seed < threads; ++seed) alone.push_back(f(seed));
  std::atomic<int> wrong = 0;
  std::vector<std::thread> team;
  for (int seed = 0; seed < threads; ++seed)
    team.emplace_back([&, seed] {
      for (int i = 0; i < repeats; ++i)
        if (!std::ranges::equal(f(seed).template data<double>(),
                                alone[static_cast<std::size_t>(seed)].template data<double>()))
          ++wrong;
    });
  for (std::thread& t : team) t.join();
  return wrong;
}

Tensor numbers(const Shape& shape, int seed) {
  return reshape(sin(arange(0., static_cast<double>(shape.numel()), 1., {.dtype = float64}) * (1.7 + seed)),
                 shape);
}

}  // namespace

// OpenBLAS's serial build hands out its working memory without a lock.
TEST_CASE("products on several threads at once are those of one thread") {
  CHECK(wrong_results([](int seed) {
          return matmul(numbers({40, 60}, seed), numbers({60, 50}, seed + 9));
        }) == 0);
}

TEST_CASE("systems and decompositions on several threads at once are those of one thread") {
  const auto square = [](int seed) { return numbers({24, 24}, seed) + 5 * eye(24, {.dtype = float64}); };
  CHECK(wrong_results([&](int seed) { return solve(square(seed), numbers({24, 24}, seed + 9)); }) == 0);
  CHECK(wrong_results([&](int seed) { return inverse(square(seed)); }) == 0);
}
