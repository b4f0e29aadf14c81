// One group, against tests/data/lr_schedules.json, which PyTorch made.

#include <doctest/doctest.h>

#include <cmath>

#include "optim/schedule.hpp"

using namespace xgrad;
using namespace xgrad::test;
using namespace xgrad::optim;

namespace {

const nlohmann::json& reference() {
  static const auto all = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/lr_schedules.json"));
  return all;
}

/// A GD of rate 0.1, as the reference starts with.
struct OneGroup {
  Tensor p = zeros({1}, {.requires_grad = true});
  GD gd{{p}, 0.1};
};

template <class Make>
void follows(const char* name, Make make) {
  OneGroup group;
  auto schedule = make(group.gd);
  for (const double expected : reference()["cases"].at(name).template get<Numbers>()) {
    CHECK(std::abs(group.gd.lr() - expected) <= 1e-12 * expected);
    schedule.step();
  }
}

}  // namespace

TEST_CASE("schedules of one group have the rates of the reference") {
  follows("StepLR(3,.5)", [](Optimizer& o) { return StepLR(o, {.step_size = 3, .gamma = 0.5}); });
  follows("ExponentialLR(.9)", [](Optimizer& o) { return ExponentialLR(o, {.gamma = 0.9}); });
  follows("OneCycleLR(1.0,total=20)", [](Optimizer& o) {
    return OneCycleLR(o, {.max_lr = 1, .total_steps = 30, .cycle_momentum = false});
  });
  follows("CyclicLR_tri2(.01,.1,4)", [](Optimizer& o) {
    return CyclicLR(o, {.base_lr = 0.01,
                        .max_lr = 0.1,
                        .step_size_up = 4,
                        .mode = CyclicMode::triangular2,
                        .cycle_momentum = false});
  });
  follows("SequentialLR(Const5,Exp)", [](Optimizer& o) {
    return SequentialLR(o, {ConstantLR(o, {0.1, 5}), ExponentialLR(o, {0.9})}, {5});
  });
}

TEST_CASE("ReduceLROnPlateau has the rates of the reference") {
  OneGroup group;
  ReduceLROnPlateau schedule(group.gd, {.factor = 0.5, .patience = 2, .threshold = 1e-2, .cooldown = 1});
  const auto& rows = reference()["cases"]["ReduceLROnPlateau(.5,pat2,cool1,thr1e-2 rel)"];
  const auto metrics = rows["metrics"].get<Numbers>(), rates = rows["lr"].get<Numbers>();

  CHECK(group.gd.lr() == rates[0]);
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    schedule.step(metrics[i]);
    CHECK(std::abs(group.gd.lr() - rates[i + 1]) <= 1e-12 * rates[i + 1]);
  }
}
