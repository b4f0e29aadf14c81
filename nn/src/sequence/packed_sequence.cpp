#include "xgrad/nn/packed_sequence.hpp"

#include <algorithm>
#include <numeric>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::nn {

namespace {

using Numbers = std::vector<std::int64_t>;

Numbers numbers_of(const Tensor& t) {
  const auto elements = t.data<std::int64_t>();
  return {elements.begin(), elements.end()};
}

/// Throws Error unless the lengths are one for each sequence and least to steps.
void check_lengths(const char* op, const Tensor& x, const Tensor& lengths, bool batch_first,
                   std::int64_t least) {
  if (x.dim(op) < 2)
    throw Error(std::string(op) + ": x must have an axis of steps and one of sequences: x is " +
                x.describe());
  const std::int64_t batch = x.size(batch_first ? 0 : 1), steps = x.size(batch_first ? 1 : 0);
  const std::string both = ": lengths is " + lengths.describe() + ", x is " + x.describe();
  if (lengths.dtype(op) != int64 || lengths.shape() != Shape{batch})
    throw Error(std::string(op) + ": the lengths must be int64[" + std::to_string(batch) +
                "], one for each sequence" + both);
  const Numbers all = numbers_of(lengths);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] < least || all[i] > steps)
      throw Error(std::string(op) + ": the length of sequence " + std::to_string(i) + " is " +
                  std::to_string(all[i]) + ", and must be " + std::to_string(least) + " to " +
                  std::to_string(steps) + both);
}

/// Shape [n, ...] with the sizes of x behind its first `axes`.
Shape rows_shape(std::int64_t n, const Tensor& x, int axes) {
  Shape shape{n};
  for (int i = axes; i < x.dim(); ++i) shape.push_back(x.size(i));
  return shape;
}

/// Where the packed rows lie among those of a padded batch: batch_sizes[t] sequences in this order have step
/// t.
Tensor places(const Numbers& batch_sizes, const Numbers& order, std::int64_t steps, bool batch_first) {
  const auto batch = static_cast<std::int64_t>(order.size());
  Numbers found;
  for (std::size_t t = 0; t < batch_sizes.size(); ++t)
    for (std::size_t i = 0; i < static_cast<std::size_t>(batch_sizes[t]); ++i) {
      const auto step = static_cast<std::int64_t>(t);
      found.push_back(batch_first ? order[i] * steps + step : step * batch + order[i]);
    }
  return tensor(found);
}

Numbers counted(std::size_t n) {
  Numbers order(n);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

}  // namespace

Tensor pad_sequence(const std::vector<Tensor>& sequences, bool batch_first, double padding_value) {
  if (sequences.empty()) throw Error("pad_sequence: needs at least one sequence: got none");
  std::int64_t steps = 0;
  for (const Tensor& s : sequences) {
    if (s.dim("pad_sequence") < 1 || s.dtype() != sequences[0].dtype() ||
        rows_shape(0, s, 1) != rows_shape(0, sequences[0], 1))
      throw Error(
          "pad_sequence: sequences must have one dtype and the same sizes behind their lengths: one is " +
          sequences[0].describe() + ", another " + s.describe());
    steps = std::max(steps, s.size(0));
  }
  std::vector<Tensor> padded;
  for (const Tensor& s : sequences) {
    if (s.size(0) == steps) {
      padded.push_back(s);
      continue;
    }
    const Tensor rest =
        full(rows_shape(steps - s.size(0), s, 1), Scalar(padding_value), {.dtype = s.dtype()});
    padded.push_back(cat({s, rest}));
  }
  return stack(padded, batch_first ? 0 : 1);
}

std::vector<Tensor> unpad_sequence(const Tensor& padded, const Tensor& lengths, bool batch_first) {
  check_lengths("unpad_sequence", padded, lengths, batch_first, 0);
  std::vector<Tensor> sequences = unbind(padded, batch_first ? 0 : 1);
  const Numbers all = numbers_of(lengths);
  for (std::size_t i = 0; i < all.size(); ++i) sequences[i] = sequences[i].slice(0, 0, all[i]);
  return sequences;
}

