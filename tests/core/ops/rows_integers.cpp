// What an op makes of integers and booleans: the values that it makes of the same numbers in floating inputs.

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>

#include "core/ops/rows_checks.hpp"

namespace xgrad::test {

namespace {

/// Whole numbers within an input's limits, or next to them where none lies between; 0 and 1 for booleans.
Tensor whole(const Input& in, DType dtype, std::mt19937_64& random) {
  double low = std::ceil(in.low), high = std::floor(in.high);
  if (low > high) std::swap(low, high);
  if (dtype == boolean) low = std::clamp(low, 0.0, 1.0), high = std::clamp(high, low, 1.0);
  std::uniform_int_distribution<std::int64_t> draw(static_cast<std::int64_t>(low),
                                                   static_cast<std::int64_t>(high));
  std::vector<double> values(static_cast<std::size_t>(in.shape.numel()));
  for (double& v : values) v = static_cast<double>(draw(random));
  return tensor(values, in.shape);
}

const Input& limits_of(const Row& row, std::size_t i) {
  return row.whole.empty() ? row.inputs[i] : row.whole[i];
}

/// The row's inputs, floating ones as float64 whole numbers that `dtype` holds.
Tensors whole_inputs(const Row& row, DType dtype) {
  std::vector<Shape> shapes;
  for (const Input& in : row.inputs) shapes.push_back(in.shape);
  Tensors x = make_inputs(row, shapes);
  std::mt19937_64 random = generator_of(row, 17);
  for (std::size_t i = 0; i < x.size(); ++i)
    if (is_floating(x[i].dtype())) x[i] = whole(limits_of(row, i), dtype, random);
  return x;
}

bool same_numbers(const Tensor& a, const Tensor& b) {
  if (!(a.shape() == b.shape())) return false;
  const auto p = a.to_vector<double>(), q = b.to_vector<double>();
  for (std::size_t i = 0; i < p.size(); ++i)
    if (p[i] != q[i] && !(std::isnan(p[i]) && std::isnan(q[i]))) return false;
  return true;
}

/// All integers: the values of float32, or the exact ones of float64 where integers are kept.
void check_all(const Row& row, DType dtype, Faults& faults) {
  const Tensors x = whole_inputs(row, dtype), from = as_dtype(x, dtype);
  const Tensors y = row.run(from), y32 = row.run(as_dtype(x, float32)), y64 = row.run(x);
  for (std::size_t k = 0; k < y.size(); ++k) {
    if (is_floating(y[k].dtype()) && y[k].dtype() != float32)
      faults.push_back("of " + described(from) + " it makes " + y[k].describe());
    const Tensor right = is_floating(y[k].dtype()) ? y32[k] : y[k].dtype() == boolean ? y64[k] != 0 : y64[k];
    if (!same_numbers(y[k], right))
      faults.push_back("of " + described(from) + " it makes other values than of floating inputs");
  }
}

/// The values, and the gradients of all inputs but x[i]; an empty one where there is none.
Tensors run_with_gradients(const Row& row, Tensors x, std::size_t i) {
  Tensors leaves;
  for (std::size_t j = 0; j < x.size(); ++j)
    if (j != i && is_floating(x[j].dtype())) leaves.push_back(x[j] = x[j].clone().requires_grad_());
  Tensors y = row.run(x), wanting, cotangents;
  for (const Tensor& t : y)
    if (t.requires_grad()) wanting.push_back(t), cotangents.push_back(ones_like(t));
  if (wanting.empty()) return y;
  for (const Tensor& g : grad(wanting, leaves, cotangents, {.allow_unused = true}))
    y.push_back(g.defined() ? g : zeros({0}));
  return y;
}

/// One input of integers beside floating ones: it takes their dtype, and their gradients do not change.
void check_each(const Row& row, DType dtype, Faults& faults) {
  const Tensors x64 = whole_inputs(row, dtype);
  for (const DType other : {float32, float64})
    for (std::size_t i = 0; i < x64.size(); ++i) {
      if (!is_floating(x64[i].dtype())) continue;
      Tensors x = as_dtype(x64, other);
      const Tensors right = run_with_gradients(row, x, i);
      x[i] = x[i].to(dtype);
      const Tensors y = run_with_gradients(row, x, i);
      for (std::size_t k = 0; k < right.size(); ++k)
        if (y.size() <= k || y[k].dtype() != right[k].dtype() || !same_numbers(y[k], right[k]))
          faults.push_back("of " + described(x) +
                           " it makes other values or gradients than of floating inputs: output " +
                           std::to_string(k));
    }
}

using Bits = std::vector<std::uint64_t>;

Bits bits_of(const Tensor& x) {
  Bits all;
  for (const std::int64_t v : x.to_vector<std::int64_t>()) all.push_back(static_cast<std::uint64_t>(v));
  return all;
}

/// b is f times a, modulo 2^n.
bool multiple(const Bits& a, const Bits& b, std::uint64_t f, int n) {
  bool all = true;
  for (std::size_t i = 0; i < a.size(); ++i) all = all && ((f * a[i] - b[i]) << (64 - n)) == 0;
  return all;
}

/// Whether f(k x) is k^d f(x) for a degree d, as of sums, maxima and quotients.
bool homogeneous(const Bits& y, const Bits& of_multiples, std::uint64_t k) {
  std::uint64_t power = 1;
  for (int degree = 0; degree <= 24; ++degree, power *= k)
    if (multiple(y, of_multiples, power, 64)) return true;
  return false;
}

/// Integers that no double holds. What an op makes of integers is exact: it is homogeneous, or the lower bits
/// of its values depend on the lower bits of its inputs alone, as in sums of products.
void check_large(const Row& row, Faults& faults) {
  constexpr std::int64_t factor = (std::int64_t{1} << 54) + 1, high = std::int64_t{1} << 56;
  const Tensors x = as_dtype(whole_inputs(row, int64), int64);
  const Tensors y = row.run(x);
  if (std::none_of(y.begin(), y.end(), [](const Tensor& t) { return t.dtype() == int64; })) return;
  Tensors multiples = x, shifted = x;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!is_floating(limits_of(row, i).dtype)) continue;
    multiples[i] = x[i] * factor;
    shifted[i] = x[i] + (remainder(arange(x[i].numel()), 5) + 1).reshape(x[i].shape()) * high;
  }
  const auto exact = [&](std::size_t k, const Tensors& of_multiples) {
    return homogeneous(bits_of(y[k]), bits_of(of_multiples[k]), static_cast<std::uint64_t>(factor)) ||
           multiple(bits_of(y[k]), bits_of(row.run(shifted)[k]), 1, 56);
  };
  const Tensors of_multiples = row.run(multiples);
  for (std::size_t k = 0; k < y.size(); ++k)
    if (y[k].dtype() == int64 && !exact(k, of_multiples))
      faults.push_back("integers above 2^53 are not exact: " + described(x));
}

}  // namespace

