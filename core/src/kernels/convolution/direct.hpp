#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels/convolution/planes.hpp"
#include "kernels/loops/batch.hpp"
#include "kernels/loops/part.hpp"

// Sums of shifted planes for few channels: whole tiles of outputs and positions stay in registers.

namespace xgrad::detail {

/// f(first, size as a constant) for runs of [0, n): of `Most` elements, and one of what is left.
template <std::int64_t Most, class F>
void each_run(std::int64_t n, F&& f) {
  std::int64_t first = 0;
  for (; n - first >= Most; first += Most) f(first, std::integral_constant<std::int64_t, Most>());
  [&]<std::size_t... R>(std::index_sequence<R...>) {
    ((n - first == R && R > 0 ? f(first, std::integral_constant<std::int64_t, R>()) : void()), ...);
  }
  (std::make_index_sequence<Most>());
}

/// The weights of a correlation, in the order in which tiles read them.
template <class T>
class DirectWeights {
  using V = xsimd::batch<T>;
  static constexpr std::int64_t width = V::size;
  static constexpr bool many_registers = sizeof(V) == 64;               // 32 of them with AVX-512, else 16
  static constexpr std::int64_t most_outputs = many_registers ? 8 : 4;  ///< that share a loaded input

 public:
  /// Where w(output, channel, tap) is the weight of an output, a channel and a tap of the kernel.
  template <class W>
  DirectWeights(const PlaneLayout& on, const TapGrid& grid, std::int64_t outputs, W w)
      : on_(on), grid_(grid), outputs_(outputs), weights_(outputs * on.channels * grid.count()) {
    const std::int64_t tile = 4 * width;
    step_ = (grid.positions(on) + tile - 1) / tile * tile;
    T* to = weights_.data();
    each_run<most_outputs>(outputs_, [&](std::int64_t first, auto some) {
      for (std::int64_t c = 0; c < on_.channels; ++c)
        for (std::int64_t tap : grid_.taps)
          for (std::int64_t o = first; o < first + some(); ++o) *to++ = w(o, c, tap);
    });
  }

  /// Correlates images that lie step_x apart; the results of one lie step_y further than those of the one
  /// before. An element of the bias is added for each output; it may be null.
  void run(std::int64_t images, const T* x, std::int64_t step_x, const T* bias, Place<T> to,
           std::int64_t step_y) const {
    const Workspace<T> planes = zero_workspace<T>(on_.channels * on_.plane), made(outputs_ * step_);
    for (std::int64_t i = 0; i < images; ++i) {
      on_.lay(x + i * step_x, planes.data());
      correlate(planes.data(), made.data());
      for (std::int64_t o = 0; o < outputs_; ++o)
        place_results(grid_, made.data() + o * step_, on_.pitch, bias ? bias[o] : T(0),
                      to.y + i * step_y + o * to.step);
    }
  }

 private:
  [[gnu::noinline]] void correlate(const T* planes, T* made) const {
    const T* w = weights_.data();
    each_run<most_outputs>(outputs_, [&](std::int64_t first, auto some) {
      constexpr std::int64_t ahead = some() >= 4 ? 2 : 4;
      for (std::int64_t p = 0; p < grid_.positions(on_); p += ahead * width)
        tile<some(), ahead>(planes + p, w, made + first * step_ + p);
      w += some() * on_.channels * grid_.count();
    });
  }

  /// O outputs at `ahead` batches of positions.
  template <std::int64_t O, std::int64_t ahead>
  [[gnu::noinline]] void tile(const T* x, const T* w, T* y) const {
    V sums[O][ahead];
    for (auto& s : sums)
      for (V& v : s) v = V(T(0));
    const std::int64_t taps = grid_.count(), *offsets = grid_.offsets.data();
    for (std::int64_t c = 0; c < on_.channels; ++c, x += on_.plane)
      for (std::int64_t tap = 0; tap < taps; ++tap, w += O) {
        const T* from = x + offsets[tap];
        V in[ahead];
        for (std::int64_t p = 0; p < ahead; ++p) in[p] = V::load_unaligned(from + p * width);
        for (std::int64_t o = 0; o < O; ++o) {
          const V weight(w[o]);
          for (std::int64_t p = 0; p < ahead; ++p) sums[o][p] = simd::fma(in[p], weight, sums[o][p]);
        }
      }
    for (std::int64_t o = 0; o < O; ++o)
      for (std::int64_t p = 0; p < ahead; ++p) sums[o][p].store_aligned(y + o * step_ + p * width);
  }

