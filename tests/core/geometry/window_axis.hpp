#pragma once

#include "core/geometry/sweep.hpp"

namespace sweep {

/// One axis of a window's way over an image; `extra` is the output padding of a transposed convolution.
struct Axis {
  int in, kernel, stride, padding, dilation, extra;

  /// Numbers that a window can have.
  bool is_window() const {
    const auto fits = [](int n, int least) { return n >= least && n <= SHRT_MAX; };
    return fits(kernel, 1) && fits(stride, 1) && fits(padding, 0) && fits(dilation, 1);
  }
  /// How many places the window has in the padded image.
  std::int64_t places() const {
    const std::int64_t room =
        std::int64_t{in} + 2 * std::int64_t{padding} - std::int64_t{dilation} * (kernel - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
  }
  /// The size of the image of a transposed convolution.
  std::int64_t transposed() const {
    return (std::int64_t{in} - 1) * stride - 2 * std::int64_t{padding} +
           std::int64_t{dilation} * (kernel - 1) + extra + 1;
  }
  std::string text() const { return Shape{in, kernel, stride, padding, dilation, extra}.str() + " "; }

  /// Small numbers, and now and then one that is far from there.
  static Axis drawn(Draw& draw) {
    Axis a{draw(0, 7), draw(1, 4), draw(1, 4), draw(0, 4), draw(1, 4), draw(0, 3)};
    if (!draw.one_in(20)) return a;
    int* const all[] = {&a.stride, &a.padding, &a.dilation, &a.extra};
    *all[draw(0, 3)] = draw.one_in(2) ? draw(-2, 0) : draw.small_number(1, 9);
    return a;
  }
};

/// Calls f(small row, small column, large row, large column, tap row, tap column) for what a window meets on
/// a large side of h x w rows and columns, from the places of a small side of oh x ow.
template <class F>
void each_tap(const Axis& r, const Axis& c, std::int64_t oh, std::int64_t ow, std::int64_t h, std::int64_t w,
              F f) {
  for (std::int64_t y = 0; y < oh; ++y)
    for (std::int64_t x = 0; x < ow; ++x)
      for (std::int64_t i = 0; i < r.kernel; ++i)
        for (std::int64_t j = 0; j < c.kernel; ++j) {
          const std::int64_t row = y * r.stride + i * r.dilation - r.padding,
                             column = x * c.stride + j * c.dilation - c.padding;
          if (row >= 0 && row < h && column >= 0 && column < w) f(y, x, row, column, i, j);
        }
}

}  // namespace sweep
