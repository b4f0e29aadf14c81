// The works W2 and W3 without a clock, for counting their instructions: `steps xor N` runs N training steps
// of a 2-4-1 sigmoid MLP on XOR, `steps chain N` N chains of 999 ops on 4x4 tensors, forward and backward.

#include "../small_steps.hpp"

#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>

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

}  // namespace

int main(int argc, char** argv) {
  const std::string work = argc > 1 ? argv[1] : "";
  const int n = argc == 3 ? std::atoi(argv[2]) : 0;
  if ((work != "xor" && work != "chain") || n < 1) {
    std::cerr << "usage: steps xor|chain N\n";
    return work == "--help" ? 0 : 2;
  }
  const auto step = work == "xor" ? mlp() : chain();
  double loss = 0;
  for (int i = 0; i < n; ++i) loss = step();
  std::cout << loss << '\n';
}
