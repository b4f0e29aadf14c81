#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "xgrad/core/threads.hpp"

namespace xgrad::optim::detail {

/// The sum of f(i)^2 for i < n, in float64, as 16 sums that do not wait for each other.
template <class F>
double sum_of_squares(std::size_t n, const F& f) {
  constexpr std::size_t lanes = 16;
  double sum = 0;
  std::size_t i = 0;
  if (n >= lanes) {
    double sums[lanes] = {};
    for (; i + lanes <= n; i += lanes)
      for (std::size_t k = 0; k < lanes; ++k) {
        const auto v = static_cast<double>(f(i + k));
        sums[k] += v * v;
      }
    for (const double s : sums) sum += s;
  }
  for (; i < n; ++i) {
    const auto v = static_cast<double>(f(i));
    sum += v * v;
  }
  return sum;
}

/// k sums over the elements of a pass, one for each of its blocks, so that they have the same bits for any
/// number of threads. They lie in a vector that is kept from step to step.
template <std::size_t k>
class BlockSums {
 public:
  BlockSums(std::vector<double>& kept, std::int64_t n) : kept_(kept) { kept_.assign(k * (place(n) + 1), 0); }

  /// Adds to the sums of the block that begins at `first`.
  void add(std::int64_t first, const std::array<double, k>& sums) {
    for (std::size_t i = 0; i < k; ++i) kept_[k * place(first) + i] += sums[i];
  }
  std::array<double, k> total() const {
    std::array<double, k> all{};
    for (std::size_t i = 0; i < kept_.size(); ++i) all[i % k] += kept_[i];
    return all;
  }

 private:
  static std::size_t place(std::int64_t i) {
    return static_cast<std::size_t>(i / xgrad::detail::block_elements);
  }

  std::vector<double>& kept_;
};

}  // namespace xgrad::optim::detail
