#pragma once

#include <cstdint>
#include <span>

#include "xgrad/core/tape.hpp"

// What `fuse` makes of a lambda, and what the library does with it. Of the lambda's code there are only its
// inner loops, as plain functions; shapes, threads, types and the tape are the library's.

namespace xgrad::detail::fusing {

inline constexpr std::size_t most_operands = 8;             ///< of a fused lambda
inline constexpr std::size_t most = 2 * most_operands + 1;  ///< of its derivative along a direction

/// An operand in an inner loop: where it begins, and by how much it moves on, 0 or 1. What stays is a batch
/// of equal numbers.
template <class T>
struct Lane {
  const T* at;
  std::int64_t step;
};
inline constexpr std::size_t widest = 64;  ///< bytes of a batch

/// What becomes of the gradients in an inner loop, a bit for each operand.
struct Uses {
  unsigned wanted = 0;
  unsigned adds = 0;   ///< are added to what is there: the operand is repeated by outer loops
  unsigned still = 0;  ///< are added up: the operand is repeated by this one
};

/// The inner loops of a lambda f over n elements of its operands x, in one type. n is a multiple of `width`,
/// the elements of a batch.
template <class T>
struct Loops {
  std::int64_t width;
  /// y = f(x...)
  void (*values)(const void* f, std::int64_t n, const Lane<T>* x, T* y);
  /// g df/dx_k, g behind the last operand: into dx[k], or added to totals[k].
  void (*gradients)(const void* f, std::int64_t n, const Lane<T>* x, T* const* dx, Uses uses, double* totals);
};

struct Fused;

/// An op that knows its lambda.
struct FusedOp : Op {
  const Fused* fused = nullptr;
};

/// All there is of a lambda's code. `directional` is that of g sum_k c_k df/dx_k with the operands (g, x...,
/// c...), or null.
struct Fused {
  FusedOp op, vjp;
  std::size_t operands;
  Loops<float> f32;
  Loops<double> f64;
  const Fused* directional;
};

/// A lambda's captured numbers, and which gradients are wanted.
struct Attributes {
  alignas(8) std::byte captured[16];
  std::uint32_t wanted;
};

void rule(std::span<const Tensor> g, Fn fn, std::span<Tensor> dx);
void second_rule(std::span<const Tensor> given, Fn fn, std::span<Tensor> dx);

/// The value, recorded. Throws Error unless the operands have one floating dtype and shapes that broadcast.
Tensor apply(const Fused& fused, const Attributes& attributes, std::span<const Tensor* const> x);

}  // namespace xgrad::detail::fusing
