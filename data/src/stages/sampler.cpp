#include "xgrad/data/sampler.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

Sampler random_sampler(RandomSamplerOptions options) {
  if (options.num_samples < 0)
    throw Error("random_sampler: num_samples must not be negative: it is " +
                std::to_string(options.num_samples));
  const auto size = [options](std::int64_t n) { return options.num_samples > 0 ? options.num_samples : n; };
  return {.size = size, .order = [=](std::int64_t n, Generator g) {
            if (options.replacement && n > 0) return randint(0, n, {size(n)}, {}, std::move(g));
            if (size(n) > n)
              throw Error("random_sampler: without replacement num_samples must be at most the rows: it is " +
                          std::to_string(size(n)) + " of " + std::to_string(n));
            return randperm(n, {}, std::move(g)).slice(0, 0, size(n));
          }};
}

Sampler weighted_sampler(const Tensor& weights, std::int64_t num_samples, bool replacement) {
  if (weights.dim() != 1 || num_samples < 1)
    throw Error(
        "weighted_sampler: one weight a row and num_samples of at least 1 are expected: weights are " +
        weights.describe() + ", num_samples is " + std::to_string(num_samples));
  return {.size = [num_samples](std::int64_t) { return num_samples; },
          .order =
              [=](std::int64_t n, Generator g) {
                if (weights.numel() != n)
                  throw Error("weighted_sampler: there must be one weight a row: there are " +
                              std::to_string(weights.numel()) + " for " + std::to_string(n) + " rows");
                return multinomial(weights, num_samples, replacement, std::move(g));
              }};
}

namespace {

/// Each row of a class at a place drawn from its part of the pass; rows sorted by their places.
Tensor spread(const Tensor& labels, Generator g) {
  const auto label = labels.data<std::int64_t>();
  std::map<std::int64_t, std::int64_t> sizes, seen;
  for (const std::int64_t l : label) ++sizes[l];
  const Tensor order = randperm(labels.numel(), {}, g);
  std::vector<std::pair<double, std::int64_t>> places;
  for (const std::int64_t i : order.data<std::int64_t>()) {
    const std::int64_t l = label[static_cast<std::size_t>(i)];
    const double part = static_cast<double>(seen[l]++) + g.uniform();
    places.emplace_back(part / static_cast<double>(sizes[l]), i);
  }
  std::sort(places.begin(), places.end());
  std::vector<std::int64_t> rows;
  for (const auto& [place, row] : places) rows.push_back(row);
  return tensor(rows);
}

}  // namespace

Sampler stratified_sampler(const Tensor& labels) {
  if (labels.dtype() != int64 || labels.dim() != 1)
    throw Error("stratified_sampler: classes, int64 of one axis, are expected: they are " +
                labels.describe());
  return {.size = [](std::int64_t n) { return n; },
          .order =
              [labels](std::int64_t n, Generator g) {
                if (labels.numel() != n)
                  throw Error("stratified_sampler: there must be one label a row: there are " +
                              std::to_string(labels.numel()) + " for " + std::to_string(n) + " rows");
                return spread(labels, std::move(g));
              }};
}

}  // namespace xgrad::data
