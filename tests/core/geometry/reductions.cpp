#include <cmath>
#include <limits>

#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

/// A reduction over some axes: which axes, what is left, and the elements of each result in their order.
struct Reduction {
  Shape shape;
  std::vector<int> axes;
  bool keepdim;
  std::optional<Shape> out;                      // none where an axis is not there, or twice
  std::vector<std::vector<std::size_t>> groups;  // of each result the places in x

  static Reduction drawn(Draw& draw, bool single) {
    Reduction r{draw.shape(0, 4), {}, draw.one_in(2), {}, {}};
    const int rank = std::max(r.shape.rank(), 1);
    for (int k = single ? 1 : draw(1, std::max(r.shape.rank(), 1)); k > 0; --k)
      r.axes.push_back(draw.axis(rank));
    std::vector<bool> reduced(static_cast<std::size_t>(rank));
    for (int axis : r.axes) {
      const auto along = axis_at(axis, rank);
      if (!along || reduced[static_cast<std::size_t>(*along)]) return r;
      reduced[static_cast<std::size_t>(*along)] = true;
    }
    r.out = Shape{};
    for (int k = 0; k < r.shape.rank(); ++k) {
      if (!reduced[static_cast<std::size_t>(k)]) r.out->push_back(r.shape[k]);
      if (reduced[static_cast<std::size_t>(k)] && r.keepdim) r.out->push_back(1);
    }
    r.groups.resize(static_cast<std::size_t>(r.out->numel()));
    each(r.shape, [&](const Place& p) {
      Place q;
      for (int k = 0; k < r.shape.rank(); ++k) {
        if (!reduced[static_cast<std::size_t>(k)]) q.push_back(entry(p, k));
        if (reduced[static_cast<std::size_t>(k)] && r.keepdim) q.push_back(0);
      }
      r.groups[at(*r.out, q)].push_back(at(r.shape, p));
    });
    return r;
  }

  std::string text(const char* op) const {
    std::string s = op + (" " + shape.str() + " over");
    for (int axis : axes) s += " " + std::to_string(axis);
    return s + (keepdim ? " kept" : "");
  }
};

/// The values of a group and, for a cotangent, their gradients.
struct Formula {
  double value;
  V slopes;
};

/// Compares a reduction and its gradient with a formula of each group, within rounding.
void check_formula(Draw& draw, const Reduction& r, const char* op, const Tensor& values,
                   const std::function<Tensor(const Tensor&)>& f,
                   const std::function<Formula(const V&)>& formula) {
  const std::string call = r.text(op);
  INFO(call);
  const Tensor x = values.detach().requires_grad_();
  std::vector<Tensor> y;
  if (!results_in(
          {x}, [&](const std::vector<Tensor>& all) { return std::vector<Tensor>{f(all[0])}; },
          r.out.has_value(), {r.out.value_or(Shape{})}, y))
    return;
  const Tensor g = draw.whole(*r.out);
  const V px = joined({x}, {x}), pg = joined({g}, {g}), seen = joined(y, y);
  const std::vector<Tensor> d = xgrad::grad({y[0]}, {x}, {g}, {.allow_unused = true});
  const V gradient = joined({d[0]}, {x});
  const auto near = [](double a, double b) {
    return a == b || (a != a && b != b) || std::abs(a - b) <= 1e-9 * (1 + std::abs(b));
  };
  for (std::size_t out = 0; out < r.groups.size(); ++out) {
    V group;
    for (std::size_t i : r.groups[out]) group.push_back(px[i]);
    const Formula right = formula(group);
    if (!near(seen[out], right.value))
      wrong("the value is " + std::to_string(seen[out]) + ", right is " + std::to_string(right.value));
    for (std::size_t k = 0; k < group.size(); ++k) {
      const double slope = pg[out] == 0 ? 0 : pg[out] * right.slopes[k];
      if (!near(gradient[r.groups[out][k]], slope))
        wrong("the gradient is " + std::to_string(gradient[r.groups[out][k]]) + ", right is " +
              std::to_string(slope));
    }
  }
}

