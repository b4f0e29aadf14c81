#include "xgrad/data/loader.hpp"

#include <algorithm>

#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/index.hpp"

namespace xgrad::data {

namespace {

// The order of a pass as PyTorch's DataLoader draws it: a seed for its workers, then one for its sampler.
Tensor draw_order(std::int64_t n, Generator generator) {
  generator.draw64();
  const std::uint64_t seed = generator.draw64() & INT64_MAX;
  return randperm(n, {}, Generator(seed));
}

}  // namespace

void Batch::check_two() const {
  if (tensors_.size() != 2)
    throw Error("Batch: two names take a batch of two tensors; use batch[i]: it has " +
                std::to_string(tensors_.size()));
}

Loader::Loader(TensorDataset dataset, LoaderOptions options)
    : dataset_(std::move(dataset)), options_(std::move(options)) {
  if (options_.batch_size < 1)
    throw Error("Loader: the batch size must be at least 1: it is " + std::to_string(options_.batch_size));
}

std::int64_t Loader::size() const {
  const std::int64_t whole = dataset_.size() / options_.batch_size;
  const bool rest = dataset_.size() % options_.batch_size != 0;
  return whole + (rest && !options_.drop_last);
}

Loader::Iterator::Iterator(const Loader& loader)
    : dataset_(loader.dataset_), batch_size_(loader.options_.batch_size), count_(loader.size()) {
  if (loader.options_.shuffle) order_ = draw_order(dataset_.size(), loader.options_.generator);
  batch_.tensors_.resize(dataset_.tensors().size());
  fetch(0);
}

void Loader::Iterator::fetch(std::int64_t position) {
  position_ = position;
  if (position >= count_) {
    std::fill(batch_.tensors_.begin(), batch_.tensors_.end(), Tensor());
    return;
  }
  const std::int64_t start = position * batch_size_;
  const std::int64_t stop = start + std::min(batch_size_, dataset_.size() - start);
  const auto& tensors = dataset_.tensors();
  const Tensor rows = order_.defined() ? slice(order_, 0, start, stop) : Tensor();
  for (std::size_t i = 0; i < tensors.size(); ++i)
    batch_.tensors_[i] =
        rows.defined() ? index_select(tensors[i], 0, rows) : slice(tensors[i], 0, start, stop);
}

}  // namespace xgrad::data