void check_integers(const Row& row, Faults& faults) {
  if (row.kind == Kind::random || floating_of(whole_inputs(row, int64)).empty()) return;
  if (row.integers == Integers::rejected) return;
  for (const DType dtype : {int64, boolean}) check_all(row, dtype, faults);
  check_large(row, faults);
  if (row.integers == Integers::converted && floating_of(whole_inputs(row, int64)).size() > 1)
    for (const DType dtype : {int64, boolean}) check_each(row, dtype, faults);
}

TEST_CASE("another value of integers than of the same numbers in floating inputs is a fault") {
  const auto wrong = [](const Tensor& x) { return is_floating(x.dtype()) ? sin(x) : cos(x); };
  const auto doubled = [](const Tensor& x) { return is_floating(x.dtype()) ? sin(x) : sin(x.to(float64)); };
  const auto of_bools = [](const Tensor& x) { return x.dtype() == boolean ? exp(x) + 1 : exp(x); };

  CHECK(any_says(faults_of(elementwise("wrong", Kind::smooth, {{{2, 3}}}, wrong)),
                 "of i64[2, 3] it makes other"));
  CHECK(any_says(faults_of(elementwise("doubled", Kind::smooth, {{{2, 3}}}, doubled)), "it makes f64[2, 3]"));
  CHECK(any_says(faults_of(elementwise("of_bools", Kind::smooth, {{{2, 3}}}, of_bools)),
                 "of bool[2, 3] it makes"));
}

TEST_CASE("another gradient beside integers than beside floating inputs is a fault") {
  const auto wrong = [](const Tensor& a, const Tensor& b) {
    return is_floating(b.dtype()) ? a * b : a.detach() * b;
  };

  CHECK(any_says(faults_of(elementwise("wrong", Kind::smooth, {{{2, 3}}, {{2, 3}}}, wrong)),
                 "values or gradients"));
}

TEST_CASE("integers that are rounded to doubles on the way are a fault") {
  const auto wrong = [](const Tensor& x) {
    return is_floating(x.dtype()) ? 2 * x : (2 * x.to(float64)).to(int64);
  };

  CHECK(
      any_says(faults_of(elementwise("wrong", Kind::smooth, {{{2, 3}}}, wrong)), "above 2^53 are not exact"));
}

}  // namespace xgrad::test
