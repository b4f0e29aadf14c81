// Exclusive or in the words of Keras: compile, fit, predict.

#include <cstdio>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

bool all_right() {
  const Tensor x = tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}});
  const Tensor y = tensor({{0.0}, {1.0}, {1.0}, {0.0}});

  train::Model model{nn::Linear(2, 4), nn::Sigmoid(), nn::Linear(4, 1), nn::Sigmoid()};
  model.compile(optim::Adam(model, {.lr = 0.1}), nn::mse_loss, {train::Accuracy()});
  model.fit(x, y, {.epochs = 500, .batch_size = 4, .show = train::Show::nothing});

  const Tensor predicted = model.predict(x);
  for (std::int64_t i = 0; i < 4; ++i)
    std::printf("%.0f xor %.0f = %.3f\n", x.at({i, 0}), x.at({i, 1}), predicted.at({i, 0}));
  return example::check(model.evaluate(x, y)["accuracy"] == 1, "all four right");
}

}  // namespace

int main(int argc, char** argv) {
  example::Program program("Trains a network on exclusive or, in the words of Keras.");
  return program.run(argc, argv, all_right);
}
