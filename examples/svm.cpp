// Support vector machines on handwritten digits, as layers with a hinge loss: a linear one, one with a radial
// kernel by random features (Rahimi and Recht, 2007), and beside them an MLP.

#include <cmath>
#include <cstdio>
#include <numbers>
#include <string>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 30;
  int features = 1000;
  double width = 0.2;  // of the kernel: gamma in exp(-gamma |x - y|^2)
  double penalty = 1e-4;
  double lr = 0.01;
};

/// sqrt(2 / n) cos(x w + b) with w normal and b uniform, both fixed: the product of two such rows comes near
/// exp(-gamma |x - y|^2) as n grows.
struct RandomFeatures : nn::Module {
  Tensor w, b;

  RandomFeatures(std::int64_t in, std::int64_t n, double gamma)
      : w(randn({in, n}) * std::sqrt(2 * gamma)), b(rand({n}) * (2 * std::numbers::pi)) {}
  Tensor forward(const Tensor& x) const override {
    return std::sqrt(2.0 / static_cast<double>(b.numel())) * cos(matmul(x, w) + b);
  }
  void visit(nn::Visitor& v) override { v.buffer("w", w), v.buffer("b", b); }
};

struct Machine {
  std::string name;
  nn::Sequential net;
  train::Loss loss;
  double target;
};

bool compare(const Options& options) {
  const auto [train_set, test_set] = data::split(data::digits(), 0.7, {.stratify = true});

  // Each class's score is to be 1 above all others': Weston and Watkins, 1999; the squares of weights, by
  // weight decay, are what makes the margin wide.
  const auto hinge = [](const Tensor& scores, const Tensor& y) { return nn::multi_margin_loss(scores, y); };
  std::vector<Machine> machines{
      {"linear SVM", nn::Sequential{nn::Linear(64, 10)}, hinge, 0.93},
      {"RBF SVM",
       nn::Sequential{RandomFeatures(64, options.features, options.width), nn::Linear(options.features, 10)},
       hinge, 0.97},
      {"MLP", nn::mlp({64, 128, 10}), nn::cross_entropy, 0.95}};

  std::printf("             train  test\n");
  bool reached = true;
  std::vector<double> accuracies;
  for (Machine& machine : machines) {
    optim::AdamW adam(machine.net, {.lr = options.lr, .weight_decay = options.penalty});
    const auto rate = [&](std::int64_t epoch) {
      return options.lr * (1 - static_cast<double>(epoch) / options.epochs);
    };
    const train::History history = train::fit(machine.net, machine.loss, adam, train_set,
                                              {.epochs = options.epochs,
                                               .measures = {train::Accuracy()},
                                               .schedules = {rate},
                                               .show = train::Show::nothing});
    const double accuracy =
        train::evaluate(machine.net, machine.loss, test_set, {.measures = {train::Accuracy()}})["accuracy"];
    std::printf("%-11s  %.3f  %.3f\n", machine.name.c_str(), history["accuracy"].back(), accuracy);
    reached &= example::check(accuracy >= machine.target,
                              "a test accuracy of " + std::to_string(machine.target) + " by " + machine.name);
    accuracies.push_back(accuracy);
  }
  return example::check(accuracies[1] > accuracies[0], "the radial kernel better than none") && reached;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Compares support vector machines and an MLP on handwritten digits.");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--features", options.features, "Random features of the radial kernel");
  program.option("--width", options.width, "Gamma of the radial kernel");
  program.option("--penalty", options.penalty, "Decay of weights");
  program.option("--lr", options.lr, "First learning rate of AdamW, which falls to 0");
  program.reads_data();
  return program.run(argc, argv, [&] { return compare(options); });
}
