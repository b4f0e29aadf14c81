// Handwritten digits in eight numbers: an autoencoder against the best that a linear one can do, principal
// components.

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
  int hidden = 128;
  double lr = 3e-3;
  std::string png = "autoencoder.png";
};

struct Autoencoder : nn::Module {
  nn::Sequential encoder, decoder;

  Autoencoder(int code, int hidden)
      : encoder{nn::Linear(64, hidden), nn::ReLU(), nn::Linear(hidden, code)},
        decoder{nn::Linear(code, hidden), nn::ReLU(), nn::Linear(hidden, 64), nn::Sigmoid()} {}

  Tensor forward(const Tensor& x) const override { return decoder(encoder(x)); }
  void visit(nn::Visitor& v) override { v("encoder", encoder), v("decoder", decoder); }
};

/// x with as many principal components of the training data as a code has numbers.
Tensor by_components(const Tensor& train, const Tensor& x, int code) {
  const Tensor mean = train.mean(0), components = svd(train - mean).vh.slice(0, 0, code);
  return matmul(matmul(x - mean, components.t()), components) + mean;
}

bool learn(const Options& options) {
  const auto [train_set, test_set] = data::split(data::digits(), 0.8, {.stratify = true});
  const Tensor x = test_set.features();

  Autoencoder model(options.code, options.hidden);
  optim::Adam adam(model, {.lr = options.lr});
  const auto rate = [&](std::int64_t epoch) {
    return options.lr * (1 - static_cast<double>(epoch) / options.epochs);
  };
  // A batch of one tensor is its own target.
  train::fit(model, nn::mse_loss, adam, data::TensorDataset({train_set.features()}),
             {.epochs = options.epochs, .schedules = {rate}, .show = train::Show::nothing});

  const Tensor y = train::predict(model, x), z = by_components(train_set.features(), x, options.code);
  const double error = nn::mse_loss(y, x).item(), by_pca = nn::mse_loss(z, x).item();
  example::Judge judge;
  const double recognised = judge.recognised(y, test_set.targets());
  std::printf("digits that it has not seen, from %d numbers each\n", options.code);
  std::printf("mean squared error     autoencoder %.4f  principal components %.4f\n", error, by_pca);
  std::printf("recognised by a judge  autoencoder %.3f   principal components %.3f\n", recognised,
              judge.recognised(z, test_set.targets()));
  // Rows of digits, of what became of them, and of what principal components made of them.
  const auto row = [](const Tensor& images) { return images.slice(0, 0, 360, 36).reshape({-1, 8, 8}); };
  example::write_images(options.png, cat({row(x), row(y), clamp(row(z), 0, 1)}));
  return example::check(error < 0.75 * by_pca, "three quarters of the error of principal components") &&
         example::check(recognised >= 0.9, "90 % of them recognised by a judge");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Compresses handwritten digits by an autoencoder.");
  program.option("--code", options.code, "Numbers that stand for an image");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--hidden", options.hidden, "Units of the hidden layers");
  program.option("--lr", options.lr, "First learning rate of Adam, which falls to 0");
  program.option("--png", options.png, "File for the images");
  program.reads_data();
  return program.run(argc, argv, [&] { return learn(options); });
}
