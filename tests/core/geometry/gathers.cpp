#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

/// Whole numbers from low to high, and now and then one that is no index at all.
Tensor indices(Draw& draw, const Shape& shape, std::int64_t low, std::int64_t high) {
  std::vector<std::int64_t> v(static_cast<std::size_t>(shape.numel()));
  for (std::int64_t& i : v) i = draw(static_cast<int>(low), static_cast<int>(high));
  if (!v.empty() && draw.one_in(12))
    v[static_cast<std::size_t>(draw(0, static_cast<int>(v.size()) - 1))] = draw.number(-2, 5);
  return tensor(v, shape);
}

bool all_within(const Tensor& index, std::int64_t low, std::int64_t high) {
  for (std::int64_t i : index.to_vector<std::int64_t>())
    if (i < low || i >= high) return false;
  return true;
}

std::string text(const char* op, const Tensor& x, int axis, const Tensor& index) {
  std::string s =
      op + (" " + x.describe()) + " axis " + std::to_string(axis) + " index " + index.describe() + ":";
  for (std::int64_t i : index.to_vector<std::int64_t>()) s += " " + std::to_string(i);
  return s;
}

/// gather, scatter and scatter_add: an index of x's rank.
void check_elements(Draw& draw) {
  const Shape shape = draw.shape(0, 3, 3);
  const int axis = draw.axis(std::max(shape.rank(), 1)), kind = draw(0, 2);
  const auto along = axis_at(axis, std::max(shape.rank(), 1));
  Shape part = shape;
  for (int k = 0; k < part.rank(); ++k)
    part[k] = along && k == *along ? draw.size() : draw(0, 3) ? part[k] : draw.size();
  const std::int64_t n = shape.rank() == 0 ? 1 : along ? shape[*along] : 1;
  const Tensor x = draw.whole(shape), index = indices(draw, part, 0, n - 1);
  Shape larger = part;
  for (std::int64_t& size : larger)
    size += draw.one_in(5) ? draw(draw.one_in(5) ? -1 : 0, 1) : 0, size = std::max<std::int64_t>(size, 0);
  const Tensor source = draw.whole(larger);
  const std::string call = text(kind == 0   ? "gather"
                                : kind == 1 ? "scatter"
                                            : "scatter_add",
                                x, axis, index) +
                           " source " + larger.str();
  INFO(call);
  bool fits = along && all_within(index, 0, n);
  for (int k = 0; k < part.rank() && fits; ++k)
    fits = (k == *along || part[k] <= shape[k]) && (kind == 0 || part[k] <= larger[k]);
  const auto place = [&](const Place& p) {
    Place q = p;
    if (!q.empty()) entry(q, *along) = index.to_vector<std::int64_t>()[at(part, p)];
    return at(shape, q);
  };
  Expected right;
  if (kind == 0) {
    if (fits) {
      right = Linear{{part}};
      each(part, [&](const Place& p) { right->terms.push_back({at(part, p), place(p)}); });
    }
    check(
        draw, x, [&](const Tensor& t) { return gather(t, axis, index); }, right);
    return;
  }
  if (fits) {
    right = Linear{{shape}};
    const auto whole = static_cast<std::size_t>(shape.numel());
    std::vector<std::size_t> last(whole, SIZE_MAX);
    each(part, [&](const Place& p) {
      last[place(p)] = at(larger, p);
      if (kind == 2) right->terms.push_back({place(p), whole + at(larger, p)});
    });
    for (std::size_t i = 0; i < whole; ++i) {
      if (kind == 2 || last[i] == SIZE_MAX)
        right->terms.push_back({i, i});
      else
        right->terms.push_back({i, whole + last[i]});
    }
  }
  check(
      draw, {x, source},
      [&](const std::vector<Tensor>& t) {
        return std::vector<Tensor>{kind == 1 ? scatter(t[0], axis, index, t[1])
                                             : scatter_add(t[0], axis, index, t[1])};
      },
      right);
}

