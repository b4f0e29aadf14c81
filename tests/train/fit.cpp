// fit does what the loop by hand does, to the bit.

#include <doctest/doctest.h>

#include <cmath>

#include "datasets/files.hpp"
#include "train/training_set.hpp"

using namespace xgrad;
using namespace xgrad::test;
using ::test::error_of;

namespace {

/// The loop by hand; returns the mean loss of each epoch over its examples.
std::vector<double> by_hand(nn::Sequential& net, optim::Optimizer& optimizer, const data::Loader& batches,
                            int epochs) {
  std::vector<double> losses;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    double sum = 0;
    for (const auto& [x, y] : batches) {
      const Tensor loss = nn::cross_entropy(net(x), y);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      sum += loss.item() * static_cast<double>(x.size(0));
    }
    losses.push_back(sum / static_cast<double>(batches.dataset().size()));
  }
  return losses;
}

}  // namespace

TEST_CASE("fit gives the weights and the losses of the loop by hand") {
  const data::TensorDataset set = three_classes(50, 1);
  nn::Sequential one = small_net(2), other = small_net(2);
  optim::Adam adam_one(one, {.lr = 0.01}), adam_other(other, {.lr = 0.01});

  const auto losses = by_hand(
      one, adam_one, data::Loader(set, {.batch_size = 8, .shuffle = true, .generator = Generator(3)}), 3);
  const train::History history =
      train::fit(other, nn::cross_entropy, adam_other, set,
                 {.epochs = 3, .batch_size = 8, .generator = Generator(3), .show = silent});

  CHECK(values_of(one) == values_of(other));
  CHECK(history["loss"] == losses);
  CHECK(history.epochs() == 3);
  CHECK(history.stopped().empty());
}

TEST_CASE("a model, a loss, an optimizer and data may each be a function") {
  const data::TensorDataset set = three_classes(20, 1);
  nn::Sequential one = small_net(2), other = small_net(2);
  optim::SGD sgd_one(one, {.lr = 0.1}), sgd_other(other, {.lr = 0.1});
  std::int64_t at = 0;

  by_hand(one, sgd_one, data::Loader(set, {.batch_size = 5}), 2);
  train::fit([&](const Tensor& x) { return other(x); },
             [](const Tensor& p, const Tensor& y) { return nn::cross_entropy(p, y); },
             [&] { sgd_other.step(), sgd_other.zero_grad(); },
             [&]() -> std::optional<std::pair<Tensor, Tensor>> {
               if (at == set.size()) return at = 0, std::nullopt;
               at += 5;
               return std::pair(set.features().slice(0, at - 5, at), set.targets().slice(0, at - 5, at));
             },
             {.epochs = 2, .show = silent});

  CHECK(values_of(one) == values_of(other));
}

TEST_CASE("a function may make the whole step") {
  const data::TensorDataset set = three_classes(20, 1);
  nn::Sequential one = small_net(2), other = small_net(2);
  optim::SGD sgd_one(one, {.lr = 0.1}), sgd_other(other, {.lr = 0.1});

  const auto losses = by_hand(one, sgd_one, data::Loader(set, {.batch_size = 5}), 2);
  const train::History history = train::fit(
      [&](const std::vector<Tensor>& batch) {
        sgd_other.zero_grad();
        const Tensor loss = nn::cross_entropy(other(batch[0]), batch[1]);
        loss.backward();
        sgd_other.step();
        return loss.item();
      },
      set, {.epochs = 2, .batch_size = 5, .shuffle = false, .show = silent});

  CHECK(values_of(one) == values_of(other));
  CHECK(history["loss"] == losses);
}

TEST_CASE(
    "accumulated gradients are those of the mean over all examples of a step, also of a small last batch") {
  // 11 examples in batches of 4, two in a step: 8 examples, then 3.
  const data::TensorDataset set = three_classes(11, 1);
  nn::Sequential one = small_net(2), other = small_net(2);
  one.to(float64), other.to(float64);
  const data::TensorDataset doubles(set.features().to(float64), set.targets());
  optim::SGD sgd_one(one, {.lr = 0.5}), sgd_other(other, {.lr = 0.5});

  by_hand(one, sgd_one, data::Loader(doubles, {.batch_size = 8}), 1);
  std::int64_t steps = 0;
  train::fit(other, nn::cross_entropy, sgd_other, doubles,
             {.batch_size = 4,
              .shuffle = false,
              .accumulate = 2,
              .callbacks = {[&](train::Training& t) { steps = t.steps(); }},
              .show = silent});

  const auto a = values_of(one), b = values_of(other);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(std::abs(a[i] - b[i]) < 1e-15);
  CHECK(steps == 2);
}

TEST_CASE("gradients are clipped before the step") {
  const data::TensorDataset set = three_classes(10, 1);
  nn::Sequential net = small_net(2);
  optim::SGD sgd(net, {.lr = 1});
  const auto before = values_of(net);

  train::fit(net, nn::cross_entropy, sgd, set, {.batch_size = 10, .clip_norm = 1e-3, .show = silent});

  double square = 0;
  const auto after = values_of(net);
  for (std::size_t i = 0; i < before.size(); ++i) square += std::pow(after[i] - before[i], 2);
  CHECK(std::abs(std::sqrt(square) / 1e-3 - 1) < 2e-3);  // max_norm / (norm + 1e-6), in float32

  sgd.set_lr(0.5);
  net.zero_grad();
  train::fit(net, nn::cross_entropy, sgd, set, {.batch_size = 10, .clip_value = 1e-4, .show = silent});
  for (const Tensor& p : net.parameters()) CHECK(p.grad().abs().max().item<float>() <= 1e-4F);
}

