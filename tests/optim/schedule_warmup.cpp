// What is ours among the schedules: the warm-up, restarts, compositions of compositions, and one's own.

#include <doctest/doctest.h>

#include <cmath>

#include "optim/schedule.hpp"

using namespace xgrad;
using namespace xgrad::test;
using namespace xgrad::optim;

namespace {

/// The rates of the first group in the first steps.
Numbers rates_of(const TwoGroups& groups, LRScheduler& schedule, int steps) {
  Numbers rates;
  for (int i = 0; i < steps; ++i, schedule.step()) rates.push_back(groups.optimizer->lr());
  return rates;
}

bool close(const Numbers& a, const Numbers& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::abs(a[i] - b[i]) > 1e-15) return false;
  return true;
}

}  // namespace

TEST_CASE("a warm-up reaches the whole rate after its steps, in equal ones, and stays") {
  const TwoGroups groups;
  WarmupLR schedule(*groups.optimizer, {.steps = 4});

  CHECK(close(groups.rates(), {0.02, 0.004}));
  CHECK(close(rates_of(groups, schedule, 7), {0.02, 0.04, 0.06, 0.08, 0.1, 0.1, 0.1}));
}

TEST_CASE("a warm-up starts where it is told, also at 0") {
  const TwoGroups groups, half;
  WarmupLR schedule(*groups.optimizer, {.steps = 4, .start_factor = 0});
  WarmupLR from_half(*half.optimizer, {.steps = 2, .start_factor = 0.5});

  CHECK(close(rates_of(groups, schedule, 6), {0, 0.025, 0.05, 0.075, 0.1, 0.1}));
  CHECK(close(rates_of(half, from_half, 4), {0.05, 0.075, 0.1, 0.1}));
}

TEST_CASE("what follows a warm-up begins when that is over, as if it had been alone") {
  const TwoGroups groups, other;
  WarmupLR schedule(*groups.optimizer, {3}, CosineAnnealingLR(*groups.optimizer, {.T_max = 10}));
  CosineAnnealingLR alone(*other.optimizer, {.T_max = 10});

  CHECK(close(rates_of(groups, schedule, 3), {0.025, 0.05, 0.075}));
  CHECK(rates_of(groups, schedule, 10) == rates_of(other, alone, 10));
}

TEST_CASE("a warm-up goes up to the rate with which the other schedule begins") {
  const TwoGroups groups;
  WarmupLR schedule(*groups.optimizer, {2},
                    LambdaLR(*groups.optimizer, [](auto i) { return 0.6 / (1 + double(i)); }));

  CHECK(close(rates_of(groups, schedule, 5), {0.02, 0.04, 0.06, 0.03, 0.02}));
}

TEST_CASE("a warm-up of no steps is the other schedule") {
  const TwoGroups groups;
  const TwoGroups alone;
  WarmupLR schedule(*groups.optimizer, {0}, ExponentialLR(*groups.optimizer, {0.5}));
  WarmupLR nothing(*alone.optimizer, {0});

  CHECK(close(rates_of(groups, schedule, 3), {0.1, 0.05, 0.025}));
  CHECK(rates_of(alone, nothing, 2) == Numbers{0.1, 0.1});
}

TEST_CASE("a warm-up that is over leaves the rates to others") {
  const TwoGroups groups;
  WarmupLR warmup(*groups.optimizer, {2});
  ReduceLROnPlateau plateau(*groups.optimizer, {.factor = 0.5, .patience = 0});
  for (int i = 0; i < 4; ++i) warmup.step();

  plateau.step(1), plateau.step(1);
  warmup.step();

  CHECK(groups.optimizer->lr() == 0.05);
}

TEST_CASE("a warm-up goes on from a state, before and behind its end") {
  for (const int before : {0, 1, 2, 3, 6}) {
    const auto make = [](Optimizer& o) { return WarmupLR(o, {3}, CosineAnnealingLR(o, {.T_max = 8})); };
    const TwoGroups one, other;
    WarmupLR straight = make(*one.optimizer), resumed = make(*other.optimizer);
    for (int i = 0; i < before; ++i) straight.step();

    load_state_dict(resumed, state_dict(straight));

    CHECK(rates_of(other, resumed, 6) == rates_of(one, straight, 6));
  }
}

