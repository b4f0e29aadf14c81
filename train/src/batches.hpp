#pragma once

#include <cstdint>
#include <memory>

#include "xgrad/core/random.hpp"
#include "xgrad/train/batches.hpp"

namespace xgrad::train {

struct BatchesOfSet {
  std::int64_t batch_size;
  bool shuffle;
  Generator generator;
};

/// The passes over data, where a data set is cut into batches.
std::shared_ptr<detail::Passes> passes_of(const Batches& data, const BatchesOfSet& options);

/// A batch without its target, put into `place` where there is one; and its target.
const std::vector<Tensor>& inputs_of(const std::vector<Tensor>& batch, std::vector<Tensor>& place);
const Tensor& target_of(const std::vector<Tensor>& batch);
/// The examples of a batch. Throws Error for one without tensors.
std::int64_t rows_of(const std::vector<Tensor>& batch);
/// dtype and shape of each tensor: "f32[32, 64], i64[32]".
std::string describe(const std::vector<Tensor>& batch);

}  // namespace xgrad::train
