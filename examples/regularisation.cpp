// What keeps a large network from learning a small noisy set by heart: no penalty, L1, L2 and dropout side by
// side.

#include <cstdio>
#include <string>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 500;
  int repeats = 5;
  int patients = 60;
  double lr = 0.01;
  double l1 = 0.03;
  double l2 = 0.1;
  double dropout = 0.5;
};

struct Method {
  const char* name;
  double l1 = 0, l2 = 0, dropout = 0;
  double train_error = 0, test_error = 0;  // means over the repeats
};

/// The root of the mean squared error; 1 is what the mean of the training targets would give there.
double rmse(nn::Sequential& model, const data::TensorDataset& set) {
  return train::evaluate(model, nn::mse_loss, set, {.measures = {train::RootMeanSquaredError()}})["rmse"];
}

void learn(Method& method, const data::TensorDataset& train_set, const data::TensorDataset& test_set,
           const Options& options, std::uint64_t seed) {
  nn::Sequential model = nn::mlp({10, 64, 64, 1}, {.dropout = method.dropout, .generator = Generator(seed)});
  const std::vector<Tensor> weights = model.parameters();
  optim::Adam adam(model, {.lr = options.lr});
  const auto loss = [&](const Tensor& prediction, const Tensor& target) {
    return nn::mse_loss(prediction, target) + method.l1 * optim::l1_penalty(weights) +
           method.l2 * optim::l2_penalty(weights);
  };
  train::fit(model, loss, adam, train_set,
             {.epochs = options.epochs,
              .batch_size = train_set.size(),
              .shuffle = false,
              .show = train::Show::nothing});
  method.train_error += rmse(model, train_set) / options.repeats;
  method.test_error += rmse(model, test_set) / options.repeats;
}

bool compare(const Options& options, std::uint64_t seed) {
  const data::TensorDataset diabetes = data::diabetes();
  std::vector<Method> methods{{"none"},
                              {.name = "L1", .l1 = options.l1},
                              {.name = "L2", .l2 = options.l2},
                              {.name = "dropout", .dropout = options.dropout}};
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    const std::uint64_t own_seed = seed + static_cast<std::uint64_t>(repeat);
    const double share = static_cast<double>(options.patients) / static_cast<double>(diabetes.size());
    const auto [train_part, test_part] = data::split(diabetes, share, {.generator = Generator(own_seed)});
    const auto x = data::Standardizer().fit(train_part.features()),
               y = data::Standardizer().fit(train_part.targets());
    const auto prepared = [&](const data::TensorDataset& set) {
      return data::TensorDataset(x.transform(set.features()), y.transform(set.targets()));
    };
    for (Method& method : methods)
      learn(method, prepared(train_part), prepared(test_part), options, own_seed);
  }

  std::printf("penalty  train error  test error\n");
  bool reached = true;
  for (const Method& method : methods) {
    std::printf("%-7s  %11.3f  %10.3f\n", method.name, method.train_error, method.test_error);
    if (&method != &methods.front())
      reached &= example::check(method.test_error < methods.front().test_error,
                                std::string("a smaller test error than without penalty by ") + method.name);
  }
  return reached;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Compares penalties on the progression of diabetes in a few patients.");
  program.option("--epochs", options.epochs, "Steps, each on the whole training set");
  program.option("--repeats", options.repeats, "Splits and first weights, of which the means are shown");
  program.option("--patients", options.patients, "Size of the training set");
  program.option("--lr", options.lr, "Learning rate of Adam");
  program.option("--l1", options.l1, "Factor of the sum of |p|");
  program.option("--l2", options.l2, "Factor of the sum of p^2");
  program.option("--dropout", options.dropout, "Share of the hidden units that are left out in a step");
  program.reads_data();
  return program.run(argc, argv, [&] { return compare(options, program.seed()); });
}
