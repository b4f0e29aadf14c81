#include "ops/convolution/values.hpp"

#include "kernels/blas/blas.hpp"
#include "kernels/convolution/blocked.hpp"
#include "kernels/convolution/direct.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "tensor/sizes.hpp"

namespace xgrad::detail {

namespace {

constexpr Kernel direct_kernel = {.name = "conv2d_direct"}, blocked_kernel = {.name = "conv2d_blocked"},
                 image_direct_kernel = {.name = "conv2d_input_direct"},
                 image_blocked_kernel = {.name = "conv2d_input_blocked"},
                 image_patches_kernel = {.name = "conv2d_input_gemm"},
                 weight_direct_kernel = {.name = "conv2d_weight_direct"},
                 weight_blocked_kernel = {.name = "conv2d_weight_blocked"};

/// The sizes of a convolution from image [n, groups * c, h, w] to [n, groups * o, oh, ow].
struct Sizes {
  std::int64_t n, groups, c, h, w, o, taps, positions;

  Sizes(const Shape& image, const Shape& weight, const Convolution& k)
      : n(image[0]),
        groups(k.groups),
        c(weight[1]),
        h(image[2]),
        w(image[3]),
        o(weight[0] / k.groups),
        taps(weight[2] * weight[3]),
        positions(k.window.out_h(image[2]) * k.window.out_w(image[3])) {}

  std::int64_t image() const { return c * h * w; }
  std::int64_t output() const { return o * positions; }
  std::int64_t weight() const { return o * c * taps; }

  /// What each of the three does with elements of this size.
  Work work(std::int64_t size) const {
    return {.bytes = size * groups * (n * (image() + output()) + weight()),
            .flops = product_of(2, n, groups, o, c * taps, positions)};
  }

  /// How many images make a block that is worth a thread: an element is laid out in the time of 32 products
  /// or so.
  std::int64_t block() const {
    return std::max<std::int64_t>(large_product / sum_of(product_of(groups, o + 32, c * taps, positions), 1),
                                  1);
  }
};

/// False where 0 times an element is not 0, so that no product may be taken that the formula does not have.
template <class T>
bool all_finite(const Tensor& x) {
  return simd_sum<T>(
             x.numel(), [](auto v) { return v * 0; }, ptr<const T>(x)) == 0;
}

template <class T, template <class> class Weights>
void convolve(const Sizes& s, const ForwardPlanes& p, const T* x, const T* w, const T* bias, T* y) {
  const std::int64_t step_x = s.groups * s.image(), step_y = s.groups * s.output();
  for (std::int64_t g = 0; g < s.groups; ++g, w += s.weight()) {
    const Weights<T> weights(p.layout, p.grid, s.o, [&](std::int64_t o, std::int64_t c, std::int64_t tap) {
      return w[(o * s.c + c) * s.taps + tap];
    });
    parallel_for(s.n, s.block(), [&](std::int64_t first, std::int64_t last) {
      weights.run(last - first, x + first * step_x + g * s.image(), step_x, bias ? bias + g * s.o : nullptr,
                  {y + first * step_y + g * s.output(), s.positions}, step_y);
    });
  }
}

/// A line of an image of w elements from those of its columns' phases.
template <class T>
void interleave(std::span<const T* const> phases, std::int64_t w, T* y) {
  const auto steps = static_cast<std::int64_t>(phases.size()), whole = w / steps;
  if (steps == 1)
    std::copy_n(phases[0], w, y);
  else if (steps == 2)
    merge_pairs(whole, phases[0], phases[1], y);
  else
    for (std::int64_t i = 0; i < whole; ++i)
      for (std::int64_t k = 0; k < steps; ++k) y[i * steps + k] = phases[static_cast<std::size_t>(k)][i];
  for (std::int64_t j = whole * steps; j < w; ++j) y[j] = phases[static_cast<std::size_t>(j % steps)][whole];
}

/// The gradient of a group's images that lie step_x apart.
template <class T, template <class> class Weights>
struct GroupImage {
  const Sizes& s;
  const TransposedPlanes& p;
  std::vector<Weights<T>> weights;  ///< of each phase

