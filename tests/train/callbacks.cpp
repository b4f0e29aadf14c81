// What is done beside a training.

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "datasets/files.hpp"
#include "train/training_set.hpp"
#include "xgrad/train/callbacks/csv_log.hpp"
#include "xgrad/train/callbacks/early_stopping.hpp"
#include "xgrad/train/callbacks/watching.hpp"
#include "xgrad/train/lr_finder.hpp"

using namespace xgrad;
using namespace xgrad::test;
using ::test::error_of;
using ::test::Folder;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Trains a weight that falls by 1 in each epoch, while a measure takes given values.
struct Falling {
  nn::Sequential net{nn::Linear(1, 1, {.bias = false})};
  optim::SGD sgd{net, {.lr = 0}};
  data::TensorDataset set{ones({1, 1}), zeros({1, 1})};

  train::History go(const std::vector<double>& values, const std::vector<train::AnyCallback>& callbacks,
                    bool more_is_better = false) {
    set_weight(10);
    std::size_t epoch = 0;
    const auto fall = [&](train::Training&) {
      const NoGrad guard;
      net.at<nn::Linear>(0).weight.sub_(1);
      ++epoch;
    };
    std::vector<train::AnyCallback> all = callbacks;
    all.emplace_back(fall);
    const auto given = [&](const Tensor&, const Tensor&) { return values[epoch]; };
    return train::fit(net, nn::mse_loss, sgd, set,
                      {.epochs = std::ssize(values),
                       .measures = {{"given", given, more_is_better}},
                       .callbacks = all,
                       .show = silent});
  }
  void set_weight(double value) {
    const NoGrad unrecorded;
    net.at<nn::Linear>(0).weight.fill_(value);
  }
  double weight() { return net.at<nn::Linear>(0).weight.item(); }
};

}  // namespace

TEST_CASE("training stops without progress, with the weights of the best epoch") {
  Falling task;
  const auto stopping = std::make_shared<train::EarlyStopping>(
      train::EarlyStoppingOptions{.watched = "given", .patience = 2, .min_delta = 0.1});

  const auto history = task.go({5, 3, 2.95, 3, 1, 1}, {stopping});

  CHECK(history.epochs() == 4);
  CHECK(history.stopped() == "\"given\" has made no progress for 2 epochs; its best was 3.000000 in epoch 2");
  CHECK(stopping->best() == 3);
  CHECK(stopping->best_epoch() == 2);
  CHECK(task.weight() == 9);  // in epoch 2 it had fallen once
}

TEST_CASE("of a measure of which more is better the highest is the best, and the weights may stay") {
  Falling task;

  const auto history =
      task.go({1, 3, 2, 2}, {train::EarlyStopping({.watched = "given", .patience = 2})}, true);
  CHECK(history.epochs() == 4);
  CHECK(task.weight() == 9);

  task.go({1, 3, 2, 2},
          {train::EarlyStopping(
              {.watched = "given", .patience = 2, .better = train::Better::lower, .restore_best = false})},
          true);
  CHECK(task.weight() == 7);
}

TEST_CASE("what early stopping cannot do is an error before the first step") {
  Falling task;

  CHECK(error_of([&] { task.go({1}, {train::EarlyStopping()}); }) ==
        "EarlyStopping: \"val_loss\" needs validation data; set options.validation, or watch \"loss\"");
  CHECK(error_of([&] { task.go({1}, {train::EarlyStopping({.watched = "auc"})}); }) ==
        "History: there is no \"auc\"; there are loss, given");
  CHECK(error_of([] {
          train::EarlyStopping({.patience = 0});
        }).starts_with("EarlyStopping: patience must be at least"));
  CHECK(error_of([] {
          train::EarlyStopping({.min_delta = -1});
        }).starts_with("EarlyStopping: min_delta must not be"));
}

TEST_CASE("the log has a line for each epoch, and numbers that give themselves again") {
  const Folder folder;
  Falling task;

  task.go({0.1, 1e-300}, {train::CsvLog(folder.path("log.csv"))});

  CHECK(text_of(folder.path("log.csv")) == "epoch,loss,given\n1,100,0.1\n2,81,1e-300\n");
  CHECK(error_of([&] {
          task.go({1}, {train::CsvLog(folder.path("no/log.csv"))});
        }).starts_with("CsvLog: the file must be one that can be written: "));
}

TEST_CASE("curves are drawn behind each epoch") {
  const Folder folder;
  Falling task;

  task.go({1, 2, 3}, {train::Curves(folder.path("curves.svg"), {.title = "a < b", .names = {"given"}})});

  const std::string svg = text_of(folder.path("curves.svg"));
  // From (1, 1) to (3, 3): the whole picture across and up.
  CHECK(svg.find("points=\"70.0,390.0 350.0,220.0 630.0,50.0 \"") != std::string::npos);
  CHECK(svg.find(">a &lt; b</text>") != std::string::npos);
  CHECK(svg.find(">given</text>") != std::string::npos);
  CHECK(svg.find("loss") == std::string::npos);
}

