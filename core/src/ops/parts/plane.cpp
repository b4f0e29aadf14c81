#include "ops/parts/plane.hpp"

#include "autodiff/fields.hpp"
#include "kernels/loops/dispatch.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/promote.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

namespace {

struct Framed {
  Frame by;
  Scalar value;
  void fields(auto&& field) const {
    by.fields(field);
    field("value", value);
  }
};

/// Copies what is inside of a frame to the whole, or from it.
void copy_inside(const Tensor& whole, const Tensor& inside, const Frame& by, bool into_whole) {
  const Steps wide(whole.shape()), narrow(inside.shape());
  const std::int64_t first = by.top * wide[whole.dim() - 2] + by.left;
  LayoutCopy copy;
  for (int i = 0; i < inside.dim(); ++i)
    into_whole ? copy.axis(inside.shape()[i], wide[i], narrow[i])
               : copy.axis(inside.shape()[i], narrow[i], wide[i]);
  into_whole ? copy_elements(copy, whole, first, inside, 0) : copy_elements(copy, inside, 0, whole, first);
}

/// x without the frame: the transpose of pad_plane.
Tensor crop_plane(const Tensor& x, const Frame& by) {
  static constexpr Op op = {
      .name = "crop_plane",
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return pad_plane(g, f.attributes<Frame>(), 0); }}}},
      .fields = &fields_of<Frame>,
      .again = [](Call c) { return crop_plane(c.x(0), c.attributes<Frame>()); },
      .jvp = Jvp::By::linear};
  Shape shape = x.shape();
  shape[x.dim() - 2] -= by.top + by.below;
  shape[x.dim() - 1] -= by.left + by.right;
  Tensor y = new_tensor(shape, x.dtype());
  copy_inside(x, y, by, false);
  return record(op, {x}, std::move(y), by);
}

}  // namespace

Tensor pad_plane(const Tensor& x, const Frame& by, Scalar value) {
  static constexpr Op op = {
      .name = "pad_plane",
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return crop_plane(g, f.attributes<Frame>()); }}}},
      .fields = &fields_of<Framed>,
      .again =
          [](Call c) {
            const auto& [frame, number] = c.attributes<Framed>();
            return pad_plane(c.x(0), frame, number);
          },
      .jvp = [](Fn f) { return pad_plane(f.t(0), f.attributes<Frame>(), 0); }};
  Shape shape = x.shape();
  std::int64_t &h = shape[x.dim() - 2], &w = shape[x.dim() - 1];
  h = sum_of(h, by.top, by.below);
  w = sum_of(w, by.left, by.right);
  check_sizes("pad", shape);
  Tensor y = new_tensor(shape, x.dtype());
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const T v = value.to<T>("pad");
    if (y.numel() > 0) fill_frames(y.numel() / (h * w), h, w, by, v, ptr<T>(y));
  });
  copy_inside(y, x, by, true);
  return record(op, {x}, std::move(y), by, [&] { return Framed{by, value}; });
}

}  // namespace xgrad::detail
