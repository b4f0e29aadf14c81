// The program benchmarks/footprint/xgrad.cpp in LibTorch.

#include <torch/torch.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc < 5) return torch::zeros({1}).item<float>() == 0 ? 0 : 1;
  const int steps = std::atoi(argv[1]), batch = std::atoi(argv[2]);
  std::vector<std::int64_t> sizes;
  for (int i = 3; i < argc; ++i) sizes.push_back(std::atoi(argv[i]));

  torch::set_num_threads(1);
  torch::manual_seed(1);
  torch::nn::Sequential model;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    if (i > 0) model->push_back(torch::nn::ReLU());
    model->push_back(torch::nn::Linear(sizes[i], sizes[i + 1]));
  }
  torch::optim::Adam adam(model->parameters(), torch::optim::AdamOptions(1e-3));
  const torch::Tensor x = torch::rand({batch, sizes.front()}),
                      labels = torch::randint(0, sizes.back(), {batch}, torch::kInt64);
  for (int i = 0; i < steps; ++i) {
    const torch::Tensor loss = torch::cross_entropy_loss(model->forward(x), labels);
    adam.zero_grad();
    loss.backward();
    adam.step();
    if (i + 1 == steps) std::printf("%g\n", loss.item<double>());
  }
}
