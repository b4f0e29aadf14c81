#include "xgrad/core/ops/index.hpp"

#include <algorithm>
#include <cstring>

#include "errors.hpp"
#include "kernels/dispatch.hpp"
#include "kernels/layout.hpp"
#include "ops/index_plan.hpp"
#include "ops/promote.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// A layout as a tensor, so that a node can hold it.
Tensor packed(const PartLayout& layout) {
  static_assert(std::is_trivially_copyable_v<PartLayout>);
  Tensor t = new_tensor({static_cast<std::int64_t>((sizeof layout + 7) / 8)}, int64);
  std::memcpy(t.node()->data, &layout, sizeof layout);
  return t;
}

PartLayout unpacked(const Tensor& t) {
  PartLayout layout;
  std::memcpy(&layout, t.node()->data, sizeof layout);
  return layout;
}

Tensor index_vjp(const Tensor& g, const Shape& whole, const Tensor& layout, const Tensor& offsets);

/// The part of x in a shape.
Tensor taken(const Tensor& x, const Shape& shape, const Tensor& layout, const Tensor& offsets) {
  static constexpr Op op = {.name = "index", .vjp = {{{keep::x(1) | keep::x(2), [](Grad g, Fn f) {
                                                         return index_vjp(g, f.shape(0), f.x(1), f.x(2));
                                                       }}}}};
  Tensor y = new_tensor(shape, x.dtype());
  take_part(y, x, unpacked(layout), offsets);
  return record(op, {x, layout, offsets}, std::move(y));
}

/// Zeros of a shape with g added at the part: the transpose of taken.
Tensor index_vjp(const Tensor& g, const Shape& whole, const Tensor& layout, const Tensor& offsets) {
  static constexpr Op op = {.name = "index_vjp", .vjp = {{{keep::x(1) | keep::x(2), [](Grad h, Fn f) {
                                                             return taken(h, f.shape(0), f.x(1), f.x(2));
                                                           }}}}};
  Tensor x = zeros_of(whole, g.dtype());
  put_part(x, g, unpacked(layout), offsets, true);
  return record(op, {g, layout, offsets}, std::move(x));
}

/// True for the values that stay, where several go to one place.
Tensor stays(const Shape& whole, const Shape& part, const Tensor& layout, const Tensor& offsets) {
  const NoGrad guard;
  const Tensor order = new_tensor(part, int64);
  for (std::int64_t i = 0; i < order.numel(); ++i) ptr<std::int64_t>(order)[i] = i;
  const Tensor last = zeros_of(whole, int64);
  put_part(last, order, unpacked(layout), offsets, false);
  return taken(last, part, layout, offsets) == order;
}

/// x with values of the part's shape put there.
Tensor put(const Tensor& x, const Tensor& values, const Tensor& layout, const Tensor& offsets,
           bool accumulate) {
  static constexpr std::uint32_t place = keep::x(2) | keep::x(3);
  static constexpr Op op = {.name = "index_put",
                            .vjp = {{{place,  // dx
                                      [](Grad g, Fn f) {
                                        if (f.attributes<bool>()) return g;
                                        const PartLayout part = unpacked(f.x(2));
                                        return put(g, zeros_of(part.shape(), g.dtype()), f.x(2), f.x(3),
                                                   false);
                                      }},
                                     {place, [](Grad g, Fn f) {  // dvalues
                                        const Tensor part = taken(g, f.shape(1), f.x(2), f.x(3));
                                        if (f.attributes<bool>()) return part;
                                        return where(stays(g.shape(), f.shape(1), f.x(2), f.x(3)), part, 0);
                                      }}}}};
  Tensor y = repeated(x, x.shape());
  put_part(y, values, unpacked(layout), offsets, accumulate);
  return record(op, {x, values, layout, offsets}, std::move(y), accumulate);
}

bool is_contiguous(const IndexPlan& plan) {
  const PartLayout& l = plan.layout;
  return !plan.has_arrays && (l.rank == 0 || (l.rank == 1 && l.step[0] == 1));
}

/// The values as they are put into a part: of its shape, recorded.
Tensor to_part(const char* op, const Tensor& x, const Tensor& given, const Shape& part) {
  const Tensor values = without_axes_in_front(op, given, part.rank());
  const bool converts = !is_floating(values.dtype(op)) && values.dtype() != x.dtype(op);
  if (!converts && values.dtype() != x.dtype())
    fail(op, "x and the values must have one dtype: x is " + x.describe() + ", the values are " +
                 values.describe() + "; convert one with .to()");
  if (!(broadcast_shapes(op, values.shape(), part, name_of(values.dtype()), name_of(x.dtype())) == part))
    fail(op, "the values do not broadcast to the part: the part has shape " + part.str() +
                 ", the values are " + values.describe() + "; sizes must agree, or the values' be 1");
  const Tensor v = converts ? values.to(x.dtype()) : values;
  return v.shape() == part ? v : expand(v, part);
}

}  // namespace

