// Models in the words of Keras.

#include "xgrad/train/model.hpp"

#include <doctest/doctest.h>

#include "datasets/files.hpp"
#include "train/training_set.hpp"
#include "xgrad/train/measures.hpp"

using namespace xgrad;
using namespace xgrad::test;
using ::test::error_of;

TEST_CASE("compile, fit, evaluate and predict do what the functions of these names do") {
  const data::TensorDataset set = three_classes(30, 1);
  nn::Sequential net = small_net(2);
  train::Model model{small_net(2)};
  optim::Adam adam(net, {.lr = 0.01});
  model.compile(optim::Adam(model, {.lr = 0.01}), nn::cross_entropy, {train::Accuracy()});

  const auto expected =
      train::fit(net, nn::cross_entropy, adam, set,
                 {.epochs = 2, .shuffle = false, .measures = {train::Accuracy()}, .show = silent});
  const auto history =
      model.fit(set.features(), set.targets(), {.epochs = 2, .shuffle = false, .show = silent});

  CHECK(history["loss"] == expected["loss"]);
  CHECK(history["accuracy"] == expected["accuracy"]);
  CHECK(model.evaluate(set.features(), set.targets())["accuracy"] ==
        train::evaluate(net, nn::cross_entropy, set, {.measures = {train::Accuracy()}})["accuracy"]);
  CHECK((model.predict(set.features()) - net(set.features())).abs().max().item() == 0);
  CHECK(model.optimizer().lr() == 0.01);
}

TEST_CASE("a copy of a model has to be compiled anew, and so has a clone") {
  train::Model model{nn::Linear(2, 1), nn::Sigmoid()};
  model.compile(optim::SGD(model, {.lr = 0.1}), nn::mse_loss);
  train::Model copy = model, cloned = nn::clone(model);
  const std::string uncompiled = "Model: it needs an optimizer and a loss; call compile first";

  CHECK(model.optimizer().lr() == 0.1);
  CHECK(error_of([&] { copy.optimizer(); }) == uncompiled);
  CHECK(error_of([&] { cloned.evaluate(ones({1, 2}), ones({1, 1})); }) == uncompiled);
  CHECK(error_of([&] { train::Model(nn::Linear(2, 1)).fit(ones({1, 2}), ones({1, 1})); }) == uncompiled);
}

TEST_CASE("an optimizer of other parameters is refused") {
  train::Model model{nn::Linear(2, 1), nn::Sigmoid()};
  const nn::Linear other(2, 1);

  CHECK(error_of([&] { model.compile(optim::SGD(other, {.lr = 0.1}), nn::mse_loss); }) ==
        "Model: the optimizer must be of this model's parameters: it has another one of f32[1, 2]");
}
