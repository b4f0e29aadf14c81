#pragma once

#include <cstdint>
#include <functional>

#include "xgrad/core/random.hpp"
#include "xgrad/core/tensor.hpp"

// Which rows a pass delivers and in which order: `from(set) | sample(weighted_sampler(weights, 1000))`.

namespace xgrad::data {

/// An order of n rows for each pass. One's own is two functions.
struct Sampler {
  /// How many rows it takes of n.
  std::function<std::int64_t(std::int64_t n)> size;
  /// Their numbers, int64 [size(n)], each in [0, n), drawn from g.
  std::function<Tensor(std::int64_t n, Generator g)> order;
};

struct RandomSamplerOptions {
  bool replacement = false;      ///< rows may come several times
  std::int64_t num_samples = 0;  ///< 0: as many as there are rows
};

/// Rows at random: a permutation, or with replacement each one of all. Without replacement more samples than
/// rows are an Error.
Sampler random_sampler(RandomSamplerOptions options = {});

/// Row i with a chance in proportion to weights[i], which need not sum to 1: `multinomial`, as PyTorch's
/// WeightedRandomSampler. Throws Error, when a pass begins, for another number of weights than rows.
Sampler weighted_sampler(const Tensor& weights, std::int64_t num_samples, bool replacement = true);

/// All rows, mixed so that every run of them holds the classes nearly in their shares in the whole: of the m
/// rows of a class the k-th comes at a place drawn from the k-th of m equal parts of the pass. `labels` are
/// int64 [n].
Sampler stratified_sampler(const Tensor& labels);

}  // namespace xgrad::data
