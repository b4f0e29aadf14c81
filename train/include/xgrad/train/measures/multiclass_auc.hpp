#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xgrad/train/measure.hpp"

namespace xgrad::train {

/// What is told apart from what.
enum class AucPairs : std::uint8_t {
  one_vs_rest,  ///< each class from all others, by its probability. Provost and Domingos, 2000
  one_vs_one,   ///< each class from each other, by the probabilities of both. Hand and Till, 2001
};

struct MulticlassAucOptions {
  AucPairs pairs = AucPairs::one_vs_rest;
  bool weighted = false;    ///< a class, or a pair, counts by its rows; else all count alike
  bool from_logits = true;  ///< softmax makes the probabilities
};

/// The area under the curve of true positives over false positives for several classes. With A(i|j) the
/// probability that a row of class i has a higher probability of i than one of class j, equal ones counted
/// half, it is the mean over classes i of A(i|all others), or over pairs of (A(i|j) + A(j|i)) / 2, which does
/// not change with the shares of the classes. Predictions are [rows, classes] with int64 classes [rows]; all
/// of them are kept, 8 bytes a number.
///
/// `value` throws Error where a class has no row, and names it.
class MulticlassAuc : public Measure {
 public:
  explicit MulticlassAuc(MulticlassAucOptions options = {}) : options_(options) {}
  /// "auc_one_vs_rest", "auc_one_vs_one", with "_weighted" behind.
  std::string name() const override;
  /// Throws Error for other shapes, fewer than two classes, a label out of range, another number of classes
  /// than before, and a nan.
  void update(const Tensor& prediction, const Tensor& target) override;
  void merge(const Measure& other) override;
  double value() const override;
  void reset() override { scores_.clear(), labels_.clear(), classes_ = 0; }
  void visit(Visitor& v) override;
  std::unique_ptr<Measure> copy() const override;
  bool is_quick() const override { return false; }
  bool more_is_better() const override { return true; }

 private:
  double above(std::int64_t i, std::int64_t j) const;
  std::vector<double> rows_of_classes() const;
  void check_classes(std::int64_t classes) const;

  MulticlassAucOptions options_;
  std::int64_t classes_ = 0;  ///< 0 before the first row
  std::vector<double> scores_;
  std::vector<std::int64_t> labels_;
  Tensor packed_;  ///< the same as a state
};

}  // namespace xgrad::train
