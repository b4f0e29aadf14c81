#include <algorithm>
#include <map>

#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

/// The first `count` of each line along an axis in order, and their places.
Linear ordered(const Tensor& x, int axis, std::int64_t count, bool descending) {
  Shape out = x.shape();
  if (out.rank() > 0) out[axis] = count;
  const V v = joined({x}, {x});
  std::map<Place, std::vector<Place>> lines;
  each(x.shape(), [&](const Place& p) {
    Place q = p;
    if (!q.empty()) q.erase(q.begin() + axis);
    lines[q].push_back(p);
  });
  const auto n = static_cast<std::size_t>(out.numel());
  Linear all{{out, out}, {}, V(2 * n)};
  for (auto& key_and_line : lines) {
    std::vector<Place>& line = key_and_line.second;
    std::stable_sort(line.begin(), line.end(), [&](const Place& p, const Place& q) {
      const double u = v[at(x.shape(), p)], w = v[at(x.shape(), q)];
      return descending ? u > w : u < w;
    });
    for (std::int64_t i = 0; i < count; ++i) {
      const Place& from = line[static_cast<std::size_t>(i)];
      Place to = from;
      if (!to.empty()) entry(to, axis) = i;
      all.terms.push_back({at(out, to), at(x.shape(), from)});
      all.base[n + at(out, to)] = from.empty() ? 0 : static_cast<double>(entry(from, axis));
    }
  }
  return all;
}

void check_sort(Draw& draw) {
  const Shape shape = draw.shape(0, 4, 6);
  const int axis = draw.axis(std::max(shape.rank(), 1));
  const bool descending = draw.one_in(2), takes = draw.one_in(2);
  const std::int64_t k = draw.number(-1, 5);
  const std::string call = (takes ? "topk " + std::to_string(k) : "sort") + " of " + shape.str() + " axis " +
                           std::to_string(axis) + (descending ? " descending" : "");
  INFO(call);
  const Tensor x = draw.whole(shape, draw.of({float64, float32}), 3);
  Expected right;
  if (const auto along = axis_at(axis, std::max(shape.rank(), 1))) {
    const std::int64_t n = shape.rank() == 0 ? 1 : shape[*along];
    if (!takes)
      right = ordered(x, *along, n, descending);
    else if (shape.rank() == 0 && k == 0)
      right = Linear{{{0}, {0}}};
    else if (k >= 0 && k <= n)
      right = ordered(x, *along, k, descending);
  }
  check(
      draw, {x},
      [&](const std::vector<Tensor>& t) {
        const ValuesAndIndices y = takes ? topk(t[0], k, axis, descending) : sort(t[0], axis, descending);
        if (!takes) CHECK(equal(argsort(t[0], axis, descending), y.indices));
        return std::vector<Tensor>{y.values, y.indices};
      },
      right);
}

}  // namespace

void sweep::sorts(int configurations, unsigned seed) { run(configurations, seed, {check_sort}); }

TEST_CASE("sorting is a plain loop, on thousands of configurations") { sorts(5000, 1); }
