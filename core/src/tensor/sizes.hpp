#pragma once

#include <algorithm>
#include <cstdint>

#include "xgrad/core/shape.hpp"

// Arithmetic on sizes, and the sizes of results, that come from numbers of the user. What no int64 holds
// becomes the nearest number that one does: it lies beyond every limit, since a tensor has at most 2^45
// elements, and the check of the result refuses it. Nothing wraps around.

namespace xgrad::detail {

constexpr std::int64_t sum_of(std::int64_t a, std::int64_t b) {
  std::int64_t n = 0;
  return !__builtin_add_overflow(a, b, &n) ? n : a < 0 ? INT64_MIN : INT64_MAX;
}

constexpr std::int64_t product_of(std::int64_t a, std::int64_t b) {
  std::int64_t n = 0;
  return !__builtin_mul_overflow(a, b, &n) ? n : (a < 0) != (b < 0) ? INT64_MIN : INT64_MAX;
}

template <class... Rest>
constexpr std::int64_t sum_of(std::int64_t a, std::int64_t b, Rest... rest) {
  return sum_of(sum_of(a, b), rest...);
}

template <class... Rest>
constexpr std::int64_t product_of(std::int64_t a, std::int64_t b, Rest... rest) {
  return product_of(product_of(a, b), rest...);
}

/// The product of the sizes of a shape apart from those that are 0, by which shapes are limited: a step along
/// one axis is a product of the others' sizes, so that a size of 0 makes no product legal that would
/// overflow. NumPy has the same rule.
inline std::int64_t extent_of(const Shape& shape) {
  std::int64_t n = 1;
  for (std::int64_t size : shape) n = product_of(n, std::max<std::int64_t>(size, 1));
  return n;
}

/// How many of start, start + step, ... lie before stop, in the direction of the step, which is not 0.
constexpr std::int64_t steps_between(std::int64_t start, std::int64_t stop, std::int64_t step) {
  const bool forwards = step > 0;
  if (forwards ? start >= stop : start <= stop) return 0;
  const auto from = static_cast<std::uint64_t>(start), to = static_cast<std::uint64_t>(stop);
  const std::uint64_t span = forwards ? to - from : from - to;
  const std::uint64_t by = forwards ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
  return static_cast<std::int64_t>(std::min<std::uint64_t>((span - 1) / by, INT64_MAX - 1)) + 1;
}

/// How many places a window has along an axis: `taps` entries that lie `dilation` apart move by `stride` over
/// `size` entries with `padding` on both sides; 0 where they do not fit in. The numbers of a window take 16
/// bits each, so that plain arithmetic suffices.
constexpr std::int64_t window_places(std::int64_t size, std::int64_t taps, std::int64_t stride,
                                     std::int64_t padding, std::int64_t dilation) {
  const std::int64_t room = size + 2 * padding - dilation * (taps - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

/// How many entries `places` of a window cover, without the padding and with `extra` behind them: the size of
/// a transposed convolution's result.
constexpr std::int64_t covered_size(std::int64_t places, std::int64_t taps, std::int64_t stride,
                                    std::int64_t padding, std::int64_t dilation, std::int64_t extra) {
  return (places - 1) * stride - 2 * padding + dilation * (taps - 1) + extra + 1;
}

}  // namespace xgrad::detail
