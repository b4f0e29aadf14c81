#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels/convolution/im2col.hpp"
#include "kernels/loops/batch.hpp"
#include "kernels/loops/part.hpp"
#include "kernels/loops/work.hpp"
#include "tensor/workspace.hpp"

// Convolutions of stride and dilation 1 without patches. An image is laid on a plane with its padding, line
// behind line, so that output position p and tap (i, j) meet at plane[p + i * pitch + j] for every p: the
// convolution is a sum of shifted planes. Positions behind a line's last output are computed too, from what
// the next line begins with, and left out when the result is copied.

namespace xgrad::detail {

inline constexpr Kernel pack_weights_kernel = {.name = "pack_weights"};
inline constexpr Kernel direct_conv_kernel = {.name = "direct_conv"};
inline constexpr Kernel direct_conv_weight_kernel = {.name = "direct_conv_weight"};

/// Images [c][h][w], outputs [o][oh][ow], weights [o][c][kh][kw].
struct DirectSizes {
  std::int64_t c, h, w, o, kh, kw, ph, pw, oh, ow;

  DirectSizes(std::int64_t channels, std::int64_t height, std::int64_t width, std::int64_t outputs,
              const Window& k)
      : c(channels),
        h(height),
        w(width),
        o(outputs),
        kh(k.kernel_h),
        kw(k.kernel_w),
        ph(k.padding_h),
        pw(k.padding_w),
        oh(k.out_h(height)),
        ow(k.out_w(width)) {}

  std::int64_t pitch() const { return w + 2 * pw; }

  /// Whether this way suits a window at all; a single tap is a product of matrices.
  static bool allows(const Window& k) {
    return k.stride_h == 1 && k.stride_w == 1 && k.dilation_h == 1 && k.dilation_w == 1 &&
           k.kernel_h * k.kernel_w > 1;
  }
  // Measured against products of patches, up to 256 channels: it is ahead while what the inner loops read
  // again and again stays in the L2 cache.
  bool planes_fit(std::int64_t bytes) const { return c * (h + 2 * ph) * pitch() * bytes <= 512 * 1024; }
  bool sums_fit() const { return o * c * kh * kw <= 10000; }
};

template <class T>
class DirectConvolution {
  using V = xsimd::batch<T>;
  static constexpr std::int64_t width = V::size;
  static constexpr bool many_registers = sizeof(V) == 64;  // 32 of them with AVX-512, else 16
  static constexpr std::int64_t ahead = 2;                 // batches of positions in a tile

 public:
  explicit DirectConvolution(const DirectSizes& s)
      : s_(s),
        positions_(whole(s.oh * s.pitch(), ahead * width)),
        plane_(whole(positions_ + (s.kh - 1) * s.pitch() + s.kw, width)) {}

  /// The weights for `correlate`, where w(o, c, tap) is the weight of an output, a channel and a tap.
  template <class W>
  void take_weights(W w) {
    if (longest_unheard == 0) [[unlikely]]
      return launch(pack_weights_kernel, {.bytes = s_.o * s_.c * taps() * bytes_of<T, T>},
                    [&] { take_weights(w); });
    own_weights_ = zeros(s_.o * s_.c * taps());
    T* to = own_weights_.data();
    weights_ = to;
    each_run<most_outputs>(s_.o, [&](std::int64_t first, auto outputs) {
      for (std::int64_t c = 0; c < s_.c; ++c)
        for (std::int64_t tap = 0; tap < taps(); ++tap)
          for (std::int64_t o = first; o < first + outputs(); ++o) *to++ = w(o, c, tap);
    });
    take_room();
  }

  /// The same weights, which stay here, with memory of its own to work in: for another thread.
  DirectConvolution beside() const {
    DirectConvolution other(s_);
    other.weights_ = weights_;
    other.take_room();
    return other;
  }

  /// y = bias + the correlation of x with the weights; bias may be null.
  void correlate(const T* x, const T* bias, T* y) {
    if (longest_unheard == 0) [[unlikely]]
      return launch(direct_conv_kernel, work(1), [=, this] { correlate_planes(x, bias, y); });
    correlate_planes(x, bias, y);
  }

