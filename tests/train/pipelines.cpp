// fit and evaluate on pipelines of stages.

#include <doctest/doctest.h>

#include <filesystem>

#include "datasets/files.hpp"
#include "train/training_set.hpp"

using namespace xgrad;
using namespace xgrad::test;
using ::test::error_of;
using ::test::Folder;

namespace {

const data::TensorDataset set = three_classes(50, 1);

std::vector<double> trained_on(const train::Batches& batches, train::FitOptions options = {.epochs = 3}) {
  nn::Sequential net = small_net(2);
  optim::Adam adam(net, {.lr = 0.01});
  options.show = silent;
  train::fit(net, nn::cross_entropy, adam, batches, options);
  return values_of(net);
}

data::Pipeline mixed(int workers) {
  return data::from(set).with(Generator(3)) | data::shuffle() |
         data::map([](const Tensor& x, Generator& g) { return x + 0.1 * randn(x.shape(), {}, g); }) |
         data::batch(8) | data::prefetch(workers);
}

}  // namespace

TEST_CASE("a training on a pipeline is that on the loader of the same batches") {
  const auto by_loader =
      trained_on(data::Loader(set, {.batch_size = 8, .shuffle = true, .generator = Generator(3)}));
  data::Pipeline named = data::from(set).with(Generator(3)) | data::shuffle() | data::batch(8);
  const data::Pipeline fixed = data::from(set).with(Generator(3)) | data::shuffle() | data::batch(8);

  CHECK(trained_on(named) == by_loader);
  CHECK(trained_on(fixed) == by_loader);
  CHECK(trained_on(data::from(set).with(Generator(3)) | data::shuffle() | data::batch(8)) == by_loader);
}

TEST_CASE("a training knows how many batches a pipeline has, where it does") {
  std::vector<std::int64_t> counts;
  const auto count = [&](train::Training& t) { counts.push_back(t.batches()); };

  trained_on(data::from(set) | data::batch(8), {.callbacks = {count}});
  trained_on(data::from(set) | data::filter([](const data::Row&) { return true; }) | data::batch(8),
             {.callbacks = {count}});

  CHECK(counts == std::vector<std::int64_t>{7, -1});
}

TEST_CASE("any number of workers trains to the same bits") {
  CHECK(trained_on(mixed(2)) == trained_on(mixed(0)));
}

TEST_CASE("a training on a pipeline goes on in the middle of an epoch to the same bits") {
  const Folder folder;
  const auto straight = trained_on(mixed(1));
  const auto run = [&](bool stops) {
    nn::Sequential net = small_net(2);
    optim::Adam adam(net, {.lr = 0.01});
    struct Stop : train::Callback {
      void on_step(train::Training& t) override {
        if (t.steps() == 10) t.stop("by hand");
      }
    };
    std::vector<train::AnyCallback> callbacks{train::Checkpoints(folder.path("run"))};
    if (stops) callbacks.emplace_back(Stop());
    data::Pipeline batches = mixed(1);
    train::fit(net, nn::cross_entropy, adam, batches,
               {.epochs = 3, .callbacks = callbacks, .show = silent, .interruptible = false});
    return values_of(net);
  };
  run(true);
  CHECK(run(false) == straight);
}

TEST_CASE("a worker that throws ends the training with its row, and nothing that was saved is lost") {
  const Folder folder;
  nn::Sequential net = small_net(2), saved = small_net(7);
  optim::Adam adam(net, {.lr = 0.01});
  bool fails = false;
  data::Pipeline batches = data::from(set) | data::map([&](const Tensor& x) {
                             if (fails && x.at({0}) == set.features().at({20, 0})) throw Error("a torn page");
                             return x;
                           }) |
                           data::batch(8) | data::prefetch(2);
  const auto after_first = [&](train::Training&) { fails = true; };

  const std::string error = error_of([&] {
    train::fit(
        net, nn::cross_entropy, adam, batches,
        {.epochs = 3, .callbacks = {train::Checkpoints(folder.path("run")), after_first}, .show = silent});
  });

  CHECK_MESSAGE(error.find("a torn page") != std::string::npos, error);
  CHECK_MESSAGE(error.find("row 20") != std::string::npos, error);
  train::load_model(files::Checkpointer(folder.path("run")).latest().value(), saved);
  CHECK(values_of(saved).size() == values_of(net).size());
}

TEST_CASE("evaluate and predict go through a pipeline") {
  nn::Sequential net = small_net(2);
  const auto batches = data::from(set) | data::batch(8);

  CHECK(train::evaluate(net, nn::cross_entropy, batches)["loss"] ==
        doctest::Approx(train::evaluate(net, nn::cross_entropy, set)["loss"]).epsilon(1e-6));
  CHECK(allclose(train::predict(net, batches), train::predict(net, set.features())));
}
