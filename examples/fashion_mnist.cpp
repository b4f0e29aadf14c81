// Fashion-MNIST: the classifier of digits.cpp on 60,000 images of 28 x 28 pixels.

#include <cstdio>
#include <string>
#include <string_view>

#include <xgrad/xgrad.hpp>

#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 6;
  int batch_size = 64;
  int hidden = 128;
  double lr = 3e-3;
};

/// The training or the test images; Skip where the package that holds them is not installed.
data::TensorDataset load(bool train) try {
  return data::fashion_mnist({.train = train});
} catch (const Error& error) {
  if (std::string_view(error.what()).starts_with("fashion_mnist: a file is not found"))
    throw example::Skip{error.what()};
  throw;
}

double accuracy(const nn::Module& model, const data::TensorDataset& set) {
  const NoGrad guard;
  return (argmax(model(set.features()), 1) == set.targets()).to(float32).mean().item();
}

double train(const Options& options) {
  const data::TensorDataset train_set = load(true), test_set = load(false);
  const data::Loader batches(train_set, {.batch_size = options.batch_size, .shuffle = true});
  std::printf("train on %s, test on %s\n", train_set.describe().c_str(), test_set.describe().c_str());

  const nn::Sequential model = nn::mlp({28 * 28, options.hidden, 10});
  optim::Adam adam(model.parameters(), {.lr = options.lr});

  std::printf("epoch  train  test\n");
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    adam.set_lr(options.lr * (options.epochs - epoch + 1) / options.epochs);  // down to 0 in a straight line
    {
      example::Progress progress("epoch " + std::to_string(epoch), batches.size());
      for (const auto& [x, y] : batches) {
        const Tensor loss = nn::cross_entropy(model(x), y);
        adam.zero_grad();
        loss.backward();
        adam.step();
        progress.advance();
      }
    }
    std::printf("%5d  %.3f  %.3f\n", epoch, accuracy(model, train_set), accuracy(model, test_set));
  }
  return accuracy(model, test_set);
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
    const double result = train(options);
    std::printf("test accuracy: %.3f\n", result);
    return example::check(result >= 0.87, "a test accuracy of 0.87");
  });
}