  /// w += the weights' gradient from images x and the cotangents g of their outputs.
  void gather_weights(std::int64_t images, const T* x, const T* g, T* w) {
    if (longest_unheard == 0) [[unlikely]]
      return launch(direct_conv_weight_kernel, work(images), [=, this] { gather_planes(images, x, g, w); });
    gather_planes(images, x, g, w);
  }

 private:
  static constexpr std::int64_t most_outputs = many_registers ? 8 : 4;  ///< that share a loaded input
  static constexpr std::int64_t in_cache = 48 * 1024;                   ///< elements

  [[gnu::noinline]] void correlate_planes(const T* x, const T* bias, T* y) {
    lay(x, planes_.data());
    const T* w = weights_;
    each_run<most_outputs>(s_.o, [&](std::int64_t first, auto outputs) {
      for (std::int64_t p = 0; p < s_.oh * s_.pitch(); p += ahead * width)
        tile<outputs()>(planes_.data() + p, w, made_.data() + first * positions_ + p);
      w += outputs() * s_.c * taps();
    });
    for (std::int64_t o = 0; o < s_.o; ++o) {
      const V b(bias ? bias[o] : T(0));
      for (std::int64_t row = 0; row < s_.oh; ++row, y += s_.ow)
        copy_line(made_.data() + o * positions_ + row * s_.pitch(), s_.ow, y, b);
    }
  }

  [[gnu::noinline]] void gather_planes(std::int64_t images, const T* x, const T* g, T* w) {
    const std::int64_t image = s_.c * plane_, output = s_.o * positions_;
    const std::int64_t together = std::clamp<std::int64_t>(in_cache / (image + output), 1, images);
    planes_ = zeros(together * image);
    made_ = zeros(together * output);
    const Workspace<T> sums = zeros(s_.o * s_.c * taps() * width);
    for (std::int64_t n = 0; n < images; n += together) {
      const std::int64_t count = std::min(together, images - n);
      for (std::int64_t k = 0; k < count; ++k) {
        lay(x, planes_.data() + k * image);
        x += s_.c * s_.h * s_.w;
        for (std::int64_t o = 0; o < s_.o; ++o)
          for (std::int64_t row = 0; row < s_.oh; ++row, g += s_.ow)
            copy_line(g, s_.ow, made_.data() + k * output + o * positions_ + row * s_.pitch(), V(T(0)));
      }
      each_part([&, sum = sums.data()](std::int64_t o, std::int64_t c, std::int64_t tap, auto outputs,
                                       auto some) mutable {
        gather<outputs(), some()>(count, planes_.data() + c * plane_, tap, made_.data() + o * positions_,
                                  sum);
        sum += outputs() * some() * width;
      });
    }
    each_part([&, sum = sums.data()](std::int64_t o, std::int64_t c, std::int64_t tap, auto outputs,
                                     auto some) mutable {
      for (std::int64_t a = o; a < o + outputs(); ++a)
        for (std::int64_t t = tap; t < tap + some(); ++t, sum += width)
          w[(a * s_.c + c) * taps() + t] += xsimd::hadd(V::load_aligned(sum));
    });
  }

  static std::int64_t whole(std::int64_t n, std::int64_t of) { return (n + of - 1) / of * of; }
  static Workspace<T> zeros(std::int64_t n) {
    Workspace<T> made(n);
    std::fill_n(made.data(), n, T(0));
    return made;
  }
  void take_room() {
    planes_ = zeros(s_.c * plane_);
    made_ = zeros(s_.o * positions_);
  }
  std::int64_t taps() const { return s_.kh * s_.kw; }
  /// Of images, their outputs and the weights.
  Work work(std::int64_t images) const {
    const std::int64_t in = s_.c * s_.h * s_.w, out = s_.o * s_.oh * s_.ow, weights = s_.o * s_.c * taps();
    return {.bytes = (images * (in + out) + weights) * bytes_of<T>,
            .flops = 2 * images * out * s_.c * taps()};
  }

