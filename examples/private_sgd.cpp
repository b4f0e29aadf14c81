// Learning without telling on anyone: no single digit of the training data changes the model by more than
// noise hides (Abadi et al., 2016). Gradients of each example are clipped without being made one by one, and
// what the privacy of an example has been spent by is accounted for.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int steps = 300;
  int hidden = 32;
  double share = 0.1;  // of the examples, each of which is in a step by this chance
  double clip = 1;     // the largest norm of an example's gradient
  double noise = 2;    // its deviation, in such norms
  double delta = 1e-4;
  double lr = 0.02;
};

/// A net with one hidden layer that gives its sums z1 and z2 before each activation, too.
struct Net : nn::ModuleBase {
  nn::Linear first, second;

  explicit Net(int hidden) : first(64, hidden), second(hidden, 10) {}
  void visit(nn::Visitor& v) override { v("first", first), v("second", second); }

  struct Sums {
    Tensor z1, activation, z2;
  };
  Sums operator()(const Tensor& x) const {
    const Tensor z1 = first(x), activation = tanh(z1);
    return {z1, activation, second(activation)};
  }
};

Tensor losses_of(const Net::Sums& sums, const Tensor& y) {
  return nn::cross_entropy(sums.z2, y, {.reduction = Reduction::none});
}

/// The norm of each example's gradient by all weights. That by a matrix is the outer product of dL/dz and the
/// layer's input, whose norm is the product of their norms (Goodfellow, 2015); the bias is a weight of
/// input 1.
Tensor norms_of(const Net::Sums& sums, const Tensor& x, const Tensor& losses) {
  const std::vector<Tensor> g = grad(losses.sum(), {sums.z1, sums.z2}, {.retain_graph = true});
  const auto squares = [](const Tensor& t) { return sum(square(t), 1); };
  return sqrt(squares(g[0]) * (squares(x) + 1) + squares(g[1]) * (squares(sums.activation) + 1)).detach();
}

/// The same by one backward pass for each example, to compare with.
double largest_error(const Net& net, const data::TensorDataset& set) {
  const Net::Sums all = net(set.features());
  const Tensor norms = norms_of(all, set.features(), losses_of(all, set.targets()));
  double error = 0;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const data::TensorDataset one = set.slice(i, i + 1);
    double squares = 0;
    for (const Tensor& g : grad(losses_of(net(one.features()), one.targets()).sum(), net.parameters()))
      squares += sum(square(g)).item();
    error = std::max(error, std::abs(std::sqrt(squares) / norms.at({i}) - 1));
  }
  return error;
}

/// One noisy step: what is in it is drawn, clipped, summed up and hidden.
void step(Net& net, optim::Adam& adam, const data::TensorDataset& set, const Options& o) {
  const data::TensorDataset batch = set.index_select(nonzero(rand({set.size()}) < o.share).flatten());
  const Net::Sums sums = net(batch.features());
  const Tensor losses = losses_of(sums, batch.targets());
  const Tensor scales = clamp_max(o.clip / norms_of(sums, batch.features(), losses), 1);
  adam.zero_grad();
  (losses * scales).sum().backward();
  const double expected = o.share * static_cast<double>(set.size());
  for (Tensor& p : net.parameters())
    p.set_grad((p.grad() + o.noise * o.clip * randn_like(p.grad())) / expected);
  adam.step();
}

/// The epsilon of (epsilon, delta)-differential privacy after so many steps, by the Renyi divergences of
/// order a of the sampled Gaussian mechanism: log(sum_k C(a, k) (1 - q)^(a - k) q^k e^((k^2 - k) / 2
/// noise^2)) / (a - 1) for each step. Mironov, Talwar and Zhang, 2019; the order is the one that says least.
double epsilon_after(int steps, const Options& o) {
  double least = std::numeric_limits<double>::infinity();
  for (int a = 2; a <= 128; ++a) {
    double sum = 0;
    for (int k = 0; k <= a; ++k) {
      const double choices = std::lgamma(a + 1) - std::lgamma(k + 1) - std::lgamma(a - k + 1);
      sum += std::exp(choices + (a - k) * std::log(1 - o.share) + k * std::log(o.share) +
                      k * (k - 1) / (2 * o.noise * o.noise));
    }
    least = std::min(least, (steps * std::log(sum) + std::log(1 / o.delta)) / (a - 1));
  }
  return least;
}

double accuracy(const Net& net, const data::TensorDataset& set) {
  const NoGrad guard;
  return (argmax(net(set.features()).z2, 1) == set.targets()).to(float32).mean().item();
}

bool learn(const Options& options) {
  const auto [train_set, test_set] = data::split(data::digits(), 0.8, {.stratify = true});
  Net net(options.hidden);
  const double error = largest_error(net, train_set.slice(0, 20));
  std::printf("norms of examples' gradients as by one pass each, to %.1e\n", error);

  optim::Adam adam(net, {.lr = options.lr});
  std::printf("steps  epsilon  train  test\n");
  for (int done = 0; done < options.steps;) {
    const int part = std::min(options.steps - done, (options.steps + 4) / 5);
    {
      example::Progress progress("steps", part);
      for (int i = 0; i < part; ++i, progress.advance()) step(net, adam, train_set, options);
    }
    done += part;
    std::printf("%5d  %7.2f  %.3f  %.3f\n", done, epsilon_after(done, options), accuracy(net, train_set),
                accuracy(net, test_set));
  }
  return example::check(error < 1e-4, "norms as by one pass for each example, to 1e-4") &&
         example::check(epsilon_after(options.steps, options) < 8, "an epsilon below 8") &&
         example::check(accuracy(net, test_set) >= 0.85, "a test accuracy of 0.85");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Trains a classifier of digits with differential privacy.");
  program.option("--steps", options.steps, "Noisy steps");
  program.option("--hidden", options.hidden, "Units of the hidden layer");
  program.option("--share", options.share, "The chance of an example to be in a step");
  program.option("--clip", options.clip, "The largest norm of an example's gradient");
  program.option("--noise", options.noise, "The deviation of the noise, in such norms");
  program.option("--delta", options.delta, "The chance with which epsilon may be exceeded");
  program.option("--lr", options.lr, "Learning rate of Adam");
  program.reads_data();
  return program.run(argc, argv, [&] { return learn(options); });
}
