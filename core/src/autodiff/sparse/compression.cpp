#include "autodiff/sparse/compression.hpp"

#include <string>

#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace detail {

SparseRows checked_pattern(const char* op, const SparsityPattern& p) {
  for (const Tensor* t : {&p.rows, &p.columns})
    if (!t->defined() || t->dtype() != int64 || t->dim() != 1 || t->numel() != p.rows.numel())
      fail(op, std::string("a pattern has as many rows as columns, int64 vectors: ") +
                   (t->defined() ? "one is " + t->describe() : "one is undefined") +
                   "; give both for each element");
  const std::int64_t *rows = ptr<std::int64_t>(p.rows), *columns = ptr<std::int64_t>(p.columns);
  for (std::int64_t k = 0; k < p.rows.numel(); ++k)
    if (rows[k] < 0 || rows[k] >= p.height || columns[k] < 0 || columns[k] >= p.width)
      fail(op, "an element of the pattern lies outside of the matrix: element " + std::to_string(k) +
                   " is in row " + std::to_string(rows[k]) + " and column " + std::to_string(columns[k]) +
                   " of " + std::to_string(p.height) + " x " + std::to_string(p.width) +
                   "; set height and width to those of the matrix");
  return sparse_rows(p.height, p.width, rows, columns, p.rows.numel());
}

SparsityPattern as_pattern(const SparseRows& m) {
  const auto n = static_cast<std::int64_t>(m.columns.size());
  SparsityPattern p{new_tensor({n}, int64), new_tensor({n}, int64), m.height(), m.width};
  for (std::int64_t i = 0; i < m.height(); ++i)
    for (std::int64_t k = m.begin(i); k < m.end(i); ++k) {
      ptr<std::int64_t>(p.rows)[k] = i;
      ptr<std::int64_t>(p.columns)[k] = m.column(k);
    }
  return p;
}

namespace {

/// With `place(i, j)` for each element.
template <class F>
std::shared_ptr<const Compression> with_places(Compression c, F place) {
  const SparsityPattern p = as_pattern(c.pattern);
  c.rows = p.rows, c.columns = p.columns;
  c.places = new_tensor({p.rows.numel()}, int64);
  for (std::int64_t k = 0; k < p.rows.numel(); ++k)
    ptr<std::int64_t>(c.places)[k] = place(ptr<std::int64_t>(p.rows)[k], ptr<std::int64_t>(p.columns)[k]);
  return std::make_shared<const Compression>(std::move(c));
}

}  // namespace

std::shared_ptr<const Compression> compressed(SparseRows pattern) {
  Compression c;
  SparseRows turned = transposed(pattern);
  // No fewer colors than the longest row has columns, and as a rule few more.
  c.by_rows = 2 * turned.most() < pattern.most();
  c.colors = color_columns(c.by_rows ? turned : pattern);
  c.pattern = std::move(pattern);
  const std::int64_t height = c.pattern.height(), width = c.pattern.width;
  const Coloring colors = c.colors;
  if (c.by_rows)
    return with_places(std::move(c),
                       [&](std::int64_t i, std::int64_t j) { return colors.of(i) * width + j; });
  return with_places(std::move(c), [&](std::int64_t i, std::int64_t j) { return colors.of(j) * height + i; });
}

std::shared_ptr<const Compression> compressed_symmetric(SparseRows pattern) {
  Compression c;
  const SparsityPattern one = as_pattern(pattern);
  std::vector<std::int64_t> rows, columns;
  for (const auto& [from, to] : {std::pair(one.rows, one.columns), std::pair(one.columns, one.rows)}) {
    rows.insert(rows.end(), ptr<std::int64_t>(from), ptr<std::int64_t>(from) + from.numel());
    columns.insert(columns.end(), ptr<std::int64_t>(to), ptr<std::int64_t>(to) + to.numel());
  }
  c.pattern = sparse_rows(pattern.height(), pattern.width, rows.data(), columns.data(),
                          static_cast<std::int64_t>(rows.size()));
  c.colors = color_symmetric(c.pattern);
  const std::int64_t n = c.pattern.width;
  const SparseRows m = c.pattern;
  const Coloring colors = c.colors;
  return with_places(std::move(c), [&](std::int64_t i, std::int64_t j) {
    return is_alone(m, colors, i, j) ? colors.of(j) * n + i : colors.of(i) * n + j;
  });
}

}  // namespace detail

SparseJacobian::SparseJacobian(const SparsityPattern& pattern)
    : by_(compressed(checked_pattern("SparseJacobian", pattern))) {}

std::int64_t SparseJacobian::passes() const { return by_->colors.count; }
bool SparseJacobian::is_forward() const { return !by_->by_rows; }

SparseHessian::SparseHessian(const SparsityPattern& pattern) {
  if (pattern.height != pattern.width)
    fail("SparseHessian", "a Hessian is square: the pattern is " + std::to_string(pattern.height) + " x " +
                              std::to_string(pattern.width) + "; SparseJacobian takes others");
  by_ = compressed_symmetric(checked_pattern("SparseHessian", pattern));
}

std::int64_t SparseHessian::passes() const { return by_->colors.count; }

Tensor SparseMatrix::dense() const {
  return reshape(scatter_add(zeros_of({height * width}, values.dtype()), 0, rows * width + columns, values),
                 {height, width});
}

}  // namespace xgrad