void check_sum(Draw& draw) {
  const Reduction r = Reduction::drawn(draw, false);
  const std::string call = r.text("sum");
  INFO(call);
  Expected right;
  if (r.out) {
    right = Linear{{*r.out}};
    for (std::size_t out = 0; out < r.groups.size(); ++out)
      for (std::size_t in : r.groups[out]) right->terms.push_back({out, in});
  }
  const DType dtype = draw.of({float64, float32, int64});
  check(
      draw, draw.whole(r.shape, dtype), [&](const Tensor& x) { return sum(x, r.axes, r.keepdim); }, right);
}

void check_moments(Draw& draw) {
  const Reduction r = Reduction::drawn(draw, false);
  const int correction = draw.small_number(-1, 3);
  const Tensor x = draw.whole(r.shape);
  check_formula(
      draw, r, "mean", x, [&](const Tensor& t) { return mean(t, r.axes, r.keepdim); },
      [](const V& v) {
        double total = 0;
        for (double u : v) total += u;
        return Formula{total / static_cast<double>(v.size()),
                       V(v.size(), 1.0 / static_cast<double>(v.size()))};
      });
  const std::string call = "correction " + std::to_string(correction);
  INFO(call);
  check_formula(
      draw, r, "var", x, [&](const Tensor& t) { return var(t, r.axes, correction, r.keepdim); },
      [correction](const V& v) {
        const double n = static_cast<double>(v.size()), divisor = n - correction;
        double total = 0, squares = 0;
        for (double u : v) total += u;
        for (double u : v) squares += (u - total / n) * (u - total / n);
        Formula f{divisor > 0 ? squares / divisor : NAN, {}};
        for (double u : v) f.slopes.push_back(divisor > 0 ? 2 * (u - total / n) / divisor : NAN);
        return f;
      });
}

void check_products_of_lines(Draw& draw) {
  const Reduction r = Reduction::drawn(draw, false);
  check_formula(
      draw, r, "prod", draw.whole(r.shape, float64, 3),
      [&](const Tensor& t) { return prod(t, r.axes, r.keepdim); },
      [](const V& v) {
        Formula f{1, {}};
        for (std::size_t i = 0; i < v.size(); ++i) {
          f.value *= v[i];
          f.slopes.push_back(1);
          for (std::size_t j = 0; j < v.size(); ++j)
            if (j != i) f.slopes.back() *= v[j];
        }
        return f;
      });
}

void check_extrema(Draw& draw) {
  const Reduction r = Reduction::drawn(draw, false);
  const bool largest = draw.one_in(2);
  if (r.shape.numel() == 0) return;  // nothing to choose
  check_formula(
      draw, r, largest ? "amax" : "amin", draw.whole(r.shape, float64, 2),
      [&](const Tensor& t) { return largest ? amax(t, r.axes, r.keepdim) : amin(t, r.axes, r.keepdim); },
      [largest](const V& v) {
        const double best =
            largest ? *std::max_element(v.begin(), v.end()) : *std::min_element(v.begin(), v.end());
        Formula f{best, {}};
        const auto ties = static_cast<double>(std::count(v.begin(), v.end(), best));
        for (double u : v) f.slopes.push_back(u == best ? 1 / ties : 0);
        return f;
      });
}

void check_exponentials(Draw& draw) {
  const Reduction r = Reduction::drawn(draw, false);
  const double p = draw.of({1.0, 2.0, 3.0});
  const Tensor x = draw.whole(r.shape);
  check_formula(
      draw, r, "logsumexp", x, [&](const Tensor& t) { return logsumexp(t, r.axes, r.keepdim); },
      [](const V& v) {
        double total = 0;
        Formula f{0, {}};
        for (double u : v) total += std::exp(u);
        for (double u : v) f.slopes.push_back(std::exp(u) / total);
        f.value = std::log(total);
        return f;
      });
  check_formula(
      draw, r, "norm", x, [&](const Tensor& t) { return norm(t, p, r.axes, r.keepdim); },
      [p](const V& v) {
        double total = 0;
        for (double u : v) total += std::pow(std::abs(u), p);
        Formula f{std::pow(total, 1 / p), {}};
        for (double u : v)
          f.slopes.push_back(u == 0 ? 0 : (u > 0 ? 1 : -1) * std::pow(std::abs(u) / f.value, p - 1));
        return f;
      });
}

