// What is wrong with a training is said, with the batch, and the model is as the last step left it.

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>

#include "datasets/files.hpp"
#include "train/training_set.hpp"

using namespace xgrad;
using namespace xgrad::test;
using ::test::error_of;

namespace {

struct Task {
  data::TensorDataset set = three_classes(12, 1);
  nn::Sequential net = small_net(2);
  optim::SGD sgd{net, {.lr = 0.1}};

  std::string error(train::FitOptions options) { return error(set, std::move(options)); }
  std::string error(const train::Batches& data, train::FitOptions options = {}) {
    options.show = silent;
    return error_of([&] { train::fit(net, nn::cross_entropy, sgd, data, options); });
  }
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

using Rows = std::vector<std::pair<Tensor, Tensor>>;

Rows three_batches(const data::TensorDataset& set) {
  Rows rows;
  for (int i = 0; i < 3; ++i)
    rows.emplace_back(set.features().slice(0, 4 * i, 4 * i + 4), set.targets().slice(0, 4 * i, 4 * i + 4));
  return rows;
}

}  // namespace

TEST_CASE("a batch of another width is named, and the model has the weights of the step before") {
  Task task, two;
  Rows rows = three_batches(task.set);
  rows[2].first = ones({4, 5});

  const std::string error = task.error(rows);

  CHECK(holds(error, "Linear \"0\""));
  CHECK(holds(error, "; in batch 3 of epoch 1: f32[4, 5], i64[4]"));
  rows.pop_back();
  CHECK(two.error(rows).empty());
  CHECK(values_of(task.net) == values_of(two.net));
}

TEST_CASE("data without a batch is an error") {
  Task task;
  const Rows none;

  CHECK(task.error(none) == "fit: the data needs at least one batch: a pass over it has none");
  CHECK(error_of([&] { train::evaluate(task.net, nn::cross_entropy, none); }) ==
        "evaluate: the data needs at least one batch: a pass over it has none");
  CHECK(error_of([&] { train::predict(task.net, none); }) ==
        "predict: the data needs at least one batch: a pass over it has none");
  CHECK(task.error({.validation = none}) ==
        "fit's validation: the data needs at least one batch: a pass over it has none");
}

TEST_CASE("what a source throws goes on to the caller as it is") {
  Task task;
  int calls = 0;
  const auto source = [&]() -> std::optional<std::pair<Tensor, Tensor>> {
    if (++calls == 2) throw std::out_of_range("row 7 cannot be read");
    return std::pair(task.set.features(), task.set.targets());
  };

  CHECK_THROWS_WITH_AS(train::fit(task.net, nn::cross_entropy, task.sgd, source, {.show = silent}),
                       "row 7 cannot be read", std::out_of_range);
}

TEST_CASE("a label outside the classes is named with its row and its batch") {
  Task task;
  Rows rows = three_batches(task.set);
  rows[1].second = tensor({0, 1, 3, 2});

  const std::string error = task.error(rows);

  CHECK_MESSAGE(holds(error, "cross_entropy: the label in row 2 is 3"), error);
  CHECK(holds(error, "; in batch 2 of epoch 1"));
}

TEST_CASE("a loss of nan makes no step, and its op and batch are named") {
  Task task, two;
  Rows rows = three_batches(task.set);
  rows[1].first = rows[1].first.clone();
  const auto before_log = [&](const Tensor& x) { return log(task.net(x)); };

  const std::string of_op =
      error_of([&] { train::fit(before_log, nn::cross_entropy, task.sgd, rows, {.show = silent}); });
  CHECK(of_op.starts_with("fit: the loss must be finite: it is "));
  CHECK(holds(of_op, "; the first op of it: "));
  CHECK(holds(of_op, "log"));
  CHECK(holds(of_op, "; in batch 1 of epoch 1"));
  CHECK(values_of(task.net) == values_of(two.net));

  rows[1].first.fill_(std::numeric_limits<double>::quiet_NaN());
  const std::string of_input = task.error(rows);
  CHECK_MESSAGE(holds(of_input, "look at the inputs"), of_input);
  CHECK(holds(of_input, "; in batch 2 of epoch 1"));
}

TEST_CASE("a loss must be one number") {
  Task task;

  const std::string error = error_of([&] {
    train::fit(task.net, [](const Tensor& p, const Tensor&) { return sum(p, 1); }, task.sgd, task.set,
               {.batch_size = 12, .show = silent});
  });

  CHECK(error.starts_with("fit: the loss must be one number: it is f32[12]; reduce it by mean or sum"));
}

TEST_CASE("a schedule that is longer than the training is an error before the first step") {
  Task task, two;
  optim::OneCycleLR schedule(task.sgd, {.max_lr = 1, .total_steps = 10, .cycle_momentum = false});

  const std::string of_steps =
      task.error({.epochs = 3, .batch_size = 4, .schedules = {{schedule, train::Each::step}}});
  const std::string of_epochs = task.error({.epochs = 3, .batch_size = 4, .schedules = {schedule}});

  CHECK(of_steps ==
        "fit: the schedule is longer than the training: it has 10 steps, and there are 3 epochs of 3; make "
        "both as "
        "long, or set whole_schedules = false");
  CHECK(holds(of_epochs, "it has 10 steps, and there are 3 epochs of 1"));
  CHECK(values_of(task.net) == values_of(two.net));
  CHECK(task.error({.epochs = 3,
                    .batch_size = 4,
                    .schedules = {{schedule, train::Each::step}},
                    .whole_schedules = false})
            .empty());
  CHECK(schedule.last_epoch() == 9);
  CHECK(task.error({.epochs = 1, .batch_size = 12, .schedules = {{schedule, train::Each::step}}}).empty());
}

TEST_CASE("schedules go on behind each step or each epoch, and a function gives the rate itself") {
  Task task;
  optim::ExponentialLR schedule(task.sgd, {.gamma = 0.5});
  optim::SGD other(task.net, {.lr = 1});

  const auto by_epoch = train::fit(task.net, nn::cross_entropy, task.sgd, task.set,
                                   {.epochs = 3, .batch_size = 4, .schedules = {schedule}, .show = silent});
  const auto by_step =
      train::fit(task.net, nn::cross_entropy, task.sgd, task.set,
                 {.batch_size = 4, .schedules = {{schedule, train::Each::step}}, .show = silent});
  const auto by_function =
      train::fit(task.net, nn::cross_entropy, other, task.set,
                 {.epochs = 3,
                  .batch_size = 4,
                  .schedules = {[](std::int64_t n) { return 1.0 / static_cast<double>(n + 1); }},
                  .show = silent});

  CHECK(by_epoch["lr"] == std::vector<double>{0.1, 0.05, 0.025});
  CHECK(by_step["lr"] == std::vector<double>{0.1 / 64});
  CHECK(by_function["lr"] == std::vector<double>{1, 0.5, 1.0 / 3});
}

TEST_CASE("options out of their range are named") {
  Task task;
  optim::ReduceLROnPlateau plateau(task.sgd);
  const auto step = [](const std::vector<Tensor>&) { return 0.0; };

  CHECK(task.error({.epochs = -1}) == "fit: epochs must be at least 0: it is -1");
  CHECK(task.error({.batch_size = 0}) == "fit: batch_size must be at least 1: it is 0");
  CHECK(task.error({.accumulate = 0}) == "fit: accumulate must be at least 1: it is 0");
  CHECK(holds(task.error({.clip_norm = -1}), "fit: clip_norm must not be below 0: it is -1"));
  CHECK(holds(task.error({.clip_value = -1}), "fit: clip_value must not be below 0: it is -1"));
  CHECK(holds(task.error({.schedules = {plateau}}),
              "the schedule watches \"val_loss\", and there is no validation"));
  CHECK(holds(error_of([&] { train::fit(step, task.set, {.validation = task.set}); }),
              "validation, measures and an average need a model and a loss"));
  CHECK(holds(error_of([&] {
                train::fit([](const Tensor& x) { return x; }, nn::mse_loss, [] {}, task.set,
                           {.clip_norm = 1});
              }),
              "clipping and accumulation need the parameters"));
  CHECK(holds(error_of([&] {
                train::fit([](const Tensor& x) { return x; }, nn::mse_loss, [] {}, task.set,
                           {.schedules = {[](std::int64_t) { return 1.0; }}});
              }),
              "a schedule by a function needs an optimizer"));
  optim::ExponentialMovingAverage average(task.net);
  CHECK(holds(error_of([&] {
                train::fit([](const Tensor& x) { return x; }, nn::mse_loss, task.sgd, task.set,
                           {.average = &average});
              }),
              "an average needs a model"));
  const Rows threes{{task.set.features(), task.set.targets()}};
  const std::vector<std::vector<Tensor>> wide{{ones({2}), ones({2}), ones({2})}};
  CHECK(holds(task.error(wide), "fit: the model takes one tensor, and a batch has 2 besides its target"));
}

TEST_CASE("losses that cannot be told apart are an error") {
  CHECK(holds(error_of([] { train::Loss(std::vector<train::Loss::Part>{}); }), "Loss: there must be a part"));
  CHECK(holds(error_of([] {
                train::Loss({{"a", nn::mse_loss}, {"a", nn::l1_loss}});
              }),
              "each part needs a name of its own: \"a\""));
  CHECK(holds(error_of([] {
                train::Loss({{"a", nn::mse_loss, std::numeric_limits<double>::infinity()}});
              }),
              "the weight must be finite"));
}

TEST_CASE("a name that is not there is an error that lists those that are") {
  train::Scores scores;
  scores.set("loss", 1), scores.set("accuracy", 0.5);
  train::History history;
  history.add(scores);

  CHECK(error_of([&] { scores["auc"]; }) == "Scores: there is no \"auc\"; there are loss, accuracy");
  CHECK(error_of([&] { history["auc"]; }) == "History: there is no \"auc\"; there are loss, accuracy");
  CHECK(scores.str() == "loss 1.0000  accuracy 0.5000");
}
