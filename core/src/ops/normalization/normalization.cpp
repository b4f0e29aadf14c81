#include "xgrad/core/ops/normalization.hpp"

#include <cfloat>

#include <cmath>

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "kernels/loops/fold.hpp"
#include "kernels/loops/lines.hpp"
#include "kernels/loops/simd.hpp"
#include "kernels/loops/wrap.hpp"
#include "ops/normalization/channels.hpp"
#include "ops/normalization/layer_norm.hpp"
#include "ops/random/draw_log.hpp"
#include "ops/support/elementwise.hpp"
#include "ops/support/promote.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Kernel standardize_kernel = {.name = "standardize"},
                 standardize_vjp_kernel = {.name = "standardize_vjp"};

template <class T>
T row_sum(const T* x, std::int64_t n) {
  return fold_run<SumFold, T>(x, n);
}

/// What standardising one row needs: in two passes, the mean first.
template <class T>
struct RowStatistics {
  T mean, rstd;

  RowStatistics(const T* x, std::int64_t n, double eps) {
    const T count = static_cast<T>(n);
    mean = row_sum(x, n) / count;
    const T squares = simd_sum<T>(
        n, [m = mean](auto v) { return (v - m) * (v - m); }, x);
    rstd = 1 / std::sqrt(squares / count + static_cast<T>(eps));
  }
};

/// (x - mean) / sqrt(variance + eps) of each row.
Tensor standardized(const Tensor& x, double eps) {
  Tensor y = new_like(x);
  const std::int64_t rows = x.size(0), n = x.size(1);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Work work = {.bytes = 2 * rows * n * bytes_of<T>};
    by_rows(standardize_kernel, work, rows, n,
            [=, px = ptr<T>(x), py = ptr<T>(y)](std::int64_t first, std::int64_t last) {
              for (std::int64_t i = first; i < last; ++i) {
                const T* p = px + i * n;
                T* __restrict o = py + i * n;
                const RowStatistics<T> s(p, n, eps);
                for (std::int64_t j = 0; j < n; ++j) o[j] = (p[j] - s.mean) * s.rstd;
              }
            });
  });
  return y;
}

/// dx = rstd (g - mean(g) - y mean(g y)), where y is the standardised row.
Tensor standardized_slope(const Tensor& g, const Tensor& x, double eps) {
  Tensor dx = new_like(x);
  const std::int64_t rows = x.size(0), n = x.size(1);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Work work = {.bytes = 3 * rows * n * bytes_of<T>};
    by_rows(standardize_vjp_kernel, work, rows, n,
            [=, px = ptr<T>(x), pg = ptr<T>(g), to = ptr<T>(dx)](std::int64_t first, std::int64_t last) {
              for (std::int64_t i = first; i < last; ++i) {
                const T *p = px + i * n, *q = pg + i * n;
                T* __restrict o = to + i * n;
                const RowStatistics<T> s(p, n, eps);
                const T mean_g = row_sum(q, n) / static_cast<T>(n);
                const T products = simd_sum<T>(
                    n, [s](auto u, auto v) { return u * ((v - s.mean) * s.rstd); }, q, p);
                const T mean_gy = products / static_cast<T>(n);
                for (std::int64_t j = 0; j < n; ++j) {
                  const T y = (p[j] - s.mean) * s.rstd;
                  o[j] = s.rstd * (q[j] - mean_g - y * mean_gy);
                }
              }
            });
  });
  return dx;
}

struct Epsilon {
  double eps;
  void fields(auto&& field) const { field("eps", eps); }
};

void check_eps(const char* op, double eps) {
  if (!(eps >= 0)) fail(op, "eps must not be negative: it is " + short_text(eps));
}

}  // namespace

Tensor detail::standardize(const char* name, const Tensor& x, double eps) {
  static constexpr Op op = {
      .name = "standardize",
      .vjp = {{{keep::x(0),
                [](Grad g, Fn f) { return standardize_vjp(g, f.x(0), f.attributes<Epsilon>().eps); }}}},
      .fields = &fields_of<Epsilon>,
      .again = [](Call c) { return standardize("standardize", c.x(0), c.attributes<Epsilon>().eps); },
      .jvp = Jvp::By::elementwise};
  check_floating(name, x);
  check_eps(name, eps);
  return record(op, {x}, standardized(x, eps), Epsilon{eps});
}

