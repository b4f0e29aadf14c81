#include "xgrad/train/scores.hpp"

#include <ostream>

#include "number_text.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

const Scores::Score* Scores::find(std::string_view name) const {
  for (const Score& score : scores_)
    if (score.name == name) return &score;
  return nullptr;
}

void Scores::set(std::string_view name, double value) {
  if (const Score* there = find(name))
    scores_[static_cast<std::size_t>(there - scores_.data())].value = value;
  else
    scores_.push_back({std::string(name), value});
}

double Scores::operator[](std::string_view name) const {
  if (const Score* score = find(name)) return score->value;
  std::string all;
  for (const Score& score : scores_) all += (all.empty() ? "" : ", ") + score.name;
  throw Error("Scores: there is no \"" + std::string(name) + "\"; there are " + (all.empty() ? "none" : all));
}

std::string Scores::str() const {
  std::string text;
  for (const Score& score : scores_)
    text += (text.empty() ? "" : "  ") + score.name + " " + short_text(score.value);
  return text;
}

std::ostream& operator<<(std::ostream& out, const Scores& scores) { return out << scores.str(); }

}  // namespace xgrad::train
