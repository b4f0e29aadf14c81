#include "xgrad/core/ops/index.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "kernels/loops/work.hpp"
#include "ops/index/plan.hpp"
#include "ops/support/accumulate.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/part_walk.hpp"
#include "ops/support/promote.hpp"
#include "tensor/capture.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Kernel layout_kernel = {.name = "index_layout"};

constexpr std::int64_t layout_words = (sizeof(PartLayout) + 7) / 8;

/// Where a part stands, as tensors, so that a node can hold it: its layout and the sizes behind it, and the
/// offsets of array items.
struct Place {
  Tensor layout, offsets;
};

Tensor packed(const PartLayout& layout, const Shape& shape) {
  static_assert(std::is_trivially_copyable_v<PartLayout>);
  return constant_of([&] {
    Tensor t = new_tensor({layout_words + shape.rank()}, int64);
    PartLayout whole{
        .rank = layout.rank, .listed = layout.listed, .first = layout.first, .size = {}, .step = {}};
    std::copy_n(layout.size, layout.rank,
                whole.size);  // what lies behind is 0, so that equal parts have equal bits
    std::copy_n(layout.step, layout.rank, whole.step);
    launch(layout_kernel, {.bytes = t.numel() * bytes_of<std::int64_t>}, [&] {
      std::memcpy(t.node()->data, &whole, sizeof whole);
      std::copy(shape.begin(), shape.end(), ptr<std::int64_t>(t) + layout_words);
    });
    return t;
  });
}

PartLayout unpacked(const Tensor& t) {
  PartLayout layout;
  std::memcpy(&layout, t.node()->data, sizeof layout);
  return layout;
}

Shape shape_of(const Tensor& t) {
  const std::int64_t* p = ptr<std::int64_t>(t);
  return Shape(std::span(p + layout_words, p + t.numel()));
}

/// The items of an index; arrays among them are inputs.
struct Items {
  const char* op;
  std::vector<Index> list;
  void fields(auto&& field) const { field("indices", text_of(list)); }
};

/// The place that a plan names; an op of its own, so that a program works it out from other arrays.
Place placed(const char* name, const Tensor& x, const std::vector<Index>& indices, const IndexPlan& plan) {
  static constexpr Op op = {.name = "index_plan", .fields = &fields_of<Items>, .again_all = [](Call c) {
                              auto [user, items] = c.attributes<Items>();
                              std::size_t k = 1;
                              for (Index& i : items)
                                if (std::holds_alternative<Tensor>(i.item())) i = c.x(k++);
                              const auto [layout, offsets] =
                                  placed(user, c.x(0), items, plan_index(user, c.x(0), items));
                              return std::vector{layout, offsets};
                            }};
  const Place place = {packed(plan.layout, plan.shape), plan.offsets};
  if (is_heard()) [[unlikely]] {
    std::vector<Ref> inputs = {x};
    for (const Index& i : indices)
      if (const Tensor* array = std::get_if<Tensor>(&i.item())) inputs.emplace_back(*array);
    tell(op, inputs, std::array{place.layout, place.offsets}, std::make_shared<Items>(Items{name, indices}));
  }
  return place;
}

Tensor index_vjp(const Tensor& g, const Shape& whole, const Place& place);

/// Adds g to the part of x in place.
Tensor added_to_part(const Tensor& x, const Tensor& g, const PartLayout& part, const Tensor& offsets) {
  ++x.node()->buffer->version;
  if (g.numel() > 0) put_part(x, g, part, offsets, true);
  return x;
}

/// The part of x.
Tensor taken(const Tensor& x, const Place& place) {
  static constexpr Op op = {.name = "index",
                            .vjp = {{{keep::x(1) | keep::x(2),
                                      [](Grad g, Fn f) {
                                        return index_vjp(g, f.shape(0), {f.x(1), f.x(2)});
                                      },
                                      [](Grad g, Fn f, const Tensor& sum) {
                                        const PartLayout part = unpacked(f.x(1));
                                        if (part.listed >= 0 && !are_distinct(f.x(2)))
                                          return index_vjp(g, sum.shape(), {f.x(1), f.x(2)});
                                        return added_to_part(sum, g, part, f.x(2));
                                      },
                                      add_parts_from}}},
                            .again =
                                [](Call c) {
                                  return taken(c.x(0), {c.x(1), c.x(2)});
                                },
                            .jvp = Jvp::By::linear};
  Tensor y = new_tensor(shape_of(place.layout), x.dtype());
  take_part(y, x, unpacked(place.layout), place.offsets);
  return record(op, {x, place.layout, place.offsets}, std::move(y));
}

/// In a program that runs on other masks, the part may have another shape than its cotangent.
void check_part(const Tensor& g, const Tensor& layout) {
  if (!(g.shape() == shape_of(layout)))
    fail("index",
         "the masks name another number of elements than those that were traced: the part has shape " +
             shape_of(layout).str() + ", its gradient is " + g.describe() + "; trace the function again");
}

/// Zeros of a shape with g added at the part: the transpose of taken.
Tensor index_vjp(const Tensor& g, const Shape& whole, const Place& place) {
  static constexpr Op op = {.name = "index_vjp",
                            .vjp = {{{keep::x(1) | keep::x(2),
                                      [](Grad h, Fn f) {
                                        return taken(h, {f.x(1), f.x(2)});
                                      }}}},
                            .again =
                                [](Call c) {
                                  check_part(c.x(0), c.x(1));
                                  return index_vjp(c.x(0), c.shape(), {c.x(1), c.x(2)});
                                },
                            .jvp = Jvp::By::linear};
  Tensor x = zeros_of(whole, g.dtype());
  put_part(x, g, unpacked(place.layout), place.offsets, true);
  return record(op, {g, place.layout, place.offsets}, std::move(x));
}

