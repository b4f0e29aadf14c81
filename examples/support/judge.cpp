#include "support/judge.hpp"

#include "xgrad/core.hpp"
#include "xgrad/data/sets.hpp"
#include "xgrad/nn/loss.hpp"
#include "xgrad/nn/mlp.hpp"
#include "xgrad/optim/adam.hpp"
#include "xgrad/train/fit.hpp"

namespace example {

using namespace xgrad;

namespace {

double deviation(const Tensor& images, const Tensor& classes) {
  const Tensor rows = images.reshape({-1, 64});
  double sum = 0;
  for (std::int64_t c = 0; c < 10; ++c) sum += stddev(rows.index({classes == c}), 0).mean().item();
  return sum / 10;
}

}  // namespace

Judge::Judge() : real_(data::digits()), net_(nn::mlp({64, 128, 10})) {
  optim::Adam adam(net_, {.lr = 3e-3});
  train::fit(net_, nn::cross_entropy, adam, real_, {.epochs = 15, .show = train::Show::nothing});
}

double Judge::recognised(const Tensor& images, const Tensor& classes) {
  const Tensor said = argmax(train::predict(net_, images.reshape({-1, 64})), 1);
  return (said == classes).to(float32).mean().item();
}

double Judge::varied(const Tensor& images, const Tensor& classes) const {
  return deviation(images, classes) / deviation(real_.features(), real_.targets());
}

}  // namespace example
