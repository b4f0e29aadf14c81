#include "kernels/loops/scan.hpp"
#include "kernels/loops/wrap.hpp"
#include "ops/reduce/reduce.hpp"
#include "ops/support/fold_axes.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/promote.hpp"
#include "ops/support/tangents.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/tape.hpp"

// Running sums and products, and the product: its gradient is made of running products, so that nothing is
// divided and zeros need no care.

namespace xgrad {

using namespace detail;

namespace {

struct Scan {
  int axis;
  bool reverse;
  bool lag = false;  ///< of a recurrence
  void fields(auto&& field) const { field("axis", axis), field("reverse", reverse), field("lag", lag); }
};

struct Shift {
  Scan by;
  double fill;
  void fields(auto&& field) const {
    field("axis", by.axis), field("reverse", by.reverse), field("fill", fill);
  }
};

Block block_along(const Shape& shape, int axis) { return Runs(shape, AxisBits{1} << axis).last; }

/// The entries moved one place along the axis, away from where a scan starts; `fill` comes in.
Tensor shifted(const Tensor& x, const Scan& by, double fill) {
  static constexpr Op op = {.name = "shifted",
                            .vjp = {{{keep::nothing,
                                      [](Grad g, Fn f) {
                                        Scan back = f.attributes<Shift>().by;
                                        back.reverse = !back.reverse;
                                        return shifted(g, back, 0);
                                      }}}},
                            .fields = &fields_of<Shift>,
                            .again =
                                [](Call c) {
                                  const auto& [way, value] = c.attributes<Shift>();
                                  return shifted(c.x(0), way, value);
                                },
                            .jvp = [](Fn f) { return shifted(f.t(0), f.attributes<Shift>().by, 0); }};
  const std::int64_t n = x.dim() == 0 ? 1 : x.shape()[by.axis];
  Tensor y = new_like(x);
  y.fill_(fill);
  if (n > 1) copy_entries({y, by.axis, by.reverse ? 0 : 1}, {x, by.axis, by.reverse ? 1 : 0}, n - 1);
  return record(op, {x}, std::move(y), Shift{by, fill});
}

/// y_i = b_i + a_i y_before, before being i - 1, or i + 1 if reverse; with `lag`, b_i + a_before y_before.
/// Its gradient is the same recurrence run the other way.
Tensor recurrence(const Tensor& a, const Tensor& b, const Scan& by) {
  static constexpr Op op = {.name = "recurrence",
                            .vjp = {{{keep::x(0) | keep::y,  // da
                                      [](Grad g, Fn f) {
                                        const auto way = f.attributes<Scan>();
                                        const Scan back = {way.axis, !way.reverse, !way.lag};
                                        const Tensor db = recurrence(f.x(0), g, back);
                                        return way.lag ? mul0(shifted(db, back, 0), f.y())
                                                       : mul0(db, shifted(f.y(), way, 0));
                                      }},
                                     {keep::x(0),
                                      [](Grad g, Fn f) {  // db
                                        const auto way = f.attributes<Scan>();
                                        return recurrence(f.x(0), g, {way.axis, !way.reverse, !way.lag});
                                      }}}},
                            .fields = &fields_of<Scan>,
                            .again = [](Call c) { return recurrence(c.x(0), c.x(1), c.attributes<Scan>()); },
                            .jvp =
                                [](Fn f) {
                                  const auto way = f.attributes<Scan>();
                                  Tensor sum = f.t(1);
                                  if (f.t(0).defined())
                                    add_part(sum, way.lag ? shifted(mul0(f.t(0), f.y()), way, 0)
                                                          : mul0(f.t(0), shifted(f.y(), way, 0)));
                                  return recurrence(f.x(0), sum, way);
                                }};
  Tensor y = new_like(b);
  const Block block = block_along(b.shape(), by.axis);
  visit_floating(b.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const T *pa = ptr<T>(a), *pb = ptr<T>(b);
    const std::int64_t before = by.lag ? (by.reverse ? block.inner : -block.inner) : 0;
    scan<T>(block, by.reverse, 0, ptr<T>(y), [=](Carry<T> c, std::int64_t i) -> Carry<T> {
      return c == 0 ? pb[i] : pb[i] + c * pa[i + before];  // at the start a_before is not there
    });
  });
  return record(op, {a, b}, std::move(y), by);
}

Tensor running_sum(const Tensor& x, const Scan& by) {
  static constexpr Op op = {.name = "cumsum",
                            .vjp = {{{keep::nothing,
                                      [](Grad g, Fn f) {
                                        const auto way = f.attributes<Scan>();
                                        return running_sum(g, {way.axis, !way.reverse});
                                      }}}},
                            .fields = &fields_of<Scan>,
                            .again = [](Call c) { return running_sum(c.x(0), c.attributes<Scan>()); },
                            .jvp = Jvp::By::linear};
  if (x.dtype() == boolean) return running_sum(x.to(int64), by);
  Tensor y = new_like(x);
  visit_number(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    scan<T>(block_along(x.shape(), by.axis), by.reverse, 0, ptr<T>(y),
            [px = ptr<T>(x)](Carry<T> c, std::int64_t i) { return plus<Carry<T>>(c, px[i]); });
  });
  return record(op, {x}, std::move(y), by);
}

