#pragma once

#include <cstdint>
#include <functional>
#include <string>
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
      : setting_(std::move(setting)), generator_(seed), budget_(budget) {}

  /// The value of that name. Throws Error, which lists the names, where there is none.
  double operator[](const std::string& name) const;
  const Setting& setting() const { return setting_; }
  /// The numbers of this try alone: the same for a setting in each search of that seed.
  Generator generator() const { return generator_; }
  /// How much it may train, in epochs, say.
  std::int64_t budget() const { return budget_; }

 private:
  Setting setting_;
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

/// What a search has found.
struct SearchResult {
  struct Row {
    Setting setting;
    std::int64_t budget;
    double score;       ///< nan where the try has failed
    std::string error;  ///< why it has
  };
  std::vector<Row> rows;  ///< in the order of the tries
  std::size_t best = 0;   ///< of the rows of the largest budget; the first of equal ones
  bool maximize = false;

  /// The values of the best row. Throws Error where there is none of that name.
  double operator[](const std::string& name) const;
  /// All rows, the best one first.
  std::string str() const;
};

// A try is a function of a Trial to its score; how it trains and what it measures is its own. The best model
// is kept by it, or made again from the best setting and its generator. Results are the same for any number
// of threads, if tries draw from their own generators alone. A try that throws Error has failed, and the
// search goes on; what else it throws goes on to the caller. Each throws Error for options out of their
// range, for choices without values, and where all tries have failed.
//
//     const auto found = train::random_search({{.name = "lr", .low = 1e-4, .high = 1, .logarithmic = true}},
//     20,
//                                             [&](const train::Trial& t) { return loss_with(t["lr"]); });
//     std::cout << found.str() << found["lr"];

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

}  // namespace xgrad::train
