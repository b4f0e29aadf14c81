#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

std::string text(std::initializer_list<std::int64_t> numbers) { return Shape(numbers).str(); }

/// The entries of an axis that Python's range(*slice(start, stop, step).indices(n)) names.
std::vector<std::int64_t> entries(std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
                                  std::int64_t step, std::int64_t n) {
  const auto bound = [&](std::int64_t i) {
    const __int128 at = i < 0 ? static_cast<__int128>(i) + n : i;
    return std::clamp<__int128>(at, step > 0 ? 0 : -1, step > 0 ? n : n - 1);
  };
  const __int128 first = start ? bound(*start) : step > 0 ? 0 : n - 1;
  const __int128 last = stop ? bound(*stop) : step > 0 ? n : -1;
  std::vector<std::int64_t> found;
  for (__int128 i = first; step > 0 ? i < last : i > last; i += step)
    found.push_back(static_cast<std::int64_t>(i));
  return found;
}

/// The part of a tensor with these entries along an axis.
Linear entries_along(const Shape& shape, int axis, const std::vector<std::int64_t>& from) {
  Shape out = shape;
  out[axis] = static_cast<std::int64_t>(from.size());
  Linear all{{out}};
  each(out, [&](const Place& p) {
    Place q = p;
    entry(q, axis) = from[static_cast<std::size_t>(entry(p, axis))];
    all.terms.push_back({at(out, p), at(shape, q)});
  });
  return all;
}

void check_slice(Draw& draw) {
  const Shape shape = draw.shape(0, 4, 6);
  const int axis = draw.axis(shape.rank());
  const std::int64_t start = draw.number(-8, 8), step = draw.number(-4, 4);
  const std::int64_t stop = draw.one_in(5) ? Tensor::end_of_axis : draw.number(-8, 8);
  const std::string call =
      "slice " + shape.str() + " axis, start, stop, step " + text({axis, start, stop, step});
  INFO(call);
  Expected right;
  const auto along = axis_at(axis, shape.rank());
  if (along && step != 0) {
    std::optional<std::int64_t> end;
    if (stop != Tensor::end_of_axis) end = stop;
    right = entries_along(shape, *along, entries(start, end, step, shape[*along]));
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return slice(x, axis, start, stop, step); }, right);
}

void check_narrow(Draw& draw) {
  const Shape shape = draw.shape(0, 4, 6);
  const int axis = draw.axis(shape.rank());
  const std::int64_t start = draw.number(-7, 7), length = draw.number(-1, 7);
  const std::string call = "narrow " + shape.str() + " axis, start, length " + text({axis, start, length});
  INFO(call);
  Expected right;
  if (const auto along = axis_at(axis, shape.rank())) {
    const std::int64_t n = shape[*along];
    const __int128 first = start < 0 ? static_cast<__int128>(start) + n : start;
    if (first >= 0 && length >= 0 && first + length <= n) {
      std::vector<std::int64_t> from;
      for (std::int64_t i = 0; i < length; ++i) from.push_back(static_cast<std::int64_t>(first) + i);
      right = entries_along(shape, *along, from);
    }
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return narrow(x, axis, start, length); }, right);
}

void check_select(Draw& draw) {
  const Shape shape = draw.shape(0, 4, 5);
  const int axis = draw.axis(shape.rank());
  const std::int64_t index = draw.number(-6, 6);
  const std::string call = "select " + shape.str() + " axis, index " + text({axis, index});
  INFO(call);
  Expected right;
  const auto along = axis_at(axis, shape.rank());
  if (along && index >= -shape[*along] && index < shape[*along]) {
    right = entries_along(shape, *along, {index < 0 ? index + shape[*along] : index});
    right->shapes[0].erase(*along);
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return select(x, axis, index); }, right);
}

/// x[...] of numbers, slices, new axes and an ellipsis.
void check_index(Draw& draw) {
  const Shape shape = draw.shape(0, 4, 5);
  std::vector<Index> items;
  std::string call = "index " + shape.str() + ":";
  Shape sizes = shape;                          // the part's, with axes that numbers take as 1
  std::vector<std::vector<std::int64_t>> from;  // entries of each axis of x
  std::vector<int> keeps;  // 0 a number, 1 a slice, 2 a new axis, in the order of results
  bool fits = true;
  const int count = draw(0, shape.rank() + (draw.one_in(6) ? 1 : 0)),
            dots = draw.one_in(3) ? draw(0, count) : -1;
  const auto whole_axes = [&](int n) {
    for (; n > 0; --n) {
      from.push_back(entries({}, {}, 1, shape[static_cast<int>(from.size())]));
      keeps.push_back(1);
    }
  };
  for (int k = 0; k < count; ++k) {
    if (k == dots)
      items.emplace_back(ellipsis), call += " ...", whole_axes(std::max(shape.rank() - count, 0));
    if (draw.one_in(6)) items.emplace_back(new_axis), call += " new", keeps.push_back(2);
    const int axis = static_cast<int>(from.size());
    const std::int64_t n = axis < shape.rank() ? shape[axis] : 1;
    fits = fits && axis < shape.rank();
    if (draw.one_in(2)) {
      const std::int64_t i =
          draw.number(-static_cast<int>(n), static_cast<int>(n) - (draw.one_in(8) ? 0 : 1));
      items.emplace_back(i), call += " " + std::to_string(i);
      fits = fits && i >= -n && i < n;
      from.push_back({i < 0 ? i + n : i}), keeps.push_back(0);
    } else {
      Slice s;
      if (!draw.one_in(4)) s.start = draw.number(-6, 6);
      if (!draw.one_in(4)) s.stop = draw.number(-6, 6);
      if (draw.one_in(2)) s.step = draw.number(-3, 3);
      if (s.stop == Tensor::end_of_axis) s.stop = {};
      items.emplace_back(s);
      call += " " + (s.start ? std::to_string(*s.start) : "") + ":" +
              (s.stop ? std::to_string(*s.stop) : "") + ":" + std::to_string(s.step);
      fits = fits && s.step != 0;
      from.push_back(s.step == 0 ? Place{} : entries(s.start, s.stop, s.step, n)), keeps.push_back(1);
    }
  }
  if (dots == count) items.emplace_back(ellipsis), call += " ...";
  if (fits) whole_axes(shape.rank() - static_cast<int>(from.size()));
  INFO(call);
  Expected right;
  if (fits) {
    Shape inner, out;
    for (const auto& e : from) inner.push_back(static_cast<std::int64_t>(e.size()));
    int axis = 0;
    for (int kind : keeps) {
      if (kind == 2) out.push_back(1);
      if (kind == 1) out.push_back(inner[axis]);
      axis += kind != 2;
    }
    right = Linear{{out}};
    each(inner, [&](const Place& p) {
      Place q = p;
      for (std::size_t k = 0; k < p.size(); ++k) q[k] = from[k][static_cast<std::size_t>(p[k])];
      right->terms.push_back({at(inner, p), at(shape, q)});
    });
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return index(x, items); }, right);
}