/// y_i = the product of the x_j up to and with i. dx_i is the product of those before i, times
/// r_i = g_i + x_(i+1) r_(i+1).
Tensor running_product(const Tensor& x, const Scan& by) {
  static constexpr Op op = {
      .name = "cumprod",
      .vjp = {{{keep::x(0) | keep::y,
                [](Grad g, Fn f) {
                  const auto way = f.attributes<Scan>();
                  const Tensor rest = recurrence(f.x(0), g, {way.axis, !way.reverse, true});
                  return mul0(rest, shifted(f.y(), way, 1));
                }}}},
      .fields = &fields_of<Scan>,
      .again = [](Call c) { return running_product(c.x(0), c.attributes<Scan>()); },
      .jvp =
          [](Fn f) {
            const auto way = f.attributes<Scan>();
            return recurrence(f.x(0), mul0(f.t(0), shifted(f.y(), way, 1)), way);
          }};
  if (x.dtype() == boolean) return running_product(x.to(int64), by);
  Tensor y = new_like(x);
  visit_number(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    scan<T>(block_along(x.shape(), by.axis), by.reverse, 1, ptr<T>(y),
            [px = ptr<T>(x)](Carry<T> c, std::int64_t i) { return times<Carry<T>>(c, px[i]); });
  });
  return record(op, {x}, std::move(y), by);
}

/// The product along an axis. dx_i is the product of those before i, times that of those behind i.
Tensor product(const Tensor& x, int axis, const Shape& shape) {
  static constexpr Op op = {
      .name = "prod",
      .vjp = {{{keep::x(0),
                [](Grad g, Fn f) {
                  const Tensor at = f.x(0);
                  const Scan up = {f.attributes<Along>().axis, false}, down = {up.axis, true};
                  const Tensor before = shifted(running_product(at, up), up, 1);
                  const Tensor behind = shifted(running_product(at, down), down, 1);
                  return mul0(kept(g, at.shape(), AxisBits{1} << up.axis), before * behind);
                }}}},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return product(c.x(0), c.attributes<Along>().axis, c.shape()); },
      .jvp = summed_jvp_along<Along>};
  Tensor y = visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    using A = std::conditional_t<std::same_as<T, bool>, std::int64_t, T>;
    return fold_axes<ProductFold, A, T>(x, AxisBits{1} << axis, shape);
  });
  return record(op, {x}, std::move(y), Along{axis});
}

}  // namespace

Tensor cumsum(const Tensor& x, int axis) { return running_sum(x, {line_axis("cumsum", axis, x), false}); }
Tensor cumprod(const Tensor& x, int axis) {
  return running_product(x, {line_axis("cumprod", axis, x), false});
}

Tensor prod(const Tensor& x) { return prod(x, Axes(), false); }
Tensor prod(const Tensor& x, const Axes& axes, bool keepdim) {
  const AxisBits bits = axis_bits("prod", axes, x);
  const auto [joined, axis] = join_axes(x, bits);
  return product(joined, axis, reduced_shape(x.shape(), bits, keepdim));
}

}  // namespace xgrad
