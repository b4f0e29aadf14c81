#include "batches.hpp"

#include "xgrad/core/error.hpp"
#include "xgrad/data/loader.hpp"

namespace xgrad::train {

std::shared_ptr<detail::Passes> passes_of(const Batches& data, const BatchesOfSet& options) {
  if (!data.set()) return data.passes();
  return std::make_shared<detail::RangePasses<data::Loader>>(data::Loader(
      *data.set(),
      {.batch_size = options.batch_size, .shuffle = options.shuffle, .generator = options.generator}));
}

const std::vector<Tensor>& inputs_of(const std::vector<Tensor>& batch, std::vector<Tensor>& place) {
  if (batch.size() <= 1) return batch;
  place.resize(batch.size() - 1);
  for (std::size_t i = 0; i < place.size(); ++i) place[i] = batch[i];
  return place;
}

const Tensor& target_of(const std::vector<Tensor>& batch) { return batch.back(); }

std::int64_t rows_of(const std::vector<Tensor>& batch) {
  if (batch.empty()) throw Error("fit: a batch must have at least one tensor: it has none");
  return batch.front().dim() == 0 ? 1 : batch.front().shape()[0];
}

std::string describe(const std::vector<Tensor>& batch) {
  std::string text;
  for (const Tensor& t : batch)
    text += (text.empty() ? "" : ", ") + (t.defined() ? t.describe() : "undefined");
  return text;
}

}  // namespace xgrad::train
