#include "autodiff/divided_differences.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

// A divided difference of values that almost agree loses digits, and a Taylor series about the middle is good
// there and nowhere else. Each is estimated with its error, and the better one is taken.

namespace xgrad::detail {
namespace {

struct Estimate {
  double value, error;
};

double better(Estimate a, Estimate b) { return a.error <= b.error ? a.value : b.value; }

Tensor one_tensor(const TensorFunction& f, const Tensor& w) {
  const std::vector<Tensor> y = f({w});
  if (y.size() != 1 || !(y[0].shape("eigh_function") == w.shape()) || y[0].dtype() != w.dtype())
    fail("eigh_function",
         "the function must return one tensor of the shape and dtype of the eigenvalues: it took " +
             w.describe() + (y.empty() ? " and returned none" : " and returned " + y[0].describe()));
  return y[0];
}

/// f and its derivatives up to an order, at each element of w.
template <std::size_t order>
std::array<Tensor, order + 1> derivatives(const TensorFunction& f, const Tensor& w) {
  const EnableGrad guard;
  const Tensor x = w.clone().detach().requires_grad_();
  std::array<Tensor, order + 1> d;
  Tensor y = one_tensor(f, x);
  for (std::size_t k = 0; k <= order; ++k) {
    d[k] = y.detach();
    if (k == order) break;
    y = y.requires_grad() ? grad(sum(y), {x}, {.create_graph = true, .allow_unused = true})[0] : Tensor();
    if (!y.defined()) y = zeros_of(w.shape(), w.dtype());
  }
  return d;
}

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// A series of two terms, whose third is as much smaller as the second is.
Estimate series(double first, double second) {
  const double size = std::abs(first) + std::abs(second);
  const double next = size > 0 ? second * second / size : 0;
  return {first + second, next + epsilon * size};
}

Estimate difference(double upper, double lower, double error, double gap) {
  if (!(gap > 0)) return {0, std::numeric_limits<double>::infinity()};
  return {(upper - lower) / gap, (error + epsilon * (std::abs(upper) + std::abs(lower))) / gap};
}

Shape with_axes(const Shape& shape, int more) {
  Shape s = shape;
  for (int i = 0; i < more; ++i) s.push_back(shape.back());
  return s;
}

}  // namespace

Tensor values_of(const TensorFunction& f, const Tensor& w) {
  const NoGrad guard;
  return one_tensor(f, w);
}

Tensor first_differences(const TensorFunction& f, const Tensor& w) {
  const Tensor middles = (unsqueeze(w, -1) + unsqueeze(w, -2)) / 2;
  const Tensor values = values_of(f, w);
  const auto d = derivatives<3>(f, middles);
  Tensor y = new_tensor(with_axes(w.shape(), 1), float64);
  const std::int64_t n = w.size(-1);
  double* to = ptr<double>(y);
  for (std::int64_t at = 0; at < y.numel(); ++at) {
    const std::int64_t row = at / n, base = row / n * n, i = row, j = base + at % n;
    const double gap = ptr<double>(w)[j] - ptr<double>(w)[i];
    const Estimate taylor = series(ptr<double>(d[1])[at], ptr<double>(d[3])[at] * gap * gap / 24);
    const std::int64_t low = gap < 0 ? j : i, high = gap < 0 ? i : j;
    to[at] =
        better(taylor, difference(ptr<double>(values)[high], ptr<double>(values)[low], 0, std::abs(gap)));
  }
  return y;
}

Tensor second_differences(const TensorFunction& f, const Tensor& w, const Tensor& first) {
  const Tensor middles =
      (unsqueeze(unsqueeze(w, -1), -1) + unsqueeze(unsqueeze(w, -2), -1) + unsqueeze(unsqueeze(w, -2), -2)) /
      3;
  const auto d = derivatives<4>(f, middles);
  Tensor y = new_tensor(with_axes(w.shape(), 2), float64);
  const std::int64_t n = w.size(-1);
  for (std::int64_t at = 0; at < y.numel(); ++at) {
    const std::int64_t base = at / (n * n * n);
    std::array<std::int64_t, 3> i = {at / (n * n) % n, at / n % n, at % n};
    std::sort(i.begin(), i.end());  // as the eigenvalues ascend
    const double* p = ptr<double>(w) + base * n;
    const double* pairs = ptr<double>(first) + base * n * n;
    const double a = p[i[0]], b = p[i[1]], c = p[i[2]], m = (a + b + c) / 3;
    const double spread = ((a - m) * (a - m) + (b - m) * (b - m) + (c - m) * (c - m)) / 2;
    const Estimate taylor = series(ptr<double>(d[2])[at] / 2, ptr<double>(d[4])[at] * spread / 24);
    ptr<double>(y)[at] = better(taylor, difference(pairs[i[1] * n + i[2]], pairs[i[0] * n + i[1]], 0, c - a));
  }
  return y;
}

Tensor third_differences(const TensorFunction& f, const Tensor& w, const Tensor& second) {
  Tensor middles = zeros_of(with_axes(w.shape(), 3), float64);
  for (int k = 0; k < 4; ++k) {
    Tensor one = w;
    for (int axis = 0; axis < 4; ++axis)
      if (axis != k) one = unsqueeze(one, w.dim() - 1 + axis);
    middles = middles + one / 4;
  }
  const auto d = derivatives<5>(f, middles);
  Tensor y = new_tensor(middles.shape(), float64);
  const std::int64_t n = w.size(-1);
  for (std::int64_t at = 0; at < y.numel(); ++at) {
    const std::int64_t base = at / (n * n * n * n);
    std::array<std::int64_t, 4> i = {at / (n * n * n) % n, at / (n * n) % n, at / n % n, at % n};
    std::sort(i.begin(), i.end());
    const double* p = ptr<double>(w) + base * n;
    const double* triples = ptr<double>(second) + base * n * n * n;
    const auto triple = [&](std::size_t k) { return triples[(i[k] * n + i[k + 1]) * n + i[k + 2]]; };
    double spread = 0;
    for (std::int64_t k : i) {
      const double far = p[k] - ptr<double>(middles)[at];
      spread += far * far / 2;
    }
    const Estimate taylor = series(ptr<double>(d[3])[at] / 6, ptr<double>(d[5])[at] * spread / 120);
    ptr<double>(y)[at] = better(taylor, difference(triple(1), triple(0), 0, p[i[3]] - p[i[0]]));
  }
  return y;
}

}  // namespace xgrad::detail
