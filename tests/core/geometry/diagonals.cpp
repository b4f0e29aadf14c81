#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

std::string text(const char* op, const Shape& shape, std::initializer_list<std::int64_t> numbers) {
  return op + (" " + shape.str()) + " " + Shape(numbers).str();
}

/// The diagonal of two axes of x, as the last axis; none where the axes are not two.
Expected diagonal_of(const Shape& shape, std::int64_t offset, int axis1, int axis2) {
  const auto a = axis_at(axis1, shape.rank()), b = axis_at(axis2, shape.rank());
  if (!a || !b || *a == *b) return {};
  Shape out;
  for (int k = 0; k < shape.rank(); ++k)
    if (k != *a && k != *b) out.push_back(shape[k]);
  std::int64_t length = 0;
  for (std::int64_t i = 0; i < shape[*a]; ++i) length += i + offset >= 0 && i + offset < shape[*b];
  out.push_back(length);
  Linear all{{out}};
  each(out, [&](const Place& p) {
    const std::int64_t i = p.back() + std::max<std::int64_t>(-offset, 0);
    Place q;
    std::size_t rest = 0;
    for (int k = 0; k < shape.rank(); ++k) q.push_back(k == *a ? i : k == *b ? i + offset : p[rest++]);
    all.terms.push_back({at(out, p), at(shape, q)});
  });
  return all;
}

/// Zeros with x on a diagonal of two new axes.
Expected embedded(const Shape& shape, std::int64_t offset, int axis1, int axis2) {
  if (shape.rank() == 0) return {};
  const auto a = axis_at(axis1, shape.rank() + 1), b = axis_at(axis2, shape.rank() + 1);
  if (!a || !b || *a == *b) return {};
  Shape out;
  for (int k = 0, rest = 0; k <= shape.rank(); ++k)
    out.push_back(k == *a || k == *b ? shape.back() + std::abs(offset) : shape[rest++]);
  if (is_too_large(out)) return {};
  Linear all{{out}};
  if (!is_small(out)) return all;
  each(shape, [&](const Place& p) {
    Place q;
    std::size_t rest = 0;
    for (int k = 0; k < out.rank(); ++k)
      q.push_back(k == *a   ? p.back() + std::max<std::int64_t>(-offset, 0)
                  : k == *b ? p.back() + std::max<std::int64_t>(offset, 0)
                            : p[rest++]);
    all.terms.push_back({at(out, q), at(shape, p)});
  });
  return all;
}

void check_diagonal(Draw& draw) {
  const Shape shape = draw.shape(0, 4);
  const int offset = draw.small_number(-5, 5), a = draw.axis(shape.rank()), b = draw.axis(shape.rank());
  const std::string call = text("diagonal", shape, {offset, a, b});
  INFO(call);
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return diagonal(x, offset, a, b); },
      diagonal_of(shape, offset, a, b));
}

void check_diag_embed(Draw& draw) {
  const Shape shape = draw.shape(0, 3);
  const int offset = draw.small_number(-4, 4), a = draw.axis(shape.rank() + 1),
            b = draw.axis(shape.rank() + 1);
  const std::string call = text("diag_embed", shape, {offset, a, b});
  INFO(call);
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return diag_embed(x, offset, a, b); },
      embedded(shape, offset, a, b));
}

void check_diag(Draw& draw) {
  const Shape shape = draw.shape(0, 3);
  const int offset = draw.small_number(-5, 5);
  const std::string call = text("diag", shape, {offset});
  INFO(call);
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return diag(x, offset); },
      shape.rank() == 1   ? embedded(shape, offset, 0, 1)
      : shape.rank() == 2 ? diagonal_of(shape, offset, 0, 1)
                          : Expected{});
}

void check_triangle(Draw& draw) {
  const Shape shape = draw.shape(0, 4);
  const bool lower = draw.one_in(2);
  const int diagonal = draw.small_number(-5, 5);
  const std::string call = text(lower ? "tril" : "triu", shape, {diagonal});
  INFO(call);
  Expected right;
  if (shape.rank() >= 2) {
    right = Linear{{shape}};
    each(shape, [&](const Place& p) {
      const std::int64_t above = p.back() - p[p.size() - 2];
      if (lower ? above <= diagonal : above >= diagonal) right->terms.push_back({at(shape, p), at(shape, p)});
    });
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return lower ? tril(x, diagonal) : triu(x, diagonal); },
      right);
}

void check_trace(Draw& draw) {
  const Shape shape = draw.shape(0, 4);
  const std::string call = text("trace", shape, {});
  INFO(call);
  Expected right;
  if (shape.rank() >= 2) {
    Shape out = shape;
    out.erase(out.rank() - 1), out.erase(out.rank() - 1);
    right = Linear{{out}};
    each(shape, [&](const Place& p) {
      Place q(p.begin(), p.end() - 2);
      if (p.back() == p[p.size() - 2]) right->terms.push_back({at(out, q), at(shape, p)});
    });
  }
  check(
      draw, draw.whole(shape), [](const Tensor& x) { return trace(x); }, right);
}

}  // namespace

void sweep::diagonals(int configurations, unsigned seed) {
  run(configurations, seed, {check_diagonal, check_diag_embed, check_diag, check_triangle, check_trace});
}

TEST_CASE("diagonals and triangles are plain loops, on thousands of configurations") { diagonals(2000, 1); }
