// Fashion-MNIST: the classifier of digits.cpp on 60,000 images of 28 x 28 pixels.

#include <cstdio>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/data.hpp"
#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 6;
  int batch_size = 64;
  int hidden = 128;
  double lr = 3e-3;
};

double learn(const Options& options) {
  const data::TensorDataset train_set = example::fashion_mnist(true),
                            test_set = example::fashion_mnist(false);
  std::printf("train on %s, test on %s\n", train_set.describe().c_str(), test_set.describe().c_str());

  nn::Sequential model = nn::mlp({28 * 28, options.hidden, 10});
  optim::Adam adam(model, {.lr = options.lr});
  const train::History history =
      train::fit(model, nn::cross_entropy, adam, train_set,
                 {.epochs = options.epochs,
                  .batch_size = options.batch_size,
                  .validation = test_set,
                  .measures = {train::Accuracy()},
                  .schedules = {[&](std::int64_t epoch) {  // down to 0 in a straight line
                    return options.lr * static_cast<double>(options.epochs - epoch) / options.epochs;
                  }}});
  return history["val_accuracy"].back();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Trains a classifier of clothes on Fashion-MNIST.");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--batch-size", options.batch_size, "Images in a step");
  program.option("--hidden", options.hidden, "Units of the hidden layer");
  program.option("--lr", options.lr, "First learning rate of Adam, which falls to 0");
  program.reads_data();
  return program.run(argc, argv, [&] {
    const double result = learn(options);
    std::printf("test accuracy: %.3f\n", result);
    return example::check(result >= 0.87, "a test accuracy of 0.87");
  });
}
