// Exclusive or: the smallest task that needs a hidden layer.

#include <cstdio>

#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 2000;
  double lr = 1;
  double momentum = 0.9;
};

bool train(const Options& options) {
  const Tensor x = tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}});
  const Tensor y = tensor({{0.0}, {1.0}, {1.0}, {0.0}});

  const nn::Sequential model{nn::Linear(2, 4), nn::Sigmoid(), nn::Linear(4, 1), nn::Sigmoid()};
  optim::SGD descent(model.parameters(), {.lr = options.lr, .momentum = options.momentum});

  std::printf("epoch  loss\n");
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    const Tensor loss = nn::mse_loss(model(x), y);
    descent.zero_grad();
    loss.backward();
    descent.step();
    if (epoch % 200 == 0) std::printf("%5d  %.6f\n", epoch, loss.item());
  }

  const NoGrad guard;
  const Tensor answer = model(x);
  for (int i = 0; i < 4; ++i)
    std::printf("%g xor %g = %.3f\n", x.at({i, 0}), x.at({i, 1}), answer.at({i, 0}));
  const bool all_right = all((answer > 0.5) == (y > 0.5)).item<bool>();
  const double loss = nn::mse_loss(answer, y).item();
  return example::check(all_right, "all four right") && example::check(loss < 0.01, "a loss under 0.01");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Learns the exclusive or of two bits.");
  program.option("--epochs", options.epochs, "Steps, each on all four examples");
  program.option("--lr", options.lr, "Learning rate");
  program.option("--momentum", options.momentum, "Share of the last step that the next one keeps");
  return program.run(argc, argv, [&] { return train(options); });
}
