// Six optimizers on one problem: a classifier of wines, from the same first weights and with the same
// batches.

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 100;
  int batch_size = 16;
  std::string svg = "optimizers.svg";
};

struct Method {
  std::string name;
  double lr;
  double target;  // for the training loss after the last epoch
  bool full_batch;
  std::function<std::unique_ptr<optim::Optimizer>(const std::vector<Tensor>& parameters)> make;
};

std::vector<Method> methods() {
  using namespace optim;
  using std::make_unique;
  const SgdOptions momentum{.momentum = 0.9}, nesterov{.momentum = 0.9, .nesterov = true};
  return {{"GD", 0.5, 0.05, true, [](auto& p) { return make_unique<GD>(p); }},
          {"SGD", 0.05, 0.02, false, [](auto& p) { return make_unique<SGD>(p); }},
          {"momentum", 0.01, 0.02, false, [=](auto& p) { return make_unique<SGD>(p, momentum); }},
          {"Nesterov", 0.01, 0.02, false, [=](auto& p) { return make_unique<SGD>(p, nesterov); }},
          {"RMSprop", 0.002, 0.02, false, [](auto& p) { return make_unique<RMSprop>(p); }},
          {"Adam", 0.005, 0.02, false, [](auto& p) { return make_unique<Adam>(p); }}};
}

/// The loss on all examples after each epoch.
std::vector<double> learn(const Method& method, const nn::Sequential& model, const data::TensorDataset& set,
                          const Options& options, std::uint64_t seed) {
  const auto optimizer = method.make(model.parameters());
  optimizer->set_lr(method.lr);
  const std::int64_t batch_size = method.full_batch ? set.size() : options.batch_size;
  const data::Loader batches(set, {.batch_size = batch_size, .shuffle = true, .generator = Generator(seed)});
  std::vector<double> losses;
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    for (const auto& [x, y] : batches) {
      optimizer->zero_grad();
      nn::cross_entropy(model(x), y).backward();
      optimizer->step();
    }
    const NoGrad guard;
    losses.push_back(nn::cross_entropy(model(set.features()), set.targets()).item());
  }
  return losses;
}

bool compare(const std::vector<Method>& all, const Options& options, std::uint64_t seed) {
  const data::TensorDataset wine = data::wine();
  const data::TensorDataset set = data::Standardizer().fit(wine).transform(wine);
  const nn::Sequential start = nn::mlp({13, 16, 3});

  std::vector<train::Curve> curves;
  bool reached = true;
  std::printf("method       lr    first   middle     last  target\n");
  for (const Method& method : all) {
    const auto losses = learn(method, nn::clone(start), set, options, seed);
    std::printf("%-8s  %5g  %.5f  %.5f  %.5f  under %g\n", method.name.c_str(), method.lr, losses.front(),
                losses[losses.size() / 2], losses.back(), method.target);
    reached &= example::check(losses.back() < method.target, "the loss of " + method.name);
    curves.push_back({method.name, losses});
  }
  train::plot(options.svg, curves, {.title = "Training loss of a classifier of wines", .logarithmic = true});
  std::printf("the curves are in %s\n", options.svg.c_str());
  return reached;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::vector<Method> all = methods();
  example::Program program("Compares six optimizers: a table, and a picture of their loss curves.");
  program.option("--epochs", options.epochs, "Passes over the data");
  program.option("--batch-size", options.batch_size, "Examples in a step, but for GD, which takes all");
  program.option("--svg", options.svg, "File for the picture");
  for (Method& method : all)
    program.option("--lr-" + method.name, method.lr, "Learning rate of " + method.name);
  program.reads_data();
  return program.run(argc, argv, [&] { return compare(all, options, program.seed()); });
}
