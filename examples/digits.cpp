// Handwritten digits: a classifier of images of 8 x 8 pixels, trained in mini-batches.

#include <cstdio>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 20;
  int batch_size = 32;
  int hidden = 256;
  double lr = 0.01;
  std::string report = {};
};

/// Trains a model and returns its accuracy on digits that it has not seen.
double learn(const Options& options) {
  const auto [train_set, test_set] = data::split(data::digits(), 0.8, {.stratify = true});
  std::printf("train on %s, test on %s\n", train_set.describe().c_str(), test_set.describe().c_str());

  nn::Sequential model = nn::mlp({64, options.hidden, options.hidden, 10});
  optim::Adam adam(model, {.lr = options.lr});
  std::vector<train::AnyCallback> callbacks;
  if (!options.report.empty())
    callbacks.emplace_back(
        train::Report(options.report, {.title = "Digits", .examples = test_set, .image = {8, 8}}));

  const train::History history =
      train::fit(model, nn::cross_entropy, adam, train_set,
                 {.epochs = options.epochs,
                  .batch_size = options.batch_size,
                  .validation = test_set,
                  .measures = {train::Accuracy()},
                  .schedules = {[&](std::int64_t epoch) {  // down to 0 in a straight line
                    return options.lr * static_cast<double>(options.epochs - epoch) / options.epochs;
                  }},
                  .callbacks = callbacks});
  return history["val_accuracy"].back();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Trains a classifier of handwritten digits.");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--batch-size", options.batch_size, "Images in a step");
  program.option("--hidden", options.hidden, "Units of each of the two hidden layers");
  program.option("--lr", options.lr, "First learning rate of Adam, which falls to 0");
  program.option("--report", options.report, "Writes a report to this HTML file");
  program.reads_data();
  return program.run(argc, argv, [&] {
    const double result = learn(options);
    std::printf("test accuracy: %.3f\n", result);
    return example::check(result >= 0.96, "a test accuracy of 0.96");
  });
}
