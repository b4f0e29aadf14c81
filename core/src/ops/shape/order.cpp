#include "autodiff/fields.hpp"
#include "ops/support/axes.hpp"
#include "ops/support/layout.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// A permutation in few bytes: five bits an axis, six axes a word.
class Permutation {
 public:
  int operator[](int i) const { return static_cast<int>(words_[i / 6] >> (i % 6 * 5) & 31); }
  void set(int i, int axis) { words_[i / 6] |= static_cast<std::uint32_t>(axis) << (i % 6 * 5); }

 private:
  std::uint32_t words_[6] = {};
};

struct Permuted {
  Permutation axes;
  int rank;
  void fields(auto&& field) const {
    std::vector<int> list;
    for (int i = 0; i < rank; ++i) list.push_back(axes[i]);
    field("axes", list);
  }
};

struct Swapped {
  int axis0, axis1;
  void fields(auto&& field) const { field("axis0", axis0), field("axis1", axis1); }
};

Tensor permute_by(const Tensor& x, const Permutation& axes) {
  static constexpr Op op = {.name = "permute",
                            .vjp = {{{keep::nothing,
                                      [](Grad g, Fn f) {
                                        const auto from = f.attributes<Permutation>();
                                        Permutation back;
                                        for (int i = 0; i < g.dim(); ++i) back.set(from[i], i);
                                        return permute_by(g, back);
                                      }}}},
                            .fields = &fields_of<Permuted>,
                            .again = [](Call c) { return permute_by(c.x(0), c.attributes<Permuted>().axes); },
                            .jvp = Jvp::By::linear};
  int order[Shape::max_rank];
  for (int i = 0; i < x.dim(); ++i) order[i] = axes[i];
  return copied_part(record(op, {x}, permuted(x, order), axes, [&] { return Permuted{axes, x.dim()}; }));
}

}  // namespace

Tensor permute(const Tensor& x, const Axes& axes) {
  const int rank = x.dim(), count = static_cast<int>(axes.list().size());
  if (count != rank)
    fail("permute", std::to_string(count) + " axes for a tensor of " + std::to_string(rank) + ": x is " +
                        x.describe() + "; name every axis once");
  axis_bits("permute", axes, x);
  Permutation order;
  for (int i = 0; i < rank; ++i)
    order.set(i, check_axis("permute", axes.list()[static_cast<std::size_t>(i)], x));
  return permute_by(x, order);
}

Tensor transpose(const Tensor& x, int axis0, int axis1) {
  static constexpr Op op = {.name = "transpose",
                            .vjp = {{{keep::nothing,
                                      [](Grad g, Fn f) {
                                        const auto [a, b] = f.attributes<Swapped>();
                                        return transpose(g, a, b);
                                      }}}},
                            .fields = &fields_of<Swapped>,
                            .again =
                                [](Call c) {
                                  const auto& [a, b] = c.attributes<Swapped>();
                                  return transpose(c.x(0), a, b);
                                },
                            .jvp = Jvp::By::linear};
  const Swapped axes = {check_axis("transpose", axis0, x), check_axis("transpose", axis1, x)};
  int order[Shape::max_rank];
  for (int i = 0; i < x.dim(); ++i)
    order[i] = i == axes.axis0 ? axes.axis1 : i == axes.axis1 ? axes.axis0 : i;
  return copied_part(record(op, {x}, permuted(x, order), axes));
}

Tensor movedim(const Tensor& x, const Axes& source, const Axes& destination) {
  const std::span<const int> from = source.list(), to = destination.list();
  const int rank = x.dim();
  if (from.size() != to.size())
    fail("movedim", "needs a destination for each source: there are " + std::to_string(from.size()) +
                        " sources and " + std::to_string(to.size()) + " destinations");
  const AxisBits moved = axis_bits("movedim", source, x);
  const AxisBits filled = axis_bits("movedim", destination, x);
  Permutation order;
  for (std::size_t k = 0; k < from.size(); ++k)
    order.set(check_axis("movedim", to[k], x), check_axis("movedim", from[k], x));
  for (int i = 0, next = 0; i < rank; ++i) {
    if (has(filled, i)) continue;
    while (has(moved, next)) ++next;
    order.set(i, next++);
  }
  return permute_by(x, order);
}

namespace {

Tensor flip_bits(const Tensor& x, AxisBits axes) {
  static constexpr Op op = {
      .name = "flip",
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return flip_bits(g, f.attributes<Over>().axes); }}}},
      .fields = &fields_of<Over>,
      .again = [](Call c) { return flip_bits(c.x(0), c.attributes<Over>().axes); },
      .jvp = Jvp::By::linear};
  const Steps steps(x.shape());
  std::int64_t first = 0;
  LayoutCopy copy;
  for (int i = 0; i < x.dim(); ++i) {
    const bool back = has(axes, i);
    if (back) first += (x.shape()[i] - 1) * steps[i];
    copy.axis(x.shape()[i], steps[i], back ? -steps[i] : steps[i]);
  }
  Tensor y = new_like(x);
  copy_elements(copy, y, 0, x, first);
  return record(op, {x}, std::move(y), Over{axes});
}

struct Roll {
  std::int64_t shift;  // 0 <= shift < n
  int axis;
  void fields(auto&& field) const { field("shift", shift), field("axis", axis); }
};

Tensor roll_by(const Tensor& x, Roll roll) {
  static constexpr Op op = {.name = "roll",
                            .vjp = {{{keep::nothing,
                                      [](Grad g, Fn f) {
                                        auto [shift, axis] = f.attributes<Roll>();
                                        if (shift > 0) shift = g.shape()[axis] - shift;
                                        return roll_by(g, {shift, axis});
                                      }}}},
                            .fields = &fields_of<Roll>,
                            .again = [](Call c) { return roll_by(c.x(0), c.attributes<Roll>()); },
                            .jvp = Jvp::By::linear};
  Tensor y = new_like(x);
  const std::int64_t kept = x.shape()[roll.axis] - roll.shift;
  copy_entries({y, roll.axis, roll.shift}, {x, roll.axis, 0}, kept);
  copy_entries({y, roll.axis, 0}, {x, roll.axis, kept}, roll.shift);
  return record(op, {x}, std::move(y), roll);
}

/// The shift as one forwards and less than n.
std::int64_t wrapped(std::int64_t shift, std::int64_t n) {
  if (n == 0) return 0;
  const std::int64_t s = shift % n;
  return s < 0 ? s + n : s;
}

}  // namespace

Tensor flip(const Tensor& x, const Axes& axes) { return flip_bits(x, axis_bits("flip", axes, x)); }

Tensor roll(const Tensor& x, std::int64_t shift, int axis) {
  const int at = check_axis("roll", axis, x);
  return roll_by(x, {wrapped(shift, x.shape()[at]), at});
}

Tensor roll(const Tensor& x, std::int64_t shift) {
  return reshape(roll_by(reshape(x, {x.numel()}), {wrapped(shift, x.numel()), 0}), x.shape());
}

Tensor roll(const Tensor& x, const std::vector<std::int64_t>& shifts, const std::vector<int>& axes) {
  if (shifts.size() != axes.size() || axes.empty())
    fail("roll", "needs one shift for each axis: there are " + std::to_string(shifts.size()) +
                     " shifts and " + std::to_string(axes.size()) + " axes");
  Tensor y = roll(x, shifts[0], axes[0]);
  for (std::size_t k = 1; k < axes.size(); ++k) y = roll(y, shifts[k], axes[k]);
  return y;
}

}  // namespace xgrad
