// The works W2 and W3 without a clock, for counting their instructions: `steps xor N` runs N training steps
// of a 2-4-1 sigmoid MLP on XOR, `steps chain N` N chains of 999 ops on 4x4 tensors, forward and backward.
// `steps fit N` trains the same MLP as modules by train::fit, `steps loop N` by a loop.

#include "../small_steps.hpp"

#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>

#include <xgrad/train.hpp>

using namespace xgrad;

namespace {

std::function<double()> chain() {
  const auto leaf = [](double v) { return full({4, 4}, v, {.requires_grad = true}); };
  return bench::ChainStep{leaf(0.5), leaf(0.9), leaf(0.1), 999};
}

std::function<double()> mlp() {
  manual_seed(1);
  const nn::Linear hidden(2, 4), out(4, 1);
  return bench::MlpStep(tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}}),
                        tensor({{0.0}, {1.0}, {1.0}, {0.0}}),
                        {hidden.weight, hidden.bias, out.weight, out.bias}, 0.5);
}

/// Training steps of the same network as modules, by train::fit or by a loop; returns the loss.
double train_by(bool fit, int steps) {
  manual_seed(1);
  const Tensor x = tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}});
  const Tensor y = tensor({{0.0}, {1.0}, {1.0}, {0.0}});
  nn::Sequential net{nn::Linear(2, 4), nn::Sigmoid(), nn::Linear(4, 1), nn::Sigmoid()};
  optim::Adam adam(net, {.lr = 0.1});
  const data::TensorDataset set(x.expand({steps, 4, 2}).reshape({4 * steps, 2}),
                                y.expand({steps, 4, 1}).reshape({4 * steps, 1}));
  const data::Loader batches(set, {.batch_size = 4});
  if (fit) return train::fit(net, nn::mse_loss, adam, batches, {.show = train::Show::lines})["loss"].back();
  double sum = 0;
  for (const auto& [a, b] : batches) {
    const Tensor loss = nn::mse_loss(net(a), b);
    adam.zero_grad();
    loss.backward();
    adam.step();
    sum += loss.item();
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string work = argc > 1 ? argv[1] : "";
  const int n = argc == 3 ? std::atoi(argv[2]) : 0;
  const bool by_fit = work == "fit", is_training = by_fit || work == "loop";
  if ((work != "xor" && work != "chain" && !is_training) || n < 1) {
    std::cerr << "usage: steps xor|chain|loop|fit N\n";
    return work == "--help" ? 0 : 2;
  }
  if (is_training) {
    std::cout << train_by(by_fit, n) << '\n';
    return 0;
  }
  const auto step = work == "xor" ? mlp() : chain();
  double loss = 0;
  for (int i = 0; i < n; ++i) loss = step();
  std::cout << loss << '\n';
}
