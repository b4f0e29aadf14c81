// Forecasts of two famous series, a whole season ahead: a GRU against the rule that the next season is as the
// last one was. Of several networks the mean is taken.

#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/data.hpp"
#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int networks = 15;
  int epochs = 60;
  int hidden = 16;
  double lr = 3e-3;
};

struct Series {
  std::string name, file, column;
  double first_time, times_per_year;
  std::int64_t season;   // how many times it has
  bool regular;          // whether each has as many
  std::int64_t seasons;  // how many of them are kept for the test, at the end
  // The scale on which seasons are alike, and back.
  std::function<Tensor(const Tensor&)> transform, inverse;
};

std::vector<Series> all_series() {
  const auto rooted = [](const Tensor& x) { return sqrt(x + 1); };
  const auto squared = [](const Tensor& z) { return square(clamp_min(z, 1)) - 1; };
  return {{"passengers", "airpassengers.csv", "passengers", 1949, 12, 12, true, 3,
           [](const Tensor& x) { return log(x); }, [](const Tensor& z) { return exp(z); }},
          {"sunspots", "sunspots.csv", "SUNACTIVITY", 1700, 1, 11, false, 5, rooted, squared}};
}

/// Reads some seasons z[batch, times] and says the next one: the last one, or where seasons differ in length
/// their level, and what the GRU adds. It does not see the level, so that one that was never there does no
/// harm.
struct Forecaster : nn::Module {
  Series series;
  nn::GRU gru;
  nn::Linear out;

  Forecaster(const Series& its_series, std::int64_t hidden)
      : series(its_series), gru(1, hidden, {.batch_first = true}), out(hidden, series.season) {}

  Tensor forward(const Tensor& z) const override {
    const Tensor level = z.mean(1, true), h = gru((z - level).unsqueeze(2)).h[0];
    return (series.regular ? z.slice(1, -series.season) : level) + out(h);
  }
  void visit(nn::Visitor& v) override { v("gru", gru), v("out", out); }
};

double rmse(const Tensor& a, const Tensor& b) { return std::sqrt(nn::mse_loss(a, b).item()); }

bool forecast(const Series& series, const Options& options) {
  const data::TensorDataset table =
      data::read_csv(example::data_file(series.file), {.features = {series.column.c_str()}});
  const Tensor x = table.features().flatten(), all = series.transform(x);
  const std::int64_t input = 3 * series.season, tested = series.seasons * series.season;
  const data::Standardizer scaler = data::Standardizer().fit(all.slice(0, 0, -tested).unsqueeze(1));
  const Tensor z = scaler.transform(all.unsqueeze(1)).flatten();

  // The seasons before those of the test say when to stop.
  const std::int64_t watched = 2 * series.season;
  const auto windows = [&](std::int64_t from, std::int64_t to, std::int64_t stride) {
    return data::series_windows(z.slice(0, from, to),
                                {.input = input, .horizon = series.season, .stride = stride});
  };
  const auto batches = windows(0, -tested - watched, 1) | data::shuffle() | data::batch(16);
  const auto validation = windows(-tested - watched - input, -tested, 1) | data::batch(16);
  const auto held_out =
      windows(-tested - input, Tensor::end_of_axis, series.season) | data::batch(series.seasons);

  std::vector<Tensor> forecasts;
  for (int network = 0; network < options.networks; ++network) {
    Forecaster model(series, options.hidden);
    optim::Adam adam(model, {.lr = options.lr});
    train::fit(model, nn::mse_loss, adam, batches,
               {.epochs = options.epochs,
                .validation = validation,
                .clip_norm = 1,
                .callbacks = {train::EarlyStopping({.patience = 10})},
                .show = train::Show::nothing});
    forecasts.push_back(train::predict(model, held_out));
  }
  const Tensor mean_forecast = stack(forecasts).mean(0).reshape({-1, 1});
  const Tensor said = series.inverse(scaler.inverse_transform(mean_forecast)).flatten();
  const Tensor was = x.slice(0, -tested), before = x.slice(0, -tested - series.season, -series.season);
  const double error = rmse(said, was), baseline = rmse(before, was);
  std::printf("%-10s  RMSE %6.2f, as the last season %6.2f\n", series.name.c_str(), error, baseline);

  const auto curve = [&](const std::string& name, const Tensor& y, std::int64_t first) {
    std::vector<double> times;
    for (std::int64_t i = 0; i < y.numel(); ++i)
      times.push_back(series.first_time + static_cast<double>(first + i) / series.times_per_year);
    return train::Curve{name, y.to_vector<double>(), times};
  };
  const std::int64_t shown = std::max<std::int64_t>(0, x.numel() - 3 * tested), first = x.numel() - tested;
  const std::string picture = "time_series_" + series.name + ".svg";
  train::plot(picture,
              {curve("observed", x.slice(0, shown), shown), curve("forecast by GRUs", said, first),
               curve("as the last season", before, first)},
              {.title = series.name, .x_label = "year"});
  std::printf("the forecast is in %s\n", picture.c_str());
  return example::check(error < baseline, series.name + " said better than by the last season");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Forecasts air passengers and sunspots by a GRU.");
  program.option("--networks", options.networks, "GRUs, whose forecasts are averaged");
  program.option("--epochs", options.epochs, "The most passes over the windows of the training part");
  program.option("--hidden", options.hidden, "Units of a GRU");
  program.option("--lr", options.lr, "Learning rate of Adam");
  program.reads_data();
  return program.run(argc, argv, [&] {
    bool reached = true;
    for (const Series& series : all_series()) reached &= forecast(series, options);
    return reached;
  });
}
