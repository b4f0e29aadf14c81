// A run whose rate changes from step to step goes on from its checkpoint, made of all that it holds, with the
// bits and the rates of one that never stopped.

#include <doctest/doctest.h>

#include <functional>
#include <memory>

#include "datasets/files.hpp"
#include "xgrad/data.hpp"
#include "xgrad/files.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;
using test::Folder;

namespace {

using MakeSchedule = std::function<std::unique_ptr<optim::LRScheduler>(optim::Optimizer&)>;

template <class Schedule, class... Arguments>
MakeSchedule make(Arguments... arguments) {
  return [=](optim::Optimizer& o) { return std::make_unique<Schedule>(o, arguments...); };
}

data::TensorDataset examples() {
  Generator generator(5);
  return {randn({23, 8}, float32, generator), randint(0, 3, {23}, {}, generator)};
}

struct Run {
  Run(std::uint64_t seed, const MakeSchedule& make_schedule)
      : model((manual_seed(seed), nn::Linear(8, 16)), nn::Dropout(0.3), nn::Linear(16, 3)),
        schedule(make_schedule(sgd)) {}

  void visit(Visitor& v) {
    v("model", model), v("optimizer", sgd), v("schedule", schedule), v("loader", loader);
    v("random", default_generator()), v("step", step);
  }

  template <class F>
  void train(std::int64_t last, F after) {
    while (step < last)
      for (const auto& [x, y] : loader) {
        sgd.zero_grad();
        nn::cross_entropy(model(x), y).backward();
        sgd.step();
        schedule->step();
        rates.push_back(sgd.lr());
        ++step;
        after();
        if (step == last) return;
      }
  }

  nn::Sequential model;
  optim::SGD sgd{model, {.lr = 0.1, .momentum = 0.9}};
  std::unique_ptr<optim::LRScheduler> schedule;
  data::Loader loader{examples(), {.batch_size = 4, .shuffle = true}};
  std::int64_t step = 0;
  std::vector<double> rates;
};

}  // namespace

TEST_CASE("with every kind of schedule, training goes on to the same bits and rates") {
  using namespace optim;
  const std::vector<std::pair<const char*, MakeSchedule>> schedules{
      {"StepLR", make<StepLR>(StepLrOptions{.step_size = 3, .gamma = 0.5})},
      {"CosineAnnealingLR", make<CosineAnnealingLR>(CosineAnnealingLrOptions{.T_max = 20})},
      {"OneCycleLR", make<OneCycleLR>(OneCycleLrOptions{.max_lr = 0.5, .total_steps = 30})},
      {"WarmupLR",
       [](Optimizer& o) {
         return std::make_unique<WarmupLR>(o, WarmupLrOptions{10}, CosineAnnealingLR(o, {.T_max = 10}));
       }},
      {"SequentialLR", [](Optimizer& o) {
         return std::make_unique<SequentialLR>(
             o, std::vector<AnyScheduler>{LinearLR(o), ExponentialLR(o, {.gamma = 0.9})},
             std::vector<std::int64_t>{8});
       }}};
  for (const auto& schedule : schedules)
    for (const std::int64_t cut : {1, 7, 12}) {
      const char* name = schedule.first;
      const MakeSchedule& make_schedule = schedule.second;
      CAPTURE(name);
      const Folder folder;
      const files::Checkpointer checkpoints(folder.path());
      Run straight(1, make_schedule);
      straight.train(20, [&] {
        if (straight.step == cut) checkpoints.save(cut, straight);
      });
      const StateDict end = state_dict(straight);

      Run resumed(2, make_schedule);
      CHECK(checkpoints.resume(resumed) == cut);
      resumed.train(20, [] {});

      CHECK(same(resumed, end));
      CHECK(resumed.rates == std::vector<double>(straight.rates.begin() + cut, straight.rates.end()));
    }
}
