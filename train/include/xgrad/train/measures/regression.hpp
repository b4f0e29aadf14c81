#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xgrad/train/measure.hpp"

namespace xgrad::train {

/// Sums over the elements of predictions and targets of the same shape. Throws Error for other shapes, so
/// that [rows, 1] and [rows] do not meet.
class ElementMean : public Measure {
 public:
  void update(const Tensor& prediction, const Tensor& target) override;
  void merge(const Measure& other) override;
  void reset() override { sum_ = 0, count_ = 0; }
  void visit(Visitor& v) override { v("sum", sum_), v("count", count_); }
  bool more_is_better() const override { return false; }

 protected:
  virtual double of(double difference) const = 0;
  double mean() const;

 private:
  double sum_ = 0;
  std::int64_t count_ = 0;
};

/// The mean of |prediction - target|.
class MeanAbsoluteError : public ElementMean {
 public:
  std::string name() const override { return "mae"; }
  double value() const override { return mean(); }
  std::unique_ptr<Measure> copy() const override;

 private:
  double of(double difference) const override;
};

/// The root of the mean of (prediction - target)^2.
class RootMeanSquaredError : public ElementMean {
 public:
  std::string name() const override { return "rmse"; }
  double value() const override;
  std::unique_ptr<Measure> copy() const override;

 private:
  double of(double difference) const override;
};

/// 1 - sum (target - prediction)^2 / sum (target - mean target)^2, of [rows] or of the mean over the columns
/// of [rows, outputs]. A column of equal targets has 1 where all predictions are right and else 0, as
/// scikit-learn has it. Batches are put together as Chan et al., 1979, do, without cancellation.
class RSquared : public Measure {
 public:
  std::string name() const override { return "r2"; }
  void update(const Tensor& prediction, const Tensor& target) override;
  void merge(const Measure& other) override;
  double value() const override;
  void reset() override { columns_.clear(); }
  void visit(Visitor& v) override;
  std::unique_ptr<Measure> copy() const override;
  bool more_is_better() const override { return true; }

 private:
  struct Column {
    double count = 0, mean = 0, squares = 0, errors = 0;
    void add(const Column& o);
  };
  void add(const std::vector<Column>& columns);

  std::vector<Column> columns_;
  Tensor packed_;
};

}  // namespace xgrad::train
