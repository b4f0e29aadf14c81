#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

void check_join(Draw& draw) {
  const bool stacks = draw.one_in(3);
  Shape shape = draw.shape(0, 4);
  const int rank = shape.rank() + stacks, axis = draw.axis(rank), count = draw(0, 4);
  const auto along = axis_at(axis, rank);
  std::vector<Tensor> inputs;
  std::vector<Shape> shapes;
  bool fits = along && count > 0;
  std::string call = (stacks ? "stack " : "cat ") + std::to_string(axis) + " of";
  for (int k = 0; k < count; ++k) {
    Shape one = shape;
    if (!stacks && along) one[*along] = draw.size();
    if (k > 0 && draw.one_in(15) && shape.rank() > 0) ++one[draw(0, shape.rank() - 1)];
    for (int i = 0; i < one.rank() && k > 0; ++i)
      fits = fits && ((!stacks && i == *along) || one[i] == shapes[0][i]);
    shapes.push_back(one), inputs.push_back(draw.whole(one)), call += " " + one.str();
  }
  INFO(call);
  Expected right;
  if (fits) {
    Shape out = shapes[0];
    if (stacks)
      out.insert(*along, count);
    else
      for (std::size_t k = 1; k < shapes.size(); ++k) out[*along] += shapes[k][*along];
    right = Linear{{out}};
    std::size_t first = 0;
    std::int64_t start = 0;
    for (const Shape& one : shapes) {
      each(one, [&](const Place& p) {
        Place q = p;
        if (stacks)
          q.insert(q.begin() + *along, start);
        else
          entry(q, *along) += start;
        right->terms.push_back({at(out, q), first + at(one, p)});
      });
      first += static_cast<std::size_t>(one.numel());
      start += stacks ? 1 : one[*along];
    }
  }
  check(
      draw, inputs,
      [&](const std::vector<Tensor>& x) {
        return std::vector<Tensor>{stacks ? stack(x, axis) : cat(x, axis)};
      },
      right);
}

/// Parts of these sizes along an axis; where single, they lose it.
Linear parts_of(const Shape& shape, int axis, const std::vector<std::int64_t>& sizes, bool single = false) {
  Linear all;
  std::size_t first = 0;
  std::int64_t start = 0;
  for (std::int64_t n : sizes) {
    Shape part = shape;
    part[axis] = n;
    each(part, [&](const Place& p) {
      Place q = p;
      entry(q, axis) += start;
      all.terms.push_back({first + at(part, p), at(shape, q)});
    });
    first += static_cast<std::size_t>(part.numel()), start += n;
    if (single) part.erase(axis);
    all.shapes.push_back(part);
  }
  return all;
}

/// Parts of one size, the last one smaller where it must be; of an axis of size 0 one.
std::vector<std::int64_t> equal_parts(std::int64_t n, std::int64_t size) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t rest = n; rest > 0; rest -= size) sizes.push_back(std::min(rest, size));
  if (sizes.empty()) sizes.push_back(0);
  return sizes;
}

void check_split(Draw& draw) {
  const Shape shape = draw.shape(0, 4, 6);
  const int axis = draw.axis(shape.rank()), kind = draw(0, 3);
  const std::int64_t number = draw.number(-1, 7);
  const auto along = axis_at(axis, shape.rank());
  const std::int64_t n = along ? shape[*along] : 0;
  std::vector<std::int64_t> sizes;
  std::int64_t rest = n;
  for (int k = draw(0, 3); k > 0; --k) sizes.push_back(draw(0, static_cast<int>(rest))), rest -= sizes.back();
  sizes.push_back(draw.one_in(12) ? draw.number(-1, 3) : rest);
  const std::string call = (kind == 0   ? "split "
                            : kind == 1 ? "split to sizes "
                            : kind == 2 ? "chunk "
                                        : "unbind ") +
                           shape.str() + " axis, number " + Shape{axis, number}.str() + " sizes " +
                           Shape(sizes).str();
  INFO(call);
  Expected right;
  if (along && kind == 0 && number > 0) right = parts_of(shape, *along, equal_parts(n, number));
  if (along && kind == 1) {
    __int128 total = 0;
    bool fits = true;
    for (std::int64_t size : sizes) total += size, fits = fits && size >= 0;
    if (fits && total == n) right = parts_of(shape, *along, sizes);
  }
  if (along && kind == 2 && number > 0) {
    const std::int64_t size = n / number + (n % number != 0);
    right = parts_of(shape, *along, equal_parts(n, std::max<std::int64_t>(size, 1)));
  }
  if (along && kind == 3)
    right = parts_of(shape, *along, std::vector<std::int64_t>(static_cast<std::size_t>(n), 1), true);
  check(
      draw, {draw.whole(shape)},
      [&](const std::vector<Tensor>& x) {
        return kind == 0   ? split(x[0], number, axis)
               : kind == 1 ? split(x[0], sizes, axis)
               : kind == 2 ? chunk(x[0], number, axis)
                           : unbind(x[0], axis);
      },
      right);
}

/// The shape of elements that broadcast together; none where they do not.
std::optional<Shape> together(const Shape& a, const Shape& b) {
  Shape out = a.rank() >= b.rank() ? a : b;
  const Shape& other = a.rank() >= b.rank() ? b : a;
  for (int k = 1; k <= other.rank(); ++k) {
    std::int64_t& n = out[out.rank() - k];
    const std::int64_t m = other[other.rank() - k];
    if (n != m && n != 1 && m != 1) return {};
    if (n == 1) n = m;
  }
  return out;
}

