// The schedules of tests/optim/schedules.py, in its order, against PyTorch 1.13.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "optim/schedule.hpp"

using namespace xgrad;
using namespace xgrad::test;
using namespace xgrad::optim;

namespace {

template <class S, class... A>
Schedule made(Optimizer& o, A... arguments) {
  return std::make_unique<S>(o, arguments...);
}

double nine_tenths(std::int64_t) { return 0.9; }

}  // namespace

const std::map<std::string, MakeSchedule>& test::schedules_of_reference() {
  using O = Optimizer;
  static const std::map<std::string, MakeSchedule> all = {
      {"StepLR", [](O& o) { return made<StepLR>(o, StepLrOptions{.step_size = 4, .gamma = 0.3}); }},
      {"MultiStepLR",
       [](O& o) {
         return made<MultiStepLR>(o, MultiStepLrOptions{.milestones = {0, 5, 11, 11, 20}, .gamma = 0.7});
       }},
      {"ExponentialLR", [](O& o) { return made<ExponentialLR>(o, ExponentialLrOptions{.gamma = 0.93}); }},
      {"ConstantLR", [](O& o) { return made<ConstantLR>(o); }},
      {"ConstantLR(.25, 7)",
       [](O& o) {
         return made<ConstantLR>(o, ConstantLrOptions{0.25, 7});
       }},
      {"LinearLR", [](O& o) { return made<LinearLR>(o); }},
      {"LinearLR(.1, .6, 12)",
       [](O& o) {
         return made<LinearLR>(o, LinearLrOptions{0.1, 0.6, 12});
       }},
      {"LinearLR(1, 0, 9)",
       [](O& o) {
         return made<LinearLR>(o, LinearLrOptions{1, 0, 9});
       }},
      {"PolynomialLR", [](O& o) { return made<PolynomialLR>(o); }},
      {"PolynomialLR(21, 2.5)",
       [](O& o) {
         return made<PolynomialLR>(o, PolynomialLrOptions{21, 2.5});
       }},
      {"CosineAnnealingLR",
       [](O& o) {
         return made<CosineAnnealingLR>(o, CosineAnnealingLrOptions{7, 0.001});
       }},
      {"CosineAnnealingLR(30)",
       [](O& o) { return made<CosineAnnealingLR>(o, CosineAnnealingLrOptions{.T_max = 30}); }},
      {"CosineAnnealingWarmRestarts",
       [](O& o) {
         return made<CosineAnnealingWarmRestarts>(
             o, CosineAnnealingWarmRestartsOptions{.T_0 = 6, .eta_min = 0.002});
       }},
      {"CosineAnnealingWarmRestarts(3, 2)",
       [](O& o) {
         return made<CosineAnnealingWarmRestarts>(o, CosineAnnealingWarmRestartsOptions{3, 2});
       }},
      {"LambdaLR",
       [](O& o) {
         return made<LambdaLR>(o, std::vector<LrLambda>{[](auto i) { return std::pow(0.95, i); },
                                                        [](auto i) { return 1 / (1 + double(i)); }});
       }},
      {"MultiplicativeLR",
       [](O& o) {
         return made<MultiplicativeLR>(o, [](std::int64_t i) { return 1 - 0.1 / (1 + double(i)); });
       }},
      {"OneCycleLR",
       [](O& o) { return made<OneCycleLR>(o, OneCycleLrOptions{.max_lr = 0.5, .total_steps = 31}); }},
      {"OneCycleLR(linear)",
       [](O& o) {
         return made<OneCycleLR>(o, OneCycleLrOptions{.max_lr = {0.5, 0.2},
                                                      .epochs = 4,
                                                      .steps_per_epoch = 8,
                                                      .pct_start = 0.4,
                                                      .anneal_strategy = Anneal::linear,
                                                      .base_momentum = {0.8, 0.7},
                                                      .max_momentum = {0.9, 0.99},
                                                      .div_factor = 10,
                                                      .final_div_factor = 50});
       }},
      {"OneCycleLR(three_phase)",
       [](O& o) {
         return made<OneCycleLR>(
             o, OneCycleLrOptions{.max_lr = 0.5, .total_steps = 31, .pct_start = 0.37, .three_phase = true});
       }},
      {"OneCycleLR(Adam)",
       [](O& o) { return made<OneCycleLR>(o, OneCycleLrOptions{.max_lr = 0.5, .total_steps = 31}); }},
      {"OneCycleLR(pct_start=0)",
       [](O& o) {
         return made<OneCycleLR>(o, OneCycleLrOptions{.max_lr = 0.5, .total_steps = 31, .pct_start = 0});
       }},
      {"OneCycleLR(pct_start=1)",
       [](O& o) {
         return made<OneCycleLR>(o, OneCycleLrOptions{.max_lr = 0.5, .total_steps = 31, .pct_start = 1});
       }},
      {"CyclicLR(triangular)",
       [](O& o) {
         return made<CyclicLR>(o, CyclicLrOptions{.base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4});
       }},
      {"CyclicLR(triangular2)",
       [](O& o) {
         return made<CyclicLR>(o, CyclicLrOptions{.base_lr = {0.01, 0.002},
                                                  .max_lr = {0.1, 0.05},
                                                  .step_size_up = 4,
                                                  .step_size_down = 6,
                                                  .mode = CyclicMode::triangular2,
                                                  .base_momentum = {0.7, 0.75},
                                                  .max_momentum = {0.9, 0.95}});
       }},
      {"CyclicLR(exp_range)",
       [](O& o) {
         return made<CyclicLR>(o, CyclicLrOptions{.base_lr = 0.01,
                                                  .max_lr = 0.1,
                                                  .step_size_up = 5,
                                                  .mode = CyclicMode::exp_range,
                                                  .gamma = 0.97});
       }},
      {"CyclicLR(scale_fn of cycle)",
       [](O& o) {
         return made<CyclicLR>(
             o, CyclicLrOptions{.base_lr = 0.01, .max_lr = 0.1, .step_size_up = 3, .scale_fn = [](double x) {
                                  return 1 / x;
                                }});
       }},
      {"CyclicLR(scale_fn of iterations)",
       [](O& o) {
         return made<CyclicLR>(o, CyclicLrOptions{.base_lr = 0.01,
                                                  .max_lr = 0.1,
                                                  .step_size_up = 3,
                                                  .scale_fn = [](double x) { return std::pow(0.9, x); },
                                                  .scale_mode = ScaleMode::iterations,
                                                  .cycle_momentum = false});
       }},
      {"SWALR", [](O& o) { return made<SWALR>(o, SwaLrOptions{.swa_lr = 0.05}); }},
      {"SWALR(linear)",
       [](O& o) {
         return made<SWALR>(
             o, SwaLrOptions{.swa_lr = {0.05, 0.03}, .anneal_epochs = 7, .anneal_strategy = Anneal::linear});
       }},
      {"SWALR(0)", [](O& o) { return made<SWALR>(o, SwaLrOptions{.swa_lr = 0.05, .anneal_epochs = 0}); }},
      {"Chained(Constant, Exponential)",
       [](O& o) {
         return Schedule(new ChainedScheduler(
             {ConstantLR(o, {.factor = 0.1, .total_iters = 4}), ExponentialLR(o, {.gamma = 0.9})}));
       }},
      {"Chained(Linear, Cosine, Step)",
       [](O& o) {
         return Schedule(new ChainedScheduler(
             {LinearLR(o, {0.2, 1, 6}), CosineAnnealingLR(o, {9, 0.001}), StepLR(o, {5, 0.8})}));
       }},
      {"Chained(Lambda, Multiplicative, Polynomial)",
       [](O& o) {
         return Schedule(new ChainedScheduler({LambdaLR(o, [](auto i) { return 1 + double(i) / 10; }),
                                               MultiplicativeLR(o, nine_tenths), PolynomialLR(o, {25, 2})}));
       }},
      {"Sequential(Constant, Exponential)",
       [](O& o) {
         return Schedule(new SequentialLR(o, {ConstantLR(o, {0.1, 2}), ExponentialLR(o, {0.9})}, {5}));
       }},
      {"Sequential(Linear, Cosine, Step)",
       [](O& o) {
         return Schedule(new SequentialLR(
             o, {LinearLR(o, {0.1, 1, 6}), CosineAnnealingLR(o, {10, 0.001}), StepLR(o, {3, 0.5})}, {6, 17}));
       }},
      {"Sequential(Exponential, Linear, Polynomial)",
       [](O& o) {
         return Schedule(new SequentialLR(
             o, {ExponentialLR(o, {0.5}), LinearLR(o, {0.5, 0.75, 4}), PolynomialLR(o, {6, 1.5})}, {3, 12}));
       }},
      {"Sequential(WarmRestarts, Multiplicative, Lambda, MultiStep)",
       [](O& o) {
         return Schedule(new SequentialLR(
             o,
             {CosineAnnealingWarmRestarts(o, {2, 2}), MultiplicativeLR(o, nine_tenths),
              LambdaLR(o, [](auto i) { return std::pow(0.8, i); }), MultiStepLR(o, {{0, 2, 4}, 0.5})},
             {9, 13, 20}));
       }},
      {"Sequential(Exponential, OneCycle)",
       [](O& o) {
         return Schedule(new SequentialLR(
             o, {ExponentialLR(o, {0.9}), OneCycleLR(o, {.max_lr = 0.5, .total_steps = 24})}, {7}));
       }},
      {"Sequential(Cyclic, Exponential)",
       [](O& o) {
         return Schedule(new SequentialLR(
             o, {CyclicLR(o, {.base_lr = 0.01, .max_lr = 0.1, .step_size_up = 3}), ExponentialLR(o, {0.9})},
             {8}));
       }},
      {"Sequential(Linear, Cyclic, Exponential)",
       [](O& o) {
         return Schedule(new SequentialLR(
             o,
             {LinearLR(o, {0.5, 1, 4}), CyclicLR(o, {.base_lr = 0.01, .max_lr = 0.05, .step_size_up = 3}),
              ExponentialLR(o, {0.9})},
             {4, 10}));
       }},
      {"Sequential(Exponential, SWALR)",
       [](O& o) {
         return Schedule(new SequentialLR(
             o, {ExponentialLR(o, {0.9}), SWALR(o, {.swa_lr = 0.05, .anneal_epochs = 6})}, {10}));
       }},
      {"Sequential(SWALR, Exponential)",
       [](O& o) {
         return Schedule(new SequentialLR(
             o, {SWALR(o, {.swa_lr = 0.05, .anneal_epochs = 6}), ExponentialLR(o, {0.9})}, {10}));
       }},
      {"Chained(Sequential, Exponential)",
       [](O& o) {
         return Schedule(
             new ChainedScheduler({SequentialLR(o, {ConstantLR(o, {0.1, 2}), StepLR(o, {4, 0.5})}, {6}),
                                   ExponentialLR(o, {0.95})}));
       }},
  };
  return all;
}

