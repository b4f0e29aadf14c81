#pragma once

#include <utility>

#include "xgrad/core/random.hpp"
#include "xgrad/data/dataset.hpp"

namespace xgrad::data {

struct SplitOptions {
  bool shuffle = true;    ///< mix the examples first; false keeps their order in both parts
  bool stratify = false;  ///< give both parts the same share of each class; targets are int64 [n]
  Generator generator = default_generator();
};

/// Two parts of a data set, the first with round(fraction * size) examples: `auto [train, test] = split(set,
/// 0.8)`.
///
/// Throws Error unless 0 <= fraction <= 1.
std::pair<TensorDataset, TensorDataset> split(const TensorDataset& dataset, double fraction,
                                              SplitOptions options = {});

}  // namespace xgrad::data
