#pragma once

#include <doctest/doctest.h>

#include <functional>

#include "core/geometry/draw.hpp"

// The geometry sweep: ops with sizes, axes and counts, on random configurations with 0, 1, equal and extreme
// numbers among them, against plain loops that stand beside each call. An op gives the right value and the
// right gradients, or throws an Error where the loop says that there is nothing to give: never anything else.

namespace sweep {

/// out += by * in, counted through all outputs and all inputs of an op one behind another.
struct Term {
  std::size_t out, in;
  double by = 1;
};

/// What a call must give: outputs of these shapes, each element its term of `base` (0 where that is empty)
/// and a sum of inputs. The gradients follow: in += by * cotangent.
struct Linear {
  std::vector<Shape> shapes;
  std::vector<Term> terms = {};
  V base = {};
};

/// None where the call must throw Error.
using Expected = std::optional<Linear>;

/// False for what would take too much memory to try; what no tensor holds must be an Error.
inline bool is_small(const Shape& shape) {
  __int128 n = 1;
  for (std::int64_t size : shape) n = n > (__int128{1} << 50) ? n : n * std::max<std::int64_t>(size, 1);
  return n <= 20000;
}
inline bool is_too_large(const Shape& shape) {
  __int128 n = 1;
  for (std::int64_t size : shape)
    n = n > (__int128{1} << 50) ? n : n * static_cast<__int128>(std::max<std::int64_t>(size, 1));
  return n > (__int128{1} << 45);
}

inline V joined(const std::vector<Tensor>& tensors, const std::vector<Tensor>& like) {
  V all;
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    const V v = tensors[k].defined() ? tensors[k].detach().to(xgrad::float64).to_vector<double>()
                                     : V(static_cast<std::size_t>(like[k].numel()));
    all.insert(all.end(), v.begin(), v.end());
  }
  return all;
}

inline std::string text(const V& v) {
  std::string s = "{";
  for (std::size_t i = 0; i < v.size() && i < 40; ++i) s += (i ? ", " : "") + std::to_string(v[i]);
  return s + "}";
}

inline void wrong(const std::string& what) { FAIL(what); }

inline void require_same(const char* what, const V& seen, const V& right) {
  bool same = seen.size() == right.size();
  for (std::size_t i = 0; i < seen.size() && same; ++i)
    same = seen[i] == right[i] || (seen[i] != seen[i] && right[i] != right[i]);
  if (!same) wrong(std::string(what) + " is " + text(seen) + ", right is " + text(right));
}

using Call = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

/// Calls f, and requires an Error where nothing is expected and results of the right shapes otherwise.
inline bool results_in(const std::vector<Tensor>& x, const Call& f, bool succeeds,
                       const std::vector<Shape>& shapes, std::vector<Tensor>& y) {
  try {
    y = f(x);
  } catch (const xgrad::Error& e) {
    if (succeeds) wrong(std::string("it throws ") + e.what());
    return false;
  }
  if (!succeeds) wrong("it gives a result, and should throw");
  if (y.size() != shapes.size()) wrong("the number of results is " + std::to_string(y.size()));
  for (std::size_t k = 0; k < y.size(); ++k)
    if (!(y[k].shape() == shapes[k]))
      wrong("result " + std::to_string(k) + " is " + y[k].describe() + ", right is " + shapes[k].str());
  return true;
}