// By items --------------------------------------------------------------------------------------------------

Tensor index(const Tensor& x, const std::vector<Index>& indices) {
  static constexpr Op view_op = {.name = "index", .vjp = {{{keep::nothing, [](Grad g, Fn f) {
                                                              PartLayout run;
                                                              run.first = f.attributes<std::int64_t>();
                                                              run.axis(g.numel(), 1);
                                                              const Tensor none = zeros_of({1}, int64);
                                                              return index_vjp(g, f.shape(0), packed(run),
                                                                               none);
                                                            }}}}};
  const IndexPlan plan = plan_index("index", x, indices);
  if (is_contiguous(plan))
    return record(view_op, {x}, new_view(x, plan.shape, plan.layout.first), plan.layout.first);
  return copied_part(taken(x, plan.shape, packed(plan.layout), plan.offsets));
}

Tensor index_put(const Tensor& x, const std::vector<Index>& indices, const Tensor& values, bool accumulate) {
  const IndexPlan plan = plan_index("index_put", x, indices);
  return put(x, to_part("index_put", x, values, plan.shape), packed(plan.layout), plan.offsets, accumulate);
}

Tensor index_put(const Tensor& x, const std::vector<Index>& indices, Scalar value, bool accumulate) {
  return index_put(x, indices, constant(value, dtype_with(x, value, "index_put")), accumulate);
}

Tensor Tensor::index(const std::vector<Index>& indices) const& { return xgrad::index(*this, indices); }

Tensor& Tensor::index_put_(const std::vector<Index>& indices, const Tensor& values, bool accumulate) & {
  check_writable("index_put_", *this);
  const NoGrad guard;
  const IndexPlan plan = plan_index("index_put_", *this, indices);
  Tensor from = to_part("index_put_", *this, values, plan.shape);
  if (from.node()->buffer == node()->buffer) from = from.clone();
  ++node()->buffer->version;
  put_part(*this, from, plan.layout, plan.offsets, accumulate);
  return *this;
}

Tensor& Tensor::index_put_(const std::vector<Index>& indices, Scalar value, bool accumulate) & {
  return index_put_(indices, constant(value, dtype_with(*this, value, "index_put_")), accumulate);
}

// By masks --------------------------------------------------------------------------------------------------

namespace {

void check_mask(const char* op, const Tensor& x, const Tensor& mask, bool into_x) {
  if (mask.dtype(op) != boolean)
    fail(op, "the mask must be boolean: it is " + mask.describe() + "; compare it, as in x > 0");
  const Shape both = broadcast_shapes(op, x, mask);
  if (into_x && !(both == x.shape()))
    fail(op, "the mask does not broadcast to x: x is " + x.describe() + ", the mask is " + mask.describe() +
                 "; sizes must agree, or the mask's be 1");
}

}  // namespace

Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value) {
  check_mask("masked_fill", x, mask, true);
  if (x.dtype() == boolean || dtype_with(x, value) == x.dtype())
    return where(mask, constant(value, x.dtype()), x);
  fail("masked_fill", "the value does not fit x: x is " + x.describe() +
                          ", the value is a floating number; convert x with x.to(float32)");
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value) {
  check_mask("masked_fill", x, mask, true);
  if (value.dim() != 0 || value.dtype() != x.dtype())
    fail("masked_fill", "the value must be a number of x's dtype: x is " + x.describe() + ", the value is " +
                            value.describe());
  return where(mask, value, x);
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check_mask("masked_select", x, mask, false);
  const Shape shape = broadcast_shapes("masked_select", x, mask);
  const Tensor wide = x.shape() == shape ? x : expand(x, shape);
  const Tensor places = nonzero(reshape(expand(mask, shape), {shape.numel()}));
  return index_select(reshape(wide, {shape.numel()}), 0, reshape(places, {places.numel()}));
}

Tensor nonzero(const Tensor& x) {
  return visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const T* p = ptr<T>(x);
    const std::int64_t n = x.numel(), rank = x.dim();
    const std::int64_t count = n - std::count(p, p + n, T{0});
    Tensor y = new_tensor({count, rank}, int64);
    std::int64_t* to = ptr<std::int64_t>(y);
    for (std::int64_t i = 0; i < n; ++i) {
      if (p[i] == T{0}) continue;
      std::int64_t rest = i;
      for (int k = x.dim() - 1; k >= 0; --k) {
        to[k] = rest % x.shape()[k];
        rest /= x.shape()[k];
      }
      to += rank;
    }
    return y;
  });
}

}  // namespace xgrad
