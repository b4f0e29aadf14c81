// A convolutional net on few images of clothes: what augmentation, batch norm and one cycle of the learning
// rate bring where there are only 5,000 of them. It goes on from its last checkpoint when it was interrupted.

#include <cstdio>
#include <filesystem>
#include <string>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/data.hpp"
#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int images = 5000;
  int epochs = 9;
  int batch_size = 64;
  double lr = 5e-3;
  double target = 0.86;
  std::string checkpoints = "lenet_checkpoints";
};

/// LeNet-5 (LeCun et al., 1998) with more channels, and batch norm (Ioffe and Szegedy, 2015) before each
/// ReLU.
nn::Sequential lenet() {
  return {nn::Conv2d(1, 16, 5, {.padding = nn::same, .bias = false}),
          nn::BatchNorm2d(16),
          nn::ReLU(),
          nn::MaxPool2d(2),
          nn::Conv2d(16, 32, 5, {.bias = false}),
          nn::BatchNorm2d(32),
          nn::ReLU(),
          nn::MaxPool2d(2),
          nn::Flatten(),
          nn::Linear(32 * 5 * 5, 120, {.bias = false}),
          nn::BatchNorm1d(120),
          nn::ReLU(),
          nn::Dropout(0.3),
          nn::Linear(120, 10)};
}

/// The images as [n, 1, 28, 28].
data::TensorDataset images(bool train, int rows) {
  const data::TensorDataset set = example::fashion_mnist(train, rows);
  return set.with_features(set.features().reshape({-1, 1, 28, 28}));
}

void print_confusion(const Tensor& counts, const std::vector<std::string>& classes) {
  std::printf("\nrows are what it is, columns what it was taken for\n");
  for (std::int64_t t = 0; t < counts.size(0); ++t) {
    std::printf("%-12s", classes[static_cast<std::size_t>(t)].c_str());
    for (std::int64_t p = 0; p < counts.size(1); ++p) std::printf("%6lld", counts.at<long long>({t, p}));
    std::printf("\n");
  }
}

double learn(const Options& options) {
  const data::TensorDataset train_set = images(true, options.images), test_set = images(false, 0);
  const data::Pipeline batches = data::from(train_set) | data::shuffle() | data::map(data::random_flip()) |
                                 data::map(data::random_shift(2)) | data::batch(options.batch_size);
  std::printf("train on %s, test on %s\n", train_set.describe().c_str(), test_set.describe().c_str());

  nn::Sequential model = lenet();
  optim::AdamW adam(model, {.lr = options.lr, .weight_decay = 0.05});
  optim::OneCycleLR one_cycle(adam,
                              {.max_lr = options.lr, .total_steps = options.epochs * batches.size().value()});
  const auto loss = [](const Tensor& logits, const Tensor& y) {
    return nn::cross_entropy(logits, y, {.label_smoothing = 0.1});
  };
  const train::History history =
      train::fit(model, loss, adam, batches,
                 {.epochs = options.epochs,
                  .measures = {train::Accuracy()},
                  .schedules = {{one_cycle, train::Each::step}},
                  .callbacks = {train::Checkpoints(options.checkpoints, {.keep = 1})}});
  if (history.stopped().empty())
    std::filesystem::remove_all(options.checkpoints);  // it is over, and needs none

  train::ConfusionMatrix confusion;
  confusion.update(train::predict(model, test_set.features()), test_set.targets());
  print_confusion(confusion.counts(), test_set.names().classes);
  return confusion.value();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Trains a convolutional net on a part of Fashion-MNIST.");
  program.option("--images", options.images, "Images to train on, of 60,000");
  program.option("--epochs", options.epochs, "Passes over them");
  program.option("--batch-size", options.batch_size, "Images in a step");
  program.option("--lr", options.lr, "Largest learning rate of AdamW, in one cycle");
  program.option("--target", options.target, "Test accuracy that has to be reached");
  program.option("--checkpoints", options.checkpoints,
                 "Directory from which a training goes on; removed at its end");
  program.reads_data();
  return program.run(argc, argv, [&] {
    const double result = learn(options);
    std::printf("test accuracy: %.4f\n", result);
    return example::check(result >= options.target, "a test accuracy of " + std::to_string(options.target));
  });
}
