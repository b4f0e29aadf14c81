// Digits that nobody has written: a variational autoencoder (Kingma and Welling, 2014) that is told which
// digit it is to draw, judged by a classifier of real ones.

#include <cstdio>
#include <string>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/judge.hpp"
#include "support/pictures.hpp"
#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int code = 8;
  int epochs = 60;
  int hidden = 256;
  double lr = 2e-3;
  std::string png = "vae.png";
};

constexpr std::int64_t classes = 10;
constexpr double deviation = 0.15;  // of a pixel from what is drawn

struct Vae : nn::ModuleBase {
  std::int64_t code;
  nn::Sequential encoder, decoder;

  Vae(int its_code, int hidden)
      : code(its_code),
        encoder{nn::Linear(64 + classes, hidden), nn::ReLU(), nn::Linear(hidden, 2 * its_code)},
        decoder{nn::Linear(its_code + classes, hidden), nn::ReLU(), nn::Linear(hidden, 64), nn::Sigmoid()} {}
  void visit(nn::Visitor& v) override { v("encoder", encoder), v("decoder", decoder); }

  /// Images of each class, from codes [n, code].
  Tensor decode(const Tensor& codes, const Tensor& y) const {
    return decoder(cat({codes, one_hot(y, classes).to(float32)}, 1));
  }

  /// The bound on -log p(x | y) but for a constant, the mean over images: how far pixels are off, which are
  /// normal around what is drawn, and how far codes are from standard normal ones, KL(q(z | x, y) || N(0,
  /// 1)).
  Tensor loss(const Tensor& x, const Tensor& y) const {
    const auto parts = encoder(cat({x, one_hot(y, classes).to(float32)}, 1)).chunk(2, 1);
    const Tensor mean = parts[0], log_variance = parts[1];
    const Tensor z = mean + exp(0.5 * log_variance) * randn_like(mean);
    const Tensor pixels = sum(square(decode(z, y) - x)) / (2 * deviation * deviation);
    const Tensor divergence = 0.5 * sum(exp(log_variance) + square(mean) - 1 - log_variance);
    return (pixels + divergence) / static_cast<double>(x.size(0));
  }
};

bool learn(const Options& options) {
  const auto [train_set, test_set] = data::split(data::digits(), 0.8, {.stratify = true});
  Vae model(options.code, options.hidden);
  optim::Adam adam(model, {.lr = options.lr});

  // The loss is made where image and class are together, and what fit makes small is that number itself.
  const train::Predictor bound(
      model, [&](const std::vector<Tensor>& batch) { return model.loss(batch[0], batch[1]); });
  const auto itself = [](const Tensor& loss, const Tensor&) { return loss; };
  const auto with_class_as_input = [](const data::TensorDataset& set) {
    return data::TensorDataset({set.features(), set.targets(), set.targets()});
  };
  const train::History history = train::fit(
      bound, itself, adam, with_class_as_input(train_set),
      {.epochs = options.epochs, .validation = with_class_as_input(test_set), .show = train::Show::nothing});
  std::printf("bound on -log p: %.2f, of digits that it has not seen %.2f\n", history["loss"].back(),
              history["val_loss"].back());

  example::Judge judge;
  const NoGrad guard;
  const Tensor asked = remainder(arange(1000), classes);
  const Tensor drawn = model.decode(randn({1000, model.code}), asked);
  const double recognised = judge.recognised(drawn, asked);
  const double varied = judge.varied(drawn, asked);
  std::printf(
      "%.1f %% of 1000 new digits are recognised by a judge; they differ %.2f times as much as real ones\n",
      100 * recognised, varied);
  example::write_images(options.png, drawn.slice(0, 0, 100).reshape({-1, 8, 8}));
  return example::check(varied > 0.6, "digits that differ 0.6 times as much as real ones") &&
         example::check(recognised >= 0.9, "90 % recognised by a judge");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Draws handwritten digits by a variational autoencoder.");
  program.option("--code", options.code, "Numbers that stand for an image");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--hidden", options.hidden, "Units of the hidden layers");
  program.option("--lr", options.lr, "Learning rate of Adam");
  program.option("--png", options.png, "File for the images");
  program.reads_data();
  return program.run(argc, argv, [&] { return learn(options); });
}
