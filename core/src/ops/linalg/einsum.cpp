#include <algorithm>

#include "autodiff/fields.hpp"
#include "ops/linalg/einsum_order.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/promote.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// An operand or a product of some, and the letters of its axes.
struct Term {
  Tensor x;
  std::string letters;
};

bool has(const std::string& letters, char c) { return letters.find(c) != std::string::npos; }

/// The letters of `from` that pass a test, in their order.
template <class F>
std::string select_letters(const std::string& from, F test) {
  std::string kept;
  std::copy_if(from.begin(), from.end(), std::back_inserter(kept), test);
  return kept;
}

// Diagonals -------------------------------------------------------------------------------------------------

struct AxisPair {
  int i, j;  // i < j
  void fields(auto&& field) const { field("axis1", i), field("axis2", j); }
};

Tensor embed_diagonal(const Tensor& x, AxisPair axes);

/// The elements of x whose indices along two axes are equal; axis j is taken out.
Tensor take_diagonal(const Tensor& x, AxisPair axes) {
  static constexpr Op op = {
      .name = "einsum_take_diagonal",
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return embed_diagonal(g, f.attributes<AxisPair>()); }}}},
      .fields = &fields_of<AxisPair>,
      .again = [](Call c) { return take_diagonal(c.x(0), c.attributes<AxisPair>()); },
      .jvp = Jvp::By::linear};
  Shape shape = x.shape();
  shape.erase(axes.j);
  Tensor y = new_tensor(shape, x.dtype());
  const Steps from(x.shape()), to(shape);
  LayoutCopy copy;
  for (int k = 0; k < shape.rank(); ++k)
    copy.axis(shape[k], to[k], from[k < axes.j ? k : k + 1] + (k == axes.i ? from[axes.j] : 0));
  copy_elements(copy, y, 0, x, 0);
  return record(op, {x}, std::move(y), axes);
}

/// Its transpose: x on the diagonal of two axes, 0 elsewhere.
Tensor embed_diagonal(const Tensor& x, AxisPair axes) {
  static constexpr Op op = {
      .name = "einsum_embed_diagonal",
      .vjp = {{{keep::nothing, [](Grad g, Fn f) { return take_diagonal(g, f.attributes<AxisPair>()); }}}},
      .fields = &fields_of<AxisPair>,
      .again = [](Call c) { return embed_diagonal(c.x(0), c.attributes<AxisPair>()); },
      .jvp = Jvp::By::linear};
  Shape shape = x.shape();
  shape.insert(axes.j, x.shape()[axes.i]);
  Tensor y = zeros_of(shape, x.dtype());
  const Steps from(x.shape()), to(shape);
  LayoutCopy copy;
  for (int k = 0; k < x.dim(); ++k)
    copy.axis(x.shape()[k], to[k < axes.j ? k : k + 1] + (k == axes.i ? to[axes.j] : 0), from[k]);
  copy_elements(copy, y, 0, x, 0);
  return record(op, {x}, std::move(y), axes);
}

// One term --------------------------------------------------------------------------------------------------

/// Every letter once: diagonals where one comes back.
void take_diagonals(Term& t) {
  for (std::size_t j = 1; j < t.letters.size();) {
    const std::size_t i = t.letters.find(t.letters[j]);
    if (i == j) {
      ++j;
      continue;
    }
    t.x = take_diagonal(t.x, {static_cast<int>(i), static_cast<int>(j)});
    t.letters.erase(j, 1);
  }
}

/// Without the axes of size 1 that broadcast.
void drop_broadcast(Term& t, const EinsumEquation& e) {
  Shape shape;
  std::string letters;
  for (int i = 0; i < t.x.dim(); ++i) {
    const char c = t.letters[static_cast<std::size_t>(i)];
    if (t.x.shape()[i] != e.size(c)) continue;
    shape.push_back(t.x.shape()[i]);
    letters += c;
  }
  if (letters.size() == t.letters.size()) return;
  t = {reshape(t.x, shape), letters};
}

/// Summed over all letters that are not kept.
void sum_others(Term& t, const std::string& kept) {
  std::vector<int> axes;
  for (std::size_t i = 0; i < t.letters.size(); ++i)
    if (!has(kept, t.letters[i])) axes.push_back(static_cast<int>(i));
  if (axes.empty()) return;
  t = {sum(t.x, axes), select_letters(t.letters, [&](char c) { return has(kept, c); })};
}

