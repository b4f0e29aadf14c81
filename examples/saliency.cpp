// Which pixels made a classifier say seven? Integrated gradients (Sundararajan et al., 2017) share out the
// logit of the class among the pixels, and are put to the test: without the pixels that they name, the class
// is lost.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/pictures.hpp"
#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int steps = 100;
  int deleted = 10;
  int epochs = 20;
  std::string png = "saliency.png";
};

/// The logit of each row's class.
Tensor logit_of(const nn::Sequential& model, const Tensor& x, const Tensor& classes) {
  return model(x).gather(1, classes.unsqueeze(1)).squeeze(1);
}

/// x_i times the mean of df/dx_i on the way from an empty image to x, by the midpoints of equal parts of it.
Tensor integrated_gradients(const nn::Sequential& model, const Tensor& x, const Tensor& classes, int steps) {
  example::Progress progress("integrated gradients", steps);
  Tensor sum = zeros_like(x);
  for (int step = 0; step < steps; ++step, progress.advance()) {
    const Tensor at = (x * ((step + 0.5) / steps)).requires_grad_();
    const Tensor slope = grad(logit_of(model, at, classes).sum(), {at}).front();
    sum = sum + slope;
  }
  return x * sum / steps;
}

/// The share of rows that are still taken for their class when the pixels of the largest scores are empty.
double kept(const nn::Sequential& model, const Tensor& x, const Tensor& classes, const Tensor& scores,
            int deleted) {
  const NoGrad guard;
  const Tensor rest = scatter(x, 1, topk(scores, deleted, 1).indices, 0);
  return (argmax(model(rest), 1) == classes).to(float32).mean().item();
}

/// The digit in grey, with what speaks for its class in red and what speaks against it in blue: [n, 3, 8, 8].
Tensor overlay(const Tensor& x, const Tensor& scores) {
  const Tensor scaled = scores / amax(abs(scores), {1}, true);
  const Tensor grey = 0.6 * x, positive = clamp(scaled, 0, 1), negative = clamp(-scaled, 0, 1);
  const Tensor dark = grey * (1 - positive - negative);
  return stack({dark + positive, dark, dark + negative}, 1).reshape({-1, 3, 8, 8});
}

bool explain(const Options& options) {
  const auto [train_set, test_set] = data::split(data::digits(), 0.8, {.stratify = true});
  nn::Sequential model = nn::mlp({64, 128, 10});
  optim::Adam adam(model, {.lr = 3e-3});
  train::fit(model, nn::cross_entropy, adam, train_set,
             {.epochs = options.epochs, .show = train::Show::nothing});

  const Tensor x = test_set.features(), classes = argmax(train::predict(model, x), 1);
  const Tensor scores = integrated_gradients(model, x, classes, options.steps);
  const Tensor shared = logit_of(model, x, classes) - logit_of(model, zeros_like(x), classes);
  const double error = max(abs(scores.sum(1) - shared)).item() / mean(abs(shared)).item();

  const double by_scores = kept(model, x, classes, scores, options.deleted);
  const double by_brightness = kept(model, x, classes, x, options.deleted);
  const double at_random = kept(model, x, classes, rand_like(x) * (x > 0).to(float32), options.deleted);
  std::printf("the pixels' shares sum up to the logit, to %.2f %% of it\n", 100 * error);
  std::printf(
      "still the same class without %d pixels: those of the largest shares %.3f, the brightest %.3f, any "
      "%.3f\n",
      options.deleted, by_scores, by_brightness, at_random);
  const auto some = [](const Tensor& t) { return t.slice(0, 0, 360, 18); };
  example::write_images(options.png, overlay(some(x), some(scores)), {.zoom = 6});
  return example::check(error < 0.02, "shares that sum up to the logit to 2 %") &&
         example::check(by_scores < 0.5 * by_brightness,
                        "half as many classes kept as without the brightest pixels");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Draws which pixels a classifier of digits goes by.");
  program.option("--steps", options.steps, "Points on the way from an empty image");
  program.option("--deleted", options.deleted, "Pixels that are taken away in the test");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--png", options.png, "File for the images");
  program.reads_data();
  return program.run(argc, argv, [&] { return explain(options); });
}
