#include "kernels/loops/work.hpp"
#include "ops/support/promote.hpp"
#include "tensor/capture.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/pooling.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Kernel weights_kernel = {.name = "interpolation_weights"};
constexpr Kernel pixels_kernel = {.name = "interpolation_pixels"};

/// A constant matrix [out, in] whose rows f fills: f(i, row).
template <class F>
Tensor weights(std::int64_t out, std::int64_t in, DType dtype, F f) {
  return constant_of([&] {
    std::vector<double> w(static_cast<std::size_t>(out * in));
    launch(weights_kernel, {.bytes = out * in * bytes_of<double>}, [&] {
      for (std::int64_t i = 0; i < out; ++i) f(i, w.data() + i * in);
    });
    return tensor(w, Shape{out, in}, {.dtype = dtype});
  });
}

Tensor adaptive_weights(std::int64_t out, std::int64_t in, DType dtype) {
  return weights(out, in, dtype, [=](std::int64_t i, double* row) {
    const std::int64_t first = i * in / out, last = ((i + 1) * in + out - 1) / out;
    std::fill(row + first, row + last, 1.0 / static_cast<double>(last - first));
  });
}

Tensor bilinear_weights(std::int64_t out, std::int64_t in, DType dtype, const InterpolateOptions& o) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double corner = out > 1 ? static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0;
  return weights(out, in, dtype, [=](std::int64_t i, double* row) {
    const double middle = (static_cast<double>(i) + 0.5) * scale - 0.5;
    const double at = o.align_corners ? static_cast<double>(i) * corner : std::max(middle, 0.0);
    const std::int64_t left = std::min(static_cast<std::int64_t>(at), in - 1),
                       right = std::min(left + 1, in - 1);
    const double part = at - static_cast<double>(left);
    row[left] += 1 - part;
    row[right] += part;
  });
}

/// The pixel that each of `out` ones takes of `in`.
Tensor nearest_pixels(std::int64_t out, std::int64_t in) {
  return constant_of([&] {
    std::vector<std::int64_t> at(static_cast<std::size_t>(out));
    launch(pixels_kernel, {.bytes = out * bytes_of<std::int64_t>}, [&] {
      for (std::int64_t i = 0; i < out; ++i) at[static_cast<std::size_t>(i)] = i * in / out;
    });
    return tensor(at);
  });
}

/// The shape of x[batch, channels, height, width] resampled. Throws where there is none.
Shape resampled(const char* op, const Tensor& x, Pair size) {
  if (x.dim(op) != 4) fail(op, "needs x[batch, channels, height, width]: x is " + x.describe());
  check_floating(op, x);
  if (size.height < 1 || size.width < 1 || x.size(2) < 1 || x.size(3) < 1)
    fail(op, "sizes must be at least 1: x is " + x.describe() + ", the result would be " +
                 std::to_string(size.height) + " by " + std::to_string(size.width));
  const Shape shape = {x.size(0), x.size(1), size.height, size.width};
  check_sizes(op, shape);
  return shape;
}

/// rows x columns^T for each channel of each image: any separable linear map of images.
Tensor map_axes(const char* op, const Tensor& x, Pair size,
                Tensor (*make)(std::int64_t, std::int64_t, DType, const InterpolateOptions&),
                const InterpolateOptions& options) {
  const Shape shape = resampled(op, x, size);
  if (x.numel() == 0) return reshape(x, shape);
  const Tensor rows = make(size.height, x.size(2), x.dtype(), options);
  const Tensor columns = make(size.width, x.size(3), x.dtype(), options);
  return matmul(rows, gemm(x, columns, false, true));
}

}  // namespace

Tensor adaptive_avg_pool2d(const Tensor& x, Pair output) {
  return map_axes("adaptive_avg_pool2d", x, output,
                  [](std::int64_t out, std::int64_t in, DType dtype, const InterpolateOptions&) {
                    return adaptive_weights(out, in, dtype);
                  },
                  {});
}

Tensor interpolate(const Tensor& x, Pair size, const InterpolateOptions& options) {
  if (options.mode == Interpolation::bilinear)
    return map_axes("interpolate", x, size, bilinear_weights, options);
  const Shape shape = resampled("interpolate", x, size);
  if (x.numel() == 0) return reshape(x, shape);
  return index_select(index_select(x, 3, nearest_pixels(size.width, x.size(3))), 2,
                      nearest_pixels(size.height, x.size(2)));
}

}  // namespace xgrad