Tensor detail::standardize_vjp(const Tensor& g, const Tensor& x, double eps) {
  static constexpr Op op = {
      .name = "standardize_vjp",
      .vjp = {{{keep::x(1),
                [](Grad h, Fn f) { return standardize_vjp(h, f.x(1), f.attributes<Epsilon>().eps); }},
               {keep::every_x,
                [](Grad h, Fn f) {
                  const auto row_mean = [](const Tensor& u) { return mean(u, 1, true); };
                  const Tensor u = f.x(0), v = f.x(1);
                  const double e = f.attributes<Epsilon>().eps;
                  const Tensor y = standardize("standardize", v, e), rstd = rsqrt(var(v, 1, 0, true) + e);
                  const Tensor du = standardize_vjp(h, v, e), dv = standardize_vjp(u, v, e);
                  return -rstd * (y * row_mean(u * du) + du * row_mean(u * y) + dv * row_mean(h * y));
                }}}},
      .fields = &fields_of<Epsilon>,
      .again = [](Call c) { return standardize_vjp(c.x(0), c.x(1), c.attributes<Epsilon>().eps); }};
  return record(op, {g, x}, standardized_slope(g, x, eps), Epsilon{eps});
}

namespace {

/// Throws unless a weight or bias, if there is one, has this shape and the dtype of x.
void check_parameter(const char* op, const char* name, const Tensor& x, const Tensor& p, const Shape& shape) {
  if (p.defined() && p.dtype(op) != x.dtype(op))
    fail(op, std::string(name) + " must have the dtype of x: x is " + x.describe() + ", " + name + " is " +
                 p.describe());
  if (p.defined() && !(p.shape() == shape))
    fail(op, std::string(name) + " must have shape " + shape.str() + ": it is " + p.describe());
}

/// The number of elements of the last axes. Throws unless x ends in `normalized_shape`.
std::int64_t check_last_axes(const char* op, const Tensor& x, const Shape& shape) {
  const int first = x.dim(op) - shape.rank();
  bool same = first >= 0 && shape.rank() > 0;
  for (int i = 0; same && i < shape.rank(); ++i) same = x.shape()[first + i] == shape[i];
  if (!same) fail(op, "x must end in the normalized shape " + shape.str() + ": x is " + x.describe());
  return shape.numel();
}

Tensor as_rows(const Tensor& x, std::int64_t n) { return reshape(x, {n ? x.numel() / n : 0, n}); }

Tensor normalize_groups(const char* op, const Tensor& x, std::int64_t groups, const Tensor& weight,
                        const Tensor& bias, double eps) {
  check_floating(op, x);
  if (x.dim(op) < 2 || groups < 1 || x.size(1) % groups != 0)
    fail(op, "needs x[batch, channels, ...] whose channels divide into " + std::to_string(groups) +
                 " groups: x is " + x.describe());
  check_parameter(op, "weight", x, weight, {x.size(1)});
  check_parameter(op, "bias", x, bias, {x.size(1)});
  const std::int64_t rows = product_of(x.size(0), groups);
  const Tensor y = standardize(op, reshape(x, {rows, rows ? x.numel() / rows : 0}), eps);
  return affine_of_channels(reshape(y, x.shape()), weight, bias);
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight, const Tensor& bias,
                  double eps) {
  check_floating("layer_norm", x);
  const std::int64_t n = check_last_axes("layer_norm", x, normalized_shape);
  check_parameter("layer_norm", "weight", x, weight, normalized_shape);
  check_parameter("layer_norm", "bias", x, bias, normalized_shape);
  check_eps("layer_norm", eps);
  const auto flat = [n](const Tensor& p) { return p.defined() ? reshape(p, {n}) : p; };
  return reshape(layer_norm_rows(as_rows(x, n), flat(weight), flat(bias), eps), x.shape());
}

Tensor group_norm(const Tensor& x, int groups, const Tensor& weight, const Tensor& bias, double eps) {
  return normalize_groups("group_norm", x, groups, weight, bias, eps);
}

Tensor instance_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  if (x.dim() < 3) fail("instance_norm", "needs x[batch, channels, ...]: x is " + x.describe());
  return normalize_groups("instance_norm", x, x.size(1), weight, bias, eps);
}

Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight,
                std::optional<double> eps) {
  check_floating("rms_norm", x);
  const std::int64_t n = check_last_axes("rms_norm", x, normalized_shape);
  check_parameter("rms_norm", "weight", x, weight, normalized_shape);
  const double floor = eps.value_or(x.dtype() == float32 ? FLT_EPSILON : DBL_EPSILON);
  check_eps("rms_norm", floor);
  const Tensor rows = as_rows(x, n);
  const Tensor y = rows * rsqrt(mean(square(rows), 1, true) + floor);
  return affine(reshape(y, x.shape()), weight, {});
}

