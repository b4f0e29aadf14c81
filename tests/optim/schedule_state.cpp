// The states of schedules: names, and rates that go on as if nothing had stopped.

#include <doctest/doctest.h>

#include "optim/net.hpp"
#include "optim/schedule.hpp"

using namespace xgrad;
using namespace xgrad::test;
using namespace xgrad::optim;

namespace {

/// An optimizer and its schedule, one kind of each.
struct Scheduled {
  TwoGroups groups;
  Schedule schedule;

  explicit Scheduled(const std::string& name)
      : groups(name == "OneCycleLR(Adam)"), schedule(schedules_of_reference().at(name)(*groups.optimizer)) {}

  void steps(int n) const {
    for (int i = 0; i < n; ++i) schedule->step();
  }
};

}  // namespace

TEST_CASE(
    "a schedule that loads a state has the rates of one that never stopped, in either order of loading") {
  for (const auto& entry : schedules_of_reference())
    for (const int before : {0, 1, 7, 14})
      for (const bool optimizer_first : {true, false}) {
        const std::string& name = entry.first;
        INFO(name, " after ", before);
        const Scheduled straight(name), resumed(name);
        straight.steps(before);
        const StateDict state = state_dict(*straight.schedule),
                        groups = state_dict(*straight.groups.optimizer);

        if (optimizer_first) load_state_dict(*resumed.groups.optimizer, groups);
        load_state_dict(*resumed.schedule, state);
        if (!optimizer_first) load_state_dict(*resumed.groups.optimizer, groups);

        CHECK(same(*resumed.schedule, state));
        for (int i = 0; i < 16; ++i) {
          CHECK(resumed.groups.rates() == straight.groups.rates());
          CHECK(resumed.groups.momenta() == straight.groups.momenta());
          straight.steps(1), resumed.steps(1);
        }
      }
}

TEST_CASE("a schedule that is made again after its optimizer has loaded goes on all the same") {
  for (const auto& entry : schedules_of_reference()) {
    const auto& name = entry.first;
    const MakeSchedule& make = entry.second;
    INFO(name);
    const Scheduled straight(name);
    straight.steps(5);
    const StateDict state = state_dict(*straight.schedule), groups = state_dict(*straight.groups.optimizer);
    const TwoGroups again(name == "OneCycleLR(Adam)");

    load_state_dict(*again.optimizer, groups);
    const Schedule schedule = make(*again.optimizer);
    load_state_dict(*schedule, state);
    straight.steps(9);
    for (int i = 0; i < 9; ++i) schedule->step();

    CHECK(again.rates() == straight.groups.rates());
    CHECK(again.momenta() == straight.groups.momenta());
  }
}

TEST_CASE("a rate that was set by hand is a part of the schedule's state") {
  const Scheduled saved("ExponentialLR"), resumed("ExponentialLR");
  saved.groups.optimizer->set_lr(0.5, 1);

  load_state_dict(*resumed.schedule, state_dict(*saved.schedule));

  CHECK(resumed.groups.rates() == Numbers{0.1, 0.5});
}

TEST_CASE("a program that names its optimizer and its schedule has one state, which goes back into both") {
  struct Training {
    TwoGroups groups;
    StepLR schedule{*groups.optimizer, {.step_size = 2}};
    void visit(Visitor& v) { v("optimizer", *groups.optimizer), v("schedule", schedule); }
  };
  Training saved, resumed;
  for (int i = 0; i < 3; ++i) saved.schedule.step();

  load_state_dict(resumed, state_dict(saved));
  saved.schedule.step(), resumed.schedule.step();

  CHECK(resumed.groups.rates() == saved.groups.rates());
  CHECK(resumed.schedule.last_epoch() == 4);
}

TEST_CASE("what a schedule has is named as PyTorch names it") {
  const Scheduled pair("StepLR");

  CHECK(names_of(state_dict(*pair.schedule)) ==
        Names{"schedule", "last_epoch", "base_lrs.0", "base_lrs.1", "step_size", "gamma", "lr.0", "lr.1"});
}

