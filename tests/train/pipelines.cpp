// Pipelines of data as what fit, evaluate and predict go through.

#include <doctest/doctest.h>

#include "train/training_set.hpp"

using namespace xgrad;
using namespace xgrad::test;

TEST_CASE("fit goes through a pipeline, named, const or not, as through the loader of the same batches") {
  const data::TensorDataset set = three_classes(22, 5);
  const auto trained_on = [&](auto&& batches) {
    nn::Sequential net = small_net(1);
    optim::SGD sgd(net, {.lr = 0.1});
    train::fit(net, nn::cross_entropy, sgd, batches, {.epochs = 2, .show = silent});
    return values_of(net);
  };
  const auto expected = trained_on(data::Loader(set, {.batch_size = 4}));

  data::Pipeline named = data::from(set) | data::batch(4);
  const data::Pipeline fixed = named;

  CHECK(trained_on(named) == expected);
  CHECK(trained_on(fixed) == expected);
  CHECK(trained_on(data::from(set) | data::batch(4)) == expected);
}

TEST_CASE("a training knows how many batches a pipeline has, and that a filter leaves that unknown") {
  const data::TensorDataset set = three_classes(22, 5);
  const auto batches_seen = [&](const data::Pipeline& batches) {
    nn::Sequential net = small_net(1);
    optim::SGD sgd(net, {.lr = 0.1});
    std::int64_t seen = 0;
    const auto look = [&](train::Training& training) { seen = training.batches(); };
    train::fit(net, nn::cross_entropy, sgd, batches, {.callbacks = {look}, .show = silent});
    return seen;
  };
  const auto all = [](const data::Row&) { return true; };

  CHECK(batches_seen(data::from(set) | data::batch(4)) == 6);
  CHECK(batches_seen(data::from(set) | data::filter(all) | data::batch(4)) < 0);
}

TEST_CASE("the place in a const pipeline is a part of the state of the training") {
  const data::Pipeline batches = data::from(three_classes(22, 5)) | data::batch(4);
  nn::Sequential net = small_net(1);
  optim::SGD sgd(net, {.lr = 0.1});
  bool named = false;
  const auto look = [&](train::Training& training) {
    for (const auto& [name, value] : state_dict(training)) named |= name == "data.delivered";
  };

  train::fit(net, nn::cross_entropy, sgd, batches, {.callbacks = {look}, .show = silent});

  CHECK(named);
}
