#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/data/pipeline.hpp"

// Series in time: x is [times] or [times, columns], floating. A part of the times is data::split(set, 0.8,
// {.shuffle = false}), and scaling is that of scaling.hpp, fitted to the times for training.

namespace xgrad::data {

struct SeriesWindows {
  std::int64_t input = 1;    ///< how many times a model sees
  std::int64_t horizon = 1;  ///< how many times behind them it is to say
  std::int64_t stride = 1;   ///< from one window to the next
};

/// Windows of a series, by index and sharing its memory: row k is x[k stride ... + input) and the `horizon`
/// times behind it. Throws Error where the series is shorter than one window.
Pipeline series_windows(const Tensor& x, SeriesWindows windows);

/// A table of what was before: for each time t from the largest lag on, features x[t - lag] for each lag, in
/// their order (for each column of x), and the targets x[t], [rows, columns]. Throws Error without lags, for
/// one below 1, and where the series is not longer than the largest.
TensorDataset lagged(const Tensor& x, const std::vector<std::int64_t>& lags);

struct SeasonalParts {
  Tensor trend;     ///< nan for half a period at both ends
  Tensor seasonal;  ///< sums to 0 over a period, or has the mean 1
  Tensor rest;      ///< what is left, nan where the trend is
};

struct SeasonalOptions {
  bool multiplicative = false;  ///< x = trend seasonal rest, instead of their sum
};

/// Splits a series [times] into trend, season and rest, by moving averages: the trend is the mean over a
/// period around a time (with an even period the times at its ends count half), the season the mean of what
/// is left at the same place of each period (Macaulay, 1931; the classical decomposition). Throws Error for a
/// period below 2 and for less than two periods.
SeasonalParts seasonal_split(const Tensor& x, std::int64_t period, SeasonalOptions options = {});

}  // namespace xgrad::data