namespace {

/// The largest deviation of numbers from a row of the reference, as a share of it.
double deviation(const Numbers& found, const nlohmann::json& row) {
  double worst = 0;
  for (std::size_t k = 0; k < found.size(); ++k)
    if (const double expected = row.at(k).get<double>(); found[k] != expected)
      worst = std::max(worst, std::abs(found[k] - expected) / std::max(std::abs(expected), 1e-9));
  return worst;
}

/// Compares all rows of a case; `step(i)` makes step i.
void check_case(const std::string& name, const TwoGroups& groups,
                const std::function<void(std::size_t)>& step) {
  const nlohmann::json& rows = reference_schedules()["cases"].at(name);
  for (std::size_t i = 0; i < rows["lr"].size(); ++i) {
    if (i > 0) step(i - 1);
    CHECK_MESSAGE(deviation(groups.rates(), rows["lr"][i]) < 1e-12, name, ": rates of step ", i);
    if (rows.contains("momentum"))
      CHECK_MESSAGE(deviation(groups.momenta(), rows["momentum"][i]) < 1e-12, name, ": momenta of step ", i);
    else
      CHECK(groups.momenta() == Numbers{0.9, 0.9});
  }
}

void check_plateau(const std::string& name, const char* metrics, const ReduceLrOnPlateauOptions& options) {
  const TwoGroups groups;
  ReduceLROnPlateau schedule(*groups.optimizer, options);
  const auto values = reference_schedules()[metrics].get<Numbers>();
  check_case(name, groups, [&](std::size_t i) { schedule.step(values.at(i)); });
}

}  // namespace

