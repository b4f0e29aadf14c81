#pragma once

#include <algorithm>
#include <climits>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>
#include <xgrad/core.hpp>

// What the geometry sweep draws, and how its loops walk over places.

namespace sweep {

using xgrad::Shape;
using xgrad::Tensor;
using V = std::vector<double>;
using Place = std::vector<std::int64_t>;

/// What is drawn is a function of the seed.
struct Draw {
  std::mt19937 engine;

  /// From low to high; low where that is more.
  int operator()(int low, int high) {
    return std::uniform_int_distribution<int>(low, std::max(low, high))(engine);
  }
  bool one_in(int n) { return (*this)(1, n) == 1; }

  template <class T>
  T of(std::initializer_list<T> list) {
    return list.begin()[(*this)(0, static_cast<int>(list.size()) - 1)];
  }
  /// A size: 0 now and then.
  int size(int most = 4) { return one_in(12) ? 0 : (*this)(1, most); }
  Shape shape(int least_rank, int most_rank, int most = 4) {
    Shape s;
    for (int rank = (*this)(least_rank, most_rank); rank > 0; --rank) s.push_back(size(most));
    return s;
  }
  /// A number from low to high, and now and then one that is far from there.
  std::int64_t number(int low, int high) {
    constexpr std::int64_t one = 1;
    if (!one_in(16)) return (*this)(low, high);
    return of<std::int64_t>({INT64_MIN, INT64_MIN + 1, -(one << 45), INT_MIN, INT_MAX, one << 32, one << 45,
                             (one << 45) + 1, one << 62, INT64_MAX - 1, INT64_MAX});
  }
  int small_number(int low, int high) {
    if (!one_in(16)) return (*this)(low, high);
    return of({INT_MIN, INT_MIN + 1, SHRT_MIN - 1, SHRT_MAX, SHRT_MAX + 1, INT_MAX - 1, INT_MAX});
  }
  /// An axis of a tensor with so many, or none of its axes.
  int axis(int rank) {
    return one_in(20) ? of({INT_MIN, -rank - 1, rank, INT_MAX}) : (*this)(-rank, rank - 1);
  }
  /// Whole numbers, so that sums are exact in any order and there are ties.
  Tensor whole(const Shape& shape, xgrad::DType dtype = xgrad::float64, int most = 5) {
    V v(static_cast<std::size_t>(shape.numel()));
    for (double& x : v) x = (*this)(-most, most);
    return xgrad::tensor(v, shape, {.dtype = dtype});
  }
};

/// Where an axis is, counted from the front; none where it is not there.
inline std::optional<int> axis_at(int axis, int rank) {
  if (axis < -rank || axis >= rank) return {};
  return axis < 0 ? axis + rank : axis;
}

/// Calls f(place) for the places of a shape, the last axis fastest.
template <class F>
void each(const Shape& shape, F f) {
  const std::int64_t n = shape.numel();
  Place p(shape.size());
  for (std::int64_t i = 0; i < n; ++i) {
    f(static_cast<const Place&>(p));
    for (std::size_t k = p.size(); k-- > 0;) {
      if (++p[k] < shape[static_cast<int>(k)]) break;
      p[k] = 0;
    }
  }
}

/// The number of a place in row-major order.
inline std::size_t at(const Shape& shape, const Place& p) {
  std::int64_t i = 0;
  for (int k = 0; k < shape.rank(); ++k) i = i * shape[k] + p[static_cast<std::size_t>(k)];
  return static_cast<std::size_t>(i);
}

inline std::int64_t& entry(Place& p, int axis) { return p[static_cast<std::size_t>(axis)]; }
inline std::int64_t entry(const Place& p, int axis) { return p[static_cast<std::size_t>(axis)]; }

/// " { 0 -1 }".
inline std::string axes_text(const std::vector<int>& axes) {
  std::string s = " {";
  for (int a : axes) s += " " + std::to_string(a);
  return s + " }";
}

}  // namespace sweep
