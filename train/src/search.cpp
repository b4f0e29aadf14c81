#include "xgrad/train/search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "number_text.hpp"
#include "parallel.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

namespace {

double value_in(const char* op, const Setting& setting, const std::string& name) {
  std::string all;
  for (const auto& [known, value] : setting) {
    if (known == name) return value;
    all += (all.empty() ? "" : ", ") + known;
  }
  throw Error(std::string(op) + ": there is no \"" + name + "\"; there are " + all);
}

void check(const char* op, const std::vector<Choice>& choices, bool needs_values) {
  if (choices.empty()) throw Error(std::string(op) + ": there must be a choice; give at least one");
  for (const Choice& c : choices) {
    if (!c.values.empty()) continue;
    if (needs_values) throw Error(std::string(op) + ": a choice needs values: \"" + c.name + "\" has none");
    if (!(c.low < c.high) || (c.logarithmic && !(c.low > 0)))
      throw Error(std::string(op) +
                  ": a choice needs values, or low < high, both above 0 if it is logarithmic: \"" + c.name +
                  "\" goes from " + exact_text(c.low) + " to " + exact_text(c.high));
  }
}

void check_at_least(const char* op, const char* name, std::int64_t value, std::int64_t least) {
  if (value < least)
    throw Error(std::string(op) + ": " + name + " must be at least " + std::to_string(least) + ": it is " +
                std::to_string(value));
}

double draw(const Choice& c, Generator& generator) {
  const double u = generator.uniform();
  if (!c.values.empty()) {
    const auto n = static_cast<double>(c.values.size());
    return c.values[static_cast<std::size_t>(std::min(u * n, n - 1))];
  }
  if (c.whole && !c.logarithmic) return std::floor(c.low + u * (c.high - c.low + 1));
  const double x = c.logarithmic ? c.low * std::pow(c.high / c.low, u) : c.low + u * (c.high - c.low);
  return c.whole ? std::clamp(std::round(x), std::ceil(c.low), std::floor(c.high)) : x;
}

std::vector<Setting> drawn(const std::vector<Choice>& choices, std::int64_t tries, Generator generator) {
  std::vector<Setting> settings;
  for (std::int64_t i = 0; i < tries; ++i) {
    Setting setting;
    for (const Choice& c : choices) setting.emplace_back(c.name, draw(c, generator));
    settings.push_back(std::move(setting));
  }
  return settings;
}

bool is_better(double a, double b, bool maximize) {
  if (std::isnan(a)) return false;
  return std::isnan(b) || (maximize ? a > b : a < b);
}

/// A try of each setting, with a seed for each.
std::vector<SearchResult::Row> tried(const char* op, const std::vector<Setting>& settings,
                                     const std::vector<std::uint64_t>& seeds, std::int64_t budget,
                                     int threads, const TryFunction& f) {
  std::vector<SearchResult::Row> rows(settings.size());
  run_on_threads(op, settings.size(), threads, [&](std::size_t i) {
    rows[i] = {settings[i], budget, std::numeric_limits<double>::quiet_NaN(), "", seeds[i]};
    try {
      rows[i].score = f(Trial(settings[i], seeds[i], budget));
    } catch (const Error& e) {
      rows[i].error = e.what();
    }
  });
  return rows;
}

std::vector<std::uint64_t> seeds_of(std::size_t n, Generator generator) {
  std::vector<std::uint64_t> seeds(n);
  for (std::uint64_t& seed : seeds) seed = generator.draw64();
  return seeds;
}

/// Finds the best of the rows from `first` on.
SearchResult finished(const char* op, std::vector<SearchResult::Row> rows, std::size_t first, bool maximize) {
  SearchResult result{std::move(rows), first, maximize};
  for (std::size_t i = first; i < result.rows.size(); ++i)
    if (is_better(result.rows[i].score, result.rows[result.best].score, maximize)) result.best = i;
  const SearchResult::Row& best = result.rows[result.best];
  if (std::isnan(best.score))
    throw Error(std::string(op) + ": at least one try must give a score: all " +
                std::to_string(result.rows.size() - first) + " have failed, the first because of: " +
                (best.error.empty() ? "a score of nan" : best.error));
  return result;
}

}  // namespace

double Trial::operator[](const std::string& name) const { return value_in("Trial", setting_, name); }
double SearchResult::operator[](const std::string& name) const {
  return value_in("SearchResult", rows.at(best).setting, name);
}

std::string SearchResult::str() const {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    if (rows[a].budget != rows[b].budget) return rows[a].budget > rows[b].budget;
    return is_better(rows[a].score, rows[b].score, maximize);
  });
  std::string text;
  for (const std::size_t i : order) {
    text += short_text(rows[i].score) + "  budget " + std::to_string(rows[i].budget);
    for (const auto& [name, value] : rows[i].setting) text += "  " + name + " " + exact_text(value);
    text += (rows[i].error.empty() ? "" : "  failed: " + rows[i].error) + "\n";
  }
  return text;
}

SearchResult grid_search(const std::vector<Choice>& choices, const TryFunction& f,
                         const SearchOptions& options) {
  check("grid_search", choices, true);
  std::vector<Setting> settings{{}};
  for (const Choice& c : choices) {
    std::vector<Setting> longer;
    for (const Setting& setting : settings)
      for (const double value : c.values) {
        longer.push_back(setting);
        longer.back().emplace_back(c.name, value);
      }
    settings = std::move(longer);
  }
  const auto seeds = seeds_of(settings.size(), Generator(options.seed));
  return finished("grid_search", tried("grid_search", settings, seeds, options.budget, options.threads, f), 0,
                  options.maximize);
}

SearchResult random_search(const std::vector<Choice>& choices, std::int64_t tries, const TryFunction& f,
                           const SearchOptions& options) {
  check("random_search", choices, false);
  check_at_least("random_search", "tries", tries, 1);
  Generator generator(options.seed);
  const auto settings = drawn(choices, tries, generator);
  const auto seeds = seeds_of(settings.size(), generator);
  return finished("random_search",
                  tried("random_search", settings, seeds, options.budget, options.threads, f), 0,
                  options.maximize);
}

SearchResult successive_halving(const std::vector<Choice>& choices, const TryFunction& f,
                                const HalvingOptions& options) {
  constexpr const char* op = "successive_halving";
  check(op, choices, false);
  check_at_least(op, "tries", options.tries, 1);
  check_at_least(op, "min_budget", options.min_budget, 1);
  check_at_least(op, "factor", options.factor, 2);
  Generator generator(options.seed);
  auto settings = drawn(choices, options.tries, generator);
  auto seeds = seeds_of(settings.size(), generator);
  std::vector<SearchResult::Row> all;
  for (std::int64_t budget = options.min_budget;; budget *= options.factor) {
    const auto rows = tried(op, settings, seeds, budget, options.threads, f);
    const std::size_t first = all.size();
    all.insert(all.end(), rows.begin(), rows.end());
    const std::size_t left = rows.size() / static_cast<std::size_t>(options.factor);
    if (left == 0) return finished(op, std::move(all), first, options.maximize);
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
      return is_better(rows[a].score, rows[b].score, options.maximize);
    });
    std::vector<Setting> next;
    std::vector<std::uint64_t> next_seeds;
    for (std::size_t i = 0; i < left; ++i)
      next.push_back(settings[order[i]]), next_seeds.push_back(seeds[order[i]]);
    settings.swap(next), seeds.swap(next_seeds);
  }
}

}  // namespace xgrad::train
