#include "ops/normalization/layer_norm.hpp"

#include <array>
#include <cmath>

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/fold.hpp"
#include "kernels/loops/lines.hpp"
#include "ops/support/composed.hpp"
#include "ops/support/tangents.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

namespace {

constexpr Kernel layer_norm_kernel = {.name = "layer_norm"},
                 layer_norm_vjp_kernel = {.name = "layer_norm_vjp"};
constexpr std::int64_t block_rows = 64;  ///< whose gradients of weight and bias are added one after the other

/// What standardising one row needs: in two passes, the mean first.
template <class T>
struct Statistics {
  using V = xsimd::batch<T>;
  V mean, rstd;

  template <class L>
  Statistics(const L& along, const T* x, double eps) {
    const T count = static_cast<T>(along.n);
    const T centre = line_sum(along, [&](std::int64_t i) { return along.load(x, i); }).get(0) / count;
    mean = V(centre);
    const V squares = line_sum(along, [&](std::int64_t i) {
      const V d = along.load(x, i, centre) - mean;
      return d * d;
    });
    rstd = V(1 / std::sqrt(squares.get(0) / count + static_cast<T>(eps)));
  }
};

/// y of the rows [first, last); weight and bias may be null.
template <class T, class L>
[[gnu::flatten]] void forward_rows(const L& along, std::int64_t first, std::int64_t last, const T* x,
                                   const T* weight, const T* bias, double eps, T* y) {
  using V = xsimd::batch<T>;
  const std::int64_t n = along.n;
  for (std::int64_t row = first; row < last; ++row) {
    const T* p = x + row * n;
    const Statistics<T> s(along, p, eps);
    for (std::int64_t i = 0; i < along.steps(); ++i) {
      V v = (along.load(p, i) - s.mean) * s.rstd;
      if (weight) v *= along.load(weight, i);
      if (bias) v += along.load(bias, i);
      along.store(y + row * n, i, v);
    }
  }
}

/// Adds v to step i of a row of sums.
template <class T, class L>
void add_to(const L& along, T* sum, std::int64_t i, const xsimd::batch<T>& v) {
  along.store(sum, i, along.load(sum, i) + v);
}

/// dx of the rows [first, last) and their sums of g y and of g, y the standardised row:
/// dx = rstd (g w - mean(g w) - y mean(g w y)).
template <class T, class L>
[[gnu::flatten]] void backward_rows(const L& along, std::int64_t first, std::int64_t last, const T* g,
                                    const T* x, const T* weight, double eps, T* dx, T* dweight, T* dbias) {
  using V = xsimd::batch<T>;
  const std::int64_t n = along.n;
  const T count = static_cast<T>(n);
  std::fill_n(dweight, n, T(0)), std::fill_n(dbias, n, T(0));
  for (std::int64_t row = first; row < last; ++row) {
    const T *p = x + row * n, *q = g + row * n;
    const Statistics<T> s(along, p, eps);
    const auto standard = [&](std::int64_t i) { return (along.load(p, i) - s.mean) * s.rstd; };
    const auto weighted = [&](std::int64_t i) {
      const V v = along.load(q, i);
      return weight ? v * along.load(weight, i) : v;
    };
    const V sum_g = line_sum(along, [&](std::int64_t i) {
      add_to(along, dbias, i, along.load(q, i));
      return weighted(i);
    });
    const V sum_gy = line_sum(along, [&](std::int64_t i) {
      const V y = standard(i);
      add_to(along, dweight, i, along.load(q, i) * y);
      return weighted(i) * y;
    });
    const V mean_g(sum_g.get(0) / count), mean_gy(sum_gy.get(0) / count);
    for (std::int64_t i = 0; i < along.steps(); ++i)
      along.store(dx + row * n, i, s.rstd * (weighted(i) - mean_g - standard(i) * mean_gy));
  }
}

// The same for short rows, several at a time: what is one number for a row is a lane here. Written once more,
// since one form for both took up to a half longer for long rows.

/// Rows of up to so many elements are taken so, also where few are left: a row has the same bits wherever it
/// stands.
template <class T>
bool is_short(std::int64_t n) {
  return n > 0 && n <= longest_short_fold<T>;
}

template <class T>
struct ShortStatistics {
  using V = xsimd::batch<T>;
  V mean, rstd;