  GroupImage(const Sizes& sizes, const TransposedPlanes& planes, const T* w) : s(sizes), p(planes) {
    for (const TapGrid& grid : p.grids)
      weights.emplace_back(p.layout, grid, s.c, [&](std::int64_t c, std::int64_t o, std::int64_t tap) {
        return w[(o * s.c + c) * s.taps + tap];
      });
  }

  void run(std::int64_t images, const T* g, std::int64_t step_g, T* x, std::int64_t step_x) const {
    if (weights.size() == 1) return weights[0].run(images, g, step_g, nullptr, {x, s.h * s.w}, step_x);
    const Workspace<T> made(images * s.image());
    std::vector<const T*> of_phases;
    T* to = made.data();
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const TapGrid& grid = p.grids[k];
      weights[k].run(images, g, step_g, nullptr, {to, grid.results()}, s.c * grid.results());
      of_phases.push_back(to);
      to += images * s.c * grid.results();
    }
    for (std::int64_t i = 0; i < images; ++i)
      for (std::int64_t c = 0; c < s.c; ++c) place(i * s.c + c, of_phases, x + i * step_x + c * s.h * s.w);
  }

  /// A channel of an image from its results of all phases.
  void place(std::int64_t channel, const std::vector<const T*>& of_phases, T* x) const {
    std::vector<const T*> lines(static_cast<std::size_t>(p.phases_w));
    for (std::int64_t y = 0; y < s.h; ++y) {
      for (std::size_t b = 0; b < lines.size(); ++b) {
        const std::size_t k = static_cast<std::size_t>(y % p.phases_h) * lines.size() + b;
        const TapGrid& grid = p.grids[k];
        lines[b] = of_phases[k] + channel * grid.results() + y / p.phases_h * grid.columns;
      }
      interleave<T>(lines, s.w, x + y * s.w);
    }
  }
};

template <class T, template <class> class Weights>
void convolve_image(const Sizes& s, const TransposedPlanes& p, const T* g, const T* w, T* x) {
  const std::int64_t step_g = s.groups * s.output(), step_x = s.groups * s.image();
  for (std::int64_t group = 0; group < s.groups; ++group) {
    const GroupImage<T, Weights> image(s, p, w + group * s.weight());
    parallel_for(s.n, s.block(), [&](std::int64_t first, std::int64_t last) {
      image.run(last - first, g + first * step_g + group * s.output(), step_g,
                x + first * step_x + group * s.image(), step_x);
    });
  }
}

/// The same with no product that the formula does not have, for weights that are not finite.
template <class T>
void convolve_image_by_patches(const Sizes& s, const Window& k, const T* g, const T* w, T* x) {
  parallel_for(s.n, s.block(), [&](std::int64_t first, std::int64_t last) {
    const Workspace<T> columns(s.c * s.taps * s.positions);
    for (std::int64_t i = first * s.groups; i < last * s.groups; ++i) {
      gemm(true, false, s.c * s.taps, s.positions, s.o, w + i % s.groups * s.weight(), g + i * s.output(),
           false, columns.data());
      col2im(k, s.c, s.h, s.w, columns.data(), x + i * s.image());
    }
  });
}

/// w += f(first, last, sum) for blocks of images, each with a sum of its own of w's elements; they are added
/// up in their order. A single block adds to w itself.
template <class T, class F>
void add_by_blocks(const Sizes& s, T* w, F f) {
  const std::int64_t size = std::max({s.block(), (s.n + 7) / 8, std::int64_t{1}});
  if (s.n <= size) return f(std::int64_t{0}, s.n, w);
  const std::int64_t blocks = (s.n + size - 1) / size, each = s.groups * s.weight();
  const Workspace<T> sums = zero_workspace<T>(blocks * each);
  parallel_for(s.n, size, [&](std::int64_t first, std::int64_t last) {
    f(first, last, sums.data() + first / size * each);
  });
  for (std::int64_t i = 0; i < blocks; ++i)
    for (std::int64_t j = 0; j < each; ++j) w[j] += sums.data()[i * each + j];
}

template <class T>
void convolve_weight(const Sizes& s, const ForwardPlanes& p, const T* x, const T* g, bool direct, T* w) {
  const std::int64_t step_x = s.groups * s.image(), step_g = s.groups * s.output();
  add_by_blocks(s, w, [&](std::int64_t first, std::int64_t last, T* sum) {
    for (std::int64_t group = 0; group < s.groups; ++group, sum += s.weight()) {
      const T *from = x + first * step_x + group * s.image(), *d = g + first * step_g + group * s.output();
      direct ? DirectSums<T>(p.layout, p.grid, s.o).add(last - first, from, step_x, d, step_g, sum)
             : add_blocked_weights(p.layout, p.grid, s.o, last - first, from, step_x, d, step_g, sum);
    }
  });
}

/// Whether results are summed in registers one by one, or made by products of blocks. Measured on a processor
/// with AVX-512: blocks are ahead where there are many outputs and a tap is all that they sum, or where two
/// in seven results would be left out, behind lines and at the end of tiles.
template <class T>
bool is_direct(const PlaneLayout& on, const TapGrid& grid, std::int64_t outputs) {
  constexpr std::int64_t tile = 2 * xsimd::batch<T>::size;
  const std::int64_t made = (grid.positions(on) + tile - 1) / tile * tile;
  const bool many = outputs >= (grid.count() == 1 ? 8 : 32);
  return !many || (grid.count() > 1 && 5 * made <= 7 * grid.results());
}
/// Few weights, each of which has a register to be summed in.
bool sums_fit(const Sizes& s) { return s.weight() <= 10000; }

}  // namespace