/// Its axes in this order of its letters.
Tensor in_order(const Term& t, const std::string& letters) {
  if (t.letters == letters) return t.x;
  std::vector<int> axes;
  for (char c : letters) axes.push_back(static_cast<int>(t.letters.find(c)));
  return whole_result(permute(t.x, axes));
}

// Two terms -------------------------------------------------------------------------------------------------

/// The elements of a term that are copied to bring its letters into this order.
std::int64_t moved(const Term& t, const std::string& order) {
  return select_letters(order, [&](char c) { return has(t.letters, c); }) == t.letters ? 0 : t.x.numel();
}

/// a b where nothing is summed over: a product of elements. Its letters are those of a and then of b, or
/// stand as they do in the result where that moves fewer elements.
Term multiply(const Term& a, const Term& b, const EinsumEquation& e) {
  std::string letters = a.letters + select_letters(b.letters, [&](char c) { return !has(a.letters, c); });
  const std::string wanted = select_letters(e.output, [&](char c) { return has(letters, c); });
  if (wanted.size() == letters.size() &&
      moved(a, wanted) + moved(b, wanted) < (wanted == letters ? 0 : e.size(letters)) + moved(b, letters))
    letters = wanted;
  const auto factor = [&](const Term& t) {
    Shape shape;
    for (char c : letters) shape.push_back(has(t.letters, c) ? e.size(c) : 1);
    return reshape(in_order(t, select_letters(letters, [&](char c) { return has(t.letters, c); })), shape);
  };
  return {factor(a) * factor(b), letters};
}

/// A term as a batch of matrices [batch, rows, columns], transposed where that saves a copy.
struct Matrices {
  Tensor x;
  bool transposed;
};

Matrices as_matrices(const Term& t, const std::string& batch, const std::string& rows,
                     const std::string& columns, const EinsumEquation& e) {
  const bool transposed = t.letters == batch + columns + rows;
  const Tensor x = transposed ? t.x : in_order(t, batch + rows + columns);
  Shape shape = {e.size(rows), e.size(columns)};
  if (transposed) std::swap(shape[0], shape[1]);
  if (!batch.empty()) shape.insert(0, e.size(batch));
  return {reshape(x, shape), transposed};
}

/// a b, summed over the letters that nobody needs any more.
Term contract(Term a, Term b, const std::string& needed, const EinsumEquation& e) {
  sum_others(a, needed + b.letters);
  sum_others(b, needed + a.letters);
  const auto among = [](const std::string& from, const std::string& other, bool in) {
    return select_letters(from, [&](char c) { return has(other, c) == in; });
  };
  const std::string common = among(a.letters, b.letters, true), summed = among(common, needed, false);
  if (summed.empty()) return multiply(a, b, e);
  const std::string batch = among(common, needed, true);
  const std::string left = among(a.letters, b.letters, false), right = among(b.letters, a.letters, false);
  const Matrices p = as_matrices(a, batch, left, summed, e), q = as_matrices(b, batch, summed, right, e);
  const std::string letters = batch + left + right;
  return {reshape(gemm(p.x, q.x, p.transposed, q.transposed), e.shape(letters)), letters};
}

/// The letters of the result and of all terms but two.
std::string needed_beside(const std::vector<Term>& terms, Contraction pair, const std::string& output) {
  std::string needed = output;
  for (std::size_t k = 0; k < terms.size(); ++k)
    if (k != pair[0] && k != pair[1]) needed += terms[k].letters;
  return needed;
}

}  // namespace

Tensor einsum(std::string_view equation, std::span<const Tensor> operands) {
  const EinsumEquation e(equation, operands);
  for (const Tensor& x : operands) common_dtype("einsum", operands[0], x);
  std::vector<Term> terms;
  for (std::size_t k = 0; k < operands.size(); ++k) {
    terms.push_back({operands[k], e.inputs[k]});
    take_diagonals(terms.back());
    drop_broadcast(terms.back(), e);
  }
  std::vector<std::string> letters;
  for (const Term& t : terms) letters.push_back(t.letters);
  for (const auto& [i, j] : contraction_order(letters, e)) {
    terms[i] = contract(std::move(terms[i]), std::move(terms[j]), needed_beside(terms, {i, j}, e.output), e);
    terms[j] = {};
  }
  sum_others(terms[0], e.output);
  return in_order(terms[0], e.output);
}

Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands) {
  return einsum(equation, std::span(operands.begin(), operands.size()));
}
Tensor einsum(std::string_view equation, const std::vector<Tensor>& operands) {
  return einsum(equation, std::span(operands));
}

}  // namespace xgrad
