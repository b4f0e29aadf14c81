#include "kernels/convolution/planes.hpp"

namespace xgrad::detail {
namespace {

/// An axis as a window of `taps` entries reads it.
PhaseAxis axis_of(std::int64_t size, std::int64_t taps, std::int64_t stride, std::int64_t padding,
                  std::int64_t dilation) {
  PhaseAxis axis{size, stride, padding, 0, {}};
  axis.length = window_places(size, taps, stride, padding, dilation) + (taps - 1) * dilation / stride;
  for (std::int64_t i = 0; i < taps; ++i) axis.read(i * dilation % stride);
  return axis;
}

/// An axis of the result of `places` entries, as the transpose of such a window reads it: with zeros for the
/// taps that reach over its ends.
PhaseAxis transposed_axis(std::int64_t size, std::int64_t places, std::int64_t taps, std::int64_t stride,
                          std::int64_t padding, std::int64_t dilation) {
  const std::int64_t reach = (taps - 1) * dilation / stride;
  PhaseAxis axis{places, 1, reach, 0, {0}};
  axis.length = reach + std::max(places, (size - 1 + padding) / stride + 1);
  return axis;
}

}  // namespace

ForwardPlanes::ForwardPlanes(const Window& k, std::int64_t channels, std::int64_t h, std::int64_t w)
    : layout(channels, axis_of(h, k.kernel_h, k.stride_h, k.padding_h, k.dilation_h),
             axis_of(w, k.kernel_w, k.stride_w, k.padding_w, k.dilation_w), k.out_w(w)),
      grid{k.out_h(h), k.out_w(w), {}, {}} {
  for (std::int64_t i = 0; i < k.kernel_h; ++i)
    for (std::int64_t j = 0; j < k.kernel_w; ++j) {
      const std::int64_t y = i * k.dilation_h, x = j * k.dilation_w;
      grid.taps.push_back(i * k.kernel_w + j);
      grid.offsets.push_back(layout.offset(y % k.stride_h, y / k.stride_h, x % k.stride_w, x / k.stride_w));
    }
}

TransposedPlanes::TransposedPlanes(const Window& k, std::int64_t outputs, std::int64_t h, std::int64_t w)
    : layout(outputs, transposed_axis(h, k.out_h(h), k.kernel_h, k.stride_h, k.padding_h, k.dilation_h),
             transposed_axis(w, k.out_w(w), k.kernel_w, k.stride_w, k.padding_w, k.dilation_w), 0),
      phases_h(std::min<std::int64_t>(k.stride_h, h)),
      phases_w(std::min<std::int64_t>(k.stride_w, w)) {
  // Element y takes tap i from the result (y + padding - i dilation) / stride, if that is a whole number.
  for (std::int64_t a = 0; a < phases_h; ++a)
    for (std::int64_t b = 0; b < phases_w; ++b) {
      const std::int64_t y = a + k.padding_h, x = b + k.padding_w;
      TapGrid grid{(h - a - 1) / k.stride_h + 1, (w - b - 1) / k.stride_w + 1, {}, {}};
      for (std::int64_t i = 0; i < k.kernel_h; ++i)
        for (std::int64_t j = 0; j < k.kernel_w; ++j) {
          const std::int64_t up = i * k.dilation_h, left = j * k.dilation_w;
          if ((y - up) % k.stride_h != 0 || (x - left) % k.stride_w != 0) continue;
          grid.taps.push_back(i * k.kernel_w + j);
          grid.offsets.push_back(layout.offset(0, layout.h.pad + (y - up) / k.stride_h, 0,
                                               layout.w.pad + (x - left) / k.stride_w));
        }
      grids.push_back(std::move(grid));
    }
}

}  // namespace xgrad::detail
