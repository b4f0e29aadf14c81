#include <algorithm>

#include "autodiff/fields.hpp"
#include "kernels/blas/matvec.hpp"
#include "ops/loss/logits.hpp"
#include "ops/loss/loss.hpp"
#include "ops/support/tangents.hpp"
#include "ops/support/vjp.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Kernel logistic_kernel = {.name = "logistic_loss"};
constexpr std::int64_t rows_of_block = 4096;
constexpr std::int64_t bytes_of_part = std::int64_t{1}
                                       << 17;  ///< of x, which the L2 cache keeps for its second use

/// What a pass over the rows of x makes: the loss, its slope by the logits, and by the weights.
struct Pass {
  Tensor loss, logits, weight;
};

/// The sums of a block of rows: of losses, and of slopes times rows of x.
template <class T>
struct BlockSums {
  double& loss;
  T* weight;
};

/// Rows [first, last) of x, in parts that are multiplied by the weights and, by their slopes, added to the
/// gradient.
template <class T>
void pass_over(std::int64_t first, std::int64_t last, std::int64_t features, const T* x, const T* w, T b,
               const T* t, T scale, T* slopes, BlockSums<T> sums) {
  using V = xsimd::batch<T>;
  constexpr std::int64_t width = V::size;
  const std::int64_t row = std::max<std::int64_t>(features, 1) * bytes_of<T>;
  const std::int64_t part = std::clamp<std::int64_t>(bytes_of_part / row / 16 * 16, 16, rows_of_block);
  for (std::int64_t i = first; i < last; i += part) {
    const std::int64_t n = std::min(part, last - i);
    T* u = slopes + i;  // the logits first
    std::fill_n(u, n, b);
    add_row_products(n, features, x + i * features, w, u);
    sums.loss += static_cast<double>(simd_sum<T>(n, LogitLoss{}, u, t + i));
    for (std::int64_t j = 0; j < n; j += width)
      store_part(
          u + j, n - j,
          V(scale) * LogitSlope{}(load_part<V>(u + j, n - j, T(0)), load_part<V>(t + i + j, n - j, T(0))));
    add_sum_of_rows(n, features, x + i * features, u, sums.weight);
  }
}

Pass pass_of(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& target) {
  const std::int64_t rows = x.size(0), features = x.size(1),
                     blocks = (rows + rows_of_block - 1) / rows_of_block;
  const Pass y = {new_tensor({}, x.dtype()), new_tensor({rows}, x.dtype()), zeros_of({features}, x.dtype())};
  const Tensor losses = zeros_of({blocks}, float64), weights = zeros_of({blocks, features}, x.dtype());
  visit_floating(x.dtype(), [&](auto type) {
    using T = type_of<decltype(type)>;
    const T b = bias.defined() ? *ptr<const T>(bias) : T(0), scale = T(1) / static_cast<T>(rows);
    launch(logistic_kernel,
           {.bytes = (rows * features + 3 * rows) * bytes_of<T>, .flops = 4 * rows * features}, blocks, 1,
           [&](std::int64_t from, std::int64_t to) {
             for (std::int64_t k = from; k < to; ++k)
               pass_over(k * rows_of_block, std::min(rows, (k + 1) * rows_of_block), features,
                         ptr<const T>(x), ptr<const T>(weight), b, ptr<const T>(target), scale,
                         ptr<T>(y.logits), {ptr<double>(losses)[k], ptr<T>(weights) + k * features});
           });
    double loss = 0;
    for (std::int64_t k = 0; k < blocks; ++k) {
      loss += ptr<const double>(losses)[k];
      for (std::int64_t j = 0; j < features; ++j)
        ptr<T>(y.weight)[j] += ptr<const T>(weights)[k * features + j];
    }
    *ptr<T>(y.loss) = static_cast<T>(loss / static_cast<double>(rows));
  });
  return y;
}

/// a + b, where either may be undefined.
Tensor added(Tensor a, const Tensor& b) {
  if (b.defined()) add_part(a, b);
  return a;
}

Tensor outer0(const Tensor& rows, const Tensor& columns) {
  return rows.defined() && columns.defined() ? mul0(unsqueeze(rows, 1), unsqueeze(columns, 0)) : Tensor();
}

