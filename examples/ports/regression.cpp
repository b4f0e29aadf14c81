// A polynomial of degree 4 with unknown coefficients, found from noiseless samples by one Linear layer over
// the powers of x: what the example regression of LibTorch does.

#include <cmath>
#include <cstdio>

#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

constexpr int degree = 4;

/// x[n] to its powers [n, degree]: x, x^2, ...
Tensor powers(const Tensor& x) {
  std::vector<Tensor> columns{x};
  while (columns.size() < degree) columns.push_back(columns.back() * x);
  return stack(columns, 1);
}

void print(const char* name, const Tensor& weight, const Tensor& bias) {
  std::printf("%s y =", name);
  const auto w = weight.to_vector<double>();
  for (int i = degree; i > 0; --i) std::printf(" %+.2f x^%d", w[static_cast<std::size_t>(i - 1)], i);
  std::printf(" %+.2f\n", bias.item());
}

/// Returns the last loss.
double fit(double lr, int most_steps) {
  const Tensor target_weight = 5 * randn({degree, 1}), target_bias = 5 * randn({1});
  nn::Linear model(degree, 1);
  optim::SGD sgd(model, {.lr = lr});
  optim::ReduceLROnPlateau plateau(sgd, {.factor = 0.5, .patience = 200});

  double loss = 1;
  int step = 0;
  while (step++ < most_steps && loss > 1e-3) {
    const Tensor x = powers(randn({32}));
    const Tensor error = nn::smooth_l1_loss(model(x), matmul(x, target_weight) + target_bias);
    sgd.zero_grad();
    error.backward();
    sgd.step();
    loss = error.item();
    plateau.step(loss);
  }
  std::printf("loss %.6f after %d batches\n", loss, step - 1);
  print("learned:", model.weight.detach(), model.bias.detach());
  print("actual: ", target_weight, target_bias);
  return loss;
}

}  // namespace

int main(int argc, char** argv) {
  double lr = 0.1;
  int steps = 20'000;
  example::Program program("Fits a polynomial of degree 4.");
  program.option("--lr", lr, "First learning rate of SGD");
  program.option("--steps", steps, "Batches at most");
  return program.run(argc, argv, [&] { return example::check(fit(lr, steps) <= 1e-3, "a loss of 0.001"); });
}
