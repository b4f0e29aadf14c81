// Targets that are all of one class: what needs two of them says so, and nothing that was saved is lost.

#include <doctest/doctest.h>

#include "datasets/files.hpp"
#include "train/training_set.hpp"

using namespace xgrad;
using namespace xgrad::test;
using ::test::error_of;
using ::test::Folder;

namespace {

const Tensor x = randn({20, 4}, {}, Generator(1));
const data::TensorDataset two(x, (x.slice(1, 0, 1).flatten() > 0).to(int64)), one(x, zeros({20}, int64));

}  // namespace

TEST_CASE("a measure that needs both classes says which data lacks one") {
  nn::Sequential net{nn::Linear(4, 2)};
  optim::SGD sgd(net, {.lr = 0.1});
  const auto error = [&](const data::TensorDataset& set, const data::TensorDataset& held_out) {
    return error_of([&] {
      train::fit(net, nn::cross_entropy, sgd, set,
                 {.validation = held_out, .measures = {train::RocAuc()}, .show = silent});
    });
  };
  const std::string what = "auc: it needs rows of both classes: all 20 targets are 0; of all rows of ";

  CHECK(error(one, two) == what + "fit's training data");
  CHECK(error(two, one) == what + "fit's validation");
  CHECK(error_of([&] { train::evaluate(net, nn::cross_entropy, one, {.measures = {train::RocAuc()}}); }) ==
        what + "evaluate");
}

TEST_CASE("a training that such a measure ends can go on from its checkpoint") {
  const Folder folder;
  nn::Sequential net{nn::Linear(4, 2)}, again{nn::Linear(4, 2)};
  optim::SGD sgd(net, {.lr = 0.1}), other(again, {.lr = 0.1});
  const auto train_on = [&](nn::Sequential& model, optim::SGD& optimizer,
                            const data::TensorDataset& held_out) {
    return train::fit(model, nn::cross_entropy, optimizer, two,
                      {.epochs = 3,
                       .validation = held_out,
                       .measures = {train::RocAuc()},
                       .callbacks = {train::Checkpoints(folder.path("run")),
                                     [](train::Training& t) {
                                       if (t.epochs_done() == 2) t.stop("by hand");
                                     }},
                       .show = silent});
  };
  train_on(net, sgd, two);
  const auto kept = values_of(net);

  CHECK(error_of([&] { train_on(again, other, one); }).ends_with("fit's validation"));
  const files::Checkpointer checkpoints(folder.path("run"));
  train::load_model(checkpoints.latest().value(), again);

  CHECK(values_of(again) == kept);
  CHECK(train_on(again, other, two).epochs() == 3);
}

TEST_CASE("classes are weighed, and thresholds are chosen, where there are rows of all") {
  CHECK(error_of([] { train::class_weights(one.targets(), 2); }) ==
        "class_weights: each class needs a row: class 1 of 2 has none in i64[20]");
  CHECK(error_of([] { train::tune_threshold(x.slice(1, 0, 1), one.targets()); }) ==
        "tune_threshold: it needs rows of both classes: all 20 targets are 0");
}