void check_counts(Draw& draw) {
  const Reduction r = Reduction::drawn(draw, false);
  const int kind = draw(0, 2);
  const std::string call = r.text(kind == 0 ? "any" : kind == 1 ? "all" : "count_nonzero");
  INFO(call);
  const Tensor x = draw.whole(r.shape, float64, 1);
  const V v = joined({x}, {x});
  Expected right;
  if (r.out) {
    right = Linear{{*r.out}, {}, V(r.groups.size())};
    for (std::size_t out = 0; out < r.groups.size(); ++out) {
      double count = 0;
      for (std::size_t i : r.groups[out]) count += v[i] != 0;
      right->base[out] = kind == 0   ? count > 0
                         : kind == 1 ? count == static_cast<double>(r.groups[out].size())
                                     : count;
    }
  }
  check(
      draw, x,
      [&](const Tensor& t) {
        return kind == 0   ? any(t, r.axes, r.keepdim)
               : kind == 1 ? all(t, r.axes, r.keepdim)
                           : count_nonzero(t, r.axes, r.keepdim);
      },
      right);
}

/// max, min and median along an axis: a value and its place, the first of equal ones.
void check_choice(Draw& draw) {
  const Reduction r = Reduction::drawn(draw, true);
  const int kind = draw(0, 2);
  const std::string call = r.text(kind == 0 ? "max" : kind == 1 ? "min" : "median");
  INFO(call);
  const Tensor x = draw.whole(r.shape, draw.of({float64, float32}), 2);
  const V v = joined({x}, {x});
  Expected right;
  bool fits = r.out.has_value();
  for (const auto& group : r.groups) fits = fits && !group.empty();
  const int along = axis_at(r.axes[0], std::max(r.shape.rank(), 1)).value_or(0);
  // There is nothing to choose along an axis of size 0, even where there are no lines.
  if (r.shape.rank() > 0 && r.shape[along] == 0) fits = false;
  if (fits) {
    const std::size_t n = r.groups.size();
    right = Linear{{*r.out, *r.out}, {}, V(2 * n)};
    for (std::size_t out = 0; out < n; ++out) {
      std::vector<std::size_t> order(r.groups[out].size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const double p = v[r.groups[out][a]], q = v[r.groups[out][b]];
        return kind == 0 ? p > q : p < q;
      });
      std::size_t found = order[kind == 2 ? (order.size() - 1) / 2 : 0];
      for (std::size_t i = order.size(); i-- > 0;)
        if (v[r.groups[out][i]] == v[r.groups[out][found]]) found = i;
      right->terms.push_back({out, r.groups[out][found]});
      right->base[n + out] = static_cast<double>(found);
    }
  }
  const int axis = r.axes[0];
  check(
      draw, {x},
      [&](const std::vector<Tensor>& t) {
        const ValuesAndIndices y = kind == 0   ? max(t[0], axis, r.keepdim)
                                   : kind == 1 ? min(t[0], axis, r.keepdim)
                                               : median(t[0], axis, r.keepdim);
        if (kind < 2)
          CHECK(equal(kind == 0 ? argmax(t[0], axis, r.keepdim) : argmin(t[0], axis, r.keepdim), y.indices));
        return std::vector<Tensor>{y.values, y.indices};
      },
      right);
}

}  // namespace

void sweep::reductions(int configurations, unsigned seed) {
  run(configurations, seed,
      {check_sum, check_moments, check_products_of_lines, check_extrema, check_exponentials, check_counts,
       check_choice});
}

TEST_CASE("reductions are plain loops, on thousands of configurations") { reductions(1500, 1); }
