// What a large network knows beyond the labels: a small one learns from few images, once by their labels and
// once by the probabilities that the large one gives to all classes (Hinton et al., 2015).

#include <cstdio>
#include <string>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int images = 100;  // that the small network sees
  int runs = 5;
  int epochs = 300;
  int hidden = 16;
  double temperature = 4;
  double lr = 5e-3;
};

double accuracy(nn::Sequential& model, const data::TensorDataset& set) {
  return train::evaluate(model, nn::cross_entropy, set, {.measures = {train::Accuracy()}})["accuracy"];
}

void fit(nn::Sequential& model, const train::Loss& loss, const data::TensorDataset& set, int epochs,
         double lr) {
  optim::Adam adam(model, {.lr = lr});
  train::fit(model, loss, adam, set, {.epochs = epochs, .show = train::Show::nothing});
}

bool compare(const Options& options) {
  double of_large = 0, by_labels = 0, by_large = 0;
  {
    example::Progress progress("runs", options.runs);
    for (int run = 0; run < options.runs; ++run, progress.advance()) {
      const auto [train_set, test_set] = data::split(data::digits(), 0.7, {.stratify = true});
      const data::TensorDataset few = train_set.slice(0, options.images);

      nn::Sequential large = nn::mlp({64, 256, 256, 10});
      fit(large, nn::cross_entropy, train_set, 15, 2e-3);

      // Soft probabilities of the few images; the loss of the small network's, as soft as they are. T^2 makes
      // its gradients as large as those of a loss of labels.
      const double t = options.temperature;
      const data::TensorDataset soft(few.features(), softmax(train::predict(large, few.features()) / t, 1));
      const auto soft_loss = [t](const Tensor& logits, const Tensor& p) {
        return t * t * nn::cross_entropy(logits / t, p);
      };

      nn::Sequential one = nn::mlp({64, options.hidden, 10}), other = nn::clone(one);
      fit(one, nn::cross_entropy, few, options.epochs, options.lr);
      fit(other, soft_loss, soft, options.epochs, options.lr);

      of_large += accuracy(large, test_set) / options.runs;
      by_labels += accuracy(one, test_set) / options.runs;
      by_large += accuracy(other, test_set) / options.runs;
    }
  }
  std::printf("test accuracy, means of %d runs\n", options.runs);
  std::printf("a large network, on all images       %.3f\n", of_large);
  std::printf("a small one, on %d, by their labels  %.3f\n", options.images, by_labels);
  std::printf("the same, by the large one           %.3f\n", by_large);
  return example::check(by_large > by_labels + 0.02, "two points more by the large network than by labels");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Trains a small classifier of digits by a large one.");
  program.option("--images", options.images, "Images that the small network sees");
  program.option("--runs", options.runs, "Of which the means are shown");
  program.option("--epochs", options.epochs, "Passes of the small network over them");
  program.option("--hidden", options.hidden, "Units of the small network");
  program.option("--temperature", options.temperature, "How soft the probabilities are made");
  program.option("--lr", options.lr, "Learning rate of the small network");
  program.reads_data();
  return program.run(argc, argv, [&] { return compare(options); });
}
