#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/ops/rows.hpp"

// What the checks of the rows share. Each check adds a line to the faults for what it finds.

namespace xgrad::test {

using Tensors = std::vector<Tensor>;
using Faults = std::vector<std::string>;

inline std::string described(const Tensors& x) {
  std::string s;
  for (const Tensor& t : x) s += (s.empty() ? "" : ", ") + t.describe();
  return s;
}

inline Tensors floating_of(const Tensors& x) {
  Tensors some;
  for (const Tensor& t : x)
    if (is_floating(t.dtype())) some.push_back(t);
  return some;
}

/// The same with another dtype in place of the floating ones.
inline Tensors as_dtype(Tensors x, DType dtype) {
  for (Tensor& t : x)
    if (is_floating(t.dtype())) t = t.to(dtype);
  return x;
}

inline bool differentiable(const Row& row) {
  return row.kind != Kind::not_differentiable && row.kind != Kind::random;
}

/// The generator of a row's inputs.
inline std::mt19937_64 generator_of(const Row& row, std::size_t stream) {
  return std::mt19937_64(std::hash<std::string>{}(row.name) + stream);
}

/// The inputs of a row in these shapes; another stream has other values.
Tensors make_inputs(const Row& row, const std::vector<Shape>& shapes, std::size_t stream = 0);

/// float32 against float64 at the same numbers: as far apart as rounding the inputs may move the value.
void check_float32(const Row& row, const Tensors& inputs, Faults& faults);

/// What one entry of a float64 output changes when each input changes by its own size: its condition number
/// times its size.
double sensitivity(const Tensor& y, std::int64_t entry, const Tensors& x);

/// Integers and booleans against the same numbers in floating inputs: the values, the dtypes, and the
/// gradients of the inputs that stay floating.
void check_integers(const Row& row, Faults& faults);

/// An elementwise op near 0 and at large arguments: float32 against float64, an element alone against many,
/// values against slopes.
void check_extremes(const Row& row, Faults& faults);

/// An elementwise op at zeros of both signs, infinities and nan: against the C library, and to second order.
void check_specials(const Row& row, Faults& faults);

/// A program that was traced on some inputs, on others: values and gradients to the same bits.
void check_trace(const Row& row, const std::vector<Shape>& shapes, Faults& faults);

/// Calls f with each row of all tables that the program has.
void each_row(const std::function<void(const Row&)>& f);

/// Whether a fault says this.
inline bool any_says(const Faults& faults, const std::string& text) {
  return std::any_of(faults.begin(), faults.end(),
                     [&](const std::string& s) { return s.find(text) != std::string::npos; });
}

/// Whether the C library has a row's function, with which check_specials compares it.
bool c_function(const Row& row);

/// The values of an elementwise op beside its reference, which it must have.
void check_values(const Row& row, Faults& faults);

/// The derivative of a gradient by its cotangent: with f's product J v made of it, w (J v) is (w J) v.
void check_transpose(const Row& row, const Tensors& inputs, Faults& faults);

/// Forward mode against reverse mode: the products w J v, and of order 2 those of the second derivative.
void check_forward(const Row& row, const Tensors& inputs, int order, Faults& faults);

/// gradcheck to an order, forward mode, and the composed form if there is one.
void check_gradient(const Row& row, const Tensors& inputs, int order, Faults& faults);

}  // namespace xgrad::test
