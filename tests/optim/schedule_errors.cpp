// What schedules refuse, before anything has changed.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "optim/net.hpp"
#include "optim/schedule.hpp"

using namespace xgrad;
using namespace xgrad::test;
using namespace xgrad::optim;

namespace {

/// The message of a schedule that cannot be made; it has changed nothing.
template <class Make>
std::string refused(Make make) {
  const TwoGroups groups;
  const StateDict before = state_dict(*groups.optimizer);
  const std::string message = said([&] { make(*groups.optimizer); });
  CHECK(same(*groups.optimizer, before));
  return message;
}

}  // namespace

TEST_CASE("options of decays and ramps out of their range are refused") {
  CHECK(refused([](Optimizer& o) { StepLR(o, {}); }) == "StepLR: step_size must be at least 1: got 0");
  CHECK(refused([](Optimizer& o) {
          StepLR(o, {1, -1});
        }) == "StepLR: gamma must be at least 0 and finite: got -1");
  CHECK(refused([](Optimizer& o) { MultiStepLR(o, {}); }) ==
        "MultiStepLR: milestones is empty; give the steps that change the rates, {.milestones = {30, 80}}");
  CHECK(refused([](Optimizer& o) {
          MultiStepLR(o, {{3, -1}});
        }) == "MultiStepLR: a milestone must be at least 0: got -1");
  CHECK(refused([](Optimizer& o) { ExponentialLR(o, {}); }) ==
        "ExponentialLR: gamma must be above 0 and finite: got 0");
  CHECK(refused([](Optimizer& o) { ConstantLR(o, {.factor = 0}); }) ==
        "ConstantLR: factor must be above 0 and at most 1: got 0");
  CHECK(refused([](Optimizer& o) { ConstantLR(o, {.total_iters = 0}); }) ==
        "ConstantLR: total_iters must be at least 1: got 0");
  CHECK(refused([](Optimizer& o) { LinearLR(o, {.start_factor = 0}); }) ==
        "LinearLR: start_factor must be above 0 and at most 1: got 0");
  CHECK(refused([](Optimizer& o) { LinearLR(o, {.end_factor = 1.5}); }) ==
        "LinearLR: end_factor must be in [0, 1]: got 1.5");
  CHECK(refused([](Optimizer& o) { LinearLR(o, {.total_iters = 0}); }) ==
        "LinearLR: total_iters must be at least 1: got 0");
  CHECK(refused([](Optimizer& o) { PolynomialLR(o, {.total_iters = 0}); }) ==
        "PolynomialLR: total_iters must be at least 1: got 0");
  CHECK(refused([](Optimizer& o) { PolynomialLR(o, {.power = 0}); }) ==
        "PolynomialLR: power must be above 0 and finite: got 0");
}

TEST_CASE("options of cosines out of their range are refused") {
  CHECK(refused([](Optimizer& o) { CosineAnnealingLR(o, {}); }) ==
        "CosineAnnealingLR: T_max must be at least 1: got 0");
  CHECK(refused([](Optimizer& o) {
          CosineAnnealingLR(o, {9, -1});
        }) == "CosineAnnealingLR: eta_min must be at least 0 and finite: got -1");
  CHECK(refused([](Optimizer& o) { CosineAnnealingWarmRestarts(o, {}); }) ==
        "CosineAnnealingWarmRestarts: T_0 must be at least 1: got 0");
  CHECK(refused([](Optimizer& o) {
          CosineAnnealingWarmRestarts(o, {1, 0});
        }) == "CosineAnnealingWarmRestarts: T_mult must be at least 1: got 0");
  CHECK(refused([](Optimizer& o) {
          CosineAnnealingWarmRestarts(o, {1, 1, -1});
        }) == "CosineAnnealingWarmRestarts: eta_min must be at least 0 and finite: got -1");
}

TEST_CASE("functions that are missing, empty or throw are refused") {
  const auto half = [](std::int64_t) { return 0.5; };

  CHECK(refused([&](Optimizer& o) { LambdaLR(o, std::vector<LrLambda>{half}); }) ==
        "LambdaLR: there must be one function for each group: got 1 for 2 groups");
  CHECK(refused([](Optimizer& o) { LambdaLR(o, LrLambda()); }) ==
        "LambdaLR: a function is empty; give one that returns a factor");
  CHECK(refused([](Optimizer& o) { LambdaLR(o, [](auto) { return -1.0; }); }) ==
        "LambdaLR: a learning rate must be at least 0 and finite: that of group 0 would be -0.1 in step 0");
  CHECK(refused([](Optimizer& o) { MultiplicativeLR(o, LrLambda()); }) ==
        "MultiplicativeLR: a function is empty; give one that returns a factor");
  CHECK_THROWS_AS(refused([](Optimizer& o) {
                    LambdaLR(o, [](auto) -> double { throw std::runtime_error("not today"); });
                  }),
                  std::runtime_error);
}

