#pragma once

#include <utility>
#include <vector>

#include "xgrad/nn/module.hpp"

namespace xgrad::nn {

/// A model in eval mode, or in training, until the end of the scope; then each of its modules has the mode
/// that it had before, frozen parts their own. The modules must stay where they are meanwhile.
///
///     { const nn::ModeGuard eval(model); accuracy = measure(model, test_set); }
class ModeGuard {
 public:
  explicit ModeGuard(ModuleBase& model, bool training = false) {
    model.apply([this](ModuleBase& m) { before_.emplace_back(&m, m.is_training()); });
    model.train(training);
  }
  ModeGuard(const ModeGuard&) = delete;
  ModeGuard& operator=(const ModeGuard&) = delete;
  ~ModeGuard() {
    for (const auto& [module, training] : before_) module->training_ = training;
  }

 private:
  std::vector<std::pair<ModuleBase*, bool>> before_;
};

}  // namespace xgrad::nn