  ShortStatistics(const ShortRows<T>& along, const T* x, double eps) {
    const V count(static_cast<T>(along.n));
    mean = line_sum(along, [&](std::int64_t i) { return along.load(x, i); }) / count;
    const V squares = line_sum(along, [&](std::int64_t i) {
      const V d = along.load(x, i) - mean;
      return d * d;
    });
    rstd = V(1) / xsimd::sqrt(squares / count + V(static_cast<T>(eps)));
  }
};

template <class T>
void forward_short_rows(std::int64_t n, std::int64_t first, std::int64_t last, const T* x, const T* weight,
                        const T* bias, double eps, T* y) {
  using V = xsimd::batch<T>;
  const auto lines = [=](const ShortRows<T>& along, std::int64_t, T* to, const T* from) {
    const ShortStatistics<T> s(along, from, eps);
    for (std::int64_t i = 0; i < n; ++i) {
      V v = (along.load(from, i) - s.mean) * s.rstd;
      if (weight) v *= V(weight[i]);
      if (bias) v += V(bias[i]);
      along.store(to, i, v);
    }
  };
  for (std::int64_t row = first; row < last; row += short_rows<T>)
    each_short_row(n, last - row, lines, row, y + row * n, x + row * n);
}

template <class T>
void backward_short_rows(std::int64_t n, std::int64_t first, std::int64_t last, const T* g, const T* x,
                         const T* weight, double eps, T* dx, T* dweight, T* dbias) {
  using V = xsimd::batch<T>;
  V by_lane_gy[longest_short_fold<T>], by_lane_g[longest_short_fold<T>];
  std::fill_n(by_lane_gy, n, V(0)), std::fill_n(by_lane_g, n, V(0));
  alignas(64) T number[V::size];
  for (std::size_t l = 0; l < V::size; ++l) number[l] = static_cast<T>(l);
  const V count(static_cast<T>(n));
  const auto lines = [&](const ShortRows<T>& along, std::int64_t, T* to, const T* q, const T* p) {
    const auto there = V::load_aligned(number) < V(static_cast<T>(along.count));  // 0 in the other rows
    const ShortStatistics<T> s(along, p, eps);
    const auto standard = [&](std::int64_t i) { return (along.load(p, i) - s.mean) * s.rstd; };
    const auto weighted = [&](std::int64_t i) {
      const V v = along.load(q, i);
      return weight ? v * V(weight[i]) : v;
    };
    const V mean_g = line_sum(along, weighted) / count;
    const V mean_gy = line_sum(along, [&](std::int64_t i) { return weighted(i) * standard(i); }) / count;
    for (std::int64_t i = 0; i < n; ++i) {
      const V v = along.load(q, i), y = standard(i);
      by_lane_g[i] += v;
      by_lane_gy[i] += xsimd::select(there, v * y, V(0));
      along.store(to, i, s.rstd * (weighted(i) - mean_g - y * mean_gy));
    }
  };
  for (std::int64_t row = first; row < last; row += short_rows<T>)
    each_short_row(n, last - row, lines, row, dx + row * n, g + row * n, x + row * n);
  for (std::int64_t i = 0; i < n; ++i)
    dweight[i] = sum_of_lanes(by_lane_gy[i]), dbias[i] = sum_of_lanes(by_lane_g[i]);
}

struct LayerNormGradient {
  Tensor x, weight, bias;
};

LayerNormGradient gradient_of(const Tensor& g, const Tensor& x, const Tensor& weight, double eps) {
  const std::int64_t rows = x.size(0), n = x.size(1);
  const std::int64_t blocks = std::max<std::int64_t>(1, (rows + block_rows - 1) / block_rows);
  const Tensor dx = new_like(x), dw = new_tensor({blocks, n}, x.dtype()), db = new_like(dw);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const T *pg = ptr<T>(g), *px = ptr<T>(x), *w = weight.defined() ? ptr<T>(weight) : nullptr;
    T *to = ptr<T>(dx), *pw = ptr<T>(dw), *pb = ptr<T>(db);
    const auto by_blocks = [&](const auto& f) {
      const auto block = [f, rows, n, pw, pb](std::int64_t k, std::int64_t) {
        f(k * block_rows, std::min(rows, (k + 1) * block_rows), pw + k * n, pb + k * n);
      };
      if (runs_unheard(rows * n)) [[likely]]
        for (std::int64_t k = 0; k < blocks; ++k) block(k, k + 1);
      else
        launch(layer_norm_vjp_kernel, {.bytes = 3 * rows * n * bytes_of<T>}, blocks, 1, block);
    };
    if (is_short<T>(n))
      return by_blocks([=](std::int64_t first, std::int64_t last, T* to_w, T* to_b) {
        backward_short_rows(n, first, last, pg, px, w, eps, to, to_w, to_b);
      });
    visit_row<T>(n, [&](const auto& along) {
      by_blocks([=](std::int64_t first, std::int64_t last, T* to_w, T* to_b) {
        backward_rows(along, first, last, pg, px, w, eps, to, to_w, to_b);
      });
    });
  });
  const Unheard within;
  return {dx, sum(dw, 0), sum(db, 0)};
}