struct First {
  std::int64_t first;
  void fields(auto&& field) const { field("first", first); }
};

/// A part whose elements lie one behind another, from `first` on.
Tensor viewed(const Tensor& x, const Shape& shape, const First& at) {
  static constexpr Op op = {
      .name = "index_view",
      .vjp = {{{keep::nothing,
                [](Grad g, Fn f) {
                  PartLayout run;
                  run.first = f.attributes<First>().first;
                  run.axis(g.numel(), 1);
                  return index_vjp(g, f.shape(0), {packed(run, g.shape()), zeros_of({1}, int64)});
                },
                [](Grad g, Fn f, const Tensor& sum) {
                  PartLayout run;
                  run.first = f.attributes<First>().first;
                  run.axis(g.numel(), 1);
                  ++sum.node()->buffer->version;
                  if (g.numel() > 0) put_part(sum.dtype(), ptr<void>(sum), ptr<void>(g), run, nullptr, true);
                  return sum;
                },
                add_parts_from}}},
      .fields = &fields_of<First>,
      .again = [](Call c) { return viewed(c.x(0), c.shape(), c.attributes<First>()); },
      .jvp = Jvp::By::linear};
  return record(op, {x}, new_view(x, shape, at.first), at);
}

struct Whole {
  Shape shape;
  void fields(auto&& field) const { field("shape", shape); }
};

/// True for the values that stay, where several go to one place.
Tensor stays(const Shape& whole, const Place& place) {
  static constexpr Op op = {.name = "index_put_stays", .fields = &fields_of<Whole>, .again = [](Call c) {
                              return stays(c.attributes<Whole>().shape, {c.x(0), c.x(1)});
                            }};
  Tensor y;
  {
    const NoGrad guard;
    const Unheard quiet;
    const Shape shape = shape_of(place.layout);
    const Tensor order = reshape(arange(shape.numel()), shape), last = zeros_of(whole, int64);
    put_part(last, order, unpacked(place.layout), place.offsets, false);
    y = taken(last, place) == order;
  }
  return pass(op, {place.layout, place.offsets}, std::move(y), [&] { return Whole{whole}; });
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

struct Put {
  bool accumulate;
  void fields(auto&& field) const { field("accumulate", accumulate); }
};

/// x with values put at the part, or added there. Told with the values as they are given: in a program that
/// runs on other masks they are broadcast to another part.
Tensor put(const Tensor& x, const Tensor& values, const Place& place, const Put& how) {
  static constexpr std::uint32_t kept_place = keep::x(2) | keep::x(3);
  static constexpr Op op = {
      .name = "index_put",
      .vjp = {{{kept_place,  // dx
                [](Grad g, Fn f) {
                  const auto by = f.attributes<Put>();
                  if (by.accumulate) return g;
                  return put(g, zeros_of(shape_of(f.x(2)), g.dtype()), {f.x(2), f.x(3)}, by);
                }},
               {kept_place,
                [](Grad g, Fn f) {  // dvalues
                  const Place at = {f.x(2), f.x(3)};
                  const Tensor part = taken(g, at);
                  return f.attributes<Put>().accumulate ? part : where(stays(g.shape(), at), part, 0);
                }}}},
      .fields = &fields_of<Put>,
      .again =
          [](Call c) {
            return put(c.x(0), c.x(1), {c.x(2), c.x(3)}, c.attributes<Put>());
          },
      .jvp = Jvp::By::linear};
  Tensor y;
  {
    const Unheard quiet;
    const Tensor part = to_part("index_put", x, values, shape_of(place.layout));
    Tensor changed = repeated(x, x.shape());
    put_part(changed, part, unpacked(place.layout), place.offsets, how.accumulate);
    y = record(op, {x, part, place.layout, place.offsets}, std::move(changed), how);
  }
  if (is_heard()) [[unlikely]]
    tell(op, std::array<Ref, 4>{x, values, place.layout, place.offsets}, {&y, 1}, std::make_shared<Put>(how));
  return y;
}

}  // namespace

// By items --------------------------------------------------------------------------------------------------

Tensor index(const Tensor& x, const std::vector<Index>& indices) {
  const IndexPlan plan = plan_index("index", x, indices);
  if (is_contiguous(plan)) return viewed(x, plan.shape, {plan.layout.first});
  return copied_part(taken(x, placed("index", x, indices, plan)));
}

Tensor index_put(const Tensor& x, const std::vector<Index>& indices, const Tensor& values, bool accumulate) {
  const IndexPlan plan = plan_index("index_put", x, indices);
  return put(x, values, placed("index_put", x, indices, plan), {accumulate});
}

Tensor index_put(const Tensor& x, const std::vector<Index>& indices, Scalar value, bool accumulate) {
  return index_put(x, indices, constant(value, dtype_with(x, value, "index_put")), accumulate);
}

Tensor Tensor::index(const std::vector<Index>& indices) const& { return xgrad::index(*this, indices); }

Tensor& Tensor::index_put_(const std::vector<Index>& indices, const Tensor& values, bool accumulate) & {
  check_writable("index_put_", *this);
  check_no_history_is_dropped("index_put_", *this, values);
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

}  // namespace xgrad
