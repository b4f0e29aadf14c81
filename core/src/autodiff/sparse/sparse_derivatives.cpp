#include "xgrad/core/sparse_derivatives.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "autodiff/columns.hpp"
#include "autodiff/functions.hpp"
#include "autodiff/rows.hpp"
#include "autodiff/sparse/compression.hpp"
#include "autodiff/sparse/probing.hpp"
#include "kernels/loops/dispatch.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/random.hpp"

namespace xgrad::detail {
namespace {

Shape with_rows(std::int64_t rows, const Shape& shape) {
  Shape s = shape;
  s.insert(0, rows);
  return s;
}

/// J v for the rows of v, by forward mode.
Products columns_of(const char* op, const TensorFunction& f, const Tensor& x, bool create_graph) {
  return [=, &f](const Tensor& v) {
    const std::int64_t k = v.size(0);
    const Tensor y = pushed_columns(op, f, {x}, {reshape(v, with_rows(k, x.shape()))}, create_graph);
    return reshape(y, {k, k == 0 ? 0 : y.numel() / k});
  };
}

/// H v for the rows of v, by forward over reverse mode.
Products gradients_of(const char* op, const TensorFunction& f, const Tensor& x, bool create_graph) {
  return [=, &f](const Tensor& v) {
    const std::int64_t k = v.size(0);
    const auto g = pushed_gradients(op, f, {x}, {reshape(v, with_rows(k, x.shape()))}, create_graph);
    return reshape(g[0], {k, x.numel()});
  };
}

/// v J for the rows of v, by reverse mode through one call of f.
class RowsOf {
 public:
  RowsOf(const char* op, const TensorFunction& f, const Tensor& x, bool create_graph)
      : x_(fresh(op, {x}, create_graph)), y_(value_of(op, f, x_)), walk_(y_, x_, create_graph) {}

  const Tensor& y() const { return y_; }

  Tensor operator()(const Tensor& v) {
    std::vector<Tensor> rows;
    for (std::int64_t i = 0; i < v.size(0); ++i)
      rows.push_back(reshape(walk_(reshape(select(v, 0, i), y_.shape()))[0], {x_[0].numel()}));
    return stack(rows);
  }

