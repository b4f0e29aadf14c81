#include "ops/normalization/channels.hpp"

#include "autodiff/listen.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/simd.hpp"
#include "ops/support/promote.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

namespace {

constexpr Kernel channel_products_kernel = {.name = "channel_products"};

Tensor scale_channels(const Tensor& x, const Tensor& weight);

/// The sum over the batch and all positions of a b, for each channel.
Tensor channel_products(const Tensor& a, const Tensor& b) {
  static constexpr Op op = {
      .name = "channel_products",
      .vjp = {{{keep::x(1), [](Grad h, Fn f) { return scale_channels(f.x(1), h); }},    // da
               {keep::x(0), [](Grad h, Fn f) { return scale_channels(f.x(0), h); }}}},  // db
      .again = [](Call c) { return channel_products(c.x(0), c.x(1)); },
      .jvp = Jvp::By::bilinear};
  const std::int64_t batch = a.size(0), channels = a.size(1), n = a.size(2);
  Tensor y = new_tensor({channels}, a.dtype());
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Work work = {.bytes = 2 * a.numel() * bytes_of<T>, .flops = 2 * a.numel()};
    launch(channel_products_kernel, work, channels, block_elements / (batch * n + 1) + 1,
           [=, to = ptr<T>(y), pa = ptr<const T>(a), pb = ptr<const T>(b)](std::int64_t first,
                                                                           std::int64_t last) {
             for (std::int64_t c = first; c < last; ++c) {
               double sum = 0;
               for (std::int64_t i = 0, at = c * n; i < batch; ++i, at += channels * n)
                 sum += static_cast<double>(simd_sum<T>(
                     n, [](auto u, auto v) { return u * v; }, pa + at, pb + at));
               to[c] = static_cast<T>(sum);
             }
           });
  });
  return record(op, {a, b}, std::move(y));
}

/// x[batch, channels, positions] times a weight for each channel.
Tensor scale_channels(const Tensor& x, const Tensor& weight) {
  static constexpr Op op = {
      .name = "scale_channels",
      .vjp = {{{keep::x(1), [](Grad g, Fn f) { return scale_channels(g, f.x(1)); }},      // dx
               {keep::x(0), [](Grad g, Fn f) { return channel_products(g, f.x(0)); }}}},  // dweight
      .again = [](Call c) { return scale_channels(c.x(0), c.x(1)); },
      .jvp = Jvp::By::bilinear};
  Tensor y;
  {
    const NoGrad guard;
    const Unheard quiet;
    y = x * reshape(weight, {weight.numel(), 1});
  }
  return record(op, {x, weight}, std::move(y));
}

}  // namespace

Tensor affine(const Tensor& y, const Tensor& weight, const Tensor& bias) {
  Tensor out = weight.defined() ? y * weight : y;
  return bias.defined() ? out + bias : out;
}

Tensor per_channel(const Tensor& p, const Tensor& x) {
  if (!p.defined()) return p;
  Shape shape = Shape::filled(x.dim() - 1, 1);
  shape[0] = p.numel();
  return reshape(p, shape);
}

Tensor affine_of_channels(const Tensor& y, const Tensor& weight, const Tensor& bias) {
  constexpr std::int64_t few = 16;  // positions, for which a product and a sum are as fast
  const std::int64_t positions = y.numel() == 0 ? 0 : y.numel() / y.size(0) / y.size(1);
  if (!weight.defined() || positions < few) return affine(y, per_channel(weight, y), per_channel(bias, y));
  const Tensor scaled = scale_channels(reshape(y, {y.size(0), y.size(1), positions}), weight);
  return affine(reshape(scaled, y.shape()), {}, per_channel(bias, y));
}

}  // namespace xgrad::detail
