#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "kernels/loops/work.hpp"
#include "tensor/sizes.hpp"

namespace xgrad::detail {

inline constexpr Kernel im2col_kernel = {.name = "im2col"};
inline constexpr Kernel col2im_kernel = {.name = "col2im"};

/// How a kernel moves over an image. Small enough to be an op's attribute.
struct Window {
  std::int16_t stride_h = 1, stride_w = 1, padding_h = 0, padding_w = 0, dilation_h = 1, dilation_w = 1;
  std::int16_t kernel_h = 1, kernel_w = 1;

  void fields(auto&& field) const {
    field("kernel_size", std::array{kernel_h, kernel_w});
    fields_of_steps(field);
  }
  /// All but the kernel's sizes.
  void fields_of_steps(auto&& field) const {
    field("stride", std::array{stride_h, stride_w});
    field("padding", std::array{padding_h, padding_w});
    field("dilation", std::array{dilation_h, dilation_w});
  }

  /// Output sizes of an image of this size; 0 where the kernel does not fit in.
  std::int64_t out_h(std::int64_t h) const {
    return window_places(h, kernel_h, stride_h, padding_h, dilation_h);
  }
  std::int64_t out_w(std::int64_t w) const {
    return window_places(w, kernel_w, stride_w, padding_w, dilation_w);
  }

  /// The output columns [first, last) whose input column iw = ow * stride + j * dilation - padding lies in
  /// the image.
  void inside(std::int64_t w, int j, std::int64_t& first, std::int64_t& last) const {
    const std::int64_t shift = padding_w - j * dilation_w;
    first = std::clamp<std::int64_t>((shift + stride_w - 1) / stride_w, 0, out_w(w));
    if (shift < 0) first = 0;
    last = shift + w <= 0 ? 0 : std::min<std::int64_t>((shift + w - 1) / stride_w + 1, out_w(w));
    last = std::max(first, last);
  }
};

/// Calls f(row of the columns, image row or -1 for padding, kernel column) for each row of output positions.
template <class F>
void each_patch_row(const Window& k, std::int64_t channels, std::int64_t h, std::int64_t w, F f) {
  const std::int64_t oh = k.out_h(h), ow = k.out_w(w);
  std::int64_t column_row = 0;
  for (std::int64_t c = 0; c < channels; ++c)
    for (int i = 0; i < k.kernel_h; ++i)
      for (int j = 0; j < k.kernel_w; ++j, ++column_row)
        for (std::int64_t y = 0; y < oh; ++y) {
          const std::int64_t row = y * k.stride_h + i * k.dilation_h - k.padding_h;
          f((column_row * oh + y) * ow, row >= 0 && row < h ? (c * h + row) * w : std::int64_t{-1}, j);
        }
}

/// Elements of the columns of an image.
inline std::int64_t patch_elements(const Window& k, std::int64_t channels, std::int64_t h, std::int64_t w) {
  return channels * k.kernel_h * k.kernel_w * k.out_h(h) * k.out_w(w);
}

/// columns[channels kh kw][positions] from an image [channels][h][w].
template <class T>
void im2col(const Window& k, std::int64_t channels, std::int64_t h, std::int64_t w, const T* x, T* columns) {
  if (longest_unheard == 0) [[unlikely]]
    return launch(im2col_kernel, {.bytes = patch_elements(k, channels, h, w) * bytes_of<T, T>},
                  [=] { im2col(k, channels, h, w, x, columns); });
  const std::int64_t ow = k.out_w(w);
  each_patch_row(k, channels, h, w, [&](std::int64_t at, std::int64_t row, int j) {
    T* o = columns + at;
    if (row < 0) return static_cast<void>(std::fill_n(o, ow, T(0)));
    std::int64_t first, last;
    k.inside(w, j, first, last);
    const T* p = x + row + j * k.dilation_w - k.padding_w;
    std::fill(o, o + first, T(0));
    if (k.stride_w == 1)
      std::copy(p + first, p + last, o + first);
    else
      for (std::int64_t i = first; i < last; ++i) o[i] = p[i * k.stride_w];
    std::fill(o + last, o + ow, T(0));
  });
}

/// image[channels][h][w] += columns, each at the place that im2col took it from.
template <class T>
void col2im(const Window& k, std::int64_t channels, std::int64_t h, std::int64_t w, const T* columns, T* x) {
  if (longest_unheard == 0) [[unlikely]]
    return launch(col2im_kernel, {.bytes = patch_elements(k, channels, h, w) * bytes_of<T, T, T>},
                  [=] { col2im(k, channels, h, w, columns, x); });
  each_patch_row(k, channels, h, w, [&](std::int64_t at, std::int64_t row, int j) {
    if (row < 0) return;
    std::int64_t first, last;
    k.inside(w, j, first, last);
    T* p = x + row + j * k.dilation_w - k.padding_w;
    for (std::int64_t i = first; i < last; ++i) p[i * k.stride_w] += columns[at + i];
  });
}

}  // namespace xgrad::detail
