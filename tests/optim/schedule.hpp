#pragma once

// Two groups of rates 0.1 and 0.02, as those of the reference, and the table of its schedules.

#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "xgrad/core.hpp"
#include "xgrad/optim.hpp"

namespace xgrad::test {

using Numbers = std::vector<double>;

/// An optimizer with two groups.
struct TwoGroups {
  Tensor p = zeros({1}, {.requires_grad = true}), q = zeros({1}, {.requires_grad = true});
  std::unique_ptr<optim::Optimizer> optimizer;

  explicit TwoGroups(bool adam = false) {
    if (adam) {
      auto made = std::make_unique<optim::Adam>(std::vector<Tensor>{p}, optim::AdamOptions{.lr = 0.1});
      made->add_group({q}, {.lr = 0.02});
      optimizer = std::move(made);
    } else {
      auto made =
          std::make_unique<optim::SGD>(std::vector<Tensor>{p}, optim::SgdOptions{.lr = 0.1, .momentum = 0.9});
      made->add_group({q}, {.lr = 0.02, .momentum = 0.9});
      optimizer = std::move(made);
    }
  }

  Numbers rates() const { return {optimizer->lr(0), optimizer->lr(1)}; }
  Numbers momenta() const {
    const StateDict state = state_dict(*optimizer);
    const char* name = state.contains("param_groups.0.momentum") ? "momentum" : "betas.0";
    return {state.get<double>(std::string("param_groups.0.") + name),
            state.get<double>(std::string("param_groups.1.") + name)};
  }
};

using Schedule = std::unique_ptr<optim::LRScheduler>;

/// Makes a schedule of an optimizer.
using MakeSchedule = std::function<Schedule(optim::Optimizer&)>;

/// All schedules of tests/optim/schedules.py but those of ReduceLROnPlateau, by their names there.
const std::map<std::string, MakeSchedule>& schedules_of_reference();

inline const nlohmann::json& reference_schedules() {
  static const auto all = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/schedules.json"));
  return all;
}

}  // namespace xgrad::test
