#include "xgrad/data/scaling.hpp"

#include <algorithm>
#include <cmath>

#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::data {

namespace {

[[noreturn]] void fail(const std::string& op, const std::string& what, const Tensor& x) {
  throw Error(op + ": " + what + ": x is " + (x.defined() ? x.describe() : "undefined"));
}

std::string first_bad_row(const Tensor& x) {
  const std::vector<double> values = x.to_vector<double>();
  const auto bad = std::find_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); });
  const std::int64_t columns = x.numel() / x.shape()[0];
  return std::to_string((bad - values.begin()) / columns);
}

void check_fit(const std::string& op, const Tensor& x) {
  if (!x.defined() || !is_floating(x.dtype())) fail(op, "x must be floating; convert it by x.to(float32)", x);
  if (x.dim() == 0 || x.shape()[0] == 0) fail(op, "x must have rows to learn from", x);
  if (!all(isfinite(x)).item<bool>())
    fail(op, "values must be finite, the first nan or inf is in row " + first_bad_row(x), x);
}

// `statistic` is any of those that fit has learned.
void check_columns(const std::string& op, const Tensor& x, const Tensor& statistic) {
  if (!statistic.defined()) fail(op, "nothing was learned yet; call fit first", x);
  if (!x.defined() || x.dtype() != statistic.dtype())
    fail(op, std::string("x must be ") + name_of(statistic.dtype()) + ", as what fit saw", x);
  Shape columns = x.shape();
  if (columns.rank() > 0) columns.erase(0);
  if (x.dim() == 0 || columns != statistic.shape())
    fail(op, "x must have the columns " + statistic.shape().str() + " that fit saw", x);
}

// Statistics that were kept.
void check_pair(const std::string& op, const Tensor& a, const Tensor& b) {
  if (!a.defined() || !b.defined() || !is_floating(a.dtype()) || a.dtype() != b.dtype() ||
      a.shape() != b.shape())
    throw Error(op + ": two floating tensors of one shape are expected: they are " +
                (a.defined() ? a.describe() : "undefined") + " and " +
                (b.defined() ? b.describe() : "undefined"));
}

// Statistics that are loaded: none where nothing was learned yet.
void check_loaded(const std::string& op, const Tensor& a, const Tensor& b) {
  if (a.defined() || b.defined()) check_pair(op, a, b);
}

void check_interval(const MinMaxOptions& options) {
  if (!(options.low < options.high))
    throw Error("MinMaxScaler: low must be below high: they are " + std::to_string(options.low) + " and " +
                std::to_string(options.high));
}

}  // namespace

Standardizer::Standardizer(Tensor mean, Tensor deviation)
    : mean_(std::move(mean)), deviation_(std::move(deviation)) {
  check_pair("Standardizer", mean_, deviation_);
}

void Standardizer::visit(Visitor& v) {
  v.lazy("mean", mean_), v.lazy("deviation", deviation_);
  v.check([this] { check_loaded("Standardizer", mean_, deviation_); });
}

Standardizer& Standardizer::fit(const Tensor& x) {
  check_fit("Standardizer::fit", x);
  NoGrad guard;
  // Rounding can leave a constant column a tiny deviation, and squares of tiny numbers can vanish.
  const Tensor low = amin(x, 0);
  const Tensor constant = low == amax(x, 0);
  const Tensor deviation = stddev(x, 0, 0);
  mean_ = where(constant, low, xgrad::mean(x, 0));
  deviation_ = where(logical_or(constant, deviation == 0), 1, deviation);
  return *this;
}

Tensor Standardizer::transform(const Tensor& x) const {
  check_columns("Standardizer::transform", x, mean_);
  return (x - mean_) / deviation_;
}

Tensor Standardizer::inverse_transform(const Tensor& y) const {
  check_columns("Standardizer::inverse_transform", y, mean_);
  return y * deviation_ + mean_;
}

MinMaxScaler::MinMaxScaler(MinMaxOptions options) : options_(options) { check_interval(options); }

MinMaxScaler::MinMaxScaler(Tensor min, Tensor max, MinMaxOptions options) : MinMaxScaler(options) {
  check_pair("MinMaxScaler", min, max);
  min_ = std::move(min);
  max_ = std::move(max);
}

void MinMaxScaler::visit(Visitor& v) {
  v("low", options_.low), v("high", options_.high), v.lazy("min", min_), v.lazy("max", max_);
  v.check([this] {
    check_interval(options_);
    check_loaded("MinMaxScaler", min_, max_);
  });
}

MinMaxScaler& MinMaxScaler::fit(const Tensor& x) {
  check_fit("MinMaxScaler::fit", x);
  NoGrad guard;
  const Tensor low = amin(x, 0);
  max_ = amax(x, 0);
  min_ = low;
  return *this;
}

Tensor MinMaxScaler::range() const {
  NoGrad guard;
  return where(min_ == max_, 1, max_ - min_);
}

Tensor MinMaxScaler::transform(const Tensor& x) const {
  check_columns("MinMaxScaler::transform", x, min_);
  return (x - min_) / range() * (options_.high - options_.low) + options_.low;
}

Tensor MinMaxScaler::inverse_transform(const Tensor& y) const {
  check_columns("MinMaxScaler::inverse_transform", y, min_);
  return (y - options_.low) / (options_.high - options_.low) * range() + min_;
}

}  // namespace xgrad::data