PackedSequence pack_padded_sequence(const Tensor& x, const Tensor& lengths, bool batch_first,
                                    bool enforce_sorted) {
  constexpr const char* op = "pack_padded_sequence";
  check_lengths(op, x, lengths, batch_first, 1);
  const Numbers length_of = numbers_of(lengths);
  const auto longer = [&](std::int64_t a, std::int64_t b) {
    return length_of[static_cast<std::size_t>(a)] > length_of[static_cast<std::size_t>(b)];
  };
  Numbers order = counted(length_of.size());
  if (enforce_sorted && !std::is_sorted(order.begin(), order.end(), longer))
    throw Error(std::string(op) +
                ": the lengths must not grow; sort the sequences, or pass enforce_sorted = " +
                "false: lengths is " + lengths.describe() + ", x is " + x.describe());
  std::stable_sort(order.begin(), order.end(), longer);

  Numbers batch_sizes(
      length_of.empty() ? 0 : static_cast<std::size_t>(length_of[static_cast<std::size_t>(order[0])]));
  for (const std::int64_t length : length_of)
    for (std::size_t t = 0; t < static_cast<std::size_t>(length); ++t) ++batch_sizes[t];

  const Tensor rows = reshape(x, rows_shape(x.size(0) * x.size(1), x, 2));
  PackedSequence packed;
  packed.data = index_select(rows, 0, places(batch_sizes, order, x.size(batch_first ? 1 : 0), batch_first));
  packed.batch_sizes = tensor(batch_sizes);
  if (enforce_sorted) return packed;
  Numbers place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    place[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
  packed.sorted_indices = tensor(order), packed.unsorted_indices = tensor(place);
  return packed;
}

PaddedSequence pad_packed_sequence(const PackedSequence& packed, bool batch_first, double padding_value,
                                   std::optional<std::int64_t> total_length) {
  constexpr const char* op = "pad_packed_sequence";
  const Tensor& data = packed.data;
  if (data.dim(op) < 1 || packed.batch_sizes.dtype(op) != int64 || packed.batch_sizes.dim() != 1)
    throw Error(std::string(op) + ": needs rows of data and int64[steps] batch_sizes: data is " +
                data.describe() + ", batch_sizes is " + packed.batch_sizes.describe());
  const Numbers sizes = numbers_of(packed.batch_sizes);
  const std::int64_t batch = sizes.empty() ? 0 : sizes[0], longest = packed.batch_sizes.numel();
  if (!std::is_sorted(sizes.rbegin(), sizes.rend()) || (!sizes.empty() && sizes.back() < 0) ||
      std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) != data.size(0))
    throw Error(std::string(op) + ": batch_sizes must not grow, and sum to the rows of data: data is " +
                data.describe() + ", batch_sizes is " + packed.batch_sizes.describe());
  const std::int64_t steps = total_length.value_or(longest);
  if (steps < longest)
    throw Error(std::string(op) + ": total_length must be at least the longest length: it is " +
                std::to_string(steps) + ", and the longest is " + std::to_string(longest));
  const Numbers order = packed.sorted_indices.defined() ? numbers_of(packed.sorted_indices)
                                                        : counted(static_cast<std::size_t>(batch));
  if (static_cast<std::int64_t>(order.size()) != batch)
    throw Error(std::string(op) + ": sorted_indices must be one for each sequence: they are " +
                packed.sorted_indices.describe() + ", and there are " + std::to_string(batch) + " sequences");

  Numbers lengths(order.size());
  for (const std::int64_t size : sizes)
    for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i)
      ++lengths[static_cast<std::size_t>(order[i])];
  const Tensor padding =
      full(rows_shape(steps * batch, data, 1), Scalar(padding_value), {.dtype = data.dtype()});
  const Tensor rows = index_put(padding, {places(sizes, order, steps, batch_first)}, data);
  Shape shape = rows_shape(batch_first ? batch : steps, data, 1);
  shape.insert(1, batch_first ? steps : batch);
  return {reshape(rows, shape), tensor(lengths)};
}

}  // namespace xgrad::nn
