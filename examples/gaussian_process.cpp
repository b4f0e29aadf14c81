// Carbon dioxide over Mauna Loa by a Gaussian process: what kind of function it is, a trend, a season and
// what changes faster, is learnt by the marginal likelihood, and says how far a forecast can be trusted.
// After Rasmussen and Williams, Gaussian processes for machine learning, 2006, 5.4.3.

#include <cmath>
#include <cstdio>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include <xgrad/optim/minimize.hpp>
#include <xgrad/train/plot.hpp>
#include <xgrad/xgrad.hpp>

#include "support/data.hpp"
#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int months = 36;
  int steps = 100;
  std::string svg = "gaussian_process.svg";
};

/// Means of months: times in years and parts per million, both float64 [months].
data::TensorDataset monthly() {
  const data::TensorDataset weeks =
      data::read_csv(example::data_file("co2.csv"), {.targets = {"co2"},
                                                     .features = {"date"},
                                                     .dates = {"date"},
                                                     .date_format = "%Y%m%d",
                                                     .missing = data::Missing::drop_row,
                                                     .dtype = float64});
  struct Sum {
    double time = 0, co2 = 0, weeks = 0;
  };
  std::map<std::int64_t, Sum> months;
  for (std::int64_t i = 0; i < weeks.size(); ++i) {
    const double year = 1970 + weeks.features().at({i, 0}) / 365.25;
    Sum& sum = months[static_cast<std::int64_t>(year * 12)];
    sum.time += year, sum.co2 += weeks.targets().at({i, 0}), ++sum.weeks;
  }
  std::vector<double> times, co2;
  for (const auto& [month, sum] : months)
    times.push_back(sum.time / sum.weeks), co2.push_back(sum.co2 / sum.weeks);
  return {tensor(times), tensor(co2)};
}

/// The logarithms of what the kernel below is made of, in its order, with which the search begins.
const std::vector<double> start{std::log(50),  std::log(50),  std::log(2),  std::log(90),
                                std::log(1.3), std::log(0.6), std::log(1),  std::log(1),
                                std::log(0.2), std::log(0.1), std::log(0.2)};

/// The covariance of f(a) and f(b), [a, b]: a smooth trend, a season that changes slowly, and two kinds of
/// change within some years and some months.
Tensor kernel(const Tensor& theta, const Tensor& a, const Tensor& b) {
  const std::vector<Tensor> p = unbind(exp(theta));
  const Tensor d = a.unsqueeze(1) - b, d2 = square(d), turn = square(sin(std::numbers::pi * d));
  return square(p[0]) * exp(-0.5 * d2 / square(p[1])) +
         square(p[2]) * exp(-0.5 * d2 / square(p[3]) - 2 * turn / square(p[4])) +
         square(p[5]) * pow(1 + d2 / (2 * p[7] * square(p[6])), -p[7]) +
         square(p[8]) * exp(-0.5 * d2 / square(p[9]));
}

/// The same with the noise of each measurement: [times, times].
Tensor covariance(const Tensor& theta, const Tensor& t) {
  return kernel(theta, t, t) + square(exp(theta[10])) * eye(t.numel(), float64);
}

/// -log p(y | theta) = y^T K^-1 y / 2 + log det(K) / 2 + n log(2 pi) / 2, by the Cholesky factor of K.
Tensor loss_of(const Tensor& theta, const Tensor& t, const Tensor& y) {
  const Tensor l = cholesky(covariance(theta, t));
  const Tensor z = solve_triangular(l, y.unsqueeze(1), /*upper=*/false);
  const auto n = static_cast<double>(t.numel());
  return 0.5 * sum(square(z)) + sum(log(diagonal(l))) + 0.5 * n * std::log(2 * std::numbers::pi);
}

struct Forecast {
  Tensor mean, deviation;
};

/// What is to be measured at some times, after y at the times t.
Forecast forecast(const Tensor& theta, const Tensor& t, const Tensor& y, const Tensor& times) {
  const Tensor l = cholesky(covariance(theta, t));
  const Tensor across = solve_triangular(l, kernel(theta, t, times), /*upper=*/false);
  const Tensor z = solve_triangular(l, y.unsqueeze(1), /*upper=*/false);
  const Tensor variance = diagonal(covariance(theta, times)) - sum(square(across), 0);
  return {sum(across * z, 0), sqrt(variance)};
}

bool learn(const Options& options) {
  const data::TensorDataset all = monthly();
  const data::TensorDataset past = all.slice(0, -options.months), future = all.slice(-options.months);
  const Tensor t = past.features(), level = mean(past.targets()), y = past.targets() - level;

  optim::MinimizeResult found;
  {
    example::Progress progress("marginal likelihood", options.steps);
    const auto loss = [&](const Tensor& theta) {
      progress.advance();
      return loss_of(theta, t, y);
    };
    found = optim::minimize(loss, tensor(start), {.gtol = 1e-3, .ftol = 1e-9, .max_eval = options.steps});
  }
  const Tensor learnt = exp(found.x);
  std::printf("%s\n", found.report.str().c_str());
  std::printf(
      "trend %.0f ppm over %.0f years; season %.1f ppm, which changes in %.0f years; noise %.2f ppm\n",
      learnt.at({0}), learnt.at({1}), learnt.at({2}), learnt.at({3}), learnt.at({10}));

  const NoGrad guard;
  const auto [m, deviation] = forecast(found.x, t, y, future.features());
  const Tensor said = m + level, was = future.targets();
  const double error = std::sqrt(mse_loss(said, was).item());
  const double covered = (abs(said - was) < 1.96 * deviation).to(float64).mean().item();
  std::printf("%d months that it has not seen: RMSE %.2f ppm, %.0f %% of them within the band of 95 %%\n",
              options.months, error, 100 * covered);

  const auto curve = [](const char* name, const Tensor& x, const Tensor& values) {
    return train::Curve{name, values.to_vector<double>(), x.to_vector<double>()};
  };
  const Tensor x = future.features(), recent = all.features().slice(0, -3 * options.months);
  train::plot(
      options.svg,
      {curve("measured", recent, all.targets().slice(0, -3 * options.months)), curve("forecast", x, said),
       curve("97.5 %", x, said + 1.96 * deviation), curve("2.5 %", x, said - 1.96 * deviation)},
      {.title = "CO2 over Mauna Loa, ppm", .x_label = "year"});
  std::printf("the forecast is in %s\n", options.svg.c_str());
  return example::check(error < 0.8, "a forecast to 0.8 ppm") &&
         example::check(covered > 0.9, "90 % of the months within the band of 95 %");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Forecasts carbon dioxide by a Gaussian process, with bands.");
  program.option("--months", options.months, "Held out at the end, and forecast");
  program.option("--steps", options.steps, "The most values of the marginal likelihood");
  program.option("--svg", options.svg, "File for the picture");
  program.reads_data();
  return program.run(argc, argv, [&] { return learn(options); });
}