TEST_CASE("every schedule has PyTorch's rates and momenta, of each group") {
  std::size_t plateaus = 0;
  for (const auto& [name, rows] : reference_schedules()["cases"].items())
    plateaus += name.starts_with("Plateau");
  CHECK(reference_schedules()["cases"].size() == schedules_of_reference().size() + plateaus);

  for (const auto& [name, make] : schedules_of_reference()) {
    const TwoGroups groups(name == "OneCycleLR(Adam)");
    const Schedule schedule = make(*groups.optimizer);
    check_case(name, groups, [&](std::size_t) { schedule->step(); });
  }
}

TEST_CASE("ReduceLROnPlateau has PyTorch's rates, in all its modes") {
  check_plateau("Plateau", "metrics", {.factor = 0.5, .patience = 3});
  check_plateau(
      "Plateau(abs, cooldown)", "metrics",
      {.factor = 0.7, .patience = 1, .threshold = 0.05, .threshold_mode = ThresholdMode::abs, .cooldown = 3});
  check_plateau("Plateau(max, rel)", "rising",
                {.mode = PlateauMode::max, .factor = 0.6, .patience = 2, .threshold = 0.01, .cooldown = 1});
  check_plateau("Plateau(max, abs)", "rising",
                {.mode = PlateauMode::max,
                 .factor = 0.1,
                 .patience = 0,
                 .threshold = 0.01,
                 .threshold_mode = ThresholdMode::abs,
                 .min_lr = {0.001, 0.005},
                 .eps = 1e-4});
  const TwoGroups groups;
  ReduceLROnPlateau schedule(*groups.optimizer, {.factor = 0.5, .patience = 0, .eps = 0.02});
  check_case("Plateau(eps)", groups, [&](std::size_t) { schedule.step(1); });
}

TEST_CASE("a step between two of the optimizer allocates no memory of tensors") {
  const TwoGroups groups;
  const Schedule schedule =
      schedules_of_reference().at("Sequential(Linear, Cosine, Step)")(*groups.optimizer);
  const auto before = memory_stats();

  for (int i = 0; i < 30; ++i) schedule->step();

  CHECK(memory_stats().system_calls == before.system_calls);
}