/// The slopes s = (sigmoid(z) - t) / n by the logits z and x^T s by the weights are outputs of the same node,
/// so that they can be differentiated again: r is what reaches s from both.
void logistic_rule(std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
  const Tensor x = f.x(0), w = f.x(1), slopes = f.output(1);
  const bool biased = f.inputs() == 4;
  const double scale = 1.0 / static_cast<double>(x.size(0));
  const Tensor r = added(g[1], g[2].defined() ? mv(x, g[2]) : Tensor());
  const Tensor direct = g[0].defined() ? mul0(g[0], slopes) : Tensor();
  Tensor z, through;
  if (f.wants(2) || r.defined()) z = biased ? mv(x, w) + reshape(f.x(3), {}) : mv(x, w);
  if (r.defined()) through = sigmoid_vjp(scale * r, z);
  const Tensor dz = added(direct, through);

  if (f.wants(0)) dx[0] = added(outer0(dz, w), outer0(slopes, g[2]));
  if (f.wants(1))
    dx[1] = added(g[0].defined() ? mul0(g[0], f.output(2)) : Tensor(),
                  through.defined() ? matmul(through, x) : Tensor());
  if (f.wants(2))
    dx[2] = added(g[0].defined() ? mul0(g[0], -scale * z) : Tensor(), r.defined() ? -scale * r : Tensor());
  if (biased && f.wants(3) && dz.defined()) dx[3] = reshape(sum(dz), f.shape(3));
}

/// The tangents of the loss, of the slopes and of x^T s, from those of x, the weights, the targets and the
/// bias.
std::vector<Tensor> logistic_tangents(Fn f) {
  const Tensor x = f.x(0), w = f.x(1), slopes = f.output(1);
  const bool biased = f.inputs() == 4;
  const double scale = 1.0 / static_cast<double>(x.size(0));
  const Tensor z = biased ? mv(x, w) + reshape(f.x(3), {}) : mv(x, w);
  Tensor dz, loss, by_logits, by_weight;
  if (f.t(0).defined()) add_part(dz, mv(f.t(0), w));
  if (f.t(1).defined()) add_part(dz, mv(x, f.t(1)));
  if (biased && f.t(3).defined()) add_part(dz, expand(reshape(f.t(3), {}), slopes.shape()));
  if (dz.defined()) {
    add_part(loss, sum(mul0(dz, slopes)));
    add_part(by_logits, sigmoid_vjp(scale * dz, z));
  }
  if (f.t(2).defined()) {
    add_part(loss, sum(mul0(f.t(2), -scale * z)));
    add_part(by_logits, -scale * f.t(2));
  }
  if (by_logits.defined()) add_part(by_weight, matmul(by_logits, x));
  if (f.t(0).defined()) add_part(by_weight, matmul(slopes, f.t(0)));
  return {loss, by_logits, by_weight};
}

std::vector<Tensor> logistic_outputs(const Tensor& x, const Tensor& weight, const Tensor& bias,
                                     const Tensor& target) {
  static constexpr Op op = {.name = "logistic_loss",
                            .joint = {keep::every_x | keep::y, logistic_rule},
                            .again_all =
                                [](Call c) {
                                  const Tensor b = c.inputs().size() == 4 ? c.x(3) : Tensor();
                                  return logistic_outputs(c.x(0), c.x(1), b, c.x(2));
                                },
                            .jvp = logistic_tangents};
  Pass made = pass_of(x, weight, bias, target);
  Tensor y[] = {std::move(made.loss), std::move(made.logits), std::move(made.weight)};
  if (bias.defined())
    record_outputs(op, std::initializer_list<Ref>{x, weight, target, bias}, y);
  else
    record_outputs(op, std::initializer_list<Ref>{x, weight, target}, y);
  return {y[0], y[1], y[2]};
}

}  // namespace

Tensor logistic_loss(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& target) {
  const auto all = [&] {
    return "x is " + x.describe() + ", weight is " + weight.describe() +
           (bias.defined() ? ", bias is " + bias.describe() : "") + ", target is " + target.describe();
  };
  const auto refuse = [&](const char* what) { fail("logistic_loss", what + (": " + all())); };
  const std::int64_t features = x.dim("logistic_loss") == 2 ? x.size(1) : 0;
  const bool is_row = weight.dim("logistic_loss") == 2 && weight.size(0) == 1;
  if (x.dim() != 2) refuse("x must be [rows, features]");
  if ((weight.dim() != 1 && !is_row) || weight.size(-1) != features)
    refuse("the weight must have a number for each feature, [features] or [1, features]");
  if (bias.defined() && bias.numel() != 1) refuse("the bias must be one number");
  if (!(target.shape("logistic_loss") == Shape{x.size(0)})) refuse("the target must be [rows]; reshape it");
  bool single = false, twice = false;
  for (const Tensor* given : {&x, &weight, &bias, &target}) {
    if (!given->defined()) continue;
    single |= given->dtype() == float32;
    twice |= given->dtype() == float64;
  }
  if (single && twice) refuse("operands mix float32 and float64; convert one with .to()");
  const DType t = twice ? float64 : float32;
  return logistic_outputs(x.to(t), (is_row ? reshape(weight, {features}) : weight).to(t),
                          bias.defined() ? bias.to(t) : bias, target.to(t))[0];
}

}  // namespace xgrad
