#include "logistic.hpp"

#include <cblas.h>

#include <xsimd/xsimd.hpp>

#include "support/leaf.hpp"

using namespace xgrad;
using namespace bench::logistic;
using bench::Run;

namespace {

using Loss = Tensor(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t);

/// Steps of gradient descent.
Run descent(Loss* loss_of) {
  static const Tensor x = tensor(inputs().x, {rows, columns}), t = tensor(inputs().t, {rows});
  const Tensor w = bench::leaf(inputs().w, {columns}), b = bench::leaf(inputs().b, {1});
  const auto gd = std::make_shared<optim::GD>(std::vector<Tensor>{w, b}, optim::GdOptions{.lr = lr});
  return {[=] {
    const Tensor loss = loss_of(x, w, b, t);
    gd->zero_grad();
    loss.backward();
    gd->step();
    return loss.item();
  }};
}

Run by_xgrad() {
  return descent([](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& t) {
    return binary_cross_entropy_with_logits(mv(x, w) + b, t);
  });
}
Run in_one_pass() { return descent(logistic_loss); }

using V = xsimd::batch<double>;
constexpr int lanes = static_cast<int>(V::size);
constexpr int whole = columns / lanes * lanes;

/// One pass over the rows, in blocks that stay in the cache for their second use.
Run by_hand() {
  return {[w = inputs().w, b = inputs().b[0]]() mutable {
    constexpr int block = 32;
    static_assert(rows % block == 0 && block % lanes == 0);
    double loss = 0, gb = 0, g[columns] = {};
    for (int start = 0; start < rows; start += block) {
      const double* x = inputs().x.data() + static_cast<std::int64_t>(start) * columns;
      double z[block], d[block];
      for (int r = 0; r < block; ++r) {
        V even(0.0), odd(0.0);
        int j = 0;
        for (; j + 2 * lanes <= whole; j += 2 * lanes) {
          even += V::load_unaligned(x + r * columns + j) * V::load_unaligned(w.data() + j);
          odd += V::load_unaligned(x + r * columns + j + lanes) * V::load_unaligned(w.data() + j + lanes);
        }
        z[r] = b + xsimd::hadd(even + odd);
        for (; j < columns; ++j) z[r] += x[r * columns + j] * w[static_cast<std::size_t>(j)];
      }
      for (int r = 0; r < block; r += lanes) {
        const V zs = V::load_unaligned(z + r), t = V::load_unaligned(inputs().t.data() + start + r);
        const V e = xsimd::exp(-xsimd::abs(zs)), larger = 1.0 / (1.0 + e);
        const V p = xsimd::select(zs >= 0.0, larger, 1.0 - larger);
        loss += xsimd::hadd(xsimd::max(zs, V(0.0)) - zs * t + xsimd::log1p(e));
        (p - t).store_unaligned(d + r);
      }
      for (int r = 0; r < block; ++r) {
        gb += d[r];
        for (int j = 0; j < columns; ++j) g[j] += d[r] * x[r * columns + j];
      }
    }
    for (std::size_t j = 0; j < columns; ++j) w[j] -= lr / rows * g[j];
    b -= lr / rows * gb;
    return loss / rows;
  }};
}

/// The two products of a step, each a pass over the rows.
Run products() {
  return {[w = inputs().w, z = std::vector<double>(rows), g = std::vector<double>(columns)]() mutable {
    cblas_dgemv(CblasRowMajor, CblasNoTrans, rows, columns, 1, inputs().x.data(), columns, w.data(), 1, 0,
                z.data(), 1);
    cblas_dgemv(CblasRowMajor, CblasTrans, rows, columns, 1, inputs().x.data(), columns, z.data(), 1, 0,
                g.data(), 1);
    return g[0];
  }};
}

const bench::Contender ops("logistic", "xgrad", by_xgrad, {.dtype = xgrad::float64}),
    one_op("logistic", "fused", in_one_pass), one_pass("logistic", "by_hand", by_hand),
    two_passes("logistic", "products", products, {.compared = false});

}  // namespace