/// Where x stands at a place of what it broadcasts to.
std::size_t spread_at(const Shape& x, const Place& p) {
  Place q(p.end() - x.rank(), p.end());
  for (int k = 0; k < x.rank(); ++k)
    if (x[k] == 1) entry(q, k) = 0;
  return at(x, q);
}

void check_broadcast(Draw& draw) {
  const auto drawn = [&] {
    Shape s = draw.shape(0, 4, 3);
    for (std::int64_t& n : s)
      if (draw.one_in(3)) n = 1;
    return s;
  };
  const Shape a = drawn();
  Shape b = draw.one_in(3) ? drawn() : a;
  for (std::int64_t& n : b)
    if (draw.one_in(3)) n = 1;
  const std::string call = "a * b of " + a.str() + " and " + b.str();
  INFO(call);
  const auto shape = together(a, b);
  std::vector<Product> all;
  if (shape)
    each(*shape, [&](const Place& p) { all.push_back({at(*shape, p), spread_at(a, p), spread_at(b, p)}); });
  check_products(
      draw, draw.whole(a), draw.whole(b), [](const Tensor& x, const Tensor& y) { return x * y; }, shape, all);
}

void check_expand(Draw& draw) {
  Shape shape = draw.shape(0, 4, 3);
  for (std::int64_t& n : shape)
    if (draw.one_in(2)) n = 1;
  Shape wanted = shape;
  for (int k = draw(0, 2); k > 0; --k) wanted.insert(0, draw.size());
  for (std::int64_t& n : wanted) {
    if (n == 1 && draw.one_in(2)) n = draw.size();
    if (draw.one_in(10)) n = -1;
    if (draw.one_in(30)) n = draw.number(-2, 3);
  }
  if (draw.one_in(20) && wanted.rank() > 0) wanted.erase(0);
  const std::string call = "expand " + shape.str() + " to " + wanted.str();
  INFO(call);
  Expected right;
  Shape out = wanted;
  const int added = wanted.rank() - shape.rank();
  bool fits = added >= 0;
  for (int k = 0; k < wanted.rank() && fits; ++k) {
    const std::int64_t from = k < added ? 1 : shape[k - added];
    if (out[k] == -1 && k >= added) out[k] = from;
    fits = out[k] >= 0 && (out[k] == from || from == 1);
  }
  if (fits && !is_too_large(out)) {
    right = Linear{{out}};
    if (is_small(out))
      each(out, [&](const Place& p) { right->terms.push_back({at(out, p), spread_at(shape, p)}); });
  }
  check(
      draw, draw.whole(shape),
      [&](const Tensor& x) { return draw.one_in(2) ? expand(x, wanted) : broadcast_to(x, wanted); }, right);
}

void check_repeat(Draw& draw) {
  const Shape shape = draw.shape(0, 3, 3);
  const bool tiles = draw.one_in(2);
  std::vector<std::int64_t> repeats;
  for (int k = draw(std::max(shape.rank() - (draw.one_in(4) ? 2 : 0), 0), shape.rank() + 2); k > 0; --k)
    repeats.push_back(draw.number(draw.one_in(20) ? -1 : 0, 3));
  const std::string call = (tiles ? "tile " : "repeat ") + shape.str() + " by " + Shape(repeats).str();
  INFO(call);
  std::vector<std::int64_t> all = repeats;
  while (tiles && all.size() < shape.size()) all.insert(all.begin(), 1);
  Expected right;
  bool fits = all.size() >= shape.size();
  Shape out;
  const int added = static_cast<int>(all.size()) - shape.rank();
  for (int k = 0; k < static_cast<int>(all.size()) && fits; ++k) {
    const __int128 n =
        static_cast<__int128>(all[static_cast<std::size_t>(k)]) * (k < added ? 1 : shape[k - added]);
    fits = all[static_cast<std::size_t>(k)] >= 0 && n <= INT64_MAX;
    out.push_back(fits ? static_cast<std::int64_t>(n) : 0);
  }
  // A size of 0 times any number is 0.
  if (fits && !is_too_large(out)) {
    right = Linear{{out}};
    if (is_small(out))
      each(out, [&](const Place& p) {
        Place q(p.begin() + added, p.end());
        for (int k = 0; k < shape.rank(); ++k) entry(q, k) %= shape[k];
        right->terms.push_back({at(out, p), at(shape, q)});
      });
    for (std::int64_t r : all)
      if (r > 1000) return;  // memory on the way
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return tiles ? tile(x, repeats) : repeat(x, repeats); },
      right);
}

void check_meshgrid(Draw& draw) {
  std::vector<Tensor> inputs;
  Shape out;
  std::string call = "meshgrid";
  bool fits = true;
  for (int k = draw(0, 4); k > 0; --k) {
    const Shape s = draw.one_in(20) ? Shape{1, 2} : draw.shape(0, 1, 3);
    fits = fits && s.rank() < 2;
    out.push_back(s.numel()), inputs.push_back(draw.whole(s)), call += " " + s.str();
  }
  INFO(call);
  Expected right;
  if (fits) {
    right = Linear{std::vector<Shape>(inputs.size(), out)};
    std::size_t to = 0, from = 0;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      each(out, [&](const Place& p) {
        right->terms.push_back({to++, from + static_cast<std::size_t>(p[k])});
      });
      from += static_cast<std::size_t>(inputs[k].numel());
    }
  }
  check(
      draw, inputs, [](const std::vector<Tensor>& x) { return meshgrid(x); }, right);
}

}  // namespace

void sweep::joins(int configurations, unsigned seed) {
  run(configurations, seed,
      {check_join, check_split, check_broadcast, check_expand, check_repeat, check_meshgrid});
}

TEST_CASE("joining, splitting and repeating are plain loops, on thousands of configurations") {
  joins(2000, 1);
}
