#include "xgrad/train/measures/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "measures/kind.hpp"
#include "measures/rows.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

void Ranking::update(const Tensor& prediction, const Tensor& target) {
  const bool classed = has_classes(name(), prediction, target);
  if (classed && prediction.size(1) != 2)
    throw Error(name() + ": there must be two classes: prediction is " + prediction.describe() +
                "; measure one class against the others by its column");
  const auto labels = labels_of(name(), prediction, target, 2);
  const auto numbers = numbers_of(prediction);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (std::isnan(numbers[i]))
      throw Error(name() + ": a score must be a number: element " + std::to_string(i) + " of " +
                  prediction.describe() + " is nan");
  for (std::size_t i = 0; i < labels.size(); ++i) {
    scores_.push_back(classed ? numbers[2 * i + 1] - numbers[2 * i] : numbers[i]);
    labels_.push_back(static_cast<std::uint8_t>(labels[i]));
  }
}

void Ranking::merge(const Measure& other) {
  const auto& o = same_kind(*this, other);
  const std::vector<double> scores = o.scores_;  // of this one, where both are the same
  const std::vector<std::uint8_t> labels = o.labels_;
  scores_.insert(scores_.end(), scores.begin(), scores.end());
  labels_.insert(labels_.end(), labels.begin(), labels.end());
}

void Ranking::visit(Visitor& v) {
  std::vector<double> pairs = scores_;
  pairs.insert(pairs.end(), labels_.begin(), labels_.end());
  packed_ = tensor(pairs, {2, std::ssize(scores_)});
  v.lazy("rows", packed_);
  v.check([this] {
    if (!packed_.defined() || packed_.dtype() != float64 || packed_.dim() != 2 || packed_.size(0) != 2)
      throw Error(name() + ": the rows must be float64 [2, rows]: they are " +
                  (packed_.defined() ? packed_.describe() : "undefined"));
  });
  v.loaded([this] {
    const auto data = packed_.data<double>();
    const auto n = static_cast<std::ptrdiff_t>(data.size() / 2);
    scores_.assign(data.begin(), data.begin() + n);
    labels_.clear();
    for (const double label : data.subspan(static_cast<std::size_t>(n))) labels_.push_back(label != 0);
  });
}

std::vector<Ranking::Step> Ranking::steps(bool needs_negative) const {
  check_rows(*this, std::ssize(scores_));
  std::vector<std::size_t> order(scores_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return scores_[a] > scores_[b]; });
  std::vector<Step> steps;
  for (const std::size_t i : order) {
    if (steps.empty() || steps.back().score != scores_[i]) steps.push_back({scores_[i], 0, 0});
    ++(labels_[i] ? steps.back().positive : steps.back().negative);
  }
  const auto positive = std::ranges::count(labels_, 1);
  if (positive == 0 || (needs_negative && positive == std::ssize(labels_)))
    throw Error(name() + ": it needs rows of both classes: all " + std::to_string(labels_.size()) +
                " targets are " + (positive == 0 ? "0" : "1"));
  return steps;
}

double RocAuc::value() const {
  double above = 0, pairs = 0, positive = 0, negative = 0;
  for (const Step& s : steps(true)) {
    const auto p = static_cast<double>(s.positive), n = static_cast<double>(s.negative);
    above += n * positive + n * p / 2;
    positive += p, negative += n;
  }
  pairs = positive * negative;
  return above / pairs;
}

std::vector<RocPoint> RocAuc::curve() const {
  const auto all = steps(true);
  double positive = 0, negative = 0;
  for (const Step& s : all)
    positive += static_cast<double>(s.positive), negative += static_cast<double>(s.negative);
  std::vector<RocPoint> points{{std::numeric_limits<double>::infinity(), 0, 0}};
  double p = 0, n = 0;
  for (const Step& s : all) {
    p += static_cast<double>(s.positive), n += static_cast<double>(s.negative);
    points.push_back({s.score, n / negative, p / positive});
  }
  return points;
}

std::vector<PrecisionRecallPoint> AveragePrecision::curve() const {
  const auto all = steps(false);
  double positive = 0, p = 0, n = 0;
  for (const Step& s : all) positive += static_cast<double>(s.positive);
  std::vector<PrecisionRecallPoint> points;
  for (const Step& s : all) {
    p += static_cast<double>(s.positive), n += static_cast<double>(s.negative);
    points.push_back({s.score, p / (p + n), p / positive});
  }
  return points;
}

double AveragePrecision::value() const {
  double sum = 0, before = 0;
  for (const PrecisionRecallPoint& point : curve()) {
    sum += (point.recall - before) * point.precision;
    before = point.recall;
  }
  return sum;
}

std::unique_ptr<Measure> RocAuc::copy() const { return std::make_unique<RocAuc>(*this); }
std::unique_ptr<Measure> AveragePrecision::copy() const { return std::make_unique<AveragePrecision>(*this); }

}  // namespace xgrad::train
