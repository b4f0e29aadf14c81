#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "xgrad/core/tensor.hpp"

namespace xgrad {

class Visitor;  // xgrad/core/state/visitor.hpp

/// A stream of random numbers: the 32-bit Mersenne Twister, drawn from as PyTorch draws on a CPU, so that the
/// same seed gives the same weights there and here. Safe to use from several threads; copies share the
/// stream.
class Generator {
 public:
  explicit Generator(std::uint64_t seed);

  void manual_seed(std::uint64_t seed);
  std::uint32_t draw();    ///< 32 random bits
  std::uint64_t draw64();  ///< 64 random bits: (first draw << 32) | second draw
  float uniform_float();   ///< in [0, 1): the low 24 bits of one draw, times 2^-24
  double uniform();        ///< in [0, 1): the low 53 bits of two draws, times 2^-53
  double normal();         ///< standard normal by Box and Muller (1958); keeps the second of each pair

  /// The whole state as text, and back: for checkpoints and for replaying random ops.
  std::string state() const;
  void set_state(const std::string& state);
  /// The place that another one has in its stream: what this one draws from now on is what that one would.
  void set_state(const Generator& other) noexcept;
  /// Names it by itself: a state of one text, "generator".
  void visit(Visitor& v);

  struct State;
  /// For the library: where a draw happens, which is another place while a checkpoint computes again.
  State& access() const;

 private:
  std::shared_ptr<State> state_;
};

/// The generator that is used where none is given: one per process.
Generator& default_generator();
/// Seeds the default generator.
void manual_seed(std::uint64_t seed);

/// Uniform in [0, 1).
Tensor rand(const Shape& shape, TensorOptions options = {}, Generator generator = default_generator());
/// Standard normal.
Tensor randn(const Shape& shape, TensorOptions options = {}, Generator generator = default_generator());
/// Integers in [low, high); int64 unless options say otherwise. Throws Error unless low < high.
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, TensorOptions options = {},
               Generator generator = default_generator());
/// A random permutation of 0 ... n - 1, int64, by Fisher and Yates.
Tensor randperm(std::int64_t n, TensorOptions options = {}, Generator generator = default_generator());
/// 1 with probability p, else 0. Throws Error unless 0 <= p <= 1.
Tensor bernoulli(double p, const Shape& shape, TensorOptions options = {},
                 Generator generator = default_generator());
/// Class numbers, int64 [num_samples] or [rows, num_samples], drawn with the given weights [classes] or
/// [rows, classes], which need not sum to 1; a class of weight 0 is never drawn. Without replacement, no
/// class twice. The draws are PyTorch's: with replacement, and more than one, by a search in the sums of the
/// weights; else the largest of w / e, e exponential (Efraimidis and Spirakis, 2006). Throws Error for a
/// weight that is negative, inf or nan, for weights of sum 0, and for fewer classes of a weight than samples
/// without replacement.
Tensor multinomial(const Tensor& weights, std::int64_t num_samples, bool replacement = false,
                   Generator generator = default_generator());
Tensor rand_like(const Tensor& x, TensorOptions options = {}, Generator generator = default_generator());
Tensor randn_like(const Tensor& x, TensorOptions options = {}, Generator generator = default_generator());

// Where a dtype is all there is to say.

template <std::same_as<DType> D>
Tensor rand(const Shape& shape, D dtype, Generator generator = default_generator()) {
  return rand(shape, TensorOptions{dtype}, std::move(generator));
}
template <std::same_as<DType> D>
Tensor randn(const Shape& shape, D dtype, Generator generator = default_generator()) {
  return randn(shape, TensorOptions{dtype}, std::move(generator));
}
template <std::same_as<DType> D>
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, D dtype,
               Generator generator = default_generator()) {
  return randint(low, high, shape, TensorOptions{dtype}, std::move(generator));
}
template <std::same_as<DType> D>
Tensor randperm(std::int64_t n, D dtype, Generator generator = default_generator()) {
  return randperm(n, TensorOptions{dtype}, std::move(generator));
}
template <std::same_as<DType> D>
Tensor bernoulli(double p, const Shape& shape, D dtype, Generator generator = default_generator()) {
  return bernoulli(p, shape, TensorOptions{dtype}, std::move(generator));
}
template <std::same_as<DType> D>
Tensor rand_like(const Tensor& x, D dtype, Generator generator = default_generator()) {
  return rand_like(x, TensorOptions{dtype}, std::move(generator));
}
template <std::same_as<DType> D>
Tensor randn_like(const Tensor& x, D dtype, Generator generator = default_generator()) {
  return randn_like(x, TensorOptions{dtype}, std::move(generator));
}

}  // namespace xgrad
