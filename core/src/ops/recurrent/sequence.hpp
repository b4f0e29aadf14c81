#pragma once

#include <array>
#include <vector>

#include "xgrad/core/ops/recurrent.hpp"
#include "xgrad/core/tape.hpp"

// What layers over whole sequences have in common: rnn, gru and lstm are one op in three kinds.

namespace xgrad::detail {

enum class Recurrence : std::uint8_t { rnn, gru, lstm };

/// The operands by their places; c is that of an LSTM, and biases and lengths may be undefined.
struct Operand {
  enum Place : std::uint8_t { x, h, c, w_ih, w_hh, b_ih, b_hh, lengths };
  static constexpr std::size_t count = 8;
};
using Operands = std::array<Tensor, Operand::count>;

/// A set of operands: bits by their places.
using OperandSet = std::uint8_t;
inline bool holds(OperandSet set, std::size_t place) { return (set >> place & 1) != 0; }

struct SequenceAttributes {
  Recurrence kind;
  Activation activation = Activation::none;  ///< of an rnn
  bool reverse = false;
  bool kept = false;      ///< what the way back reads besides operands and outputs
  OperandSet given = 0;   ///< those that are defined, which the node has as inputs in this order
  OperandSet wanted = 0;  ///< those whose gradients are asked for
  void fields(auto&& field) const;

  /// Gates of a row, in units of `hidden`.
  std::int64_t gates() const { return kind == Recurrence::lstm ? 4 : kind == Recurrence::gru ? 3 : 1; }
  /// outputs, h and an LSTM's c.
  std::size_t outputs() const { return kind == Recurrence::lstm ? 3 : 2; }
};

/// The operands from the inputs of a node, which at(i) gives.
template <class F>
Operands operands_from(OperandSet given, F at) {
  Operands o;
  int next = 0;
  for (std::size_t place = 0; place < Operand::count; ++place)
    if (holds(given, place)) o[place] = at(next++);
  return o;
}

/// outputs, h and an LSTM's c, from checked operands.
std::vector<Tensor> sequence(const Operands& o, const SequenceAttributes& a);

/// The same from other ops, step by step.
std::vector<Tensor> composed_sequence(const Operands& o, const SequenceAttributes& a);

/// Values without a record.
struct SequenceValues {
  Tensor outputs, h, c;
  Tensor gates, memory;  ///< of all steps, for the way back
};
SequenceValues sequence_values(const Operands& o, const SequenceAttributes& a);

/// The gradients of the wanted operands, in their order; undefined cotangents are 0.
std::vector<Tensor> sequence_gradients(std::span<const Tensor> cotangents, const Operands& o,
                                       const SequenceValues& y, const SequenceAttributes& a);

}  // namespace xgrad::detail
