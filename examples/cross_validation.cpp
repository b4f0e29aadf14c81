// Which learning rate? Five folds of the training data say, and the test data is looked at once, with the
// rate that they chose.

#include <algorithm>
#include <cstdio>
#include <limits>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int folds = 5;
  int epochs = 10;
  int hidden = 16;
  int threads = 1;
};

/// Trains on one part and measures on another, with numbers of the generator alone.
train::Scores learn(const data::TensorDataset& train_set, const data::TensorDataset& test_set, double lr,
                    const Generator& generator, const Options& options) {
  const auto scaler = data::Standardizer().fit(train_set);  // each fold has its own
  nn::Sequential net{nn::Linear(30, options.hidden, {.generator = generator}), nn::ReLU(),
                     nn::Linear(options.hidden, 2, {.generator = generator})};
  optim::SGD sgd(net, {.lr = lr, .momentum = 0.9});
  train::fit(net, nn::cross_entropy, sgd, scaler.transform(train_set),
             {.epochs = options.epochs,
              .generator = generator,
              .show = train::Show::nothing,
              .interruptible = false});
  return train::evaluate(net, nn::cross_entropy, scaler.transform(test_set),
                         {.measures = {train::Accuracy()}});
}

bool choose(const Options& options, std::uint64_t seed) {
  const auto parts = data::split(data::breast_cancer(), 0.8, {.stratify = true});
  const data::TensorDataset &train_set = parts.first, &test_set = parts.second;
  const std::vector<train::Choice> choices{{.name = "lr", .values = {1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3}}};

  std::printf("lr      loss on what is held out\n");
  const train::SearchResult found = train::grid_search(
      choices,
      [&](const train::Trial& trial) {
        const double lr = trial["lr"];
        const train::CrossValidation result = train::cross_validate(
            train_set,
            [&](const train::Fold& fold, const Generator& generator) {
              return learn(fold.train, fold.held_out, lr, generator, options);
            },
            {.folds = options.folds, .stratify = true, .seed = seed, .threads = options.threads});
        std::printf("%-6g  %.4f +- %.4f\n", lr, result.mean("loss"), result.stddev("loss"));
        return result.mean("loss");
      },
      {.seed = seed});

  // Had one looked at the test data for each rate, and chosen by that:
  double best = std::numeric_limits<double>::infinity();
  for (const double lr : choices[0].values)
    best = std::min(best, learn(train_set, test_set, lr, Generator(seed), options)["loss"]);
  const train::Scores chosen = learn(train_set, test_set, found["lr"], Generator(seed), options);
  std::printf("chosen: %g; on the test data %s; the least loss there of all rates: %.4f\n", found["lr"],
              chosen.str().c_str(), best);
  return example::check(chosen["accuracy"] >= 0.94, "a test accuracy of 0.94") &&
         example::check(chosen["loss"] < best + 0.05, "a test loss within 0.05 of the best rate's");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Chooses a learning rate by cross-validation.");
  program.option("--folds", options.folds, "Parts of the training data");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--hidden", options.hidden, "Units of the hidden layer");
  program.option("--threads", options.threads, "Folds that are trained at once");
  program.reads_data();
  return program.run(argc, argv, [&] { return choose(options, program.seed()); });
}
