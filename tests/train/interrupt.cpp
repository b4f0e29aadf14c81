// Ctrl-C once ends a training behind its step, and what was saved goes on from there; twice ends the program.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "datasets/files.hpp"
#include "train/training_set.hpp"
#include "xgrad/train/callbacks/checkpoints.hpp"
#include "xgrad/train/measures.hpp"

using namespace xgrad;
using namespace xgrad::test;
using ::test::error_of;
using ::test::Folder;

namespace {

/// SIGINT is left to the system, as in most programs; doctest takes it, and a shell in the background ignores
/// it.
class Untaken {
 public:
  Untaken() : before_(std::signal(SIGINT, SIG_DFL)) {}
  Untaken(const Untaken&) = delete;
  Untaken& operator=(const Untaken&) = delete;
  ~Untaken() { std::signal(SIGINT, before_); }

 private:
  void (*before_)(int);
};

/// Calls f behind each step.
class EachStep : public train::Callback {
 public:
  explicit EachStep(std::function<void(train::Training&)> f) : f_(std::move(f)) {}
  void on_step(train::Training& training) override { f_(training); }

 private:
  std::function<void(train::Training&)> f_;
};

/// All that a training makes: its weights and history, with dropout, an average and a schedule.
struct Run {
  nn::Sequential net{small_net(2), nn::Dropout(0.2)};
  optim::Adam adam{net, {.lr = 0.01}};
  optim::ExponentialLR schedule{adam, {.gamma = 0.9}};
  optim::ExponentialMovingAverage average{net, {.decay = 0.9}};
  data::TensorDataset set = three_classes(20, 1);

  /// Three epochs of five steps; the user interrupts it behind a step, if it is above 0.
  train::History go(const std::string& directory, std::int64_t interrupted = 0) {
    const auto ctrl_c = [=](train::Training& t) {
      if (t.steps() == interrupted) std::raise(SIGINT);
    };
    return train::fit(net, nn::cross_entropy, adam, set,
                      {.epochs = 3,
                       .batch_size = 4,
                       .measures = {train::Accuracy()},
                       .schedules = {schedule},
                       .average = &average,
                       .callbacks = {EachStep(ctrl_c), train::Checkpoints(directory)},
                       .show = silent});
  }
};

}  // namespace

TEST_CASE("an interrupted training goes on to the bits of one that was not, from any step") {
  const Untaken untaken;
  manual_seed(5);
  Run whole;
  const Folder aside;
  const train::History expected = whole.go(aside.path());
  CHECK(expected.epochs() == 3);

  for (const std::int64_t step : {1, 2, 5, 7, 10, 14}) {
    CAPTURE(step);
    const Folder folder;
    manual_seed(5);
    Run first, second;
    const train::History cut = first.go(folder.path(), step);
    CHECK(cut.stopped() == "interrupted in epoch " + std::to_string((step - 1) / 5 + 1) + " behind step " +
                               std::to_string(step) + ", whose weights the model has");
    manual_seed(99);  // all that is random is in the checkpoint

    const train::History rest = second.go(folder.path());

    CHECK(values_of(second.net) == values_of(whole.net));
    CHECK(rest["loss"] == expected["loss"]);
    CHECK(rest["accuracy"] == expected["accuracy"]);
    CHECK(rest["lr"] == expected["lr"]);
    CHECK(rest.stopped().empty());
    CHECK(second.average.n_averaged() == 15);
  }
}

TEST_CASE("what was saved when the user interrupted is what the model has") {
  const Untaken untaken;
  const Folder folder;
  manual_seed(5);
  Run run;
  run.go(folder.path(), 7);
  nn::Sequential loaded{small_net(3), nn::Dropout(0.2)};

  train::load_model(files::Checkpointer(folder.path()).latest().value(), loaded);

  CHECK(values_of(loaded) == values_of(run.net));
}

TEST_CASE("a second Ctrl-C ends the program") {
  const Untaken untaken;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    nn::Sequential net = small_net(1);
    const auto stuck = [&](const Tensor& x) {
      std::raise(SIGINT);
      std::raise(SIGINT);
      return net(x);
    };
    optim::SGD sgd(net, {.lr = 0.1});
    train::fit(stuck, nn::cross_entropy, sgd, three_classes(4, 1), {.show = silent});
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);

  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
}

TEST_CASE("Ctrl-C from another process ends a training, which says so, and the program goes on") {
  const Untaken untaken;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    nn::Sequential net = small_net(1);
    optim::SGD sgd(net, {.lr = 0.1});
    bool told = false;
    const auto tell = [&](train::Training&) {
      if (!told) told = write(ready[1], "x", 1) == 1;
    };
    const auto history = train::fit(net, nn::cross_entropy, sgd, three_classes(4, 1),
                                    {.epochs = 1 << 30, .callbacks = {EachStep(tell)}, .show = silent});
    _exit(history.stopped().starts_with("interrupted in epoch ") ? 17 : 1);
  }
  char c = 0;
  CHECK(read(ready[0], &c, 1) == 1);
  kill(child, SIGINT);
  int status = 0;
  waitpid(child, &status, 0);

  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 17);
}

TEST_CASE("a program that takes SIGINT itself keeps it, and has it back behind a training") {
  nn::Sequential net = small_net(1);
  optim::SGD sgd(net, {.lr = 0.1});
  const auto train_with = [&](bool interruptible) {
    train::fit(net, nn::cross_entropy, sgd, three_classes(4, 1),
               {.callbacks = {EachStep([](train::Training&) { std::raise(SIGINT); })},
                .show = silent,
                .interruptible = interruptible});
  };
  static int heard = 0;
  heard = 0;
  const auto before = std::signal(SIGINT, [](int) { ++heard; });

  train_with(true), train_with(false);

  const auto behind = std::signal(SIGINT, before);
  CHECK(heard == 2);
  std::signal(SIGINT, behind);
  std::raise(SIGINT);
  CHECK(heard == 3);
  std::signal(SIGINT, before);
}

TEST_CASE("a checkpoint of another model is an error, and nothing that was saved is lost") {
  const Folder folder;
  Run run;
  run.go(folder.path());
  const auto latest = files::Checkpointer(folder.path()).latest().value();
  const auto saved = files::read_state(latest);
  nn::Sequential other{nn::Linear(4, 3)};
  optim::SGD sgd(other, {.lr = 0.1});
  const auto before = values_of(other);
  const auto train_in = [&](train::CheckpointsOptions options) {
    return error_of([&] {
      train::fit(other, nn::cross_entropy, sgd, run.set,
                 {.callbacks = {train::Checkpoints(folder.path(), options)}, .show = silent});
    });
  };

  const std::string of_other = train_in({}), of_new = train_in({.resume = false});

  CHECK(of_other.find("model.0.weight") != std::string::npos);
  CHECK(of_new.starts_with("Checkpoints: there is a checkpoint of another training: " + latest));
  CHECK(values_of(other) == before);
  CHECK(files::Checkpointer(folder.path()).latest() == latest);
  CHECK(files::read_state(latest).size() == saved.size());
  nn::Sequential unlike{nn::Linear(4, 2)};
  CHECK_FALSE(error_of([&] { train::load_model(latest, unlike); }).empty());
}
