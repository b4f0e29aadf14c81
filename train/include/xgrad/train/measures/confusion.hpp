#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xgrad/train/measure.hpp"

namespace xgrad::train {

/// How often each class was predicted where each was right.
///
/// Targets are int64 classes [rows] with predictions [rows, classes], of which the largest is the class that
/// is predicted; or 0 and 1, of any dtype, with predictions of the same shape (or [rows, 1] for [rows]),
/// which are class 1 above `threshold`.
class ConfusionCounts : public Measure {
 public:
  void update(const Tensor& prediction, const Tensor& target) override;
  void merge(const Measure& other) override;
  void reset() override { counts_ = {}; }
  void visit(Visitor& v) override;
  bool more_is_better() const override { return true; }

  /// counts[t][p]: rows of class t that were taken for class p; int64 [classes, classes]. Throws Error before
  /// the first row.
  Tensor counts() const;

 protected:
  explicit ConfusionCounts(double threshold) : threshold_(threshold) {}
  /// A copy, with counts of its own.
  template <class M>
  static std::unique_ptr<Measure> copied(const M& measure) {
    auto copy = std::make_unique<M>(measure);
    if (copy->counts_.defined()) copy->counts_ = copy->counts_.clone();
    return copy;
  }

  std::int64_t rows() const;
  std::int64_t classes() const { return counts_.defined() ? counts_.size(0) : 0; }
  std::int64_t count(std::int64_t target, std::int64_t prediction) const;
  std::int64_t predicted(std::int64_t c) const;  ///< rows that were taken for class c
  std::int64_t actual(std::int64_t c) const;     ///< rows of class c

 private:
  void grow(std::int64_t classes);

  double threshold_;
  Tensor counts_;
};

struct AccuracyOptions {
  double threshold = 0.5;  ///< of predictions of one number; 0 where they are logits
};

/// The share of rows whose class is right.
class Accuracy : public ConfusionCounts {
 public:
  explicit Accuracy(AccuracyOptions options = {}) : ConfusionCounts(options.threshold) {}
  std::string name() const override { return "accuracy"; }
  double value() const override;
  std::unique_ptr<Measure> copy() const override;
};

/// The whole table, see counts(); its value is the accuracy.
class ConfusionMatrix : public ConfusionCounts {
 public:
  explicit ConfusionMatrix(AccuracyOptions options = {}) : ConfusionCounts(options.threshold) {}
  std::string name() const override { return "confusion"; }
  double value() const override;
  std::unique_ptr<Measure> copy() const override;
};

/// How the numbers of the classes become one.
enum class Average : std::uint8_t {
  binary,    ///< that of class 1
  macro,     ///< their mean, over the classes that occur in targets or predictions
  micro,     ///< of all classes' counts together: for classes that exclude each other, the accuracy
  weighted,  ///< their mean, weighted by the rows of each class
};

struct PrecisionOptions {
  Average average = Average::macro;
  double threshold = 0.5;
};

/// The base of those that compare, for each class, what was taken for it and what was of it. A share of no
/// rows is 0, as scikit-learn has it by default. With Average::binary, value() throws Error for more than two
/// classes.
class PerClass : public ConfusionCounts {
 public:
  std::string name() const override;
  double value() const override;
  /// One number for each class. Throws Error before the first row.
  std::vector<double> values() const;

 protected:
  PerClass(std::string name, PrecisionOptions options)
      : ConfusionCounts(options.threshold), name_(std::move(name)), average_(options.average) {}
  /// Of rows that are right, that were taken for a class, and that are of it.
  virtual double of(double right, double predicted, double actual) const = 0;

 private:
  std::string name_;
  Average average_;
};

/// Of the rows taken for a class, the share that is of it.
class Precision : public PerClass {
 public:
  explicit Precision(PrecisionOptions options = {}) : PerClass("precision", options) {}
  std::unique_ptr<Measure> copy() const override;

 private:
  double of(double right, double predicted, double actual) const override;
};

/// Of the rows of a class, the share that was taken for it.
class Recall : public PerClass {
 public:
  explicit Recall(PrecisionOptions options = {}) : PerClass("recall", options) {}
  std::unique_ptr<Measure> copy() const override;

 private:
  double of(double right, double predicted, double actual) const override;
};

/// 2 right / (predicted + actual): the harmonic mean of precision and recall.
class F1 : public PerClass {
 public:
  explicit F1(PrecisionOptions options = {}) : PerClass("f1", options) {}
  std::unique_ptr<Measure> copy() const override;

 private:
  double of(double right, double predicted, double actual) const override;
};

/// The share of rows whose class is among the k largest predictions; of equal ones the first count as larger.
class TopKAccuracy : public Measure {
 public:
  /// Throws Error for k < 1.
  explicit TopKAccuracy(std::int64_t k = 5);
  std::string name() const override { return "top" + std::to_string(k_); }
  void update(const Tensor& prediction, const Tensor& target) override;
  void merge(const Measure& other) override;
  double value() const override;
  void reset() override { right_ = rows_ = 0; }
  std::unique_ptr<Measure> copy() const override;
  bool more_is_better() const override { return true; }
  void visit(Visitor& v) override { v("right", right_), v("rows", rows_); }

 private:
  std::int64_t k_, right_ = 0, rows_ = 0;
};

}  // namespace xgrad::train
