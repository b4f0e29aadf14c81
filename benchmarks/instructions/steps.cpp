// The works W2 and W3 without a clock, for counting their instructions: `steps xor N` runs N training steps
// of a 2-4-1 sigmoid MLP on XOR, `steps chain N` N chains of 999 ops on 4x4 tensors, forward and backward.

#include <cstdlib>
#include <iostream>
#include <string>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

double chains(int n) {
  const Tensor x = full({4, 4}, 0.5, {.requires_grad = true});
  const Tensor w = full({4, 4}, 0.9, {.requires_grad = true}), b = full({4, 4}, 0.1, {.requires_grad = true});
  for (int step = 0; step < n; ++step) {
    Tensor y = x;
    for (int i = 0; i < 333; ++i) y = tanh(y * w + b);
    for (Tensor leaf : {x, w, b}) leaf.zero_grad();
    sum(y).backward();
  }
  return x.grad().sum().item();
}

double xor_steps(int n) {
  const Tensor x = tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}}),
               t = tensor({{0.0}, {1.0}, {1.0}, {0.0}});
  manual_seed(1);
  const nn::Linear hidden(2, 4), out(4, 1);
  optim::SGD sgd({hidden.weight, hidden.bias, out.weight, out.bias}, {.lr = 0.5});
  for (int step = 0; step < n; ++step) {
    const Tensor loss = mse_loss(sigmoid(out(sigmoid(hidden(x)))), t);
    sgd.zero_grad();
    loss.backward();
    sgd.step();
  }
  return hidden.weight.sum().item();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string work = argc == 3 ? argv[1] : "";
  const int n = argc == 3 ? std::atoi(argv[2]) : 0;
  if ((work != "xor" && work != "chain") || n < 1) {
    std::cerr << "usage: steps xor|chain N\n";
    return work == "--help" || (argc > 1 && std::string(argv[1]) == "--help") ? 0 : 2;
  }
  std::cout << (work == "xor" ? xor_steps(n) : chains(n)) << '\n';
}