/// index_select and embedding: a vector of rows.
void check_rows(Draw& draw) {
  const bool embeds = draw.one_in(2);
  const Shape shape = embeds ? draw.shape(2, 2) : draw.shape(0, 3);
  const int axis = embeds ? 0 : draw.axis(std::max(shape.rank(), 1));
  const auto along = axis_at(axis, std::max(shape.rank(), 1));
  const std::int64_t n = shape.rank() == 0 ? 1 : along ? shape[*along] : 1;
  const Shape many = embeds ? draw.shape(0, 2) : draw.shape(0, 1, 6);
  const Tensor index = indices(draw, many, 0, n - 1), x = draw.whole(shape);
  std::optional<std::int64_t> padding;
  if (embeds && draw.one_in(3)) padding = draw.number(-4, 3);
  const std::string call = text(embeds ? "embedding" : "index_select", x, axis, index) + " padding " +
                           (padding ? std::to_string(*padding) : "none");
  INFO(call);
  bool fits = along && all_within(index, 0, n) && (shape.rank() > 0 || index.numel() == 1);
  if (padding) fits = fits && *padding >= -n && *padding < n;
  if (padding && fits)
    return check(
        draw, index, [&](const Tensor& i) { return embedding(i, x, padding); },
        [&] {  // values; the padding's row has no gradient
          Shape out = many;
          out.push_back(shape[1]);
          Linear all{{out}, {}, V(static_cast<std::size_t>(out.numel()))};
          const V v = joined({x}, {x});
          each(out, [&](const Place& p) {
            const Place q(p.begin(), p.end() - 1);
            const std::int64_t row = index.to_vector<std::int64_t>()[at(many, q)];
            all.base[at(out, p)] = v[at(shape, {row, p.back()})];
          });
          return all;
        }());
  Expected right;
  if (fits) {
    Shape out = embeds ? many : shape;
    if (embeds)
      out.push_back(shape[1]);
    else if (shape.rank() > 0)
      out[*along] = index.numel();
    right = Linear{{out}};
    each(out, [&](const Place& p) {
      if (embeds) {
        const Place q(p.begin(), p.end() - 1);
        right->terms.push_back(
            {at(out, p), at(shape, {index.to_vector<std::int64_t>()[at(many, q)], p.back()})});
        return;
      }
      Place q = p;
      if (!q.empty())
        entry(q, *along) = index.to_vector<std::int64_t>()[static_cast<std::size_t>(entry(p, *along))];
      right->terms.push_back({at(out, p), at(shape, q)});
    });
  }
  check(
      draw, x,
      [&](const Tensor& t) { return embeds ? embedding(index, t, padding) : index_select(t, axis, index); },
      right);
}

void check_one_hot(Draw& draw) {
  const Shape shape = draw.shape(0, 2);
  const Tensor x = indices(draw, shape, 0, 3);
  const std::int64_t classes = draw.number(-1, 5);
  const std::string call = text("one_hot", x, 0, x) + " classes " + std::to_string(classes);
  INFO(call);
  const std::vector<std::int64_t> v = x.to_vector<std::int64_t>();
  __int128 n = classes;
  if (classes == -1 && !v.empty()) n = static_cast<__int128>(*std::max_element(v.begin(), v.end())) + 1;
  Expected right;
  Shape out = shape;
  out.push_back(static_cast<std::int64_t>(std::min<__int128>(n, INT64_MAX)));
  if (n >= 0 && n <= INT64_MAX && all_within(x, 0, static_cast<std::int64_t>(n)) && !is_too_large(out)) {
    right = Linear{{out}};
    if (is_small(out)) {
      right->base.resize(static_cast<std::size_t>(out.numel()));
      for (std::size_t i = 0; i < v.size(); ++i)
        right->base[i * static_cast<std::size_t>(n) + static_cast<std::size_t>(v[i])] = 1;
    }
  }
  check(
      draw, x, [&](const Tensor& t) { return one_hot(t, classes); }, right);
}