Tensor convolved(const Tensor& x, const Tensor& w, const Tensor& bias, const Convolution& k) {
  const Sizes s(x.shape(), w.shape(), k);
  const Tensor y = new_tensor({s.n, w.size(0), k.window.out_h(s.h), k.window.out_w(s.w)}, x.dtype());
  if (y.numel() == 0) return y;
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const ForwardPlanes p(k.window, s.c, s.h, s.w);
    const T* b = bias.defined() ? ptr<T>(bias) : nullptr;
    const bool direct = is_direct<T>(p.layout, p.grid, s.o);
    launch(direct ? direct_kernel : blocked_kernel, s.work(sizeof(T)), [&] {
      direct ? convolve<T, DirectWeights>(s, p, ptr<T>(x), ptr<T>(w), b, ptr<T>(y))
             : convolve<T, BlockedWeights>(s, p, ptr<T>(x), ptr<T>(w), b, ptr<T>(y));
    });
  });
  return y;
}

Tensor convolved_image(const Tensor& g, const Tensor& w, const Shape& image, const Convolution& k) {
  const Sizes s(image, w.shape(), k);
  if (g.numel() == 0 || image.numel() == 0) return zeros_of(image, g.dtype());
  Tensor x;
  visit_floating(g.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    if (!all_finite<T>(w)) {
      x = zeros_of(image, g.dtype());
      return launch(image_patches_kernel, s.work(sizeof(T)),
                    [&] { convolve_image_by_patches(s, k.window, ptr<T>(g), ptr<T>(w), ptr<T>(x)); });
    }
    x = new_tensor(image, g.dtype());
    const TransposedPlanes p(k.window, s.o, s.h, s.w);
    const bool direct = is_direct<T>(p.layout, p.grids[0], s.c);
    launch(direct ? image_direct_kernel : image_blocked_kernel, s.work(sizeof(T)), [&] {
      direct ? convolve_image<T, DirectWeights>(s, p, ptr<T>(g), ptr<T>(w), ptr<T>(x))
             : convolve_image<T, BlockedWeights>(s, p, ptr<T>(g), ptr<T>(w), ptr<T>(x));
    });
  });
  return x;
}

Tensor convolved_weight(const Tensor& x, const Tensor& g, const Shape& weight, const Convolution& k) {
  const Sizes s(x.shape(), weight, k);
  const Tensor w = zeros_of(weight, x.dtype());
  if (x.numel() == 0 || g.numel() == 0) return w;
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const ForwardPlanes p(k.window, s.c, s.h, s.w);
    const bool direct = sums_fit(s) && all_finite<T>(x);
    launch(direct ? weight_direct_kernel : weight_blocked_kernel, s.work(sizeof(T)),
           [&] { convolve_weight(s, p, ptr<T>(x), ptr<T>(g), direct, ptr<T>(w)); });
  });
  return w;
}

}  // namespace xgrad::detail
