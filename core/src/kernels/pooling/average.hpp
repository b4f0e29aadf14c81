#pragma once

#include <algorithm>
#include <vector>

#include "kernels/convolution/im2col.hpp"
#include "kernels/loops/fold.hpp"

namespace xgrad::detail {

inline constexpr Kernel avg_pool2d_kernel = {.name = "avg_pool2d"};
inline constexpr Kernel avg_pool2d_backward_kernel = {.name = "avg_pool2d_backward"};

/// The means of the windows of an image, a line of results at a time: first the rows of their windows are
/// added up, then the columns, so that both loops go over neighbours.
template <class T>
class AverageOfWindows {
 public:
  AverageOfWindows(const Window& k, std::int64_t h, std::int64_t w, bool count_padding)
      : k_(k), h_(h), w_(w), columns_(k.out_w(w)), count_padding_(count_padding) {
    const std::int64_t reach = (columns_ - 1) * k.stride_w + k.kernel_w;
    line_.resize(static_cast<std::size_t>(std::max(reach, k.padding_w + w)));
    share_.resize(static_cast<std::size_t>(columns_));
    part_.resize(static_cast<std::size_t>(columns_));
  }

  /// y = the means of a line of windows of a plane x.
  void values(std::int64_t row, const T* x, T* y) {
    T* body = line_.data() + k_.padding_w;
    const auto [first, last] = rows_of(row);
    std::fill(line_.begin(), line_.end(), T(0));
    for (std::int64_t r = first; r < last; ++r) {
      const T* from = x + r * w_;
      for (std::int64_t c = 0; c < w_; ++c) body[c] += from[c];
    }
    add_columns(y);
    const T* share = shares(last - first);
    for (std::int64_t i = 0; i < columns_; ++i) y[i] *= share[i];
  }

  /// dx += the cotangents g of a line of results, each shared by its window.
  void spread(std::int64_t row, const T* g, T* dx) {
    const T* body = line_.data() + k_.padding_w;
    const auto [first, last] = rows_of(row);
    const T* share = shares(last - first);
    for (std::int64_t i = 0; i < columns_; ++i) part_[static_cast<std::size_t>(i)] = g[i] * share[i];
    std::fill(line_.begin(), line_.end(), T(0));
    spread_columns();
    for (std::int64_t r = first; r < last; ++r) {
      T* __restrict to = dx + r * w_;
      for (std::int64_t c = 0; c < w_; ++c) to[c] += body[c];
    }
  }

 private:
  struct Rows {
    std::int64_t first, last;
  };
  /// The rows of an image that a line of windows sees.
  Rows rows_of(std::int64_t row) const {
    const std::int64_t first = row * k_.stride_h - k_.padding_h;
    const std::int64_t last = std::min<std::int64_t>(first + k_.kernel_h, h_),
                       top = std::max<std::int64_t>(first, 0);
    return {top, std::max(last, top)};
  }

  /// What an element of each window of so many rows counts; 0 where a window lies in the padding.
  const T* shares(std::int64_t rows) {
    if (rows == shared_rows_) return share_.data();
    shared_rows_ = rows;
    for (std::int64_t i = 0; i < columns_; ++i) {
      const std::int64_t first = i * k_.stride_w - k_.padding_w,
                         last = std::min<std::int64_t>(first + k_.kernel_w, w_);
      const std::int64_t area =
          count_padding_ ? std::int64_t{k_.kernel_h} * k_.kernel_w
                         : rows * std::max<std::int64_t>(last - std::max<std::int64_t>(first, 0), 0);
      share_[static_cast<std::size_t>(i)] =
          area == 0 ? T(0) : static_cast<T>(1.0 / static_cast<double>(area));
    }
    return share_.data();
  }

  /// f(stride), as a constant where it is a usual one.
  template <class F>
  void with_stride(const F& f) const {
    if (k_.stride_w == 1)
      f(std::integral_constant<std::int64_t, 1>());
    else if (k_.stride_w == 2)
      f(std::integral_constant<std::int64_t, 2>());
    else
      f(std::int64_t{k_.stride_w});
  }

  void add_columns(T* __restrict y) const {
    const T* sums = line_.data();
    with_stride([&](auto stride) {
      if (columns_ < k_.kernel_w) {
        for (std::int64_t i = 0; i < columns_; ++i)
          y[i] = fold_part<SumFold, T>(sums + i * stride, std::int64_t{k_.kernel_w});
        return;
      }
      for (std::int64_t i = 0; i < columns_; ++i) y[i] = sums[i * stride];
      for (std::int64_t j = 1; j < k_.kernel_w; ++j)
        for (std::int64_t i = 0; i < columns_; ++i) y[i] += sums[i * stride + j];
    });
  }

  void spread_columns() {
    T* sums = line_.data();
    const T* part = part_.data();
    with_stride([&](auto stride) {
      if (columns_ < k_.kernel_w) {
        for (std::int64_t i = 0; i < columns_; ++i)
          for (std::int64_t j = 0; j < k_.kernel_w; ++j) sums[i * stride + j] += part[i];
        return;
      }
      for (std::int64_t j = 0; j < k_.kernel_w; ++j)
        for (std::int64_t i = 0; i < columns_; ++i) sums[i * stride + j] += part[i];
    });
  }

  Window k_;
  std::int64_t h_, w_, columns_, shared_rows_ = -1;
  bool count_padding_;
  std::vector<T> line_, share_, part_;
};

}  // namespace xgrad::detail
