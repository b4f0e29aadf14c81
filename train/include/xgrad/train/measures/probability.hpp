#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xgrad/train/measure.hpp"

namespace xgrad::train {

struct PerplexityOptions {
  std::int64_t ignore_index = -100;  ///< a label whose rows do not count
};

/// exp of the mean of -log softmax(logits)[target] over all rows; targets are int64 classes [...],
/// predictions logits [..., classes].
class Perplexity : public Measure {
 public:
  explicit Perplexity(PerplexityOptions options = {}) : options_(options) {}
  std::string name() const override { return "perplexity"; }
  void update(const Tensor& prediction, const Tensor& target) override;
  void merge(const Measure& other) override;
  double value() const override;
  void reset() override { sum_ = 0, rows_ = 0; }
  void visit(Visitor& v) override { v("sum", sum_), v("rows", rows_); }
  std::unique_ptr<Measure> copy() const override;
  bool more_is_better() const override { return false; }

 private:
  PerplexityOptions options_;
  double sum_ = 0;
  std::int64_t rows_ = 0;
};

struct CalibrationErrorOptions {
  std::int64_t bins = 15;
  bool from_logits = true;  ///< softmax, or sigmoid of one number, makes the probabilities
};

/// The expected calibration error: over bins of the probability of the predicted class, |accuracy - mean
/// probability| weighted by the share of rows. Naeini et al., 2015; Guo et al., 2017. Predictions are
/// [rows, classes] with int64 classes [rows], or of the shape of targets of 0 and 1.
class CalibrationError : public Measure {
 public:
  /// Throws Error for bins < 1.
  explicit CalibrationError(CalibrationErrorOptions options = {});
  std::string name() const override { return "calibration_error"; }
  void update(const Tensor& prediction, const Tensor& target) override;
  void merge(const Measure& other) override;
  double value() const override;
  void reset() override;
  void visit(Visitor& v) override;
  std::unique_ptr<Measure> copy() const override;
  bool more_is_better() const override { return false; }

  /// What lies in a bin: its rows, the sum of their probabilities, and those that are right.
  struct Bin {
    double rows = 0, probability = 0, right = 0;
    void visit(Visitor& v) { v("rows", rows), v("probability", probability), v("right", right); }
  };
  const std::vector<Bin>& bins() const { return bins_; }

 private:
  void add(std::vector<Bin>& bins, double probability, bool is_right) const;

  CalibrationErrorOptions options_;
  std::vector<Bin> bins_;
};

}  // namespace xgrad::train
