#include "reductions.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>

#include "xgrad/core/error.hpp"

namespace xgrad::parallel::detail {

namespace {

constexpr std::int64_t block = 2048;  // elements, so that sums stay in the cache

template <class T>
T larger(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a > b || std::isnan(a) ? a : b;
  else
    return std::max(a, b);
}

/// sums = all parts of one block, the first one first.
template <class T>
void reduce_block(Parts parts, T* sums, std::int64_t first, std::int64_t count, Reduce reduce) {
  const auto at = [&](std::size_t r) { return reinterpret_cast<const T*>(parts[r]) + first; };
  std::copy_n(at(0), count, sums);
  for (std::size_t r = 1; r < parts.size(); ++r) {
    const T* part = at(r);
    if (reduce == Reduce::max)
      for (std::int64_t i = 0; i < count; ++i) sums[i] = larger(sums[i], part[i]);
    else
      for (std::int64_t i = 0; i < count; ++i) sums[i] = static_cast<T>(sums[i] + part[i]);
  }
  if (reduce == Reduce::mean)
    for (std::int64_t i = 0; i < count; ++i) sums[i] = static_cast<T>(sums[i] / static_cast<T>(parts.size()));
}

template <class T>
void reduce_elements(Parts parts, std::byte* result, std::int64_t count, Reduce reduce) {
  T sums[block];
  for (std::int64_t first = 0; first < count; first += block) {
    const std::int64_t here = std::min(block, count - first);
    reduce_block(parts, sums, first, here, reduce);
    std::copy_n(sums, here, reinterpret_cast<T*>(result) + first);
  }
}

}  // namespace

void reduce_parts(Parts parts, std::byte* result, std::int64_t count, DType dtype, Reduce reduce) {
  switch (dtype) {
    case float32:
      return reduce_elements<float>(parts, result, count, reduce);
    case float64:
      return reduce_elements<double>(parts, result, count, reduce);
    case int64:
      return reduce_elements<std::int64_t>(parts, result, count, reduce);
    case boolean:
      return reduce_elements<unsigned char>(parts, result, count, reduce);
  }
}

void check_reduces(const char* op, const Tensor& x, Reduce reduce) {
  if (x.dtype(op) == boolean && reduce != Reduce::max)
    throw Error(std::string(op) + ": booleans have no sum over ranks: x is " + x.describe() +
                "; use Reduce::max, or to(int64)");
  if (x.dtype() == int64 && reduce == Reduce::mean)
    throw Error(std::string(op) + ": the mean of integers is none: x is " + x.describe() +
                "; use Reduce::sum, or to(float64)");
}

}  // namespace xgrad::parallel::detail
