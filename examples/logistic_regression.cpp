// Logistic regression on the breast cancer data: one model and one loss, with the gradient of the whole set,
// of one example, and of a mini-batch in each step.

#include <cstdio>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 50;
  int batch_size = 32;
  double lr_full = 0.5;
  double lr_stochastic = 0.005;
  double lr_batch = 0.1;
};

struct Descent {
  const char* name;
  std::int64_t batch_size;
  double lr;
  nn::Linear model;
  std::vector<double> losses = {};  // on the training set, after each epoch
  double accuracy = 0;              // on the test set
};

/// The mean of log(1 + e^-s) over benign tumours and log(1 + e^s) over malignant ones, s the model's score.
Tensor loss_of(const nn::Linear& model, const data::TensorDataset& set) {
  return nn::binary_cross_entropy_with_logits(model(set.features()), set.targets());
}

void train(Descent& descent, const data::TensorDataset& train_set, const data::TensorDataset& test_set,
           int epochs) {
  optim::SGD sgd(descent.model.parameters(), {.lr = descent.lr});
  const data::Loader batches(train_set, {.batch_size = descent.batch_size, .shuffle = true});
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    for (const auto& [x, y] : batches) {
      sgd.zero_grad();
      loss_of(descent.model, {x, y}).backward();
      sgd.step();
    }
    const NoGrad guard;
    descent.losses.push_back(loss_of(descent.model, train_set).item());
  }
  const NoGrad guard;
  const Tensor benign = descent.model(test_set.features()) > 0;
  descent.accuracy = (benign == test_set.targets()).to(float32).mean().item();
}

bool compare(const Options& options) {
  const auto [train_part, test_part] = data::split(data::breast_cancer(), 0.6, {.stratify = true});
  const auto scaler = data::Standardizer().fit(train_part);
  const auto prepared = [&](const data::TensorDataset& set) {
    return data::TensorDataset(scaler.transform(set.features()), set.targets().to(float32).unsqueeze(1));
  };
  const data::TensorDataset train_set = prepared(train_part), test_set = prepared(test_part);

  const nn::Linear start(30, 1);
  std::vector<Descent> all{{"full batch", train_set.size(), options.lr_full, nn::clone(start)},
                           {"stochastic", 1, options.lr_stochastic, nn::clone(start)},
                           {"mini-batch", options.batch_size, options.lr_batch, nn::clone(start)}};
  for (Descent& descent : all) train(descent, train_set, test_set, options.epochs);

  std::printf("loss on the training set\nepoch");
  for (const Descent& descent : all) std::printf("  %10s", descent.name);
  for (std::size_t epoch = 0; epoch < all.front().losses.size(); epoch += epoch < 9 ? 1 : 5) {
    std::printf("\n%5zu", epoch + 1);
    for (const Descent& descent : all) std::printf("  %10.4f", descent.losses[epoch]);
  }
  std::printf("\n\ntest accuracy\n     ");
  for (const Descent& descent : all) std::printf("  %10.3f", descent.accuracy);
  std::printf("\n");

  bool reached = true;
  for (const Descent& descent : all)
    reached &=
        example::check(descent.accuracy >= 0.95, std::string("a test accuracy of 0.95 by ") + descent.name);
  return reached;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Compares full-batch, stochastic and mini-batch descent on logistic regression.");
  program.option("--epochs", options.epochs, "Passes over the training set");
  program.option("--batch-size", options.batch_size, "Examples in a mini-batch");
  program.option("--lr-full", options.lr_full, "Learning rate of full-batch descent");
  program.option("--lr-stochastic", options.lr_stochastic, "Learning rate of stochastic descent");
  program.option("--lr-batch", options.lr_batch, "Learning rate of mini-batch descent");
  program.reads_data();
  return program.run(argc, argv, [&] { return compare(options); });
}
