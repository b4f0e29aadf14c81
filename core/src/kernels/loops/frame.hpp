#pragma once

#include <algorithm>

#include "kernels/loops/work.hpp"

namespace xgrad::detail {

inline constexpr Kernel frame_kernel = {.name = "pad_frame"};

/// What lies around the elements of a plane.
struct Frame {
  std::int32_t top, below, left, right;
  void fields(auto&& field) const {
    field("top", top), field("below", below), field("left", left), field("right", right);
  }
};

/// The frames of planes of h x w elements with theirs filled with a value.
template <class T>
void fill_frames(std::int64_t planes, std::int64_t h, std::int64_t w, const Frame& f, T value, T* y) {
  const std::int64_t inside = w - f.left - f.right, rows = h - f.top - f.below, seam = f.right + f.left;
  launch(frame_kernel, {.bytes = planes * (h * w - rows * inside) * bytes_of<T>}, [=] {
    T* to = y;
    if (rows == 0) std::fill_n(to, planes * h * w, value);
    for (std::int64_t k = 0; k < planes && rows > 0; ++k) {
      to = std::fill_n(to, f.top * w + f.left, value) + inside;
      for (std::int64_t i = 1; i < rows; ++i, to += inside)
        for (std::int64_t j = 0; j < seam; ++j) *to++ = value;
      to = std::fill_n(to, f.right + f.below * w, value);
    }
  });
}

}  // namespace xgrad::detail