  /// f(first, size as a constant) for runs of [0, n): of `Most` elements, and one of what is left.
  template <std::int64_t Most, class F>
  static void each_run(std::int64_t n, F&& f) {
    std::int64_t first = 0;
    for (; n - first >= Most; first += Most) f(first, std::integral_constant<std::int64_t, Most>());
    [&]<std::size_t... R>(std::index_sequence<R...>) {
      ((n - first == R && R > 0 ? f(first, std::integral_constant<std::int64_t, R>()) : void()), ...);
    }
    (std::make_index_sequence<Most>());
  }

  /// f(output, channel, tap, outputs, taps) for each block of weights whose gradients are gathered in
  /// registers.
  template <class F>
  void each_part(F f) const {
    each_run<(many_registers ? 4 : 2)>(s_.o, [&](std::int64_t o, auto outputs) {
      for (std::int64_t c = 0; c < s_.c; ++c)
        each_run<5>(taps(), [&](std::int64_t tap, auto some) { f(o, c, tap, outputs, some); });
    });
  }

  /// to[0..n) = from[0..n) + v.
  static void copy_line(const T* from, std::int64_t n, T* to, const V& v) {
    for (std::int64_t i = 0; i < n; i += width)
      store_part(to + i, n - i, load_part<V>(from + i, n - i, T(0)) + v);
  }

  /// Lays an image on planes of zeros.
  void lay(const T* x, T* planes) const {
    for (std::int64_t c = 0; c < s_.c; ++c)
      for (std::int64_t row = 0; row < s_.h; ++row, x += s_.w)
        copy_line(x, s_.w, planes + c * plane_ + (row + s_.ph) * s_.pitch() + s_.pw, V(T(0)));
  }

  /// Loads once what several products take: g++ would give each of them the address.
  static void keep_in_register(V& v) {
#if defined(__x86_64__)
    __asm__("" : "+v"(v.data));
#endif
  }

  /// O outputs at `ahead` batches of positions.
  template <std::int64_t O>
  void tile(const T* x, const T* w, T* y) const {
    V sums[O][ahead];
    for (auto& s : sums)
      for (V& v : s) v = V(T(0));
    for (std::int64_t c = 0; c < s_.c; ++c)
      for (std::int64_t i = 0; i < s_.kh; ++i) {
        const T* from = x + c * plane_ + i * s_.pitch();
        for (std::int64_t j = 0; j < s_.kw; ++j, w += O) {
          V in[ahead];
          for (std::int64_t p = 0; p < ahead; ++p) in[p] = V::load_unaligned(from + j + p * width);
          for (std::int64_t o = 0; o < O; ++o) {
            const V weight(w[o]);
            for (std::int64_t p = 0; p < ahead; ++p) sums[o][p] = simd::fma(in[p], weight, sums[o][p]);
          }
        }
      }
    for (std::int64_t o = 0; o < O; ++o)
      for (std::int64_t p = 0; p < ahead; ++p) sums[o][p].store_aligned(y + o * positions_ + p * width);
  }

  /// sum[O][J] += the products of O planes of g with x at J taps, over so many images.
  template <std::int64_t O, std::int64_t J>
  void gather(std::int64_t images, const T* x, std::int64_t first_tap, const T* g, T* sum) const {
    V sums[O][J];
    std::int64_t at[J];
    for (std::int64_t j = 0; j < J; ++j)
      at[j] = (first_tap + j) / s_.kw * s_.pitch() + (first_tap + j) % s_.kw;
    for (std::int64_t o = 0; o < O; ++o)
      for (std::int64_t j = 0; j < J; ++j) sums[o][j] = V::load_aligned(sum + (o * J + j) * width);
    for (; images > 0; --images, x += s_.c * plane_, g += s_.o * positions_)
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

  DirectSizes s_;
  std::int64_t positions_, plane_;
  Workspace<T> planes_, made_, own_weights_;
  const T* weights_ = nullptr;  // its own, or those of the one that it works beside
};

}  // namespace xgrad::detail
