#include "xgrad/data/series.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::data {

namespace {

void check_series(const char* op, const Tensor& x, bool columns) {
  if (!is_floating(x.dtype()) || x.dim() < 1 || x.dim() > (columns ? 2 : 1))
    throw Error(std::string(op) + ": a floating series [times]" + (columns ? " or [times, columns]" : "") +
                " is expected: it is " + x.describe());
}

class SeriesSource : public Source {
 public:
  SeriesSource(Tensor x, SeriesWindows windows) : x_(std::move(x)), windows_(windows) {}
  std::optional<std::int64_t> size() const override {
    return (x_.shape()[0] - windows_.input - windows_.horizon) / windows_.stride + 1;
  }
  bool indexed() const override { return true; }
  bool thread_safe() const override { return true; }
  Row row(std::int64_t i) const override {
    const std::int64_t start = i * windows_.stride, stop = start + windows_.input;
    return {x_.slice(0, start, stop), x_.slice(0, stop, stop + windows_.horizon)};
  }

 private:
  Tensor x_;
  SeriesWindows windows_;
};

using Series = std::vector<double>;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

Series moving_average(const Series& x, std::size_t period) {
  const std::size_t half = period / 2;
  Series trend(x.size(), nothing);
  for (std::size_t t = half; t + half < x.size(); ++t) {
    double sum = 0;
    for (std::size_t k = t - half; k <= t + half; ++k) {
      const bool is_end = period % 2 == 0 && (k == t - half || k == t + half);
      sum += is_end ? x[k] / 2 : x[k];
    }
    trend[t] = sum / static_cast<double>(period);
  }
  return trend;
}

/// The mean at each place of a period, without what they have in common.
Series season_of(const Series& left, std::size_t period, bool multiplicative) {
  Series season(period);
  for (std::size_t place = 0; place < period; ++place) {
    double sum = 0, count = 0;
    for (std::size_t t = place; t < left.size(); t += period)
      if (!std::isnan(left[t])) sum += left[t], ++count;
    season[place] = sum / count;
  }
  double mean = 0;
  for (const double s : season) mean += s / static_cast<double>(period);
  for (double& s : season) s = multiplicative ? s / mean : s - mean;
  return season;
}

}  // namespace

Pipeline series_windows(const Tensor& x, SeriesWindows windows) {
  check_series("series_windows", x, true);
  if (windows.input < 1 || windows.horizon < 1 || windows.stride < 1)
    throw Error("series_windows: input, horizon and stride must be at least 1: they are " +
                std::to_string(windows.input) + ", " + std::to_string(windows.horizon) + " and " +
                std::to_string(windows.stride));
  if (x.shape()[0] < windows.input + windows.horizon)
    throw Error("series_windows: the series must hold a window of " +
                std::to_string(windows.input + windows.horizon) + " times: it is " + x.describe());
  return Pipeline(std::shared_ptr<const Source>(std::make_shared<SeriesSource>(x, windows)));
}

TensorDataset lagged(const Tensor& x, const std::vector<std::int64_t>& lags) {
  check_series("lagged", x, true);
  if (lags.empty() || *std::min_element(lags.begin(), lags.end()) < 1)
    throw Error("lagged: lags of at least 1 are expected: there are " + std::to_string(lags.size()));
  const std::int64_t longest = *std::max_element(lags.begin(), lags.end()), times = x.shape()[0];
  if (times <= longest)
    throw Error("lagged: the series must be longer than the largest lag, " + std::to_string(longest) +
                ": it is " + x.describe());
  const NoGrad guard;
  const Tensor columns = x.dim() == 1 ? x.reshape({times, 1}) : x;
  std::vector<Tensor> before;
  for (const std::int64_t lag : lags) before.push_back(columns.slice(0, longest - lag, times - lag));
  return TensorDataset({cat(before, 1), columns.slice(0, longest)});
}

SeasonalParts seasonal_split(const Tensor& x, std::int64_t period, SeasonalOptions options) {
  check_series("seasonal_split", x, false);
  if (period < 2 || x.numel() < 2 * period)
    throw Error("seasonal_split: a period of at least 2 and two of them are needed: the period is " +
                std::to_string(period) + " and the series is " + x.describe());
  const Series values = x.to_vector<double>();
  const Series trend = moving_average(values, static_cast<std::size_t>(period));
  const auto without = [&](double a, double b) { return options.multiplicative ? a / b : a - b; };
  Series left(values.size()), seasonal(values.size()), rest(values.size());
  for (std::size_t t = 0; t < values.size(); ++t) left[t] = without(values[t], trend[t]);
  const Series season = season_of(left, static_cast<std::size_t>(period), options.multiplicative);
  for (std::size_t t = 0; t < values.size(); ++t) {
    seasonal[t] = season[t % season.size()];
    rest[t] = without(left[t], seasonal[t]);
  }
  return {tensor(trend, x.dtype()), tensor(seasonal, x.dtype()), tensor(rest, x.dtype())};
}

}  // namespace xgrad::data