/// The place that a padded one is a copy of along an axis; -1 for the value of constant padding, -2 where the
/// mode has nothing to give.
std::int64_t padded_from(PadMode mode, std::int64_t i, std::int64_t n) {
  if (i >= 0 && i < n) return i;
  if (mode == PadMode::constant) return -1;
  if (n == 0) return -2;
  if (mode == PadMode::replicate) return i < 0 ? 0 : n - 1;
  if (mode == PadMode::circular) return i < -n || i >= 2 * n ? -2 : i < 0 ? i + n : i - n;
  return i <= -n || i >= 2 * n - 1 ? -2 : i < 0 ? -i : 2 * (n - 1) - i;
}

void check_pad(Draw& draw) {
  const Shape shape = draw.shape(0, 3, 5);
  const PadMode mode = draw.of({PadMode::constant, PadMode::reflect, PadMode::replicate, PadMode::circular});
  std::vector<std::int64_t> pads;
  for (int k = draw(0, 2 * shape.rank() + (draw.one_in(6) ? 1 : 0)) / (draw.one_in(8) ? 1 : 2) * 2; k > 0;
       --k)
    pads.push_back(draw.number(-2, 4));
  const std::string call =
      "pad " + shape.str() + " by " + Shape(pads).str() + " mode " + std::to_string(static_cast<int>(mode));
  INFO(call);
  bool fits = pads.size() % 2 == 0 && pads.size() <= 2 * shape.size(), small = true;
  Shape out = shape;
  for (std::size_t k = 0; k + 1 < pads.size() && fits; k += 2) {
    const int axis = shape.rank() - 1 - static_cast<int>(k / 2);
    const __int128 n = shape[axis], cut = std::min<__int128>(pads[k], 0) + std::min<__int128>(pads[k + 1], 0);
    const __int128 size = n + pads[k] + pads[k + 1];
    fits = n + cut >= 0 && size <= (__int128{1} << 45);
    small = small && size < 1000;
    out[axis] = static_cast<std::int64_t>(std::clamp<__int128>(size, 0, __int128{1} << 45));
  }
  for (std::int64_t n : pads)
    if (n > 1000 && n <= (std::int64_t{1} << 45)) return;  // memory on the way
  if (fits && !small && !is_too_large(out)) return;
  fits = fits && !is_too_large(out);
  Expected right;
  if (fits && is_small(out)) {
    right = Linear{{out}, {}, V(static_cast<std::size_t>(out.numel()))};
    // Where nothing is cut off, an axis without entries has nothing to give even where no place asks for it.
    for (std::size_t k = 0; k + 1 < pads.size() && right; k += 2) {
      const int axis = shape.rank() - 1 - static_cast<int>(k / 2);
      const std::int64_t n =
          shape[axis] + std::min<std::int64_t>(pads[k], 0) + std::min<std::int64_t>(pads[k + 1], 0);
      const std::int64_t before = std::max<std::int64_t>(pads[k], 0),
                         behind = std::max<std::int64_t>(pads[k + 1], 0);
      for (std::int64_t i = -before; i < n + behind; ++i)
        if (padded_from(mode, i, n) == -2) right.reset(), i = n + behind;
    }
    if (right)
      each(out, [&](const Place& p) {
        Place q = p;
        bool inside = true;
        for (std::size_t k = 0; k + 1 < pads.size(); k += 2) {
          const int axis = shape.rank() - 1 - static_cast<int>(k / 2);
          const std::int64_t n =
              shape[axis] + std::min<std::int64_t>(pads[k], 0) + std::min<std::int64_t>(pads[k + 1], 0);
          const std::int64_t from = padded_from(mode, entry(p, axis) - std::max<std::int64_t>(pads[k], 0), n);
          inside = inside && from >= 0;
          entry(q, axis) = from + std::max<std::int64_t>(-pads[k], 0);
        }
        if (inside)
          right->terms.push_back({at(out, p), at(shape, q)});
        else
          right->base[at(out, p)] = 7;
      });
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return pad(x, pads, mode, 7); }, right);
}

}  // namespace

void sweep::parts(int configurations, unsigned seed) {
  run(configurations, seed, {check_slice, check_narrow, check_select, check_index, check_pad});
}

TEST_CASE("parts and padding are plain loops, on thousands of configurations") { parts(3000, 1); }
