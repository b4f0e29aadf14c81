#include <algorithm>

#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

/// Axis i of the result is axis order[i] of x.
Linear permuted(const Shape& in, const std::vector<int>& order) {
  Shape out;
  for (int axis : order) out.push_back(in[axis]);
  Linear all{{out}};
  each(out, [&](const Place& p) {
    Place q = p;
    for (std::size_t k = 0; k < p.size(); ++k) entry(q, order[k]) = p[k];
    all.terms.push_back({at(out, p), at(in, q)});
  });
  return all;
}

/// Axes without a negative number, none where one is not there or comes twice.
std::optional<std::vector<int>> once_each(const std::vector<int>& axes, int rank) {
  std::vector<int> found;
  for (int a : axes) {
    const auto k = axis_at(a, rank);
    if (!k || std::count(found.begin(), found.end(), *k)) return {};
    found.push_back(*k);
  }
  return found;
}

void check_permute(Draw& draw) {
  const Shape shape = draw.shape(0, 6, 3);
  std::vector<int> axes;
  for (int k = 0; k < shape.rank(); ++k) axes.push_back(draw.one_in(2) ? k : k - shape.rank());
  std::shuffle(axes.begin(), axes.end(), draw.engine);
  for (int& a : axes)
    if (draw.one_in(40)) a = draw.axis(shape.rank());
  if (draw.one_in(30)) axes.push_back(0);
  const std::string call = "permute " + shape.str() + axes_text(axes);
  INFO(call);
  Expected right;
  const auto order = once_each(axes, shape.rank());
  if (order && order->size() == shape.size()) right = permuted(shape, *order);
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return permute(x, axes); }, right);
}

void check_transpose(Draw& draw) {
  const Shape shape = draw.shape(0, 5, 3);
  const int first = draw.axis(shape.rank()), second = draw.axis(shape.rank());
  const std::string call = "transpose " + shape.str() + axes_text({first, second});
  INFO(call);
  const auto a = axis_at(first, shape.rank()), b = axis_at(second, shape.rank());
  Expected right;
  if (a && b) {
    std::vector<int> order;
    for (int k = 0; k < shape.rank(); ++k) order.push_back(k == *a ? *b : k == *b ? *a : k);
    right = permuted(shape, order);
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return transpose(x, first, second); }, right);
}

void check_movedim(Draw& draw) {
  const Shape shape = draw.shape(0, 4, 3);
  std::vector<int> from, to;
  for (int k = draw(0, shape.rank()); k > 0; --k) {
    from.push_back(draw.axis(shape.rank()));
    to.push_back(draw.axis(shape.rank()));
  }
  if (draw.one_in(20)) from.push_back(0);
  if (from.empty() || to.empty()) return;  // an empty list of axes stands for all of them
  const std::string call = "movedim " + shape.str() + axes_text(from) + axes_text(to);
  INFO(call);
  const auto source = once_each(from, shape.rank()), destination = once_each(to, shape.rank());
  Expected right;
  if (source && destination && source->size() == destination->size()) {
    std::vector<int> order(shape.size(), -1), rest;
    for (std::size_t k = 0; k < source->size(); ++k)
      order[static_cast<std::size_t>((*destination)[k])] = (*source)[k];
    for (int k = shape.rank() - 1; k >= 0; --k)
      if (!std::count(source->begin(), source->end(), k)) rest.push_back(k);
    for (int& axis : order)
      if (axis < 0) axis = rest.back(), rest.pop_back();
    right = permuted(shape, order);
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return movedim(x, from, to); }, right);
}

void check_flip(Draw& draw) {
  const Shape shape = draw.shape(0, 5);
  std::vector<int> axes;
  for (int k = draw(1, std::max(shape.rank(), 1)); k > 0; --k)
    axes.push_back(draw.axis(std::max(shape.rank(), 1)));
  const std::string call = "flip " + shape.str() + axes_text(axes);
  INFO(call);
  const auto list = once_each(axes, std::max(shape.rank(), 1));
  Expected right;
  if (list) {
    right = Linear{{shape}};
    each(shape, [&](const Place& p) {
      Place q = p;
      for (int axis : *list)
        if (axis < shape.rank()) entry(q, axis) = shape[axis] - 1 - entry(p, axis);
      right->terms.push_back({at(shape, p), at(shape, q)});
    });
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return flip(x, axes); }, right);
}

void check_roll(Draw& draw) {
  const Shape shape = draw.shape(0, 4);
  const bool all = draw.one_in(3);
  std::vector<std::int64_t> shifts = {draw.number(-9, 9)};
  std::vector<int> axes = {draw.axis(shape.rank())};
  if (!all && draw.one_in(2)) shifts.push_back(draw.number(-9, 9)), axes.push_back(draw.axis(shape.rank()));
  const std::string call =
      "roll " + shape.str() + " by " + Shape(shifts).str() + (all ? "" : axes_text(axes));
  INFO(call);
  const auto source = [](std::int64_t i, std::int64_t shift, std::int64_t n) {
    const __int128 from = (static_cast<__int128>(i) - shift) % n;
    return static_cast<std::int64_t>(from < 0 ? from + n : from);
  };
  Expected right = Linear{{shape}};
  if (!all)
    for (int a : axes)
      if (!axis_at(a, shape.rank())) right.reset();
  if (right)
    each(shape, [&](const Place& p) {
      const auto to = static_cast<std::int64_t>(at(shape, p));
      if (all) {
        right->terms.push_back(
            {at(shape, p), static_cast<std::size_t>(source(to, shifts[0], shape.numel()))});
        return;
      }
      Place q = p;
      for (std::size_t k = 0; k < axes.size(); ++k) {
        const int axis = *axis_at(axes[k], shape.rank());
        entry(q, axis) = source(entry(q, axis), shifts[k], shape[axis]);
      }
      right->terms.push_back({at(shape, p), at(shape, q)});
    });
  check(
      draw, draw.whole(shape),
      [&](const Tensor& x) {
        return all                ? roll(x, shifts[0])
               : axes.size() == 1 ? roll(x, shifts[0], axes[0])
                                  : roll(x, shifts, axes);
      },
      right);
}

}  // namespace

void sweep::orders(int configurations, unsigned seed) {
  run(configurations, seed, {check_permute, check_transpose, check_movedim, check_flip, check_roll});
}

TEST_CASE("orders of axes are plain loops, on thousands of configurations") { orders(2000, 1); }
