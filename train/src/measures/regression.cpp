#include "xgrad/train/measures/regression.hpp"

#include <cmath>

#include "measures/kind.hpp"
#include "measures/rows.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

void ElementMean::update(const Tensor& prediction, const Tensor& target) {
  check_same_shape(name(), prediction, target);
  const auto p = numbers_of(prediction), t = numbers_of(target);
  for (std::size_t i = 0; i < p.size(); ++i) sum_ += of(p[i] - t[i]);
  count_ += std::ssize(p);
}

void ElementMean::merge(const Measure& other) {
  const auto& o = same_kind(*this, other);
  sum_ += o.sum_, count_ += o.count_;
}

double ElementMean::mean() const {
  check_rows(*this, count_);
  return sum_ / static_cast<double>(count_);
}

double MeanAbsoluteError::of(double difference) const { return std::abs(difference); }
double RootMeanSquaredError::of(double difference) const { return difference * difference; }
double RootMeanSquaredError::value() const { return std::sqrt(mean()); }

std::unique_ptr<Measure> MeanAbsoluteError::copy() const {
  return std::make_unique<MeanAbsoluteError>(*this);
}
std::unique_ptr<Measure> RootMeanSquaredError::copy() const {
  return std::make_unique<RootMeanSquaredError>(*this);
}
std::unique_ptr<Measure> RSquared::copy() const { return std::make_unique<RSquared>(*this); }

void RSquared::Column::add(const Column& o) {
  const double both = count + o.count;
  if (both == 0) return;
  const double delta = o.mean - mean;
  mean += delta * o.count / both;
  squares += o.squares + delta * delta * count * o.count / both;
  errors += o.errors;
  count = both;
}

void RSquared::add(const std::vector<Column>& columns) {
  if (columns_.empty()) columns_.resize(columns.size());
  if (columns_.size() != columns.size())
    throw Error("r2: all batches must have as many columns: there are " + std::to_string(columns.size()) +
                ", and there were " + std::to_string(columns_.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) columns_[i].add(columns[i]);
}

void RSquared::update(const Tensor& prediction, const Tensor& target) {
  check_same_shape(name(), prediction, target);
  if (target.dim() != 1 && target.dim() != 2)
    throw Error("r2: the target must be [rows] or [rows, outputs]: it is " + target.describe());
  const std::size_t width = target.dim() == 2 ? static_cast<std::size_t>(target.size(1)) : 1;
  const auto p = numbers_of(prediction), t = numbers_of(target);
  if (t.empty()) return;
  std::vector<Column> columns(width);
  for (std::size_t i = 0; i < t.size(); ++i)
    columns[i % width].mean += t[i] * static_cast<double>(width) / static_cast<double>(t.size());
  for (std::size_t i = 0; i < t.size(); ++i) {
    Column& column = columns[i % width];
    const double deviation = t[i] - column.mean, error = t[i] - p[i];
    column.count += 1;
    column.squares += deviation * deviation;
    column.errors += error * error;
  }
  add(columns);
}

void RSquared::merge(const Measure& other) {
  const auto& o = same_kind(*this, other);
  if (!o.columns_.empty()) add(std::vector<Column>(o.columns_));
}

double RSquared::value() const {
  check_rows(*this, columns_.empty() ? 0 : static_cast<std::int64_t>(columns_.front().count));
  double sum = 0;
  for (const Column& column : columns_) {
    if (column.squares > 0)
      sum += 1 - column.errors / column.squares;
    else
      sum += column.errors == 0 ? 1 : 0;
  }
  return sum / static_cast<double>(columns_.size());
}

void RSquared::visit(Visitor& v) {
  std::vector<double> values;
  for (const Column& c : columns_) values.insert(values.end(), {c.count, c.mean, c.squares, c.errors});
  packed_ = tensor(values, {std::ssize(columns_), 4});
  v.lazy("columns", packed_);
  v.check([this] {
    if (!packed_.defined() || packed_.dtype() != float64 || packed_.dim() != 2 || packed_.size(1) != 4)
      throw Error("r2: the columns must be float64 [outputs, 4]: they are " +
                  (packed_.defined() ? packed_.describe() : "undefined"));
  });
  v.loaded([this] {
    const auto data = packed_.data<double>();
    columns_.clear();
    for (std::size_t i = 0; i < data.size(); i += 4)
      columns_.push_back({data[i], data[i + 1], data[i + 2], data[i + 3]});
  });
}

}  // namespace xgrad::train
