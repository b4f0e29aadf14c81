#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/convolution/planes.hpp"
#include "kernels/products/product.hpp"

// Sums of shifted planes for many channels, as products of matrices. Row (c, tap) of the second one has the
// elements that a tap reads for each result: lines of planes, where they lie. Images whose results are few
// make one product together.

namespace xgrad::detail {

/// The planes of some images, and how a product reads them.
template <class T>
class PlaneRows {
 public:
  PlaneRows(const PlaneLayout& on, const TapGrid& grid, std::int64_t images)
      : on_(on), grid_(grid), together_(std::clamp<std::int64_t>(enough / grid.results(), 1, images)) {
    const std::int64_t plane = lies_so() ? on.h.size * on.w.size : on.plane;
    for (std::int64_t c = 0; c < on.channels; ++c)
      for (std::int64_t offset : grid.offsets) rows_.push_back(c * plane + offset);
    if (lies_so()) return;
    for (std::int64_t i = 0; i < together_; ++i)
      for (std::int64_t row = 0; row < grid.rows; ++row)
        lines_.push_back(i * on.channels * on.plane + row * on.pitch);
    planes_ = zero_workspace<T>(together_ * on.channels * on.plane);
  }

  /// Images that make one product.
  std::int64_t together() const { return together_; }
  /// Elements of a column of the second matrix.
  std::int64_t depth() const { return on_.channels * grid_.count(); }

  /// Gives a product images that lie `step` apart as its second operand.
  void lay(MatrixProduct<T>& p, const T* x, std::int64_t step, std::int64_t images) const {
    p.placed.rows = rows_.data(), p.b = x;
    if (lies_so()) return;
    p.placed.lines = lines_.data(), p.placed.run = grid_.columns, p.b = planes_.data();
    for (std::int64_t i = 0; i < images; ++i)
      on_.lay(x + i * step, planes_.data() + i * on_.channels * on_.plane);
  }

 private:
  static constexpr std::int64_t enough = 512;  ///< results of a product

  /// Whether an image is read where it is: one after the other, which have enough results.
  bool lies_so() const { return together_ == 1 && on_.is_image && on_.pitch == grid_.columns; }

  const PlaneLayout& on_;
  const TapGrid& grid_;
  std::int64_t together_;
  std::vector<std::int64_t> rows_, lines_;
  Workspace<T> planes_;
};

/// The weights of a correlation, in the order of the rows that they meet.
template <class T>
class BlockedWeights {
 public:
  /// Where w(output, channel, tap) is the weight of an output, a channel and a tap of the kernel.
  template <class W>
  BlockedWeights(const PlaneLayout& on, const TapGrid& grid, std::int64_t outputs, W w)
      : on_(on), grid_(grid), outputs_(outputs), weights_(outputs * on.channels * grid.count()) {
    T* to = weights_.data();
    for (std::int64_t o = 0; o < outputs; ++o)
      for (std::int64_t c = 0; c < on.channels; ++c)
        for (std::int64_t tap : grid.taps) *to++ = w(o, c, tap);
  }

  /// Correlates images that lie step_x apart; the results of one lie step_y further than those of the one
  /// before. An element of the bias is added for each output; it may be null.
  void run(std::int64_t images, const T* x, std::int64_t step_x, const T* bias, Place<T> to,
           std::int64_t step_y) const {
    const PlaneRows<T> rows(on_, grid_, images);
    const Workspace<T> made(outputs_ * rows.together() * grid_.results());
    for (std::int64_t i = 0; i < images; i += rows.together())
      run_together(rows, made.data(), std::min(rows.together(), images - i), x + i * step_x, step_x, bias,
                   {to.y + i * step_y, to.step}, step_y);
  }

 private:
  void run_together(const PlaneRows<T>& rows, T* made, std::int64_t images, const T* x, std::int64_t step_x,
                    const T* bias, Place<T> to, std::int64_t step_y) const {
    const std::int64_t each = grid_.results(), all = images * each;
    const bool in_place = images == 1;
    MatrixProduct<T> p = {};
    p.m = outputs_, p.n = all, p.k = rows.depth();
    p.a = weights_.data(), p.lda = p.k;
    rows.lay(p, x, step_x, images);
    p.c = in_place ? to.y : made, p.ldc = in_place ? to.step : all;
    p.bias = bias, p.bias_of_rows = true;
    multiply(p);
    if (in_place) return;
    for (std::int64_t i = 0; i < images; ++i)
      for (std::int64_t o = 0; o < outputs_; ++o)
        place_results(grid_, made + o * all + i * each, grid_.columns, T(0), to.y + i * step_y + o * to.step);
  }

  const PlaneLayout& on_;
  const TapGrid& grid_;
  std::int64_t outputs_;
  Workspace<T> weights_;
};

/// w[outputs][channels * taps] += the gradient of the weights from images that lie step_x apart and the
/// cotangents g[outputs][results] of their results, step_g apart.
template <class T>
void add_blocked_weights(const PlaneLayout& on, const TapGrid& grid, std::int64_t outputs,
                         std::int64_t images, const T* x, std::int64_t step_x, const T* g,
                         std::int64_t step_g, T* w) {
  const PlaneRows<T> rows(on, grid, images);
  const std::int64_t each = grid.results();
  const Workspace<T> beside(rows.together() > 1 ? outputs * rows.together() * each : 0);
  for (std::int64_t i = 0; i < images; i += rows.together()) {
    const std::int64_t some = std::min(rows.together(), images - i), all = some * each;
    MatrixProduct<T> p = {};
    p.transpose_b = p.add = true;
    p.m = outputs, p.n = rows.depth(), p.k = all;
    rows.lay(p, x + i * step_x, step_x, some);
    p.a = g + i * step_g, p.lda = all, p.c = w, p.ldc = p.n;
    if (rows.together() > 1) {  // the cotangents of an output, image by image
      p.a = beside.data();
      for (std::int64_t o = 0; o < outputs; ++o)
        for (std::int64_t j = 0; j < some; ++j)
          std::copy_n(g + (i + j) * step_g + o * each, each, beside.data() + o * all + j * each);
    }
    multiply(p);
  }
}

}  // namespace xgrad::detail
