// Changes that nobody would mind fool a classifier of digits; one that was trained on such changes is fooled
// less often. By the sign of the gradient (Goodfellow et al., 2015) and by several such steps (Madry et al.,
// 2018).

#include <algorithm>
#include <cstdio>
#include <string>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/pictures.hpp"
#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  double size = 0.15;  // the most that a pixel changes, of 1
  int steps = 7;
  int epochs = 30;
  int hidden = 256;
  double lr = 2e-3;
  std::string png = "adversarial.png";
};

/// x moved by `step` where it makes the loss larger, and held near `origin`.
Tensor moved(const nn::Sequential& model, const Tensor& origin, const Tensor& x, const Tensor& y, double step,
             double size) {
  const Tensor at = x.detach().clone().requires_grad_();
  const Tensor slope = grad(nn::cross_entropy(model(at), y), {at}).front();
  const NoGrad guard;
  return clamp(origin + clamp(x + step * sign(slope) - origin, -size, size), 0, 1);
}

Tensor one_step(const nn::Sequential& model, const Tensor& x, const Tensor& y, const Options& o) {
  return moved(model, x, x, y, o.size, o.size);
}

/// Projected gradient descent, from a place near x.
Tensor many_steps(const nn::Sequential& model, const Tensor& x, const Tensor& y, const Options& o) {
  Tensor at = clamp(x + o.size * (2 * rand_like(x) - 1), 0, 1);
  for (int step = 0; step < o.steps; ++step) at = moved(model, x, at, y, 2 * o.size / o.steps, o.size);
  return at;
}

nn::Sequential train(const data::TensorDataset& set, const Options& options, bool on_changed) {
  nn::Sequential model = nn::mlp({64, options.hidden, 10});
  optim::Adam adam(model, {.lr = options.lr});
  const data::Loader batches(set, {.batch_size = 64, .shuffle = true});
  example::Progress progress(on_changed ? "training on changed digits" : "training", options.epochs);
  for (int epoch = 0; epoch < options.epochs; ++epoch, progress.advance())
    for (const auto& [x, y] : batches) {
      const Tensor seen = on_changed ? many_steps(model, x, y, options) : x;
      adam.zero_grad();
      nn::cross_entropy(model(seen), y).backward();
      adam.step();
    }
  return model;
}

double accuracy(const nn::Sequential& model, const Tensor& x, const Tensor& y) {
  const NoGrad guard;
  return (argmax(model(x), 1) == y).to(float32).mean().item();
}

struct Result {
  double clean, one_step, many_steps;
};

Result attack(const char* name, const nn::Sequential& model, const data::TensorDataset& set,
              const Options& options) {
  const Tensor &x = set.features(), &y = set.targets();
  const Result result{accuracy(model, x, y), accuracy(model, one_step(model, x, y, options), y),
                      accuracy(model, many_steps(model, x, y, options), y)};
  std::printf("%-26s  %.3f   %.3f     %.3f\n", name, result.clean, result.one_step, result.many_steps);
  return result;
}

bool compare(const Options& options) {
  const auto [train_set, test_set] = data::split(data::digits(), 0.8, {.stratify = true});
  const nn::Sequential plain = train(train_set, options, false), robust = train(train_set, options, true);

  std::printf("test accuracy               clean  one step  %d steps\n", options.steps);
  const Result of_plain = attack("trained on digits", plain, test_set, options);
  const Result of_robust = attack("trained on changed digits", robust, test_set, options);
  // Rows of digits, and of what the first classifier is fooled by.
  const data::TensorDataset some = test_set.index_select(arange(0, 360, 36));
  const Tensor changed = many_steps(plain, some.features(), some.targets(), options);
  example::write_images(options.png, cat({some.features(), changed}).reshape({-1, 8, 8}));
  return example::check(of_robust.clean >= 0.94, "a clean accuracy of 0.94") &&
         example::check(of_robust.many_steps >= 0.6, "an accuracy of 0.6 under attack") &&
         example::check(of_robust.many_steps > of_plain.many_steps + 0.2,
                        "0.2 more than without such training");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Attacks classifiers of digits, and trains one that withstands.");
  program.option("--size", options.size, "The most that a pixel changes");
  program.option("--steps", options.steps, "Steps of an attack");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--hidden", options.hidden, "Units of the hidden layer");
  program.option("--lr", options.lr, "Learning rate of Adam");
  program.option("--png", options.png, "File for the images");
  program.reads_data();
  return program.run(argc, argv, [&] { return compare(options); });
}
