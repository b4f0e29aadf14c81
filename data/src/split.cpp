#include "xgrad/data/split.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <vector>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

using Indices = std::vector<std::int64_t>;

// How many examples of each class go to the first part: fraction * size, rounded so that the sum is `total`;
// the largest remainders are rounded up.
std::map<std::int64_t, std::int64_t> quotas(std::span<const std::int64_t> labels, double fraction,
                                            std::int64_t total) {
  std::map<std::int64_t, std::int64_t> sizes;
  for (std::int64_t label : labels) ++sizes[label];

  std::map<std::int64_t, std::int64_t> quota;
  std::vector<std::pair<double, std::int64_t>> remainders;
  for (const auto& [label, size] : sizes) {
    const double share = fraction * static_cast<double>(size);
    quota[label] = static_cast<std::int64_t>(share);
    total -= quota[label];
    remainders.emplace_back(share - std::floor(share), label);
  }
  std::stable_sort(remainders.begin(), remainders.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; total > 0 && i < remainders.size(); ++i, --total) ++quota[remainders[i].second];
  return quota;
}

std::pair<Indices, Indices> stratified(std::span<const std::int64_t> labels,
                                       std::span<const std::int64_t> order, double fraction,
                                       std::int64_t total) {
  auto left = quotas(labels, fraction, total);
  std::pair<Indices, Indices> parts;
  for (std::int64_t i : order) {
    std::int64_t& room = left[labels[static_cast<std::size_t>(i)]];
    (room > 0 ? parts.first : parts.second).push_back(i);
    room -= room > 0;
  }
  return parts;
}

}  // namespace

std::pair<TensorDataset, TensorDataset> split(const TensorDataset& dataset, double fraction,
                                              SplitOptions options) {
  if (!(fraction >= 0 && fraction <= 1))
    throw Error("split: the fraction must lie between 0 and 1: it is " + std::to_string(fraction));
  const std::int64_t n = dataset.size();
  const auto first = static_cast<std::int64_t>(std::llround(fraction * static_cast<double>(n)));
  if (!options.shuffle && !options.stratify) return {dataset.slice(0, first), dataset.slice(first)};

  const Tensor order = options.shuffle ? randperm(n, {}, options.generator) : arange(n);
  if (!options.stratify)
    return {dataset.index_select(order.slice(0, 0, first)), dataset.index_select(order.slice(0, first))};

  const Tensor& labels = dataset.targets();
  if (labels.dtype() != int64 || labels.dim() != 1)
    throw Error("split: stratify needs classes, int64 of one axis: the targets are " + labels.describe());
  const auto parts = stratified(labels.data<std::int64_t>(), order.data<std::int64_t>(), fraction, first);
  return {dataset.index_select(tensor(parts.first)), dataset.index_select(tensor(parts.second))};
}

}  // namespace xgrad::data