TEST_CASE("options of OneCycleLR out of their range are refused") {
  const auto with = [](const OneCycleLrOptions& options) {
    return refused([&](Optimizer& o) { OneCycleLR(o, options); });
  };

  CHECK(with({.total_steps = 5}) ==
        "OneCycleLR: max_lr is missing; give one number, or one for each of the groups of the optimizer, "
        "{.max_lr = 0.1}");
  CHECK(with({.max_lr = {1, 2, 3}, .total_steps = 5}) ==
        "OneCycleLR: max_lr has another length than the optimizer has groups: it is 3, the optimizer has 2; "
        "give one number for each, or one number for all");
  CHECK(with({.max_lr = {1.0}, .total_steps = 5}).starts_with("OneCycleLR: max_lr has another length"));
  CHECK(with({.max_lr = -1, .total_steps = 5}) == "OneCycleLR: max_lr must be at least 0 and finite: got -1");
  const std::string missing =
      "OneCycleLR: the number of steps is missing; give total_steps, or both epochs and steps_per_epoch";
  CHECK(with({.max_lr = 1}) == missing);
  CHECK(with({.max_lr = 1, .epochs = 3}) == missing);
  CHECK(with({.max_lr = 1, .steps_per_epoch = 3}) == missing);
  CHECK(with({.max_lr = 1, .total_steps = -1}) == "OneCycleLR: total_steps must be at least 1: got -1");
  CHECK(with({.max_lr = 1, .epochs = -2, .steps_per_epoch = -3}) ==
        "OneCycleLR: epochs must be at least 1: got -2");
  CHECK(with({.max_lr = 1, .total_steps = 5, .pct_start = 1.5}) ==
        "OneCycleLR: pct_start must be in [0, 1]: got 1.5");
  CHECK(with({.max_lr = 1, .total_steps = 5, .pct_start = 0.6, .three_phase = true}) ==
        "OneCycleLR: three_phase needs pct_start of at most 0.5, as the way down is as long as that up: got "
        "0.6");
  CHECK(with({.max_lr = 1, .total_steps = 5, .div_factor = 0}) ==
        "OneCycleLR: div_factor must be above 0 and finite: got 0");
  CHECK(with({.max_lr = 1, .total_steps = 5, .final_div_factor = -1}) ==
        "OneCycleLR: final_div_factor must be above 0 and finite: got -1");
  CHECK(with({.max_lr = 1, .total_steps = 5, .base_momentum = -0.1}) ==
        "OneCycleLR: base_momentum must be in [0, 1): got -0.1");
  CHECK(with({.max_lr = 1, .total_steps = 5, .max_momentum = 1}) ==
        "OneCycleLR: max_momentum must be in [0, 1): got 1");
}

TEST_CASE("options of CyclicLR out of their range are refused") {
  const auto with = [](const CyclicLrOptions& options) {
    return refused([&](Optimizer& o) { CyclicLR(o, options); });
  };

  CHECK(with({.max_lr = 1}).starts_with("CyclicLR: base_lr is missing; give one number"));
  CHECK(with({.base_lr = 1}).starts_with("CyclicLR: max_lr is missing; give one number"));
  CHECK(with({.base_lr = -1, .max_lr = 1}) == "CyclicLR: base_lr must be at least 0 and finite: got -1");
  CHECK(with({.base_lr = 1, .max_lr = -1}) == "CyclicLR: max_lr must be at least 0 and finite: got -1");
  CHECK(with({.base_lr = 0, .max_lr = 1, .step_size_up = 0}) ==
        "CyclicLR: step_size_up must be at least 1: got 0");
  CHECK(with({.base_lr = 0, .max_lr = 1, .step_size_down = 0}) ==
        "CyclicLR: step_size_down must be at least 1: got 0");
  CHECK(with({.base_lr = 0, .max_lr = 1, .gamma = -1}) ==
        "CyclicLR: gamma must be at least 0 and finite: got -1");
  CHECK(with({.base_lr = 0, .max_lr = 1, .base_momentum = 1}) ==
        "CyclicLR: base_momentum must be in [0, 1): got 1");
  CHECK(with({.base_lr = 0, .max_lr = 1, .max_momentum = -1}) ==
        "CyclicLR: max_momentum must be in [0, 1): got -1");
}