TEST_CASE("a restart goes back to the initial rates") {
  for (const auto& entry : schedules_of_reference()) {
    const auto& name = entry.first;
    const MakeSchedule& make = entry.second;
    if (name == "MultiplicativeLR" || name.starts_with("SWALR")) continue;  // they have none
    INFO(name);
    const TwoGroups groups(name == "OneCycleLR(Adam)");
    const Schedule schedule = make(*groups.optimizer);
    const Numbers first = rates_of(groups, *schedule, 12);

    schedule->restart();

    CHECK(schedule->last_epoch() == 0);
    CHECK(rates_of(groups, *schedule, 12) == first);
  }
}

TEST_CASE("schedules of schedules are schedules: a chain in a sequence, behind a warm-up") {
  const TwoGroups groups;
  Optimizer& o = *groups.optimizer;
  WarmupLR schedule(
      o, {2},
      SequentialLR(
          o, {ExponentialLR(o, {0.5}), ChainedScheduler({StepLR(o, {2, 0.5}), ExponentialLR(o, {0.5})})},
          {2}));

  // 2 of the warm-up, 2 of the first, then 1, 1/2, 1/4 with another half each second step.
  CHECK(close(rates_of(groups, schedule, 7), {0.1 / 3, 0.2 / 3, 0.1, 0.05, 0.1, 0.05, 0.0125}));
}

TEST_CASE("two schedules of one optimizer multiply, and both know the rates before the first") {
  const TwoGroups groups;
  LinearLR first(*groups.optimizer, {.start_factor = 0.5, .total_iters = 2});
  LambdaLR second(*groups.optimizer, [](auto) { return 1.0; });

  CHECK(groups.rates() == Numbers{0.1, 0.02});
}

TEST_CASE("when the schedules of an optimizer are gone, the next one starts from the rates that there are") {
  const TwoGroups groups;
  { ConstantLR gone(*groups.optimizer, {.factor = 0.5}); }

  LambdaLR schedule(*groups.optimizer, [](auto) { return 0.5; });

  CHECK(groups.rates() == Numbers{0.025, 0.005});
}

TEST_CASE("a rate that is set between two steps is what the next one starts from") {
  const TwoGroups groups;
  ExponentialLR schedule(*groups.optimizer, {0.5});

  groups.optimizer->set_lr(1);
  schedule.step();

  CHECK(schedule.last_lr() == Numbers{0.5, 0.5});
}

TEST_CASE("one's own schedule says how a rate goes on") {
  class Halves : public LRScheduler {
   public:
    explicit Halves(Optimizer& optimizer) : LRScheduler("Halves", optimizer) { start(); }

   private:
    double rate(std::size_t, std::int64_t step, double lr) const override { return step ? lr / 2 : lr; }
  };
  const TwoGroups groups;
  SequentialLR schedule(*groups.optimizer, {ConstantLR(*groups.optimizer), Halves(*groups.optimizer)}, {1});

  schedule.step(), schedule.step();

  CHECK(groups.rates() == Numbers{0.05, 0.01});
}

TEST_CASE("OneCycleLR makes the step after its last one, which keeps the rate") {
  for (const Anneal strategy : {Anneal::cos, Anneal::linear}) {
    const TwoGroups groups;
    OneCycleLR schedule(*groups.optimizer, {.max_lr = 1, .total_steps = 5, .anneal_strategy = strategy});

    for (int batch = 0; batch < 5; ++batch) schedule.step();

    CHECK(std::abs(groups.optimizer->lr() - 1.0 / 25 / 1e4) < 1e-16);
    CHECK(std::abs(groups.momenta()[0] - 0.95) < 1e-15);
  }
}