/// Compares a call, its gradients and the gradients of these with what is expected.
inline void check(Draw& draw, const std::vector<Tensor>& inputs, const Call& f, const Expected& expected) {
  if (expected)
    for (const Shape& s : expected->shapes)
      if (!is_small(s)) return;
  std::vector<Tensor> x, y;
  for (const Tensor& t : inputs) {
    x.push_back(t.detach());
    if (xgrad::is_floating(t.dtype())) x.back().requires_grad_();
  }
  const Linear none{};
  const Linear& right = expected ? *expected : none;
  if (!results_in(x, f, expected.has_value(), right.shapes, y)) return;
  const auto apply = [&](const V& from, bool with_base) {
    V to(joined(y, y).size());
    if (with_base && !right.base.empty()) to = right.base;
    for (const Term& t : right.terms) to[t.out] += t.by * from[t.in];
    return to;
  };
  require_same("the value", joined(y, y), apply(joined(x, x), true));
  // Whole numbers as results, such as places, take no cotangent.
  std::vector<Tensor> outputs, g, wanted, all_g = y;
  for (Tensor& t : all_g) {
    if (!t.requires_grad()) {
      t = xgrad::zeros(t.shape(), {.dtype = xgrad::float64});
      continue;
    }
    outputs.push_back(t);
    t = draw.whole(t.shape(), t.dtype()).requires_grad_();
    g.push_back(t);
  }
  for (const Tensor& t : x)
    if (t.requires_grad()) wanted.push_back(t);
  if (outputs.empty() || wanted.empty()) return;
  const bool twice = draw.one_in(2);
  const std::vector<Tensor> d =
      xgrad::grad(outputs, wanted, g, {.create_graph = twice, .allow_unused = true});
  V dx(joined(x, x).size());
  for (const V of = joined(all_g, all_g); const Term& t : right.terms) dx[t.in] += t.by * of[t.out];
  V seen;
  std::size_t next = 0;
  for (const Tensor& t : x) {
    const V part = t.requires_grad() ? joined({d[next]}, {t}) : V(static_cast<std::size_t>(t.numel()));
    next += t.requires_grad();
    seen.insert(seen.end(), part.begin(), part.end());
  }
  // What is not wanted has no gradient to be seen.
  std::size_t from = 0;
  for (const Tensor& t : x) {
    if (!t.requires_grad()) std::fill_n(dx.begin() + static_cast<std::ptrdiff_t>(from), t.numel(), 0);
    from += static_cast<std::size_t>(t.numel());
  }
  require_same("the gradient", seen, dx);
  if (!twice) return;
  std::vector<Tensor> recorded, h, all_h;
  next = 0;
  for (const Tensor& t : x) {
    all_h.push_back(t.requires_grad() ? draw.whole(t.shape(), t.dtype()) : xgrad::zeros(t.shape()));
    if (!t.requires_grad()) continue;
    if (d[next].defined() && d[next].requires_grad()) recorded.push_back(d[next]), h.push_back(all_h.back());
    if (!d[next].defined() || !d[next].requires_grad()) all_h.back() = xgrad::zeros(t.shape());
    ++next;
  }
  if (recorded.empty()) return;
  const std::vector<Tensor> back = xgrad::grad(recorded, g, h, {.allow_unused = true});
  V pushed = apply(joined(all_h, all_h), false), seen_back;
  next = from = 0;
  for (std::size_t k = 0; k < y.size(); ++k) {
    const std::size_t n = static_cast<std::size_t>(y[k].numel());
    if (y[k].requires_grad()) {
      const V part = joined({back[next++]}, {y[k]});
      seen_back.insert(seen_back.end(), part.begin(), part.end());
    } else {
      seen_back.insert(seen_back.end(), pushed.begin() + static_cast<std::ptrdiff_t>(from),
                       pushed.begin() + static_cast<std::ptrdiff_t>(from + n));
    }
    from += n;
  }
  require_same("the gradient's gradient", seen_back, pushed);
}

/// The same for one operand and one result.
inline void check(Draw& draw, const Tensor& x, const std::function<Tensor(const Tensor&)>& f,
                  const Expected& expected) {
  check(
      draw, std::vector<Tensor>{x},
      [&](const std::vector<Tensor>& all) { return std::vector<Tensor>{f(all[0])}; }, expected);
}

/// y[out] += a[i] * b[j].
struct Product {
  std::size_t out, a, b;
};

/// Compares a bilinear call of two operands and its gradients with a list of products.
inline void check_products(Draw& draw, const Tensor& first, const Tensor& second,
                           const std::function<Tensor(const Tensor&, const Tensor&)>& f,
                           const std::optional<Shape>& shape, const std::vector<Product>& products) {
  if (shape && !is_small(*shape)) return;
  const Tensor a = first.detach().requires_grad_(), b = second.detach().requires_grad_();
  std::vector<Tensor> y;
  const Call call = [&](const std::vector<Tensor>& x) { return std::vector<Tensor>{f(x[0], x[1])}; };
  if (!results_in({a, b}, call, shape.has_value(), {shape.value_or(Shape{})}, y)) return;
  const Tensor g = draw.whole(*shape, a.dtype());
  const V pa = joined({a}, {a}), pb = joined({b}, {b}), pg = joined({g}, {g});
  V value(pg.size()), da(pa.size()), db(pb.size());
  for (const Product& p : products) {
    value[p.out] += pa[p.a] * pb[p.b];
    da[p.a] += pg[p.out] * pb[p.b];
    db[p.b] += pg[p.out] * pa[p.a];
  }
  require_same("the value", joined(y, y), value);
  const std::vector<Tensor> d = xgrad::grad({y[0]}, {a, b}, {g}, {.allow_unused = true});
  require_same("the gradient of the first", joined({d[0]}, {a}), da);
  require_same("the gradient of the second", joined({d[1]}, {b}), db);
}

/// Calls each check in turn, `configurations` times.
inline void run(int configurations, unsigned seed, std::initializer_list<void (*)(Draw&)> checks) {
  Draw draw{std::mt19937(seed)};
  for (int i = 0; i < configurations; ++i)
    for (const auto check_one : checks) check_one(draw);
}

// The families, one a file: `configurations` of each op.
void windows(int configurations, unsigned seed);
void patches(int configurations, unsigned seed);
void parts(int configurations, unsigned seed);
void diagonals(int configurations, unsigned seed);
void reshapes(int configurations, unsigned seed);
void orders(int configurations, unsigned seed);
void joins(int configurations, unsigned seed);
void reductions(int configurations, unsigned seed);
void scans(int configurations, unsigned seed);
void sorts(int configurations, unsigned seed);
void gathers(int configurations, unsigned seed);
void products(int configurations, unsigned seed);
void creations(int configurations, unsigned seed);

}  // namespace sweep
