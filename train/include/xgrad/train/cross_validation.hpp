#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/core/random.hpp"
#include "xgrad/data/dataset.hpp"
#include "xgrad/train/scores.hpp"

namespace xgrad::train {

struct FoldsOptions {
  bool stratify = false;  ///< give all folds the same share of each class; targets are int64 [n]
  bool shuffle = true;    ///< mix the examples first, of each class with `stratify`
  Generator generator = default_generator();
};

/// A part of a data set to train on, and what is held out of it.
struct Fold {
  data::TensorDataset train, held_out;
};

/// k folds of a data set: each example is held out in one of them, and their sizes differ by at most one;
/// with `stratify` those of each class do. Throws Error unless 2 <= k <= examples.
std::vector<Fold> folds(const data::TensorDataset& set, std::int64_t k, const FoldsOptions& options = {});

struct CrossValidateOptions {
  std::int64_t folds = 5;
  bool stratify = false;
  bool shuffle = true;
  std::uint64_t seed = 1;  ///< of the folds, and of what each fold draws
  int threads = 1;         ///< how many folds are trained at once
};

/// What cross-validation has measured: the scores of each fold.
struct CrossValidation {
  std::vector<Scores> folds;

  /// The mean of a score over the folds, and its standard deviation with n - 1. Throws Error where a fold
  /// lacks it.
  double mean(const std::string& name) const;
  double stddev(const std::string& name) const;
  /// A line for each fold, and the means with their deviations.
  std::string str() const;
};

/// Trains and measures once for each fold: `f(fold, generator)` makes a model with numbers of the generator,
/// trains it on `fold.train` and returns what it measures on `fold.held_out`. The result is the same for any
/// number of threads if f draws from its generator alone.
///
///     const auto result = train::cross_validate(set, [&](const train::Fold& fold, Generator generator) {
///       nn::Sequential net{nn::Linear(4, 3, {.generator = generator})};
///       optim::Adam adam(net, {.lr = 0.01});
///       train::fit(net, nn::cross_entropy, adam, fold.train, {.generator = generator, .show =
///       Show::nothing}); return train::evaluate(net, nn::cross_entropy, fold.held_out);
///     });
///     std::cout << result.mean("loss");
///
/// What f throws goes on to the caller when the folds that run are over; of several the one of the first
/// fold.
CrossValidation cross_validate(const data::TensorDataset& set,
                               const std::function<Scores(const Fold&, Generator)>& f,
                               const CrossValidateOptions& options = {});

}  // namespace xgrad::train
