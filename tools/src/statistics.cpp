#include "statistics.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace xgrad::tools {
namespace {

// Sums have more digits and a larger range than elements, so that neither many nor huge ones spoil them.
template <class T>
Statistics statistics(std::span<const T> x) {
  Statistics s;
  long double sum = 0, squares = 0;
  for (const T element : x) {
    const auto v = static_cast<double>(element);
    s.nans += std::isnan(v), s.infinities += std::isinf(v);
    if (!std::isfinite(v)) continue;
    s.min = s.finite ? std::min(s.min, v) : v, s.max = s.finite ? std::max(s.max, v) : v;
    ++s.finite;
    sum += static_cast<long double>(element);
  }
  if (s.finite == 0) return s;
  const long double n = static_cast<long double>(s.finite), mean = sum / n;
  for (const T element : x) {
    const long double d = static_cast<long double>(element) - mean;
    if (std::isfinite(d)) squares += d * d;
  }
  s.mean = static_cast<double>(mean), s.std = static_cast<double>(std::sqrt(squares / n));
  return s;
}

}  // namespace

Statistics statistics_of(const Tensor& x) {
  switch (x.dtype()) {
    case DType::float32:
      return statistics(x.data<float>());
    case DType::float64:
      return statistics(x.data<double>());
    case DType::int64:
      return statistics(x.data<std::int64_t>());
    case DType::boolean:
      break;
  }
  return statistics(x.data<bool>());
}

}  // namespace xgrad::tools