/// masked_fill and masked_select.
void check_masks(Draw& draw) {
  const Shape shape = draw.shape(0, 3);
  const bool selects = draw.one_in(2);
  const Tensor x = draw.whole(shape), mask = draw.whole(shape, float64, 1) > 0;
  const std::string call = (selects ? "masked_select " : "masked_fill ") + shape.str();
  INFO(call);
  const V on = joined({mask}, {mask});
  Linear right;
  for (std::size_t i = 0, next = 0; i < on.size(); ++i) {
    if (selects && on[i] != 0) right.terms.push_back({next++, i});
    if (!selects && on[i] == 0) right.terms.push_back({i, i});
    if (!selects) right.base.push_back(on[i] != 0 ? 7 : 0);
  }
  right.shapes = {selects ? Shape{static_cast<std::int64_t>(right.terms.size())} : shape};
  check(
      draw, x, [&](const Tensor& t) { return selects ? masked_select(t, mask) : masked_fill(t, mask, 7); },
      right);
}

/// x[rows, columns] of two arrays that broadcast, read and put, numbers counted from the end too.
void check_arrays(Draw& draw) {
  const Shape shape = draw.shape(2, 3);
  const Shape first = draw.shape(0, 1, 3), second = draw.one_in(2) ? first : Shape{1};
  const Tensor rows = indices(draw, first, -shape[0], shape[0] - 1),
               columns = indices(draw, second, -shape[1], shape[1] - 1);
  const int kind = draw(0, 2);
  const std::string call = text(kind == 0   ? "index"
                                : kind == 1 ? "index_put"
                                            : "index_put adding",
                                rows, kind, columns) +
                           " of " + shape.str();
  INFO(call);
  const bool fits = all_within(rows, -shape[0], shape[0]) && all_within(columns, -shape[1], shape[1]);
  Shape out = first.rank() >= second.rank() ? first : second;
  if (out.rank() > 0 && first.rank() > 0 && first[0] != 1) out[0] = first[0];
  const int array_axes = out.rank();
  if (shape.rank() == 3) out.push_back(shape[2]);
  const Tensor x = draw.whole(shape), values = draw.whole(out);
  const auto source = [&](const Place& p) {
    const auto number = [&](const Tensor& array, std::int64_t n) {
      const std::vector<std::int64_t> v = array.to_vector<std::int64_t>();
      const std::int64_t i = v[array_axes > 0 && v.size() > 1 ? static_cast<std::size_t>(p[0]) : 0];
      return i < 0 ? i + n : i;
    };
    Place q = {number(rows, shape[0]), number(columns, shape[1])};
    if (shape.rank() == 3) q.push_back(p.back());
    return at(shape, q);
  };
  Expected right;
  if (kind == 0) {
    if (fits) {
      right = Linear{{out}};
      each(out, [&](const Place& p) { right->terms.push_back({at(out, p), source(p)}); });
    }
    check(
        draw, x,
        [&](const Tensor& t) {
          return index(t, {rows, columns});
        },
        right);
    return;
  }
  if (fits) {
    right = Linear{{shape}};
    const auto whole = static_cast<std::size_t>(shape.numel());
    std::vector<std::size_t> last(whole, SIZE_MAX);
    each(out, [&](const Place& p) {
      last[source(p)] = at(out, p);
      if (kind == 2) right->terms.push_back({source(p), whole + at(out, p)});
    });
    for (std::size_t i = 0; i < whole; ++i)
      right->terms.push_back({i, kind == 2 || last[i] == SIZE_MAX ? i : whole + last[i]});
  }
  check(
      draw, {x, values},
      [&](const std::vector<Tensor>& t) {
        return std::vector<Tensor>{index_put(t[0], {rows, columns}, t[1], kind == 2)};
      },
      right);
}

}  // namespace

void sweep::gathers(int configurations, unsigned seed) {
  run(configurations, seed, {check_elements, check_rows, check_one_hot, check_masks, check_arrays});
}

TEST_CASE("gathers and scatters are plain loops, on thousands of configurations") { gathers(3000, 1); }
