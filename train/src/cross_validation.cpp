#include "xgrad/train/cross_validation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "number_text.hpp"
#include "parallel.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

namespace {

/// The rows in the order in which they are dealt to the folds, one after another: by class with `stratify`.
std::vector<std::int64_t> order_of(const data::TensorDataset& set, const FoldsOptions& options) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(set.size()));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (options.shuffle) order = randperm(set.size(), {}, options.generator).to_vector<std::int64_t>();
  if (!options.stratify) return order;
  const Tensor& targets = set.targets();
  if (targets.dtype() != int64 || targets.dim() != 1)
    throw Error("folds: stratify needs int64 classes [rows]: the targets are " + targets.describe());
  const auto classes = targets.to_vector<std::int64_t>();
  std::ranges::stable_sort(order, {},
                           [&](std::int64_t row) { return classes[static_cast<std::size_t>(row)]; });
  return order;
}

}  // namespace

std::vector<Fold> folds(const data::TensorDataset& set, std::int64_t k, const FoldsOptions& options) {
  if (k < 2 || k > set.size())
    throw Error("folds: there must be 2 to " + std::to_string(set.size()) + " folds of " + set.describe() +
                ": k is " + std::to_string(k));
  const std::vector<std::int64_t> order = order_of(set, options);
  std::vector<Fold> all;
  for (std::int64_t fold = 0; fold < k; ++fold) {
    std::vector<std::int64_t> in, out;
    for (std::size_t i = 0; i < order.size(); ++i)
      (static_cast<std::int64_t>(i) % k == fold ? out : in).push_back(order[i]);
    std::ranges::sort(in), std::ranges::sort(out);
    all.push_back({set.index_select(tensor(in)), set.index_select(tensor(out))});
  }
  return all;
}

double CrossValidation::mean(const std::string& name) const {
  double sum = 0;
  for (const Scores& scores : folds) sum += scores[name];
  return sum / static_cast<double>(folds.size());
}

double CrossValidation::stddev(const std::string& name) const {
  const double middle = mean(name);
  double sum = 0;
  for (const Scores& scores : folds) sum += (scores[name] - middle) * (scores[name] - middle);
  return std::sqrt(sum / static_cast<double>(folds.size() - 1));
}

std::string CrossValidation::str() const {
  std::string text;
  for (std::size_t i = 0; i < folds.size(); ++i)
    text += "fold " + std::to_string(i + 1) + "  " + folds[i].str() + "\n";
  if (folds.empty()) return text;
  text += "mean  ";
  for (const auto& score : folds.front())
    text += "  " + score.name + " " + short_text(mean(score.name)) + " +- " + short_text(stddev(score.name));
  return text + "\n";
}

CrossValidation cross_validate(const data::TensorDataset& set,
                               const std::function<Scores(const Fold&, Generator)>& f,
                               const CrossValidateOptions& options) {
  Generator seeds(options.seed);
  const std::vector<Fold> parts = folds(
      set, options.folds,
      {.stratify = options.stratify, .shuffle = options.shuffle, .generator = Generator(seeds.draw64())});
  std::vector<std::uint64_t> of_fold;
  for (std::size_t i = 0; i < parts.size(); ++i) of_fold.push_back(seeds.draw64());
  CrossValidation result{.folds = std::vector<Scores>(parts.size())};
  run_on_threads("cross_validate", parts.size(), options.threads,
                 [&](std::size_t i) { result.folds[i] = f(parts[i], Generator(of_fold[i])); });
  return result;
}

}  // namespace xgrad::train
