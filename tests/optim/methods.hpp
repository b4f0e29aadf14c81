#pragma once

// Every method, with options that make it use all that it can remember.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/optim.hpp"

namespace xgrad::test {

/// LBFGS is none of them: its step needs a function.
struct Method {
  std::string name;
  std::function<std::unique_ptr<optim::Optimizer>(const optim::Parameters&, bool maximize)> make;
};

template <class Optimizer, class Options>
Method method(const char* name, Options options) {
  return {name, [options](const optim::Parameters& parameters, bool maximize) {
            Options all = options;
            all.maximize = maximize;
            all.error_if_nonfinite = true;
            return std::make_unique<Optimizer>(parameters, all);
          }};
}

inline const std::vector<Method>& methods() {
  using namespace optim;
  static const std::vector<Method> all{
      method<GD>("GD", GdOptions{.lr = 0.1}),
      method<SGD>("SGD", SgdOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.3, .weight_decay = 0.01}),
      method<Adam>("Adam",
                   AdamOptions{.lr = 0.1, .betas = {0.8, 0.9}, .weight_decay = 0.01, .amsgrad = true}),
      method<AdamW>("AdamW", AdamWOptions{.lr = 0.1, .amsgrad = true}),
      method<RMSprop>("RMSprop", RmspropOptions{.alpha = 0.9, .momentum = 0.9, .centered = true}),
      method<Adagrad>(
          "Adagrad",
          AdagradOptions{.lr_decay = 0.01, .weight_decay = 0.01, .initial_accumulator_value = 0.1}),
      method<Adadelta>("Adadelta", AdadeltaOptions{.weight_decay = 0.01}),
      method<Adamax>("Adamax", AdamaxOptions{.weight_decay = 0.01}),
      method<NAdam>("NAdam", NAdamOptions{.weight_decay = 0.01}),
      method<RAdam>("RAdam", RAdamOptions{.betas = {0.9, 0.99}, .weight_decay = 0.01}),
      method<Rprop>("Rprop", RpropOptions{}),
      method<ASGD>("ASGD", AsgdOptions{.t0 = 2, .weight_decay = 0.01}),
      method<Lion>("Lion", LionOptions{.lr = 0.01, .weight_decay = 0.01}),
      method<LAMB>("LAMB", LambOptions{.weight_decay = 0.01}),
      method<Muon>("Muon", MuonOptions{.weight_decay = 0.01}),
      method<Adafactor>("Adafactor", AdafactorOptions{.beta1 = 0.9, .weight_decay = 0.01}),
      method<ScheduleFreeAdamW>("ScheduleFreeAdamW",
                                ScheduleFreeAdamWOptions{.weight_decay = 0.01, .warmup_steps = 3}),
  };
  return all;
}

}  // namespace xgrad::test
