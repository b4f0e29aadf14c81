// Digits out of noise: a network that learns to say which noise was added to an image takes noise away step
// by step until a digit is left (Ho, Jain and Abbeel, 2020), of the class that it is asked for.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <string>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/judge.hpp"
#include "support/pictures.hpp"
#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 200;
  int hidden = 256;
  int steps = 100;  // from noise to an image
  int drawn = 500;
  double lr = 2e-3;
  std::string png = "diffusion_digits.png";
};

constexpr std::int64_t classes = 10, pixels = 64, waves = 16;

/// How much of the image is left at each step t: the share of its variance, [steps]. Nichol and Dhariwal,
/// 2021.
Tensor shares(int steps) {
  const Tensor t = (arange(steps) + 1) / steps;
  return clamp(square(cos((t + 0.008) / 1.008 * (std::numbers::pi / 2))), 1e-4, 1);
}

/// Says the noise in images x[n, 64] at steps t[n], of the classes y[n].
struct Denoiser : nn::ModuleBase {
  Tensor at_step;  // what stands for each step, [steps, waves]
  nn::Linear in, middle, more, out;

  Denoiser(int steps, int hidden)
      : at_step(nn::sinusoidal_positions(steps, waves)),
        in(pixels + classes + waves, hidden),
        middle(hidden, hidden),
        more(hidden, hidden),
        out(hidden, pixels) {}
  void visit(nn::Visitor& v) override { v("in", in), v("middle", middle), v("more", more), v("out", out); }

  Tensor operator()(const Tensor& x, const Tensor& t, const Tensor& y) const {
    const Tensor h = silu(in(cat({x, one_hot(y, classes).to(float32), at_step.index({t})}, 1)));
    const Tensor g = h + silu(middle(h));
    return out(g + silu(more(g)));
  }
};

/// Images of the classes y, from noise alone.
Tensor draw(const Denoiser& net, const Tensor& y, int steps) {
  const NoGrad guard;
  const std::vector<double> left = shares(steps).to_vector<double>();
  Tensor x = randn({y.numel(), pixels});
  example::Progress progress("drawing", steps);
  for (int t = steps; t-- > 0; progress.advance()) {
    const auto i = static_cast<std::size_t>(t);
    const double before = t > 0 ? left[i - 1] : 1, kept = left[i] / before;
    const Tensor noise = net(x, full({y.numel()}, t), y);
    // The image that the noise speaks for, and from there the mean of what x was one step before.
    const Tensor image = clamp((x - std::sqrt(1 - left[i]) * noise) / std::sqrt(left[i]), -1, 1);
    const double of_image = std::sqrt(before) * (1 - kept) / (1 - left[i]);
    const double of_x = std::sqrt(kept) * (1 - before) / (1 - left[i]);
    const double variance = (1 - kept) * (1 - before) / (1 - left[i]);
    x = of_image * image + of_x * x + std::sqrt(variance) * randn_like(x);
  }
  return clamp((x + 1) / 2, 0, 1);
}

bool learn(const Options& options) {
  const data::TensorDataset set = data::digits();
  Denoiser net(options.steps, options.hidden);
  const Tensor left = shares(options.steps);

  // An image becomes noise at a step that is drawn anew each time; the loss is made here.
  const train::Predictor loss(net, [&](const std::vector<Tensor>& batch) {
    const Tensor x = 2 * batch[0] - 1, y = batch[1], t = randint(0, options.steps, {x.size(0)});
    const Tensor share = left.index({t}).unsqueeze(1), noise = randn_like(x);
    return nn::mse_loss(net(sqrt(share) * x + sqrt(1 - share) * noise, t, y), noise);
  });
  const auto itself = [](const Tensor& value, const Tensor&) { return value; };
  optim::Adam adam(net, {.lr = options.lr});
  optim::ExponentialMovingAverage average(net, {.decay = 0.995});
  const auto rate = [&](std::int64_t epoch) {
    return options.lr * (1 - static_cast<double>(epoch) / options.epochs);
  };
  example::Progress progress("epochs", options.epochs);
  const train::History history =
      train::fit(loss, itself, adam, data::TensorDataset({set.features(), set.targets(), set.targets()}),
                 {.epochs = options.epochs,
                  .batch_size = 64,
                  .schedules = {rate},
                  .average = &average,
                  .callbacks = {[&](train::Training&) { progress.advance(); }},
                  .show = train::Show::nothing});
  average.copy_to(net);

  example::Judge judge;
  const Tensor asked = remainder(arange(options.drawn), classes);
  const Tensor drawn = draw(net, asked, options.steps);
  const double recognised = judge.recognised(drawn, asked);
  const double varied = judge.varied(drawn, asked);
  std::printf(
      "loss %.4f\n%.1f %% of %d new digits are recognised by a judge; they differ %.2f times as much as real "
      "ones\n",
      history["loss"].back(), 100 * recognised, options.drawn, varied);
  example::write_images(options.png, drawn.slice(0, 0, 100).reshape({-1, 8, 8}));
  return example::check(recognised >= 0.9, "90 % recognised by a judge") &&
         example::check(varied > 0.65 && varied < 1.3,
                        "digits that differ 0.65 times as much as real ones, or more");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Draws handwritten digits by a diffusion model.");
  program.option("--epochs", options.epochs, "Passes over the digits");
  program.option("--hidden", options.hidden, "Units of each hidden layer");
  program.option("--steps", options.steps, "Steps from noise to an image");
  program.option("--drawn", options.drawn, "Images to draw and to judge");
  program.option("--lr", options.lr, "First learning rate of Adam, which falls to 0");
  program.option("--png", options.png, "File for the images");
  program.reads_data();
  return program.run(argc, argv, [&] { return learn(options); });
}
