#include "xgrad/train/measures/multiclass_auc.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "measures/kind.hpp"
#include "measures/rows.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::train {

namespace {

constexpr std::int64_t all_others = -1;

}  // namespace

std::string MulticlassAuc::name() const {
  return std::string(options_.pairs == AucPairs::one_vs_rest ? "auc_one_vs_rest" : "auc_one_vs_one") +
         (options_.weighted ? "_weighted" : "");
}

void MulticlassAuc::check_classes(std::int64_t classes) const {
  if (classes_ != 0 && classes != classes_)
    throw Error(name() + ": all rows need the same number of classes: there are " + std::to_string(classes) +
                " after " + std::to_string(classes_));
}

void MulticlassAuc::update(const Tensor& prediction, const Tensor& target) {
  if (!has_classes(name(), prediction, target) || prediction.dim() != 2 || prediction.size(1) < 2)
    throw Error(name() + ": predictions must be [rows, classes] with two classes or more: prediction is " +
                prediction.describe() + "; for one number a row there is RocAuc");
  const std::int64_t classes = prediction.size(1);
  check_classes(classes);
  const auto labels = labels_of(name(), prediction, target, classes);
  const NoGrad guard;
  const Tensor doubles = prediction.to(float64);
  const auto numbers = numbers_of(options_.from_logits ? softmax(doubles, 1) : doubles);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (std::isnan(numbers[i]))
      throw Error(name() + ": a score must be a number: element " + std::to_string(i) + " of " +
                  prediction.describe() + " is nan");
  classes_ = classes;
  scores_.insert(scores_.end(), numbers.begin(), numbers.end());
  labels_.insert(labels_.end(), labels.begin(), labels.end());
}

void MulticlassAuc::merge(const Measure& other) {
  const auto& o = same_kind(*this, other);
  if (o.labels_.empty()) return;
  check_classes(o.classes_);
  const std::vector<double> scores = o.scores_;  // of this one, where both are the same
  const std::vector<std::int64_t> labels = o.labels_;
  classes_ = o.classes_;
  scores_.insert(scores_.end(), scores.begin(), scores.end());
  labels_.insert(labels_.end(), labels.begin(), labels.end());
}

/// The share of pairs of a row of class i and one of class j, or of any other, of which the first has the
/// higher score of class i.
double MulticlassAuc::above(std::int64_t i, std::int64_t j) const {
  std::vector<std::pair<double, bool>> rows;  // a score, and whether it is one of class i
  for (std::size_t r = 0; r < labels_.size(); ++r)
    if (labels_[r] == i || labels_[r] == j || j == all_others)
      rows.emplace_back(scores_[r * static_cast<std::size_t>(classes_) + static_cast<std::size_t>(i)],
                        labels_[r] == i);
  std::ranges::sort(rows);
  double pairs = 0, below = 0, positive = 0;
  for (std::size_t first = 0, last = 0; first < rows.size(); first = last) {
    double own = 0, others = 0;
    for (; last < rows.size() && rows[last].first == rows[first].first; ++last)
      ++(rows[last].second ? own : others);
    pairs += own * (below + others / 2);
    below += others, positive += own;
  }
  return pairs / (positive * below);
}

std::vector<double> MulticlassAuc::rows_of_classes() const {
  check_rows(*this, std::ssize(labels_));
  std::vector<double> counts(static_cast<std::size_t>(classes_));
  for (const std::int64_t label : labels_) ++counts[static_cast<std::size_t>(label)];
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (counts[c] == 0)
      throw Error(name() + ": it needs rows of every class: of class " + std::to_string(c) +
                  " there are 0 of " + std::to_string(labels_.size()));
  return counts;
}

double MulticlassAuc::value() const {
  const std::vector<double> counts = rows_of_classes();
  double sum = 0, weights = 0;
  const auto take_in = [&](double area, double rows) {
    const double weight = options_.weighted ? rows : 1;
    sum += weight * area, weights += weight;
  };
  for (std::int64_t i = 0; i < classes_; ++i) {
    const double rows = counts[static_cast<std::size_t>(i)];
    if (options_.pairs == AucPairs::one_vs_rest)
      take_in(above(i, all_others), rows);
    else
      for (std::int64_t j = i + 1; j < classes_; ++j)
        take_in((above(i, j) + above(j, i)) / 2, rows + counts[static_cast<std::size_t>(j)]);
  }
  return sum / weights;
}

void MulticlassAuc::visit(Visitor& v) {
  std::vector<double> rows = scores_;
  rows.insert(rows.end(), labels_.begin(), labels_.end());
  packed_ = tensor(rows, {classes_ + 1, std::ssize(labels_)});
  v.lazy("rows", packed_);
  v.check([this] {
    if (!packed_.defined() || packed_.dtype() != float64 || packed_.dim() != 2 || packed_.size(0) < 1)
      throw Error(name() + ": the rows must be float64 [classes + 1, rows]: they are " +
                  (packed_.defined() ? packed_.describe() : "undefined"));
    const std::int64_t classes = packed_.size(0) - 1;
    for (const double label : packed_[classes].data<double>())
      if (!(label >= 0 && label < static_cast<double>(classes) && label == std::floor(label)))
        throw Error(name() + ": a label must be a class of " + std::to_string(classes) + ": it is " +
                    std::to_string(label));
  });
  v.loaded([this] {
    const auto data = packed_.data<double>();
    classes_ = packed_.size(0) - 1;
    const auto numbers = static_cast<std::ptrdiff_t>(classes_ * packed_.size(1));
    scores_.assign(data.begin(), data.begin() + numbers);
    labels_.assign(data.begin() + numbers, data.end());
  });
}

std::unique_ptr<Measure> MulticlassAuc::copy() const { return std::make_unique<MulticlassAuc>(*this); }

}  // namespace xgrad::train
