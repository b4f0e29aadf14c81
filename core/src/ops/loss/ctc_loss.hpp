#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/core/tensor.hpp"

// Connectionist temporal classification (Graves et al., 2006). An alignment runs through the labels with a
// blank before, between and behind them: state 2 i + 1 is label i, even states are blanks. From one step to
// the next it stays, goes on by one, or by two from a label to another one.

namespace xgrad::detail {

/// One sequence: its steps, and the class of each state.
struct Sequence {
  std::int64_t steps;
  std::vector<std::int64_t> states;

  /// True where state s can be reached from s - 2.
  bool skips(std::size_t s) const { return s >= 2 && s % 2 == 1 && states[s] != states[s - 2]; }
};

/// The operands, checked: log_probs [steps, batch, classes], and a sequence for each of the batch.
struct Alignment {
  std::int64_t steps, batch, classes;
  std::vector<Sequence> sequences;
};

/// Throws Error for operands that do not fit together.
Alignment alignment_of(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                       const Tensor& target_lengths, std::int64_t blank);

struct CtcBlank {
  std::int64_t blank = 0;
  bool zero_infinity = false;

  void fields(auto&& field) const { field("blank", blank), field("zero_infinity", zero_infinity); }
};

/// The gradients that are wanted of ctc_loss_vjp.
struct CtcSecond {
  CtcBlank loss;
  bool of_g = false, of_x = false;

  void fields(auto&& field) const {
    loss.fields(field);
    field("of_g", of_g), field("of_x", of_x);
  }
};
/// These from the cotangent h of ctc_loss_vjp(g, x, ...), the one of g first.
std::vector<Tensor> ctc_loss_second(const Tensor& h, const Tensor& g, const Tensor& x, const Tensor& targets,
                                    const Tensor& steps, const Tensor& counts, CtcSecond wanted);

}  // namespace xgrad::detail