 private:
  const std::vector<Tensor> x_;
  const Tensor y_;
  RowWalk walk_;
};

/// The rows of which row c is 1 where the color is c.
Tensor groups(const Coloring& colors, std::int64_t first, std::int64_t count, DType dtype) {
  const auto n = static_cast<std::int64_t>(colors.color.size());
  Tensor v = zeros_of({count, n}, dtype);
  visit_floating(dtype, [&](auto tag) {
    for (std::int64_t j = 0; j < n; ++j)
      if (const std::int64_t c = colors.of(j) - first; c >= 0 && c < count)
        ptr<type_of<decltype(tag)>>(v)[c * n + j] = 1;
  });
  return v;
}

/// The products with all groups, [colors, ...].
Tensor compressed_products(const Compression& by, const Products& products, DType dtype,
                           std::int64_t at_once) {
  std::vector<Tensor> parts;
  for (std::int64_t c = 0; c < by.colors.count; c += at_once)
    parts.push_back(
        products(groups(by.colors, c, std::min<std::int64_t>(at_once, by.colors.count - c), dtype)));
  return parts.size() == 1 ? parts[0] : cat(parts);
}

/// Compares what was read with a product with a random vector, for each row, or column, of the matrix.
void check_product(const char* op, const Compression& by, const Tensor& values, const Products& products) {
  Generator random(1);
  const auto n = static_cast<std::int64_t>(by.colors.color.size());
  const Tensor v = randn({1, n}, {.dtype = float64}, random).to(values.dtype());
  const Tensor y = products(v);
  const std::int64_t m = y.numel();
  visit_floating(values.dtype(), [&](auto tag) {
    using T = type_of<decltype(tag)>;
    std::vector<double> sums(static_cast<std::size_t>(m)), sizes(sums);
    for (std::int64_t k = 0; k < values.numel(); ++k) {
      std::int64_t from = ptr<std::int64_t>(by.columns)[k], to = ptr<std::int64_t>(by.rows)[k];
      if (by.by_rows) std::swap(from, to);
      const double part = static_cast<double>(ptr<T>(values)[k]) * static_cast<double>(ptr<T>(v)[from]);
      sums[static_cast<std::size_t>(to)] += part, sizes[static_cast<std::size_t>(to)] += std::abs(part);
    }
    const double most = sizes.empty() ? 0 : *std::max_element(sizes.begin(), sizes.end());
    const auto epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
    for (std::int64_t i = 0; i < m; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const auto whole = static_cast<double>(ptr<T>(y)[i]);
      if (std::abs(whole - sums[at]) > std::sqrt(epsilon) * (sizes[at] + std::sqrt(epsilon) * most))
        fail(op, std::string("the pattern lacks an element of ") + (by.by_rows ? "column " : "row ") +
                     std::to_string(i) + ": its product with a random vector is " + std::to_string(whole) +
                     ", that of the elements is " + std::to_string(sums[at]) +
                     "; find the pattern where no branch is left out, or give all that may be other than 0");
    }
  });
}

void check_size(const char* op, const Compression& by, std::int64_t height, std::int64_t width) {
  if (by.pattern.height() != height || by.pattern.width != width)
    fail(op, "the matrix is " + std::to_string(height) + " x " + std::to_string(width) + ", the pattern " +
                 std::to_string(by.pattern.height()) + " x " + std::to_string(by.pattern.width) +
                 "; find it for this function");
}

SparseMatrix read(const char* op, const Compression& by, const Products& products, DType dtype,
                  std::int64_t most, SparseOptions options) {
  Tensor values;
  if (by.colors.count == 0 || by.places.numel() == 0)
    values = zeros_of({0}, dtype);
  else
    values = index_select(reshape(compressed_products(by, products, dtype, directions_at_once(most)), {-1}),
                          0, by.places);
  if (options.check && !options.create_graph && by.pattern.width > 0 && by.pattern.height() > 0)
    check_product(op, by, values, products);
  return {by.rows, by.columns, std::move(values), by.pattern.height(), by.pattern.width};
}

Tensor probe_elements(std::int64_t n, DType dtype, SparsityOptions options) {
  if (options.probe == Probe::nan)
    return full({n}, std::numeric_limits<double>::quiet_NaN(), {.dtype = dtype});
  Generator random(options.seed);
  return (rand({n}, {.dtype = float64}, random) + 0.5).to(dtype);
}

}  // namespace

SparseMatrix sparse_jacobian_of(const Compression& by, const TensorFunction& f, const Tensor& x,
                                SparseOptions options) {
  constexpr const char* op = "sparse_jacobian";
  const EnableGrad guard;
  check_floating(op, x);
  const std::int64_t most = std::max(by.pattern.height(), by.pattern.width);
  if (by.by_rows) {
    RowsOf rows(op, f, x, options.create_graph);
    check_size(op, by, rows.y().numel(), x.numel());
    return read(
        op, by, [&](const Tensor& v) { return rows(v); }, x.dtype(), most, options);
  }
  check_size(op, by, by.pattern.height(), x.numel());
  const Products columns = columns_of(op, f, x, options.create_graph);
  return read(
      op, by,
      [&](const Tensor& v) {
        Tensor y = columns(v);
        check_size(op, by, y.size(1), x.numel());
        return y;
      },
      x.dtype(), most, options);
}

SparseMatrix sparse_hessian_of(const Compression& by, const TensorFunction& f, const Tensor& x,
                               SparseOptions options) {
  constexpr const char* op = "sparse_hessian";
  const EnableGrad guard;
  check_floating(op, x);
  check_size(op, by, x.numel(), x.numel());
  return read(op, by, gradients_of(op, f, x, options.create_graph), x.dtype(), x.numel(), options);
}

SparsityPattern jacobian_sparsity_of(const TensorFunction& f, const Tensor& x, SparsityOptions options) {
  constexpr const char* op = "jacobian_sparsity";
  const EnableGrad guard;
  check_floating(op, x);
  const std::int64_t n = x.numel(), at_once = directions_at_once(n);
  if (n == 0) return as_pattern(sparse_rows(value_of(op, f, {x.detach()}).numel(), 0, nullptr, nullptr, 0));
  const Products columns = columns_of(op, f, x, false);
  const Tensor elements = probe_elements(n, x.dtype(), options);
  SparseRows hit = probed(n, columns, elements, at_once, true);
  if (hit.width > 0) return as_pattern(hit);
  RowsOf rows(op, f, x, false);  // some rows have most columns: perhaps no column has most rows
  const std::int64_t m = rows.y().numel();
  const Products products = [&](const Tensor& v) { return rows(v); };
  hit = probed(m, products, probe_elements(m, x.dtype(), options), at_once, true);
  return as_pattern(hit.width > 0 ? transposed(hit) : probed(n, columns, elements, at_once, false));
}

SparsityPattern hessian_sparsity_of(const TensorFunction& f, const Tensor& x, SparsityOptions options) {
  constexpr const char* op = "hessian_sparsity";
  const EnableGrad guard;
  check_floating(op, x);
  const std::int64_t n = x.numel();
  if (n == 0) return as_pattern({});
  return as_pattern(probed_symmetric(n, gradients_of(op, f, x, false), probe_elements(n, x.dtype(), options),
                                     directions_at_once(n)));
}

}  // namespace xgrad::detail