TEST_CASE("options come back with a state") {
  TwoGroups one, other;
  StepLR saved(*one.optimizer, {.step_size = 1, .gamma = 0.5}), loaded(*other.optimizer, {.step_size = 7});

  load_state_dict(loaded, state_dict(saved));
  loaded.step();

  CHECK(other.rates() == Numbers{0.05, 0.01});
}

TEST_CASE("the state of another schedule does not fit, and changes nothing") {
  const Scheduled pair("ExponentialLR"), other("StepLR");
  pair.steps(3);
  const StateDict before = state_dict(*pair.schedule);

  CHECK(said([&] { load_state_dict(*pair.schedule, state_dict(*other.schedule), {.strict = false}); }) ==
        "load_state_dict: the states do not match: 'schedule' is the text 'StepLR' in the state, the text "
        "'ExponentialLR' in the target; both must have the same names, types and shapes");
  CHECK(same(*pair.schedule, before));
}

TEST_CASE("a state with numbers out of their range is refused, and changes nothing") {
  const auto refused = [](const char* schedule, const char* name, StateValue value) {
    const Scheduled pair(schedule);
    pair.steps(2);
    const StateDict before = state_dict(*pair.schedule);
    StateDict state = before;
    state.set(name, std::move(value));
    const std::string message = said([&] { load_state_dict(*pair.schedule, state); });
    CHECK(same(*pair.schedule, before));
    return message;
  };

  CHECK(refused("StepLR", "step_size", 0) == "StepLR: step_size must be at least 1: got 0");
  CHECK(refused("StepLR", "last_epoch", -1) == "StepLR: last_epoch must be at least 0: it is -1");
  CHECK(refused("StepLR", "lr.1", -1.0) == "StepLR: lr must be at least 0 and finite: got -1");
  CHECK(refused("StepLR", "base_lrs.0", -1.0) == "StepLR: base_lrs must be at least 0 and finite: got -1");
  CHECK(refused("OneCycleLR", "momentum.0", 1.0) == "OneCycleLR: momentum must be in [0, 1): got 1");
  CHECK(refused("SWALR", "annealed", -1) == "SWALR: annealed must be at least 0: got -1");
  CHECK(refused("Sequential(Linear, Cosine, Step)", "milestones.1", 6) ==
        "SequentialLR: a milestone must be at least 7: got 6");
  CHECK(refused("Sequential(Linear, Cosine, Step)", "schedulers.1.T_max", 0) ==
        "CosineAnnealingLR: T_max must be at least 1: got 0");
}

TEST_CASE("ReduceLROnPlateau goes on from a state") {
  const auto metrics = reference_schedules()["metrics"].get<Numbers>();
  const ReduceLrOnPlateauOptions options{.factor = 0.7, .patience = 1, .threshold = 0.05, .cooldown = 3};
  for (std::size_t stop = 0; stop < metrics.size(); stop += 5) {
    TwoGroups one, other;
    ReduceLROnPlateau straight(*one.optimizer, options), resumed(*other.optimizer, options);
    for (std::size_t i = 0; i < stop; ++i) straight.step(metrics[i]);

    load_state_dict(resumed, state_dict(straight));
    for (std::size_t i = stop; i < metrics.size(); ++i) {
      straight.step(metrics[i]), resumed.step(metrics[i]);
      CHECK(other.rates() == one.rates());
    }

    CHECK(same(resumed, straight));
  }
}

TEST_CASE("a state of ReduceLROnPlateau with another mode, or with nan, is refused, and changes nothing") {
  TwoGroups groups;
  ReduceLROnPlateau small(*groups.optimizer), large(*groups.optimizer, {.mode = PlateauMode::max});
  small.step(1);
  const StateDict before = state_dict(small);
  StateDict state = before;
  state.set("best", std::nan(""));

  CHECK(said([&] {
          load_state_dict(small, state_dict(large));
        }).find("'mode' is the text 'max' in the state, the text 'min' in the target") != std::string::npos);
  CHECK(said([&] { load_state_dict(small, state); }) ==
        "ReduceLROnPlateau: best must be a number: it is nan");
  CHECK(same(small, before));
}
