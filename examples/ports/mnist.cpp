// A convolutional net on handwritten digits, trained by SGD with momentum and dropout: what the example mnist
// of LibTorch does, on the 8 x 8 digits that are shipped. No layer is written here.

#include <cstdio>
#include <string>

#include <xgrad/xgrad.hpp>

#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 15;
  int batch_size = 32;
  double lr = 0.05;
};

struct Net : nn::Module {
  nn::Sequential features{
      nn::Conv2d(1, 10, 3, {.padding = nn::same}),
      nn::ReLU(),
      nn::MaxPool2d(2),
      nn::Conv2d(10, 20, 3, {.padding = nn::same}),
      nn::Dropout2d(0.1),
      nn::ReLU(),
      nn::MaxPool2d(2),
  };
  nn::Sequential head{nn::Flatten(), nn::Linear(80, 50), nn::ReLU(), nn::Dropout(0.2), nn::Linear(50, 10)};

  Tensor forward(const Tensor& x) const override { return head(features(x)); }
  void visit(nn::Visitor& v) override { v("features", features), v("head", head); }
};

struct Result {
  double loss, accuracy;
};

Result test(Net& net, const data::TensorDataset& set) {
  const NoGrad guard;
  const nn::ModeGuard eval(net);
  const Tensor scores = net(set.features());
  return {nn::cross_entropy(scores, set.targets()).item(),
          (argmax(scores, 1) == set.targets()).to(float32).mean().item()};
}

double train(const Options& options) {
  const data::TensorDataset all = data::digits();
  const data::TensorDataset images(all.features().reshape({-1, 1, 8, 8}), all.targets());
  const auto [train_set, test_set] = data::split(images, 0.8, {.stratify = true});
  const data::Loader batches(train_set, {.batch_size = options.batch_size, .shuffle = true});

  Net net;
  std::printf("%s\n", nn::summary(net, {1, 1, 8, 8}).str().c_str());
  optim::SGD sgd(net, {.lr = options.lr, .momentum = 0.9});
  Result result{};
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    {
      example::Progress progress("epoch " + std::to_string(epoch), batches.size());
      for (const auto& [x, y] : batches) {
        sgd.zero_grad();
        nn::cross_entropy(net(x), y).backward();
        sgd.step();
        progress.advance();
      }
    }
    result = test(net, test_set);
    std::printf("epoch %2d  test loss %.4f  accuracy %.3f\n", epoch, result.loss, result.accuracy);
  }
  return result.accuracy;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Trains a convolutional net on handwritten digits.");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--batch-size", options.batch_size, "Images in a step");
  program.option("--lr", options.lr, "Learning rate of SGD");
  program.reads_data();
  return program.run(argc, argv,
                     [&] { return example::check(train(options) >= 0.95, "a test accuracy of 0.95"); });
}
