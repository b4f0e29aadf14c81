#pragma once

#include <optional>
#include <vector>

#include "xgrad/core/tensor.hpp"

// Sequences of different lengths as one tensor: padded, or packed as PyTorch packs them. Recurrent layers
// take a padded batch with its lengths as it is; packing is for what works on each step alone, without the
// padding, and for exchange. All functions have gradients.

namespace xgrad::nn {

/// Sequences [length_i, ...] as one tensor [steps, batch, ...], or [batch, steps, ...] with batch_first:
/// steps is the largest length, and what lies behind a sequence's end is `padding_value`. Throws Error for
/// none, and unless dtypes and all other sizes agree.
Tensor pad_sequence(const std::vector<Tensor>& sequences, bool batch_first = false, double padding_value = 0);
/// The sequences of a padded batch: the inverse. Throws Error unless lengths are int64[batch], each 0 to
/// steps.
std::vector<Tensor> unpad_sequence(const Tensor& padded, const Tensor& lengths, bool batch_first = false);

/// The steps of all sequences without padding: those of the first step, then of the second, and so on; within
/// a step by falling length of the sequences.
struct PackedSequence {
  Tensor data;              ///< [sum of the lengths, ...]
  Tensor batch_sizes;       ///< int64[steps]: how many sequences have step t
  Tensor sorted_indices;    ///< int64[batch]: which sequence is the i-th by length; undefined: the i-th
  Tensor unsorted_indices;  ///< int64[batch]: the inverse
};

/// The packed form of x[steps, batch, ...], or [batch, steps, ...] with batch_first, and int64[batch]
/// lengths. With enforce_sorted the lengths have to fall, and the indices are undefined; without, sequences
/// of one length keep their order. Throws Error unless lengths are 1 to steps.
PackedSequence pack_padded_sequence(const Tensor& x, const Tensor& lengths, bool batch_first = false,
                                    bool enforce_sorted = true);

struct PaddedSequence {
  Tensor x;
  Tensor lengths;  ///< int64[batch]
};

/// The padded form: the inverse, with as many steps as the longest sequence has, or `total_length`. Throws
/// Error where batch_sizes do not fall or do not sum to the rows of data, and for a total_length that is too
/// small.
PaddedSequence pad_packed_sequence(const PackedSequence& packed, bool batch_first = false,
                                   double padding_value = 0, std::optional<std::int64_t> total_length = {});

}  // namespace xgrad::nn