TEST_CASE("a scale function that makes a momentum out of its range is refused in its step") {
  const TwoGroups groups;
  CyclicLR schedule(
      *groups.optimizer,
      {.base_lr = 0.1, .max_lr = 0.2, .step_size_up = 1, .scale_fn = [](double) { return 20.0; }});
  const StateDict before = state_dict(schedule);

  CHECK(said([&] { schedule.step(); }) ==
        "CyclicLR: the momentum that scale_fn gives must be in [0, 1): got -1.1");
  CHECK(same(schedule, before));
}

TEST_CASE("momentum is cycled only where there is one, and the error says how to do without") {
  const Tensor p = zeros({1}, {.requires_grad = true});
  GD gd({p}, 0.1);
  SGD sgd({p}, 0.1);
  const std::string remedy = "pass {.cycle_momentum = false}";

  CHECK(said([&] { OneCycleLR(gd, {.max_lr = 1, .total_steps = 5}); }) ==
        "OneCycleLR: cycle_momentum needs an optimizer with momentum or betas: group 0 has neither; " +
            remedy);
  CHECK(said([&] { CyclicLR(sgd, {.base_lr = 0.1, .max_lr = 1}); }) ==
        "CyclicLR: cycle_momentum needs momentum above 0: that of group 0 is 0; make the optimizer with "
        "{.momentum = 0.9}, or " +
            remedy);
  CHECK(gd.lr() == 0.1);
  CHECK(sgd.lr() == 0.1);
  CHECK_NOTHROW(OneCycleLR(gd, {.max_lr = 1, .total_steps = 5, .cycle_momentum = false}));
}

TEST_CASE("OneCycleLR has an end, also in a chain, whose other parts stay where they are") {
  const TwoGroups groups;
  ChainedScheduler schedule({OneCycleLR(*groups.optimizer, {.max_lr = 1, .total_steps = 2}),
                             ExponentialLR(*groups.optimizer, {0.5})});
  schedule.step(), schedule.step();
  const StateDict before = state_dict(schedule);

  CHECK(
      said([&] { schedule.step(); }) ==
      "OneCycleLR: the cycle is over: it has 2 steps, and this would be step 3; give it as many total_steps "
      "as the training has batches, or restart it");
  CHECK(same(schedule, before));
}

TEST_CASE("a step that would make a rate nan changes nothing, in no part of a chain") {
  const TwoGroups groups;
  Optimizer& o = *groups.optimizer;
  ChainedScheduler schedule(
      {ExponentialLR(o, {0.5}), MultiplicativeLR(o, [](auto i) { return i < 2 ? 1 : std::nan(""); })});
  schedule.step();
  const StateDict before = state_dict(schedule);

  CHECK(
      said([&] { schedule.step(); }) ==
      "ChainedScheduler: a learning rate must be at least 0 and finite: that of group 0 would be nan in step "
      "2");
  CHECK(same(schedule, before));
  CHECK(groups.rates() == Numbers{0.05, 0.01});
}

TEST_CASE("sequences and chains that do not fit are refused") {
  const TwoGroups other;
  const AnyScheduler foreign = ExponentialLR(*other.optimizer, {0.5});
  const auto sequence = [](std::vector<std::int64_t> milestones) {
    return refused([&](Optimizer& o) {
      SequentialLR(o, {ExponentialLR(o, {1}), ExponentialLR(o, {1}), ExponentialLR(o, {1})}, milestones);
    });
  };

  CHECK(sequence({3}) ==
        "SequentialLR: there must be one scheduler more than milestones: got 3 schedulers, 1 milestones");
  CHECK(sequence({0, 3}) == "SequentialLR: a milestone must be at least 1: got 0");
  CHECK(sequence({3, 3}) == "SequentialLR: a milestone must be at least 4: got 3");
  CHECK(refused([&](Optimizer& o) { SequentialLR(o, {foreign}, {}); }) ==
        "SequentialLR: scheduler 0 is of another optimizer; make all of them with the same one");
  CHECK(refused([&](Optimizer& o) {
          ChainedScheduler({ExponentialLR(o, {1}), foreign});
        }) == "ChainedScheduler: scheduler 1 is of another optimizer; make all of them with the same one");
  CHECK(refused([&](Optimizer&) {
          ChainedScheduler({foreign, foreign});
        }) == "ChainedScheduler: scheduler 1 was listed before, as scheduler 0; list each once");
  CHECK(said([] { ChainedScheduler({}); }) ==
        "ChainedScheduler: the list of schedulers is empty; give at least one");
}