  const PlaneLayout& on_;
  const TapGrid& grid_;
  std::int64_t outputs_, step_;  // from output to output
  Workspace<T> weights_;
};

/// The gradient of the weights: sums over positions, kept in registers for a few outputs and taps at a time.
template <class T>
class DirectSums {
  using V = xsimd::batch<T>;
  static constexpr std::int64_t width = V::size;
  static constexpr bool many_registers = sizeof(V) == 64;
  static constexpr std::int64_t in_cache = 48 * 1024;  ///< elements

 public:
  DirectSums(const PlaneLayout& on, const TapGrid& grid, std::int64_t outputs)
      : on_(on), grid_(grid), outputs_(outputs) {
    positions_ = (grid.positions(on) + width - 1) / width * width;
  }

  /// w[outputs][channels][taps] += from images, `step_x` apart, and the cotangents of their results, `step_g`
  /// apart.
  void add(std::int64_t images, const T* x, std::int64_t step_x, const T* g, std::int64_t step_g, T* w) {
    const std::int64_t image = on_.channels * on_.plane, output = outputs_ * positions_;
    const std::int64_t together = std::clamp<std::int64_t>(in_cache / (image + output), 1, images);
    const Workspace<T> planes = zero_workspace<T>(together * image),
                       lines = zero_workspace<T>(together * output),
                       sums = zero_workspace<T>(outputs_ * on_.channels * grid_.count() * width);
    for (std::int64_t n = 0; n < images; n += together) {
      const std::int64_t count = std::min(together, images - n);
      for (std::int64_t k = 0; k < count; ++k, x += step_x, g += step_g) {
        on_.lay(x, planes.data() + k * image);
        for (std::int64_t o = 0; o < outputs_; ++o)
          for (std::int64_t row = 0; row < grid_.rows; ++row)
            PlaneLayout::copy_line(g + (o * grid_.rows + row) * grid_.columns, 1, grid_.columns,
                                   lines.data() + k * output + o * positions_ + row * on_.pitch);
      }
      each_part([&, sum = sums.data()](std::int64_t o, std::int64_t c, std::int64_t tap, auto outputs,
                                       auto some) mutable {
        gather<outputs(), some()>(count, planes.data() + c * on_.plane, tap, lines.data() + o * positions_,
                                  sum);
        sum += outputs() * some() * width;
      });
    }
    each_part([&, sum = sums.data()](std::int64_t o, std::int64_t c, std::int64_t tap, auto outputs,
                                     auto some) mutable {
      for (std::int64_t a = o; a < o + outputs(); ++a)
        for (std::int64_t t = tap; t < tap + some(); ++t, sum += width)
          w[(a * on_.channels + c) * grid_.count() + t] += xsimd::hadd(V::load_aligned(sum));
    });
  }

 private:
  /// f(output, channel, tap, outputs, taps) for each block of weights whose gradients are gathered in
  /// registers.
  template <class F>
  void each_part(F f) const {
    each_run<(many_registers ? 4 : 2)>(outputs_, [&](std::int64_t o, auto outputs) {
      for (std::int64_t c = 0; c < on_.channels; ++c)
        each_run<5>(grid_.count(), [&](std::int64_t tap, auto some) { f(o, c, tap, outputs, some); });
    });
  }

  /// Loads once what several products take: g++ would give each of them the address.
  static void keep_in_register(V& v) {
#if defined(__x86_64__)
    __asm__("" : "+v"(v.data));
#endif
  }

  /// sum[O][J] += the products of O lines of cotangents with the planes at J taps, over so many images.
  template <std::int64_t O, std::int64_t J>
  [[gnu::noinline]] void gather(std::int64_t images, const T* x, std::int64_t first_tap, const T* g,
                                T* sum) const {
    V sums[O][J];
    for (std::int64_t o = 0; o < O; ++o)
      for (std::int64_t j = 0; j < J; ++j) sums[o][j] = V::load_aligned(sum + (o * J + j) * width);
    const std::int64_t* at = grid_.offsets.data() + first_tap;
    for (; images > 0; --images, x += on_.channels * on_.plane, g += outputs_ * positions_)
      for (std::int64_t p = 0; p < positions_; p += width) {
        V below[O];
        for (std::int64_t o = 0; o < O; ++o) below[o] = V::load_aligned(g + o * positions_ + p);
        for (std::int64_t j = 0; j < J; ++j) {
          V in = V::load_unaligned(x + p + at[j]);
          keep_in_register(in);
          for (std::int64_t o = 0; o < O; ++o) sums[o][j] = simd::fma(below[o], in, sums[o][j]);
        }
      }
    for (std::int64_t o = 0; o < O; ++o)
      for (std::int64_t j = 0; j < J; ++j) sums[o][j].store_aligned(sum + (o * J + j) * width);
  }

  const PlaneLayout& on_;
  const TapGrid& grid_;
  std::int64_t outputs_, positions_;
};

}  // namespace xgrad::detail
