#include "xgrad/train/imbalance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "measures/rows.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

Tensor class_weights(const Tensor& targets, std::int64_t classes) {
  if (targets.dtype() != int64 || targets.dim() != 1 || targets.numel() == 0)
    throw Error("class_weights: the targets must be int64 [rows], at least one: they are " +
                targets.describe());
  const auto labels = targets.to_vector<std::int64_t>();
  const std::int64_t count = classes > 0 ? classes : std::ranges::max(labels) + 1;
  std::vector<double> rows(static_cast<std::size_t>(std::max<std::int64_t>(count, 1)));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= count)
      throw Error("class_weights: a label must be one of 0 to " + std::to_string(count - 1) +
                  ": that in row " + std::to_string(i) + " is " + std::to_string(labels[i]));
    ++rows[static_cast<std::size_t>(labels[i])];
  }
  for (std::size_t c = 0; c < rows.size(); ++c) {
    if (rows[c] == 0)
      throw Error("class_weights: each class needs a row: class " + std::to_string(c) + " of " +
                  std::to_string(count) + " has none in " + targets.describe());
    rows[c] = static_cast<double>(labels.size()) / (static_cast<double>(count) * rows[c]);
  }
  return tensor(rows, {.dtype = float32});
}

namespace {

double score_of(ThresholdGoal goal, double true_positives, double false_positives, double positives,
                double negatives) {
  switch (goal) {
    case ThresholdGoal::f1:
      return 2 * true_positives / (positives + true_positives + false_positives);
    case ThresholdGoal::accuracy:
      return (true_positives + negatives - false_positives) / (positives + negatives);
    default:
      return true_positives / positives - false_positives / negatives;
  }
}

}  // namespace

Threshold tune_threshold(const Tensor& scores, const Tensor& targets, ThresholdGoal goal) {
  constexpr const char* op = "tune_threshold";
  if (has_classes(op, scores, targets))
    throw Error(std::string(op) + ": the scores must be one number a row: they are " + scores.describe());
  const auto labels = labels_of(op, scores, targets, 2);
  const auto numbers = numbers_of(scores);
  const auto positives = static_cast<double>(std::ranges::count(labels, 1));
  const double negatives = static_cast<double>(labels.size()) - positives;
  if (positives == 0 || negatives == 0)
    throw Error(std::string(op) + ": it needs rows of both classes: all " + std::to_string(labels.size()) +
                " targets are " + (positives == 0 ? "0" : "1"));
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return numbers[a] > numbers[b]; });
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Threshold best{numbers[order.front()], score_of(goal, 0, 0, positives, negatives)};  // none is above it
  double right = 0, wrong = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    (labels[order[i]] == 1 ? right : wrong) += 1;
    const double here = numbers[order[i]];
    const double below = i + 1 < order.size() ? numbers[order[i + 1]] : -infinity;
    if (here == below) continue;
    const double score = score_of(goal, right, wrong, positives, negatives);
    const double middle = below == -infinity ? here - 1 : below + (here - below) / 2;
    if (score > best.score) best = {middle, score};
  }
  return best;
}

}  // namespace xgrad::train
