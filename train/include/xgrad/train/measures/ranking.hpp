#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xgrad/train/measure.hpp"

namespace xgrad::train {

/// A point of a curve, at the threshold from which on rows are taken for class 1.
struct RocPoint {
  double threshold, false_positive_rate, true_positive_rate;
};
struct PrecisionRecallPoint {
  double threshold, precision, recall;
};

/// The scores of rows of class 1 and of class 0, all of them: 9 bytes a row. Targets are 0 and 1, of any
/// dtype; predictions have their shape ([rows, 1] does for [rows]); or they are [rows, 2], and the second
/// minus the first is the score. Only the order of the scores counts, so they may be logits or probabilities.
class Ranking : public Measure {
 public:
  void update(const Tensor& prediction, const Tensor& target) override;
  void merge(const Measure& other) override;
  void reset() override { scores_.clear(), labels_.clear(); }
  void visit(Visitor& v) override;
  bool is_quick() const override { return false; }
  bool more_is_better() const override { return true; }

 protected:
  /// All rows of one score: how many of each class.
  struct Step {
    double score;
    std::int64_t positive, negative;
  };
  /// From the highest score to the lowest. Throws Error without a row, and where a class has none.
  std::vector<Step> steps(bool needs_negative) const;

 private:
  std::vector<double> scores_;
  std::vector<std::uint8_t> labels_;
  Tensor packed_;  ///< the same as a state
};

/// The area under the curve of true positives over false positives: the probability that a row of class 1 has
/// a higher score than one of class 0, equal ones counted half.
class RocAuc : public Ranking {
 public:
  std::string name() const override { return "auc"; }
  double value() const override;
  /// From (0, 0), at an infinite threshold, to (1, 1).
  std::vector<RocPoint> curve() const;
  std::unique_ptr<Measure> copy() const override;
};

/// sum_n (R_n - R_{n-1}) P_n over falling thresholds, R recall and P precision.
class AveragePrecision : public Ranking {
 public:
  std::string name() const override { return "average_precision"; }
  double value() const override;
  /// From the highest threshold to the lowest.
  std::vector<PrecisionRecallPoint> curve() const;
  std::unique_ptr<Measure> copy() const override;
};

}  // namespace xgrad::train
