#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xgrad::train {

/// Numbers by name, in an order: what a pass over data has measured.
///
///     const train::Scores scores = train::evaluate(net, nn::cross_entropy, test_set);
///     std::cout << scores["loss"];
class Scores {
 public:
  struct Score {
    std::string name;
    double value;
  };

  /// Adds a number behind the others, or replaces the one of that name.
  void set(std::string_view name, double value);
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// The number of that name. Throws Error, which lists the names, where there is none.
  double operator[](std::string_view name) const;

  std::size_t size() const { return scores_.size(); }
  bool empty() const { return scores_.empty(); }
  std::vector<Score>::const_iterator begin() const& { return scores_.begin(); }
  std::vector<Score>::const_iterator end() const& { return scores_.end(); }

  /// "loss 0.5123  accuracy 0.9210".
  std::string str() const;

 private:
  const Score* find(std::string_view name) const;

  std::vector<Score> scores_;
};
std::ostream& operator<<(std::ostream& out, const Scores& scores);

}  // namespace xgrad::train
