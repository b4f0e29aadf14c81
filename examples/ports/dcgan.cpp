// A generative adversarial net of convolutions on handwritten digits (Goodfellow et al., 2014; Radford et
// al., 2016): what the example dcgan of LibTorch does, on the 8 x 8 digits that are shipped. No layer is
// written here.

#include <cstdio>
#include <string>

#include <xgrad/xgrad.hpp>

#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 30;
  int batch_size = 64;
  int noise = 32;
  double lr = 1e-3;
};

nn::Sequential generator(int noise) {
  return {nn::ConvTranspose2d(noise, 64, 2, {.bias = false}),
          nn::BatchNorm2d(64),
          nn::ReLU(),
          nn::ConvTranspose2d(64, 32, 4, {.stride = 2, .padding = 1, .bias = false}),
          nn::BatchNorm2d(32),
          nn::ReLU(),
          nn::ConvTranspose2d(32, 1, 4, {.stride = 2, .padding = 1}),
          nn::Sigmoid()};
}

nn::Sequential discriminator() {
  return {nn::spectral_norm(nn::Conv2d(1, 32, 4, {.stride = 2, .padding = 1})),
          nn::LeakyReLU(0.2),
          nn::spectral_norm(nn::Conv2d(32, 64, 4, {.stride = 2, .padding = 1})),
          nn::LeakyReLU(0.2),
          nn::Flatten(),
          nn::Linear(256, 1)};
}

/// Prints images [n, 1, 8, 8] side by side, a character for each pixel.
void show(const Tensor& images) {
  static constexpr std::string_view shades = " .:-=+*#%@";
  for (std::int64_t row = 0; row < 8; ++row) {
    std::string line;
    for (std::int64_t i = 0; i < images.size(0); ++i) {
      for (const float v : images[i][0][row].to_vector<float>())
        line += shades[static_cast<std::size_t>(v * 9.99f)];
      line += "  ";
    }
    std::printf("%s\n", line.c_str());
  }
}

/// How alike two mean images are: the correlation of their pixels.
double correlation(const Tensor& a, const Tensor& b) {
  const Tensor x = flatten(mean(a, 0)), y = flatten(mean(b, 0));
  return cosine_similarity(x - mean(x), y - mean(y), 0).item();
}

bool train(const Options& options) {
  const data::TensorDataset set = data::digits();
  const Tensor real = set.features().reshape({-1, 1, 8, 8});
  const data::Loader batches(data::TensorDataset(real, set.targets()),
                             {.batch_size = options.batch_size, .shuffle = true, .drop_last = true});
  nn::Sequential g = generator(options.noise), d = discriminator();
  optim::Adam g_adam(g, {.lr = options.lr, .betas = {0.5, 0.999}});
  optim::Adam d_adam(d, {.lr = options.lr, .betas = {0.5, 0.999}});
  const nn::BCEWithLogitsLoss loss;

  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    double d_sum = 0, g_sum = 0;
    {
      example::Progress progress("epoch " + std::to_string(epoch), batches.size());
      for (const auto& [x, label] : batches) {
        const Tensor yes = full({x.size(0), 1}, 0.9), no = zeros({x.size(0), 1});
        const Tensor fake = g(randn({x.size(0), options.noise, 1, 1}));
        d_adam.zero_grad();
        const Tensor d_loss = loss(d(x), yes) + loss(d(fake.detach()), no);
        d_loss.backward();
        d_adam.step();

        g_adam.zero_grad();
        const Tensor g_loss = loss(d(fake), yes);
        g_loss.backward();
        g_adam.step();
        d_sum += d_loss.item(), g_sum += g_loss.item();
        progress.advance();
      }
    }
    const double n = static_cast<double>(batches.size());
    if (epoch % 10 == 0 || epoch == options.epochs)
      std::printf("epoch %3d  discriminator %.3f  generator %.3f\n", epoch, d_sum / n, g_sum / n);
  }

  const NoGrad guard;
  const nn::ModeGuard eval(g);
  const Tensor made = g(randn({500, options.noise, 1, 1}));
  show(made.slice(0, 0, 8));
  const double alike = correlation(made, real), spread = stddev(made).item() / stddev(real).item();
  const double variety = mean(stddev(made, 0)).item() / mean(stddev(real, 0)).item();
  std::printf("mean image: correlation %.3f; contrast %.2f and variety %.2f of the real ones'\n", alike,
              spread, variety);
  return alike > 0.8 && spread > 0.7 && spread < 1.3 && variety > 0.6;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Learns to draw handwritten digits.");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--batch-size", options.batch_size, "Images in a step");
  program.option("--noise", options.noise, "Numbers that an image is made of");
  program.option("--lr", options.lr, "Learning rate of both optimizers");
  program.reads_data();
  return program.run(argc, argv, [&] {
    return example::check(train(options),
                          "images whose mean, contrast and variety are near those of the digits");
  });
}
