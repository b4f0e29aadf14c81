#include "xgrad/nn/embedding.hpp"

#include "layer.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/nn/call.hpp"
#include "xgrad/nn/init.hpp"

namespace xgrad::nn {

namespace {

/// A normal weight with zeros in the row of the padding.
Tensor start_weight(const char* layer, std::int64_t entries, std::int64_t width,
                    std::optional<std::int64_t>& padding, DType dtype, Generator generator) {
  detail::check_least(layer, "num_embeddings", entries, 0);
  detail::check_least(layer, "embedding_dim", width, 0);
  detail::check_weight_dtype(layer, dtype);
  if (padding && (*padding < -entries || *padding >= entries))
    throw Error(std::string(layer) + ": padding_idx must be a row of the weight: got " +
                std::to_string(*padding) + " of " + std::to_string(entries) + " rows");
  if (padding && *padding < 0) *padding += entries;
  Tensor weight =
      init::normal_(detail::new_parameter(layer, {entries, width}, dtype), 0, 1, std::move(generator));
  if (padding) {
    const NoGrad guard;
    weight.index_put_({*padding}, 0);
  }
  return weight;
}

std::string describe(const Tensor& weight, const std::optional<std::int64_t>& padding) {
  return std::to_string(weight.size(0)) + ", " + std::to_string(weight.size(1)) +
         (padding ? ", padding_idx=" + std::to_string(*padding) : "");
}

/// The bag of each index: how many offsets are at most its place, less one.
Tensor bags_by_offsets(const Tensor& indices, const Tensor& offsets) {
  const auto fail = [&](const std::string& remedy) {
    throw Error("EmbeddingBag: " + remedy + ": indices are " + indices.describe() + ", offsets " +
                offsets.describe());
  };
  if (indices.dim("EmbeddingBag") != 1 || offsets.dim("EmbeddingBag") != 1)
    fail("indices with offsets must be a vector, as these");
  if (offsets.dtype() != int64) fail("offsets must be int64");
  const auto starts = offsets.to_vector<std::int64_t>();
  const std::int64_t n = indices.size(0);
  if (starts.empty() ? n > 0 : starts[0] != 0) fail("the first offset must be 0, so that no index is lost");
  std::vector<std::int64_t> bag_of(static_cast<std::size_t>(n));
  for (std::size_t bag = 0; bag < starts.size(); ++bag) {
    const std::int64_t stop = bag + 1 < starts.size() ? starts[bag + 1] : n;
    if (stop < starts[bag] || stop > n)
      fail("offsets must not fall, nor lie behind the last index: offset " + std::to_string(bag) + " is " +
           std::to_string(starts[bag]));
    for (std::int64_t i = starts[bag]; i < stop; ++i)
      bag_of[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(bag);
  }
  return tensor(bag_of);
}

/// The maxima of the rows of each bag; zeros for an empty one.
Tensor largest(const Tensor& rows, const Tensor& bag_of, const Shape& shape) {
  const auto bags = bag_of.to_vector<std::int64_t>();
  std::vector<std::vector<std::int64_t>> places(static_cast<std::size_t>(shape[0]));
  for (std::size_t i = 0; i < bags.size(); ++i)
    places[static_cast<std::size_t>(bags[i])].push_back(static_cast<std::int64_t>(i));
  std::vector<Tensor> maxima;
  for (const std::vector<std::int64_t>& bag : places)
    maxima.push_back(bag.empty() ? zeros({shape[1]}, rows.dtype())
                                 : max(index_select(rows, 0, tensor(bag)), 0).values);
  return maxima.empty() ? zeros(shape, rows.dtype()) : stack(maxima);
}

}  // namespace

Embedding::Embedding(std::int64_t entries, std::int64_t width, EmbeddingOptions options)
    : padding_idx_(options.padding_idx) {
  weight = start_weight("Embedding", entries, width, padding_idx_, options.dtype, options.generator);
}

Tensor Embedding::forward(const Tensor& indices) const { return embedding(indices, weight, padding_idx_); }

std::string Embedding::extra_repr() const { return describe(weight, padding_idx_); }

EmbeddingBag::EmbeddingBag(std::int64_t entries, std::int64_t width, EmbeddingBagOptions options)
    : options_(options) {
  weight =
      start_weight("EmbeddingBag", entries, width, options_.padding_idx, options.dtype, options.generator);
}

Tensor EmbeddingBag::forward(const Tensor& indices) const {
  if (indices.dim("EmbeddingBag") != 2)
    throw Error("EmbeddingBag: indices must be [bags, many], or come with offsets: they are " +
                indices.describe());
  return (*this)(indices, {});
}

Tensor EmbeddingBag::operator()(const Tensor& indices, const Tensor& offsets, const Tensor& weights) const {
  return detail::called(*this, [&] {
    if (weights.defined() && (options_.mode != BagMode::sum || weights.shape() != indices.shape()))
      throw Error("EmbeddingBag: weights need mode sum and the shape of the indices: weights are " +
                  weights.describe() + ", indices " + indices.describe());
    const Tensor flat = reshape(indices, {-1});
    const Tensor factors = weights.defined() ? reshape(weights, {-1, 1}) : Tensor();
    if (offsets.defined()) return bags(flat, bags_by_offsets(indices, offsets), offsets.size(0), factors);
    const std::int64_t count = indices.size(0);
    return bags(flat, reshape(expand(unsqueeze(arange(count, int64), 1), indices.shape()), {-1}), count,
                factors);
  });
}

Tensor EmbeddingBag::bags(const Tensor& all, const Tensor& all_bags, std::int64_t count,
                          const Tensor& factors) const {
  Tensor indices = all, bag_of = all_bags, weights = factors;
  if (options_.padding_idx) {
    const Tensor kept = reshape(nonzero(ne(all, *options_.padding_idx)), {-1});
    indices = index_select(all, 0, kept), bag_of = index_select(all_bags, 0, kept);
    if (weights.defined()) weights = index_select(weights, 0, kept);
  }
  Tensor rows = embedding(indices, weight);
  if (weights.defined()) rows = rows * weights;

  const Shape shape = {count, weight.size(1)};
  if (options_.mode == BagMode::max) return largest(rows, bag_of, shape);
  const Tensor places = expand(unsqueeze(bag_of, 1), rows.shape());
  const Tensor sums = scatter_add(zeros(shape, weight.dtype()), 0, places, rows);
  if (options_.mode == BagMode::sum) return sums;
  const Tensor sizes =
      scatter_add(zeros({count}, weight.dtype()), 0, bag_of, ones(bag_of.shape(), weight.dtype()));
  return sums / unsqueeze(clamp_min(sizes, 1), 1);
}

std::string EmbeddingBag::extra_repr() const {
  static constexpr const char* names[] = {"sum", "mean", "max"};
  return describe(weight, options_.padding_idx) + ", mode=" + names[static_cast<int>(options_.mode)];
}

}  // namespace xgrad::nn