Tensor batch_norm(const Tensor& x, Tensor running_mean, Tensor running_var, const Tensor& weight,
                  const Tensor& bias, const BatchNormOptions& o) {
  check_floating("batch_norm", x);
  if (x.dim() < 2) fail("batch_norm", "needs x[batch, channels, ...]: x is " + x.describe());
  check_eps("batch_norm", o.eps);
  if (!(o.momentum >= 0 && o.momentum <= 1))
    fail("batch_norm", "the momentum must lie in [0, 1]: it is " + short_text(o.momentum));
  const std::int64_t channels = x.size(1);
  for (const auto& [name, p] : {std::pair<const char*, const Tensor&>{"running_mean", running_mean},
                                {"running_var", running_var},
                                {"weight", weight},
                                {"bias", bias}})
    check_parameter("batch_norm", name, x, p, {channels});
  if (!o.training) {
    if (!running_mean.defined() || !running_var.defined())
      fail("batch_norm", "outside training the running statistics are needed: x is " + x.describe() +
                             "; pass both, or {.training = true}");
    const Tensor rstd = rsqrt(running_var + o.eps);
    const Tensor y = (x - per_channel(running_mean, x)) * per_channel(rstd, x);
    return affine(y, per_channel(weight, x), per_channel(bias, x));
  }
  const std::int64_t count = channels ? x.numel() / channels : 0;
  if (count < 2)
    fail("batch_norm", "training needs more than one value for each channel: x is " + x.describe());
  // [batch, channels, positions] to [channels, batch * positions], and back.
  const std::int64_t batch = x.size(0), positions = count / std::max<std::int64_t>(batch, 1);
  const Tensor rows = reshape(transpose(reshape(x, {batch, channels, positions}), 0, 1), {channels, count});
  if (!DrawReplay::is_active()) {  // a checkpoint counts each batch once
    const NoGrad guard;
    for (Tensor* running : {&running_mean, &running_var})
      if (running->defined()) check_writable("batch_norm", running->to_change("batch_norm"));
    if (running_mean.defined())
      running_mean.copy_(running_mean * (1 - o.momentum) + mean(rows, 1) * o.momentum);
    if (running_var.defined()) running_var.copy_(running_var * (1 - o.momentum) + var(rows, 1) * o.momentum);
  }
  const Tensor y = reshape(standardize("batch_norm", rows, o.eps), {channels, batch, positions});
  return affine_of_channels(reshape(transpose(y, 0, 1), x.shape()), weight, bias);
}

namespace {

struct Dropping {
  double p;
  Generator generator;
  void fields(auto&& field) const { field("p", p); }
};

/// 0 with probability p, else 1 / (1 - p).
Tensor dropout_mask(const Tensor& x, const Dropping& d) {
  const Unheard within;
  if (d.p == 1) return zeros_of(x.shape(), x.dtype());
  return bernoulli(1 - d.p, x.shape(), {.dtype = x.dtype()}, d.generator) / (1 - d.p);
}

}  // namespace

Tensor dropout(const Tensor& x, double p, bool training, Generator generator) {
  static constexpr Op op = {.name = "dropout",
                            .vjp = {{{keep::x(1), [](Grad g, Fn f) { return g * f.x(1); }}}},
                            .scratch = 1,  // the mask
                            .draws = true,
                            .fields = &fields_of<Dropping>,
                            .again =
                                [](Call c) {
                                  const Dropping& d = c.attributes<Dropping>();
                                  return dropout(c.x(0), d.p, true, d.generator);
                                },
                            .jvp = Jvp::By::elementwise};
  check_floating("dropout", x);
  if (!(p >= 0 && p <= 1)) fail("dropout", "the probability must lie in [0, 1]: it is " + short_text(p));
  if (!training || p == 0) return x;
  const Dropping d{p, std::move(generator)};
  const Tensor mask = dropout_mask(x, d);
  Tensor y = zip("dropout", x, mask, [](auto u, auto v) { return times(u, v); });
  return record(op, {x, mask}, std::move(y), p, [&] { return d; });
}

}  // namespace xgrad
