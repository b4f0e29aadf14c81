// Handwritten digits: a classifier of images of 8 x 8 pixels, trained in mini-batches.

#include <cstdio>
#include <string>

#include <xgrad/xgrad.hpp>

#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 20;
  int batch_size = 32;
  int hidden = 256;
  double lr = 0.01;
};

double accuracy(const nn::Module& model, const data::TensorDataset& set) {
  const NoGrad guard;
  return (argmax(model(set.features()), 1) == set.targets()).to(float32).mean().item();
}

/// Trains a model and returns its accuracy on digits that it has not seen.
double train(const Options& options) {
  const auto [train_set, test_set] = data::split(data::digits(), 0.8, {.stratify = true});
  const data::Loader batches(train_set, {.batch_size = options.batch_size, .shuffle = true});
  std::printf("train on %s, test on %s\n", train_set.describe().c_str(), test_set.describe().c_str());

  const nn::Sequential model = nn::mlp({64, options.hidden, options.hidden, 10});
  optim::Adam adam(model.parameters(), {.lr = options.lr});

  std::printf("epoch  loss    train  test\n");
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    adam.set_lr(options.lr * (options.epochs - epoch + 1) / options.epochs);  // down to 0 in a straight line
    double total = 0;
    {
      example::Progress progress("epoch " + std::to_string(epoch), batches.size());
      for (const auto& [x, y] : batches) {
        const Tensor loss = nn::cross_entropy(model(x), y);
        adam.zero_grad();
        loss.backward();
        adam.step();
        total += loss.item();
        progress.advance();
      }
    }
    std::printf("%5d  %.4f  %.3f  %.3f\n", epoch, total / static_cast<double>(batches.size()),
                accuracy(model, train_set), accuracy(model, test_set));
  }
  return accuracy(model, test_set);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Trains a classifier of handwritten digits.");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--batch-size", options.batch_size, "Images in a step");
  program.option("--hidden", options.hidden, "Units of each of the two hidden layers");
  program.option("--lr", options.lr, "First learning rate of Adam, which falls to 0");
  program.reads_data();
  return program.run(argc, argv, [&] {
    const double result = train(options);
    std::printf("test accuracy: %.3f\n", result);
    return example::check(result >= 0.96, "a test accuracy of 0.96");
  });
}
