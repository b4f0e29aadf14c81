#include "xgrad/train/measures/probability.hpp"

#include <algorithm>
#include <cmath>

#include "measures/kind.hpp"
#include "measures/rows.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

namespace {

/// The logarithm of the sum of exponentials of some numbers.
double log_sum_exp(const double* x, std::int64_t n) {
  const double largest = *std::max_element(x, x + n);
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += std::exp(x[i] - largest);
  return largest + std::log(sum);
}

}  // namespace

void Perplexity::update(const Tensor& prediction, const Tensor& target) {
  if (target.dtype() != int64 || prediction.dim() != target.dim() + 1 || prediction.size(-1) == 0 ||
      prediction.numel() != target.numel() * prediction.size(-1))
    throw Error(
        "perplexity: the prediction must be logits [..., classes] of int64 targets [...]: prediction is " +
        prediction.describe() + ", target is " + target.describe());
  const std::int64_t classes = prediction.size(-1);
  std::vector<std::int64_t> labels = target.to_vector<std::int64_t>();
  const auto logits = numbers_of(prediction);
  double sum = 0;
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == options_.ignore_index) continue;
    if (labels[i] < 0 || labels[i] >= classes)
      throw Error("perplexity: a label must be one of 0 to " + std::to_string(classes - 1) +
                  ": that in row " + std::to_string(i) + " is " + std::to_string(labels[i]));
    const double* row = logits.data() + i * static_cast<std::size_t>(classes);
    sum += log_sum_exp(row, classes) - row[labels[i]];
    ++rows;
  }
  sum_ += sum, rows_ += rows;
}

void Perplexity::merge(const Measure& other) {
  const auto& o = same_kind(*this, other);
  sum_ += o.sum_, rows_ += o.rows_;
}

double Perplexity::value() const {
  check_rows(*this, rows_);
  return std::exp(sum_ / static_cast<double>(rows_));
}

std::unique_ptr<Measure> Perplexity::copy() const { return std::make_unique<Perplexity>(*this); }

CalibrationError::CalibrationError(CalibrationErrorOptions options) : options_(options) {
  if (options.bins < 1)
    throw Error("CalibrationError: bins must be at least 1: it is " + std::to_string(options.bins));
  reset();
}

void CalibrationError::reset() { bins_.assign(static_cast<std::size_t>(options_.bins), Bin{}); }

void CalibrationError::add(std::vector<Bin>& bins, double probability, bool is_right) const {
  if (!(probability >= 0 && probability <= 1))
    throw Error("calibration_error: a probability must be in [0, 1]: it is " + std::to_string(probability) +
                "; with from_logits = true, predictions may be any numbers");
  // Bins are (0, 1/n], (1/n, 2/n], ..., as in the paper.
  const double place = std::ceil(probability * static_cast<double>(options_.bins)) - 1;
  Bin& bin = bins[static_cast<std::size_t>(std::max(place, 0.0))];
  bin.rows += 1, bin.probability += probability, bin.right += is_right;
}

void CalibrationError::update(const Tensor& prediction, const Tensor& target) {
  const bool classed = has_classes(name(), prediction, target);
  const std::int64_t classes = classed ? prediction.size(1) : 2;
  const auto labels = labels_of(name(), prediction, target, classes);
  const auto numbers = numbers_of(prediction);
  std::vector<Bin> bins = bins_;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (classed) {
      const double* row = numbers.data() + i * static_cast<std::size_t>(classes);
      const std::int64_t best = std::max_element(row, row + classes) - row;
      add(bins, options_.from_logits ? std::exp(row[best] - log_sum_exp(row, classes)) : row[best],
          best == labels[i]);
    } else {
      const double p = options_.from_logits ? 1 / (1 + std::exp(-numbers[i])) : numbers[i];
      add(bins, std::max(p, 1 - p), (p > 0.5) == (labels[i] == 1));
    }
  }
  bins_.swap(bins);
}

void CalibrationError::merge(const Measure& other) {
  const auto& o = same_kind(*this, other);
  if (o.bins_.size() != bins_.size()) refuse_kind(*this, other);
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    bins_[i].rows += o.bins_[i].rows;
    bins_[i].probability += o.bins_[i].probability;
    bins_[i].right += o.bins_[i].right;
  }
}

double CalibrationError::value() const {
  double rows = 0, sum = 0;
  for (const Bin& bin : bins_) {
    rows += bin.rows;
    sum += std::abs(bin.right - bin.probability);
  }
  check_rows(*this, static_cast<std::int64_t>(rows));
  return sum / rows;
}

void CalibrationError::visit(Visitor& v) { v("bins", bins_); }

std::unique_ptr<Measure> CalibrationError::copy() const { return std::make_unique<CalibrationError>(*this); }

}  // namespace xgrad::train
