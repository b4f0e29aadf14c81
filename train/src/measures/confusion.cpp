#include "xgrad/train/measures/confusion.hpp"

#include <algorithm>

#include "measures/kind.hpp"
#include "measures/rows.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/reduce.hpp"

namespace xgrad::train {

namespace {

std::vector<std::int64_t> largest_of(const Tensor& prediction) {
  const Tensor index = argmax(prediction.detach(), 1);
  const auto data = index.data<std::int64_t>();
  return {data.begin(), data.end()};
}

std::vector<std::int64_t> above(const Tensor& prediction, double threshold) {
  std::vector<std::int64_t> classes;
  for (const double v : numbers_of(prediction)) classes.push_back(v > threshold);
  return classes;
}

double share(double part, double whole) { return whole == 0 ? 0 : part / whole; }

}  // namespace

void ConfusionCounts::grow(std::int64_t classes) {
  if (counts_.defined() && counts_.size(0) >= classes) return;
  Tensor larger = zeros({classes, classes}, {.dtype = int64});
  const auto to = larger.mutable_data<std::int64_t>();
  for (std::int64_t t = 0; t < this->classes(); ++t)
    for (std::int64_t p = 0; p < this->classes(); ++p)
      to[static_cast<std::size_t>(t * classes + p)] = count(t, p);
  counts_ = larger;
}

void ConfusionCounts::update(const Tensor& prediction, const Tensor& target) {
  const bool classed = has_classes(name(), prediction, target);
  const std::int64_t classes = classed ? prediction.size(1) : 2;
  const auto right = labels_of(name(), prediction, target, classes);
  const auto taken = classed && !right.empty() ? largest_of(prediction) : above(prediction, threshold_);
  if (right.empty()) return;
  grow(classes);
  const auto counts = counts_.mutable_data<std::int64_t>();
  const std::int64_t width = counts_.size(0);
  for (std::size_t i = 0; i < right.size(); ++i)
    ++counts[static_cast<std::size_t>(right[i] * width + taken[i])];
}

void ConfusionCounts::merge(const Measure& other) {
  const auto& o = same_kind(*this, other);
  if (!o.counts_.defined()) return;
  grow(o.classes());
  const auto counts = counts_.mutable_data<std::int64_t>();
  const std::int64_t width = counts_.size(0);
  for (std::int64_t t = 0; t < o.classes(); ++t)
    for (std::int64_t p = 0; p < o.classes(); ++p)
      counts[static_cast<std::size_t>(t * width + p)] += o.count(t, p);
}

void ConfusionCounts::visit(Visitor& v) {
  v.lazy("counts", counts_);
  v.check([this] {
    if (counts_.defined() &&
        (counts_.dtype() != int64 || counts_.dim() != 2 || counts_.size(0) != counts_.size(1)))
      throw Error(name() + ": the counts must be an int64 square: they are " + counts_.describe());
  });
}

Tensor ConfusionCounts::counts() const {
  check_rows(*this, rows());
  return counts_.clone();
}

std::int64_t ConfusionCounts::rows() const {
  return counts_.defined() ? counts_.sum().item<std::int64_t>() : 0;
}

std::int64_t ConfusionCounts::count(std::int64_t target, std::int64_t prediction) const {
  return counts_.data<std::int64_t>()[static_cast<std::size_t>(target * classes() + prediction)];
}

std::int64_t ConfusionCounts::predicted(std::int64_t c) const {
  std::int64_t sum = 0;
  for (std::int64_t t = 0; t < classes(); ++t) sum += count(t, c);
  return sum;
}

std::int64_t ConfusionCounts::actual(std::int64_t c) const {
  std::int64_t sum = 0;
  for (std::int64_t p = 0; p < classes(); ++p) sum += count(c, p);
  return sum;
}

double Accuracy::value() const {
  check_rows(*this, rows());
  std::int64_t right = 0;
  for (std::int64_t c = 0; c < classes(); ++c) right += count(c, c);
  return static_cast<double>(right) / static_cast<double>(rows());
}

double ConfusionMatrix::value() const {
  check_rows(*this, rows());
  std::int64_t right = 0;
  for (std::int64_t c = 0; c < classes(); ++c) right += count(c, c);
  return static_cast<double>(right) / static_cast<double>(rows());
}

std::string PerClass::name() const {
  switch (average_) {
    case Average::micro:
      return name_ + "_micro";
    case Average::weighted:
      return name_ + "_weighted";
    default:
      return name_;
  }
}

std::vector<double> PerClass::values() const {
  check_rows(*this, rows());
  std::vector<double> all;
  for (std::int64_t c = 0; c < classes(); ++c)
    all.push_back(of(static_cast<double>(count(c, c)), static_cast<double>(predicted(c)),
                     static_cast<double>(actual(c))));
  return all;
}

double PerClass::value() const {
  const std::vector<double> each = values();
  if (average_ == Average::binary) {
    if (classes() != 2)
      throw Error(name() + ": Average::binary needs two classes: there are " + std::to_string(classes()) +
                  "; use macro or micro");
    return each[1];
  }
  double right = 0, sum = 0, weights = 0;
  for (std::int64_t c = 0; c < classes(); ++c) {
    const auto of_class = static_cast<double>(actual(c));
    right += static_cast<double>(count(c, c));
    const double weight = average_ == Average::weighted ? of_class : of_class > 0 || predicted(c) > 0;
    sum += weight * each[static_cast<std::size_t>(c)];
    weights += weight;
  }
  const auto all = static_cast<double>(rows());
  return average_ == Average::micro ? of(right, all, all) : sum / weights;
}

double Precision::of(double right, double predicted, double) const { return share(right, predicted); }
double Recall::of(double right, double, double actual) const { return share(right, actual); }
double F1::of(double right, double predicted, double actual) const {
  return share(2 * right, predicted + actual);
}

std::unique_ptr<Measure> Accuracy::copy() const { return copied(*this); }
std::unique_ptr<Measure> ConfusionMatrix::copy() const { return copied(*this); }
std::unique_ptr<Measure> Precision::copy() const { return copied(*this); }
std::unique_ptr<Measure> Recall::copy() const { return copied(*this); }
std::unique_ptr<Measure> F1::copy() const { return copied(*this); }

TopKAccuracy::TopKAccuracy(std::int64_t k) : k_(k) {
  if (k < 1) throw Error("TopKAccuracy: k must be at least 1: it is " + std::to_string(k));
}

void TopKAccuracy::update(const Tensor& prediction, const Tensor& target) {
  if (!has_classes(name(), prediction, target))
    throw Error(name() + ": the prediction must be [rows, classes]: it is " + prediction.describe());
  const std::int64_t classes = prediction.size(1);
  const auto labels = labels_of(name(), prediction, target, classes);
  const auto numbers = numbers_of(prediction);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const double* of_row = numbers.data() + row * static_cast<std::size_t>(classes);
    std::int64_t before = 0;
    for (std::int64_t c = 0; c < classes; ++c)
      before += of_row[c] > of_row[labels[row]] || (of_row[c] == of_row[labels[row]] && c < labels[row]);
    right_ += before < k_;
  }
  rows_ += std::ssize(labels);
}

void TopKAccuracy::merge(const Measure& other) {
  const auto& o = same_kind(*this, other);
  right_ += o.right_, rows_ += o.rows_;
}

double TopKAccuracy::value() const {
  check_rows(*this, rows_);
  return static_cast<double>(right_) / static_cast<double>(rows_);
}

std::unique_ptr<Measure> TopKAccuracy::copy() const { return std::make_unique<TopKAccuracy>(*this); }

}  // namespace xgrad::train
