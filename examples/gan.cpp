// A forger and a detective (Goodfellow et al., 2014): one network draws the digits that it is asked for, the
// other tells them from real ones, and each learns from the other.

#include <cstdio>
#include <string>

#include <xgrad/xgrad.hpp>

#include "support/judge.hpp"
#include "support/pictures.hpp"
#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 100;
  int batch_size = 64;
  int noise = 16;
  int hidden = 128;
  double lr = 1e-3;
  std::string png = "gan.png";
};

constexpr std::int64_t classes = 10;

/// x with its classes beside it, as 10 numbers of 0 and 1.
Tensor with_classes(const Tensor& x, const Tensor& y) { return cat({x, one_hot(y, classes).to(float32)}, 1); }

nn::Sequential forger(const Options& o) {
  return {nn::Linear(o.noise + classes, o.hidden),
          nn::BatchNorm1d(o.hidden),
          nn::ReLU(),
          nn::Linear(o.hidden, o.hidden),
          nn::BatchNorm1d(o.hidden),
          nn::ReLU(),
          nn::Linear(o.hidden, 64),
          nn::Sigmoid()};
}

/// Spectral norms keep the detective from being so sure that nothing can be learnt from it. Miyato et al.,
/// 2018.
nn::Sequential detective(const Options& o) {
  return {nn::spectral_norm(nn::Linear(64 + classes, o.hidden)), nn::LeakyReLU(0.2),
          nn::spectral_norm(nn::Linear(o.hidden, o.hidden)), nn::LeakyReLU(0.2), nn::Linear(o.hidden, 1)};
}

bool learn(const Options& options) {
  const data::TensorDataset set = data::digits();
  const data::Loader batches(set, {.batch_size = options.batch_size, .shuffle = true, .drop_last = true});
  nn::Sequential g = forger(options), d = detective(options);
  optim::Adam g_adam(g, {.lr = options.lr, .betas = {0.5, 0.999}});
  optim::Adam d_adam(d, {.lr = options.lr, .betas = {0.5, 0.999}});
  optim::ExponentialMovingAverage average(g, {.decay = 0.995});
  const nn::BCEWithLogitsLoss loss;
  {
    example::Progress progress("epochs", options.epochs);
    for (int epoch = 0; epoch < options.epochs; ++epoch, progress.advance())
      for (const auto& [x, y] : batches) {
        const Tensor real = full({x.size(0), 1}, 0.9), forged = zeros({x.size(0), 1});
        const Tensor drawn = g(with_classes(randn({x.size(0), options.noise}), y));

        d_adam.zero_grad();
        (loss(d(with_classes(x, y)), real) + loss(d(with_classes(drawn.detach(), y)), forged)).backward();
        d_adam.step();

        g_adam.zero_grad();
        loss(d(with_classes(drawn, y)), real).backward();
        g_adam.step();
        average.update_parameters(g);
      }
  }
  average.copy_to(g);

  example::Judge judge;
  const NoGrad guard;
  g.eval();
  const Tensor asked = remainder(arange(1000), classes);
  const Tensor drawn = g(with_classes(randn({1000, options.noise}), asked));
  const double recognised = judge.recognised(drawn, asked);
  const double varied = judge.varied(drawn, asked);
  std::printf(
      "%.1f %% of 1000 new digits are recognised by a judge; they differ %.2f times as much as real ones\n",
      100 * recognised, varied);
  example::write_images(options.png, drawn.slice(0, 0, 100).reshape({-1, 8, 8}));
  return example::check(recognised >= 0.8, "80 % recognised by a judge") &&
         example::check(varied > 0.6, "digits that differ 0.6 times as much as real ones");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Draws handwritten digits by a generative adversarial net.");
  program.option("--epochs", options.epochs, "Passes over the digits");
  program.option("--batch-size", options.batch_size, "Images in a step");
  program.option("--noise", options.noise, "Numbers that an image is made of");
  program.option("--hidden", options.hidden, "Units of each hidden layer");
  program.option("--lr", options.lr, "Learning rate of both optimizers");
  program.option("--png", options.png, "File for the images");
  program.reads_data();
  return program.run(argc, argv, [&] { return learn(options); });
}