TEST_CASE("a picture leaves out what has no place, and has ticks at round numbers") {
  const std::string logarithmic = train::svg({{"a", {1, 0, 100}}}, {.logarithmic = true});
  const std::string gap = train::svg({{"a", {0, std::nan(""), 50}, {10, 20, 30}}});

  CHECK(logarithmic.find("points=\"70.0,390.0 630.0,50.0 \"") != std::string::npos);
  for (const char* tick : {">1e0<", ">1e1<", ">1e2<"}) CHECK(logarithmic.find(tick) != std::string::npos);
  CHECK(gap.find("points=\"70.0,390.0 630.0,50.0 \"") != std::string::npos);
  for (const char* tick : {">0<", ">10<", ">20<", ">30<", ">40<", ">50<"})
    CHECK(gap.find(tick) != std::string::npos);
  CHECK(error_of([] { train::svg(std::vector<train::Curve>{}); }).starts_with("plot: there must be a curve"));
  CHECK(error_of([] {
          train::svg({{"a", {1}, {1, 2}}});
        }).starts_with("plot: x and y of a curve must be of one length"));
}

TEST_CASE("a legend has room for its longest name") {
  const std::string name(40, 'm');

  CHECK(train::svg({{"loss", {1, 2}}}).find("viewBox=\"0 0 800 440\"") != std::string::npos);
  CHECK(train::svg({{name, {1, 2}}}).find("viewBox=\"0 0 996 440\"") != std::string::npos);  // 676 + 8 * 40
}

TEST_CASE("a gradient that overflows is found") {
  Falling task;
  task.set_weight(1e-30);
  // The loss is finite; its gradient is 1e30 / 1e-30, beyond float32.
  const auto loss = [](const Tensor& p, const Tensor&) { return sum(log(p) * 1e30); };

  const std::string error = error_of([&] {
    train::fit(task.net, loss, task.sgd, task.set, {.callbacks = {train::NanGuard()}, .show = silent});
  });

  CHECK_MESSAGE(
      error.starts_with("NanGuard: a gradient must be finite: that of \"0.weight\", f32[1, 1], is not; the "
                        "first op of it: "),
      error);
  CHECK(error.find("log") != std::string::npos);
  CHECK(task.weight() == static_cast<double>(1e-30F));
}

TEST_CASE("one step is profiled, and its trace is written") {
  const Folder folder;
  const data::TensorDataset set = three_classes(12, 1);
  nn::Sequential net = small_net(1);
  optim::SGD sgd(net, {.lr = 0.1});

  train::fit(
      net, nn::cross_entropy, sgd, set,
      {.batch_size = 4, .callbacks = {train::ProfileStep(2, folder.path("trace.json"))}, .show = silent});

  const std::string trace = text_of(folder.path("trace.json"));
  std::size_t losses = 0;
  for (std::size_t at = trace.find("cross_entropy"); at != std::string::npos;
       at = trace.find("cross_entropy", at + 1))
    ++losses;
  CHECK(losses > 0);
  CHECK(error_of([] {
          train::ProfileStep profile(1);
        }).starts_with("ProfileStep: the step must be at least 2"));
}

TEST_CASE("the finder of rates gives the losses of the steps, and leaves all as it was") {
  const data::TensorDataset set = three_classes(12, 1);
  nn::Sequential net = small_net(1), other = small_net(1);
  optim::SGD sgd(net, {.lr = 0.1}), sgd_other(other, {.lr = 0.1});
  const data::Loader batches(set, {.batch_size = 4});
  const Folder folder;

  const auto range =
      train::find_lr(net, nn::cross_entropy, sgd, batches,
                     {.range = {.start = 1e-3, .end = 1, .steps = 5}, .svg = folder.path("lr.svg")});

  auto pass = batches.begin();
  const auto expected = optim::lr_range_test(
      sgd_other,
      [&] {
        if (pass == batches.end()) pass = batches.begin();
        sgd_other.zero_grad();
        const Tensor loss = nn::cross_entropy(other((*pass)[0]), (*pass)[1]);
        loss.backward();
        sgd_other.step();
        ++pass;
        return loss.item();
      },
      {.start = 1e-3, .end = 1, .steps = 5}, other);
  REQUIRE(range.points.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) CHECK(range.points[i].loss == expected.points[i].loss);
  CHECK(values_of(net) == values_of(small_net(1)));
  CHECK(sgd.lr() == 0.1);
  CHECK(text_of(folder.path("lr.svg")).find("learning rate") != std::string::npos);
  CHECK(error_of([&] { train::find_lr(net, nn::cross_entropy, sgd, std::vector<Tensor>()); }) ==
        "find_lr: the data needs at least one batch: a pass over it has none");
}
