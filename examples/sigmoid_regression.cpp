// One sigmoid unit fitted to y = 0.5 (x1 - x2) + 0.5 on a grid over the unit square, in float64.
//
// The known optimum: exchanging x1 and x2 turns y into 1 - y and, as sigmoid(-z) = 1 - sigmoid(z), the unit
// with weights (w1, w2) and bias b into the one with (-w2, -w1) and -b. The loss is the same for both, so a
// single best unit is its own mirror image: w2 = -w1 and b = 0. What is left is one number, w1, the zero of a
// derivative that is written out below and found by Newton's method, without any automatic differentiation.

#include <cmath>
#include <cstdio>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 2000;
  int points = 11;
  double lr = 4;
};

/// The w that minimises the mean of r^2, r = s - (0.5 d + 0.5), s = sigmoid(w d), over the differences d = x1
/// - x2.
double best_weight(const std::vector<double>& differences) {
  double w = 2;  // by the slopes at d = 0: w / 4 = 0.5
  for (int step = 0; step < 20; ++step) {
    double first = 0, second = 0;
    for (const double d : differences) {
      const double s = 1 / (1 + std::exp(-w * d)), r = s - (0.5 * d + 0.5), slope = s * (1 - s) * d;
      first += 2 * r * slope;
      second += 2 * slope * slope + 2 * r * slope * (1 - 2 * s) * d;
    }
    w -= first / second;
  }
  return w;
}

bool fit(const Options& options) {
  const Tensor side = linspace(0, 1, options.points, {.dtype = float64});
  const Shape grid{options.points, options.points};
  const Tensor x1 = expand(side.unsqueeze(1), grid).flatten(), x2 = expand(side, grid).flatten();
  const Tensor x = stack({x1, x2}, 1);
  const Tensor y = (0.5 * (x1 - x2) + 0.5).unsqueeze(1);

  const nn::Linear unit(2, 1, {.dtype = float64});
  optim::GD descent(unit.parameters(), {.lr = options.lr});
  Tensor loss;
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    loss = nn::mse_loss(sigmoid(unit(x)), y);
    descent.zero_grad();
    loss.backward();
    descent.step();
    if (epoch % 100 == 0) std::printf("epoch %4d  loss %.12f\n", epoch, loss.item());
  }

  const double best = best_weight((x1 - x2).to_vector<double>());
  const Tensor optimum = tensor({{best, -best}}, {.dtype = float64});
  const double best_loss = nn::mse_loss(sigmoid(linear(x, optimum)), y).item();
  const double w1 = unit.weight.at({0, 0}), w2 = unit.weight.at({0, 1}), b = unit.bias.item();
  std::printf("         w1         w2          b      loss\n");
  std::printf("fit  %10.7f %10.7f %10.7f  %.12f\n", w1, w2, b, loss.item());
  std::printf("best %10.7f %10.7f %10.7f  %.12f\n", best, -best, 0.0, best_loss);

  const double apart = std::hypot(w1 - best, w2 + best, b);
  std::printf("distance from the optimum: %.1e\n", apart);
  return example::check(apart < 1e-6, "weights and bias within 1e-6 of the optimum");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Fits a sigmoid unit to a plane and compares it with the known optimum.");
  program.option("--epochs", options.epochs, "Steps, each on the whole grid");
  program.option("--points", options.points, "Points on each side of the grid");
  program.option("--lr", options.lr, "Learning rate of gradient descent");
  return program.run(argc, argv, [&] { return fit(options); });
}
