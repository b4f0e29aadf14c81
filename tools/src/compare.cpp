#include "compare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <type_traits>

namespace xgrad::tools {
namespace {

/// |a - b| of integers, exact below 2^53.
double gap(std::int64_t a, std::int64_t b) {
  const auto u = static_cast<std::uint64_t>(a), v = static_cast<std::uint64_t>(b);
  return static_cast<double>(a > b ? u - v : v - u);
}

double gap(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  return std::isfinite(a) && std::isfinite(b) ? std::abs(a - b) : std::numeric_limits<double>::infinity();
}

template <class T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;

template <class T, class U>
Distance compared(std::span<const T> x, std::span<const U> y, double tolerance) {
  using V = std::conditional_t<std::is_same_v<Wide<T>, Wide<U>>, Wide<T>, double>;
  Distance d;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto a = static_cast<V>(x[i]);
    const auto b = static_cast<V>(y[i]);
    const double gap_here = gap(a, b);
    if (gap_here == 0) continue;
    const double size = std::max(std::abs(static_cast<double>(a)), std::abs(static_cast<double>(b)));
    if (gap_here > d.absolute) d.absolute = gap_here, d.place = static_cast<std::int64_t>(i);
    d.relative = std::max(d.relative, std::isfinite(gap_here) ? gap_here / size : gap_here);
    d.count += !(std::isfinite(gap_here) && gap_here <= tolerance * std::max(1.0, size));
  }
  return d;
}

template <class F>
auto with_elements(const Tensor& x, F f) {
  switch (x.dtype()) {
    case DType::float32:
      return f(x.data<float>());
    case DType::float64:
      return f(x.data<double>());
    case DType::int64:
      return f(x.data<std::int64_t>());
    case DType::boolean:
      break;
  }
  return f(x.data<bool>());
}

}  // namespace

Distance distance(const Tensor& a, const Tensor& b, double tolerance) {
  return with_elements(
      a, [&](auto x) { return with_elements(b, [&](auto y) { return compared(x, y, tolerance); }); });
}

std::vector<std::int64_t> index_of(const Shape& shape, std::int64_t place) {
  std::vector<std::int64_t> index(static_cast<std::size_t>(shape.rank()));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[static_cast<std::size_t>(axis)] = place % shape[axis];
    place /= shape[axis];
  }
  return index;
}

}  // namespace xgrad::tools
