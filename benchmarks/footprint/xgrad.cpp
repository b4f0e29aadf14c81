// A small training program, as a user writes one: xgrad STEPS BATCH SIZE SIZE... trains an MLP of these
// sizes. Without arguments it makes a tensor and ends.

#include <cstdio>
#include <cstdlib>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

int main(int argc, char** argv) {
  if (argc < 5) return zeros({1}).item() == 0 ? 0 : 1;
  const int steps = std::atoi(argv[1]), batch = std::atoi(argv[2]);
  std::vector<std::int64_t> sizes;
  for (int i = 3; i < argc; ++i) sizes.push_back(std::atoi(argv[i]));

  manual_seed(1);
  const nn::Sequential model = nn::mlp(sizes);
  optim::Adam adam(model.parameters(), {.lr = 1e-3});
  const Tensor x = rand({batch, sizes.front()}), labels = randint(0, sizes.back(), {batch});
  for (int i = 0; i < steps; ++i) {
    const Tensor loss = nn::cross_entropy(model(x), labels);
    adam.zero_grad();
    loss.backward();
    adam.step();
    if (i + 1 == steps) std::printf("%g\n", loss.item());
  }
}
