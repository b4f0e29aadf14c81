#pragma once

#include <functional>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

// Ops and their gradients beside LibTorch's, to find those that fall behind. A work is written once here,
// with its operands, and once in benchmarks/peers/cliffs under the same name.

namespace bench::cliffs {

using xgrad::Tensor;

/// Uniform numbers in [low, high); of int64 and bool, which have no gradient, in that range too.
struct Operand {
  xgrad::Shape shape;
  double low = -1, high = 1;
  xgrad::DType dtype = xgrad::float32;
};

inline Operand indices(const xgrad::Shape& shape, double below) { return {shape, 0, below, xgrad::int64}; }
inline Operand mask(const xgrad::Shape& shape) { return {shape, -1, 1, xgrad::boolean}; }
inline Operand doubles(const xgrad::Shape& shape) { return {shape, -1, 1, xgrad::float64}; }

using Operands = std::vector<Tensor>;

struct Work {
  const char* name;
  std::vector<Operand> operands;
  Tensor (*f)(const Operands&);
  bool compared = true;  ///< off for random numbers
};

/// Adds works to the program; before main.
struct Works {
  Works(std::initializer_list<Work> works);  // NOLINT(google-explicit-constructor)
};

/// What one library does with the operands of a work.
struct Side {
  std::function<void()> forward;
  std::function<void()> both = {};               ///< with the gradients of all floating operands; or none
  std::function<std::vector<double>()> numbers;  ///< made of the value and of each gradient
};

/// Who does the same as xgrad: for a name, operands and a cotangent of the value. An empty Side for a name
/// that it does not know.
using PeerMaker = Side (*)(const std::string& name, const Operands& x, const Tensor& cotangent);
void set_peer(PeerMaker maker, void (*set_threads)(int));

}  // namespace bench::cliffs