TEST_CASE("validation has names of its own, runs in eval mode, and changes nothing") {
  const data::TensorDataset set = three_classes(12, 1), held_out = three_classes(7, 5);
  nn::Sequential net{nn::Linear(4, 3), nn::Dropout(0.5)};
  optim::SGD sgd(net, {.lr = 0});

  const train::History history =
      train::fit(net, nn::cross_entropy, sgd, set,
                 {.epochs = 2, .batch_size = 3, .validation = held_out, .show = silent});
  const train::Scores scores = train::evaluate(net, nn::cross_entropy, held_out);

  CHECK(history.names() == std::vector<std::string>{"loss", "val_loss"});
  CHECK(history["val_loss"][0] == history["val_loss"][1]);
  net.eval();
  const double expected = nn::cross_entropy(net(held_out.features()), held_out.targets()).item();
  net.train();
  CHECK(std::abs(history["val_loss"][0] / expected - 1) < 1e-6);
  CHECK(std::abs(scores["loss"] / expected - 1) < 1e-6);
  CHECK(net.is_training());
}

TEST_CASE("several losses are weighted, and each has its own column") {
  const data::TensorDataset set(tensor({{1.0}, {2.0}}), tensor({{3.0}, {1.0}}));
  const Tensor w = tensor({1.0}, {.requires_grad = true});
  optim::SGD sgd({w}, {.lr = 0});

  const train::History history =
      train::fit([&](const Tensor& x) { return x * w; },
                 train::Loss({{"square", nn::mse_loss, 2},
                              {"size", [&](const Tensor&, const Tensor&) { return sum(w * w); }, 0.5}}),
                 sgd, set, {.batch_size = 2, .show = silent});

  CHECK(history["square"][0] == (4 + 1) / 2.0);
  CHECK(history["size"][0] == 1);
  CHECK(history["loss"][0] == 2 * 2.5 + 0.5);
}

TEST_CASE("validation looks at the average of the model, which keeps its own weights") {
  const data::TensorDataset set = three_classes(12, 1);
  nn::Sequential net = small_net(2);
  optim::SGD sgd(net, {.lr = 0.5});
  optim::ExponentialMovingAverage average(net, {.decay = 0.9});

  const train::History history =
      train::fit(net, nn::cross_entropy, sgd, set,
                 {.epochs = 3, .batch_size = 4, .validation = set, .average = &average, .show = silent});

  CHECK(average.n_averaged() == 9);
  const double own = train::evaluate(net, nn::cross_entropy, set, {.batch_size = 4})["loss"];
  const auto applied = average.apply(net);
  const double averaged = train::evaluate(net, nn::cross_entropy, set, {.batch_size = 4})["loss"];
  CHECK(history["val_loss"].back() == averaged);
  CHECK(own != averaged);
}

TEST_CASE("predictions come in the order of the rows, from a tensor and from batches") {
  const data::TensorDataset set = three_classes(11, 1);
  nn::Sequential net{small_net(2), nn::Dropout(0.5)};
  const Tensor expected = small_net(2)(set.features());

  const Tensor of_tensor = train::predict(net, set.features(), {.batch_size = 4});
  const Tensor of_batches = train::predict(net, data::Loader(set, {.batch_size = 3}));

  CHECK(of_tensor.shape() == Shape{11, 3});
  CHECK_FALSE(of_tensor.requires_grad());
  CHECK((of_tensor - expected).abs().max().item() < 1e-6);
  CHECK((of_batches - expected).abs().max().item() < 1e-6);
}

TEST_CASE("a batch of one tensor is its own target, and a function of a list takes several inputs") {
  const Tensor w = tensor({2.0}, {.requires_grad = true});
  optim::SGD sgd({w}, {.lr = 0});
  const std::vector<std::vector<Tensor>> triples{{tensor({1.0}), tensor({2.0}), tensor({3.0})}};
  const std::vector<Tensor> singles{tensor({3.0})};

  const auto alone =
      train::fit([&](const Tensor& x) { return x * w; }, nn::mse_loss, sgd, singles, {.show = silent});
  const auto pair = train::fit([&](const std::vector<Tensor>& x) { return x.at(0) * w + x.at(1); },
                               nn::mse_loss, sgd, triples, {.show = silent});

  CHECK(alone["loss"][0] == 9);  // (6 - 3)^2
  CHECK(pair["loss"][0] == 1);   // (2 + 2 - 3)^2
}

TEST_CASE("a model in eval mode trains in training mode; parts that are in eval mode alone stay so") {
  const data::TensorDataset set = three_classes(8, 1);
  nn::Sequential net{nn::Linear(4, 3), nn::Dropout(0.5)};
  optim::SGD sgd(net, {.lr = 0.1});

  net[1].eval();
  train::fit(net, nn::cross_entropy, sgd, set, {.show = silent});
  CHECK_FALSE(net[1].is_training());

  net.eval();
  train::fit(net, nn::cross_entropy, sgd, set, {.show = silent});
  CHECK(net[1].is_training());
}