struct Attributes {
  double eps;
  bool weight, bias;
  void fields(auto&& field) const { field("eps", eps), field("weight", weight), field("bias", bias); }
};

/// The same from other ops, for second derivatives: of g, x and the weight if there is one.
std::vector<Tensor> composed_gradient(const std::vector<Tensor>& x, Fn f) {
  const auto a = f.attributes<Attributes>();
  return {standardize_vjp(a.weight ? x[0] * x[2] : x[0], x[1], a.eps),
          sum(x[0] * standardize("layer_norm", x[1], a.eps), 0), sum(x[0], 0)};
}

/// The gradients of x, weight and bias.
std::array<Tensor, 3> layer_norm_vjp(const Tensor& g, const Tensor& x, const Tensor& weight, Attributes a) {
  static constexpr Op op = {.name = "layer_norm_vjp",
                            .joint = derived<composed_gradient>,
                            .fields = &fields_of<Attributes>,
                            .again_all = [](Call c) {
                              const auto d =
                                  layer_norm_vjp(c.x(0), c.x(1), c.x(2), c.attributes<Attributes>());
                              return std::vector<Tensor>(d.begin(), d.end());
                            }};
  LayerNormGradient d = gradient_of(g, x, weight, a.eps);
  std::array<Tensor, 3> all = {std::move(d.x), std::move(d.weight), std::move(d.bias)};
  const std::array<Ref, 3> inputs = {g, x, a.weight ? weight : x};
  record_outputs(op, std::span(inputs).first(a.weight ? 3 : 2), all, a);
  return all;
}

}  // namespace

Tensor layer_norm_rows(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  static constexpr Op op = {.name = "layer_norm",
                            .joint = {keep::x(0) | keep::x(1),
                                      [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
                                        const auto a = f.attributes<Attributes>();
                                        auto d =
                                            layer_norm_vjp(g[0], f.x(0), a.weight ? f.x(1) : Tensor(), a);
                                        dx[0] = std::move(d[0]);
                                        if (a.weight) dx[1] = std::move(d[1]);
                                        if (a.bias) dx[a.weight ? 2 : 1] = std::move(d[2]);
                                      }},
                            .fields = &fields_of<Attributes>,
                            .again =
                                [](Call c) {
                                  const auto& a = c.attributes<Attributes>();
                                  return layer_norm_rows(c.x(0), a.weight ? c.x(1) : Tensor(),
                                                         a.bias ? c.x(a.weight ? 2 : 1) : Tensor(), a.eps);
                                },
                            .jvp = [](Fn f) {  // the slopes of the standardised rows are symmetric
                              const auto a = f.attributes<Attributes>();
                              const int third = a.weight ? 2 : 1;
                              Tensor sum;
                              if (f.t(0).defined()) {
                                const Tensor rows = standardize_vjp(f.t(0), f.x(0), a.eps);
                                add_part(sum, a.weight ? rows * f.x(1) : rows);
                              }
                              if (a.weight && f.t(1).defined())
                                add_part(sum, standardize("layer_norm", f.x(0), a.eps) * f.t(1));
                              if (a.bias && f.t(third).defined())
                                add_part(sum, expand(f.t(third), f.y().shape()));
                              return sum;
                            }};
  Tensor y = new_like(x);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const auto elements = [](const Tensor& p) -> const T* { return p.defined() ? ptr<T>(p) : nullptr; };
    const T *px = ptr<T>(x), *w = elements(weight), *b = elements(bias);
    T* to = ptr<T>(y);
    const std::int64_t rows = x.size(0), n = x.size(1);
    const Work work = {.bytes = 2 * rows * n * bytes_of<T>};
    if (is_short<T>(n))
      return by_rows(layer_norm_kernel, work, rows, n, [=](std::int64_t first, std::int64_t last) {
        forward_short_rows(n, first, last, px, w, b, eps, to);
      });
    visit_row<T>(n, [&](const auto& along) {
      by_rows(layer_norm_kernel, work, rows, n, [=](std::int64_t first, std::int64_t last) {
        forward_rows(along, first, last, px, w, b, eps, to);
      });
    });
  });
  const Attributes a{eps, weight.defined(), bias.defined()};
  if (a.weight && a.bias) return record(op, {x, weight, bias}, std::move(y), a);
  if (a.weight || a.bias) return record(op, {x, a.weight ? weight : bias}, std::move(y), a);
  return record(op, {x}, std::move(y), a);
}

}  // namespace xgrad::detail
