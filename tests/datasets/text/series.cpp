#include "xgrad/data/series.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "datasets/files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/data/csv.hpp"

using namespace xgrad;
using test::error_of;

namespace {

using Numbers = std::vector<double>;

}  // namespace

TEST_CASE("windows of a series are what a model sees and what follows") {
  Numbers all;
  const auto windows = data::series_windows(arange(7, float64), {.input = 3, .horizon = 2, .stride = 2});
  for (const auto& [x, y] : windows)
    for (const Tensor& t : {x, y})
      for (const double v : t.to_vector<double>()) all.push_back(v);

  CHECK(all == Numbers{0, 1, 2, 3, 4, 2, 3, 4, 5, 6});
  CHECK(windows.size() == 2);
  CHECK(data::series_windows(zeros({5, 2}), {.input = 4}).size() == 1);
}

TEST_CASE("lags are a table of what was before") {
  const auto set = data::lagged(arange(6, float64), {1, 3});
  CHECK(set.features().to_vector<double>() == Numbers{2, 0, 3, 1, 4, 2});
  CHECK(set.targets().to_vector<double>() == Numbers{3, 4, 5});

  const auto two = data::lagged(arange(8, float64).reshape({4, 2}), {2});
  CHECK(two.features().to_vector<double>() == Numbers{0, 1, 2, 3});
  CHECK(two.targets().to_vector<double>() == Numbers{4, 5, 6, 7});
}

TEST_CASE("a line with a season is split into the two") {
  const Numbers season{3, -1, -2, 0, 0}, even{2, -1, -2, 1};
  for (const Numbers& s : {season, even}) {
    Numbers x;
    for (std::size_t t = 0; t < 23; ++t) x.push_back(0.5 * static_cast<double>(t) + s[t % s.size()]);

    const auto parts = data::seasonal_split(tensor(x), static_cast<std::int64_t>(s.size()));

    const std::size_t half = s.size() / 2;
    for (std::size_t t = 0; t < 23; ++t) {
      const auto at = [t](const Tensor& part) { return part.data<double>()[t]; };
      CHECK(at(parts.seasonal) == doctest::Approx(s[t % s.size()]).epsilon(1e-13));
      const bool inside = t >= half && t + half < 23;
      CHECK(std::isnan(at(parts.trend)) != inside);
      CHECK(std::isnan(at(parts.rest)) != inside);
      if (inside) CHECK(at(parts.trend) == doctest::Approx(0.5 * static_cast<double>(t)).epsilon(1e-13));
      if (inside) CHECK(std::abs(at(parts.rest)) < 1e-13);
    }
  }
}

TEST_CASE("the season of the air passengers is that of R's decompose") {
  const auto set = data::read_csv(XGRAD_TEST_DATA "/series/airpassengers.csv",
                                  {.targets = {"passengers"}, .dtype = float64});

  const auto parts = data::seasonal_split(set.targets().flatten(), 12, {.multiplicative = true});

  const Numbers figure{0.9102304, 0.8836253, 1.0073663, 0.9759060, 0.9813780, 1.1127758,
                       1.2265555, 1.2199110, 1.0604919, 0.9217572, 0.8011781, 0.8988244};
  for (std::size_t month = 0; month < 12; ++month)
    CHECK(std::abs(parts.seasonal.data<double>()[month] - figure[month]) < 1e-7);
}

TEST_CASE("misuses of a series say what to do") {
  CHECK(error_of([] { data::series_windows(zeros({4}), {.input = 4}); }) ==
        "series_windows: the series must hold a window of 5 times: it is f32[4]");
  CHECK(error_of([] { data::series_windows(zeros({4}), {.stride = 0}); }) ==
        "series_windows: input, horizon and stride must be at least 1: they are 1, 1 and 0");
  CHECK(error_of([] { data::series_windows(arange(4), {}); }) ==
        "series_windows: a floating series [times] or [times, columns] is expected: it is i64[4]");
  CHECK(error_of([] { data::lagged(zeros({4}), {}); }) ==
        "lagged: lags of at least 1 are expected: there are 0");
  CHECK(error_of([] { data::lagged(zeros({4}), {4}); }) ==
        "lagged: the series must be longer than the largest lag, 4: it is f32[4]");
  CHECK(error_of([] { data::seasonal_split(zeros({4}), 3); }) ==
        "seasonal_split: a period of at least 2 and two of them are needed: the period is 3 and the series "
        "is f32[4]");
  CHECK(error_of([] {
          data::seasonal_split(zeros({4, 1}), 2);
        }) == "seasonal_split: a floating series [times] is expected: it is f32[4, 1]");
}
