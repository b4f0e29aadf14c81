#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/core/random.hpp"

namespace xgrad::train {

/// Values of what is searched for, by name.
using Setting = std::vector<std::pair<std::string, double>>;

/// What a parameter may be: one of a list, or a number between two.
struct Choice {
  std::string name;
  std::vector<double> values = {};  ///< where there are none: from low to high
  double low = 0, high = 0;
  bool logarithmic = false;  ///< numbers are drawn with equal chance in each power of ten
  bool whole = false;        ///< whole numbers only
};

/// One try: the values to try, and what it may use.
class Trial {
 public:
  Trial(Setting setting, std::uint64_t seed, std::int64_t budget)
      : setting_(std::move(setting)), seed_(seed), generator_(seed), budget_(budget) {}

  /// The value of that name. Throws Error, which lists the names, where there is none.
  double operator[](const std::string& name) const;
  const Setting& setting() const { return setting_; }
  /// The numbers of this try alone: the same for a setting in each search of that seed.
  Generator generator() const { return generator_; }
  /// What that generator was made of.
  std::uint64_t seed() const { return seed_; }
  /// How much it may train, in epochs, say.
  std::int64_t budget() const { return budget_; }

 private:
  Setting setting_;
  std::uint64_t seed_;
  Generator generator_;
  std::int64_t budget_;
};

struct SearchOptions {
  std::int64_t budget = 1;  ///< of each try
  bool maximize = false;    ///< the largest score is the best one, and not the smallest
  std::uint64_t seed = 1;
  int threads = 1;  ///< how many tries run at once
};

struct HalvingOptions {
  std::int64_t tries = 27;      ///< in the first round
  std::int64_t min_budget = 1;  ///< of the first round
  std::int64_t factor = 3;      ///< the best of so many go on, with so many times the budget
  bool maximize = false;
  std::uint64_t seed = 1;
  int threads = 1;
};

/// What a search has found. `Generator(rows[best].seed)` draws what the best try has drawn.
struct SearchResult {
  struct Row {
    Setting setting;
    std::int64_t budget;
    double score;            ///< nan where the try has failed
    std::string error;       ///< why it has
    std::uint64_t seed = 0;  ///< of the try's generator
  };
  std::vector<Row> rows;  ///< in the order of the tries
  std::size_t best = 0;   ///< of the rows of the largest budget; the first of equal ones
  bool maximize = false;

  /// The values of the best row. Throws Error where there is none of that name.
  double operator[](const std::string& name) const;
  /// All rows, the best one first.
  std::string str() const;
};

// A try is a function of a Trial to its score; how it trains and what it measures is its own. One that
// returns a pair of the score and a model, or whatever else it has made, has that of the best try returned as
// `model`. Results are the same for any number of threads, if tries draw from their own generators alone. A
// try that throws Error has failed, and the search goes on; what else it throws goes on to the caller. Each
// throws Error for options out of their range, for choices without values, and where all tries have failed.
//
//     const auto found = train::random_search(
//         {{.name = "lr", .low = 1e-4, .high = 1, .logarithmic = true}}, 20, [&](const train::Trial& t) {
//           nn::Sequential net = trained_with(t["lr"], t.generator());
//           return std::pair(loss_of(net), net);
//         });
//     std::cout << found.str() << found["lr"] << found.model(x);

using TryFunction = std::function<double(const Trial&)>;

/// All combinations of the values of the choices, the last one changing fastest.
SearchResult grid_search(const std::vector<Choice>& choices, const TryFunction& f,
                         const SearchOptions& options = {});
/// So many settings at random. Bergstra and Bengio, 2012.
SearchResult random_search(const std::vector<Choice>& choices, std::int64_t tries, const TryFunction& f,
                           const SearchOptions& options = {});
/// Many settings at random with a small budget; the best of them with a larger one, and so on until one is
/// left. Jamieson and Talwalkar, 2016.
SearchResult successive_halving(const std::vector<Choice>& choices, const TryFunction& f,
                                const HalvingOptions& options = {});

// With the model of the best try
// ------------------------------------------------------------------------------

/// What a search has found, and what its best try has made.
template <class M>
struct ModelSearchResult : SearchResult {
  M model;
};

namespace detail {

/// A try that returns a score and a model.
template <class F>
concept ModelTry = requires(F& f, const Trial& t) {
  { f(t).first } -> std::convertible_to<double>;
  f(t).second;
};
template <class F>
using ModelOf = std::remove_cvref_t<decltype(std::declval<F&>()(std::declval<const Trial&>()).second)>;

/// Keeps the models of the tries that may still be the best.
template <class M>
class BestModels {
 public:
  explicit BestModels(bool maximize) : maximize_(maximize) {}

  void add(const Trial& t, double score, M model) {
    if (std::isnan(score)) return;
    const std::lock_guard lock(mutex_);
    if (!models_.empty()) {
      if (t.budget() < budget_ || (t.budget() == budget_ && (maximize_ ? score < score_ : score > score_)))
        return;
      if (t.budget() > budget_ || score != score_) models_.clear();
    }
    budget_ = t.budget(), score_ = score;
    models_.emplace_back(t.seed(), std::move(model));
  }
  ModelSearchResult<M> of(SearchResult result) {
    const std::uint64_t seed = result.rows[result.best].seed;
    const auto found = std::ranges::find(models_, seed, [](const auto& held) { return held.first; });
    return {std::move(result), std::move(found->second)};
  }

 private:
  bool maximize_;
  std::mutex mutex_;
  std::int64_t budget_ = 0;
  double score_ = 0;
  std::vector<std::pair<std::uint64_t, M>> models_;  ///< of one score, each with the seed of its try
};

template <class F, class Search>
ModelSearchResult<ModelOf<F>> with_model(F& f, bool maximize, const Search& search) {
  BestModels<ModelOf<F>> models(maximize);
  SearchResult result = search([&](const Trial& t) {
    auto [score, model] = f(t);
    models.add(t, score, std::move(model));
    return static_cast<double>(score);
  });
  return models.of(std::move(result));
}

}  // namespace detail

template <detail::ModelTry F>
ModelSearchResult<detail::ModelOf<F>> grid_search(const std::vector<Choice>& choices, F f,
                                                  const SearchOptions& options = {}) {
  return detail::with_model(f, options.maximize,
                            [&](const TryFunction& g) { return grid_search(choices, g, options); });
}
template <detail::ModelTry F>
ModelSearchResult<detail::ModelOf<F>> random_search(const std::vector<Choice>& choices, std::int64_t tries,
                                                    F f, const SearchOptions& options = {}) {
  return detail::with_model(f, options.maximize,
                            [&](const TryFunction& g) { return random_search(choices, tries, g, options); });
}
template <detail::ModelTry F>
ModelSearchResult<detail::ModelOf<F>> successive_halving(const std::vector<Choice>& choices, F f,
                                                         const HalvingOptions& options = {}) {
  return detail::with_model(f, options.maximize,
                            [&](const TryFunction& g) { return successive_halving(choices, g, options); });
}

}  // namespace xgrad::train