TEST_CASE("warm-ups and SWALR with bad options are refused") {
  const TwoGroups other;

  CHECK(refused([](Optimizer& o) { WarmupLR(o, {.steps = -1}); }) ==
        "WarmupLR: steps must be at least 0: got -1");
  CHECK(refused([](Optimizer& o) { WarmupLR(o, {.steps = 1, .start_factor = -0.5}); }) ==
        "WarmupLR: start_factor must be in [0, 1]: got -0.5");
  CHECK(refused([&](Optimizer& o) { WarmupLR(o, {5}, ConstantLR(*other.optimizer)); }) ==
        "WarmupLR: the schedule behind the warm-up is of another optimizer; make both with the same");
  CHECK(refused([](Optimizer& o) { SWALR(o, {}); }).starts_with("SWALR: swa_lr is missing; give one number"));
  CHECK(refused([](Optimizer& o) { SWALR(o, {.swa_lr = -1}); }) ==
        "SWALR: swa_lr must be at least 0 and finite: got -1");
  CHECK(refused([](Optimizer& o) { SWALR(o, {.swa_lr = 1, .anneal_epochs = -1}); }) ==
        "SWALR: anneal_epochs must be at least 0: got -1");
}

TEST_CASE("options of ReduceLROnPlateau out of their range are refused") {
  const auto with = [](const ReduceLrOnPlateauOptions& options) {
    return refused([&](Optimizer& o) { ReduceLROnPlateau(o, options); });
  };
  const std::string name = "ReduceLROnPlateau: ";

  CHECK(with({.factor = 1}) == name + "factor must be at least 0 and below 1, so that the rates fall: got 1");
  CHECK(with({.patience = -1}) == name + "patience must be at least 0: got -1");
  CHECK(with({.threshold = -1}) == name + "threshold must be at least 0 and finite: got -1");
  CHECK(with({.cooldown = -1}) == name + "cooldown must be at least 0: got -1");
  CHECK(with({.min_lr = {0, 0, 0}}).starts_with(name + "min_lr has another length than the optimizer"));
  CHECK(with({.min_lr = -1}) == name + "min_lr must be at least 0 and finite: got -1");
  CHECK(with({.eps = -1}) == name + "eps must be at least 0 and finite: got -1");
}

TEST_CASE("a measure that is nan is refused, and counts for nothing") {
  const TwoGroups groups;
  ReduceLROnPlateau schedule(*groups.optimizer, {.patience = 0});
  schedule.step(1);
  const StateDict before = state_dict(schedule);

  CHECK(said([&] { schedule.step(std::nan("")); }) ==
        "ReduceLROnPlateau: the measure is nan; look for what made it so, AnomalyMode helps, and pass a "
        "number");
  CHECK(same(schedule, before));
  schedule.step(std::numeric_limits<double>::infinity());  // a loss that is too large is no progress
  CHECK(std::abs(groups.optimizer->lr() - 0.01) < 1e-17);
}

TEST_CASE("a group that is added later is an error in every use of a schedule") {
  const Tensor p = zeros({1}, {.requires_grad = true}), q = zeros({1}, {.requires_grad = true});
  SGD sgd({p}, {.lr = 0.1, .momentum = 0.9});
  OneCycleLR schedule(sgd, {.max_lr = 1, .total_steps = 9});
  ReduceLROnPlateau plateau(sgd);
  const double before = sgd.lr();
  sgd.add_group({q}, {.lr = 0.2, .momentum = 0.9});
  const std::string has =
      ": the optimizer has 2 groups, and had 1 when the schedule was made; make schedules after the last "
      "add_group, and do not move the optimizer";

  CHECK(said([&] { schedule.step(); }) == "OneCycleLR" + has);
  CHECK(said([&] { (void)schedule.last_lr(); }) == "OneCycleLR" + has);
  CHECK(said([&] { (void)state_dict(schedule); }) == "OneCycleLR" + has);
  CHECK(said([&] { plateau.step(1); }) == "ReduceLROnPlateau" + has);
  CHECK(plateau.last_epoch() == 0);
  CHECK(sgd.lr() == before);
}

TEST_CASE("a schedule of an optimizer that was moved is refused") {
  const Tensor p = zeros({1}, {.requires_grad = true});
  GD gd({p}, 0.1);
  ExponentialLR schedule(gd, {0.5});
  const GD moved = std::move(gd);

  CHECK(
      said([&] { schedule.step(); }) ==
      "ExponentialLR: the optimizer has 0 groups, and had 1 when the schedule was made; make schedules after "
      "the last add_group, and do not move the optimizer");
  CHECK(said([&] { ExponentialLR(gd, {0.5}); }) ==
        "ExponentialLR: the optimizer has no groups: it was moved from; use the one that it was moved to");
  CHECK(moved.lr() == 0.1);
}
