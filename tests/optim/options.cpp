// The options of groups: read and changed by their names, and what they may be.

#include <doctest/doctest.h>

#include <cmath>

#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

Tensor with_gradient(double value, double gradient) {
  Tensor p = tensor({value}, {.requires_grad = true});
  p.set_grad(tensor({gradient}));
  return p;
}

const double nan_option = std::nan("");

/// What an optimizer of these options says.
template <class Optimizer, class Options>
std::string refusal(Options options) {
  return said([&] { Optimizer({with_gradient(1, 1)}, options); });
}

}  // namespace

TEST_CASE("options of a group are read and changed by their names, and the next step goes by them") {
  const Tensor p = with_gradient(1, 1), q = with_gradient(1, 1);
  optim::SGD sgd({p}, {.lr = 0.5});
  sgd.add_group({q}, {.lr = 0.25});

  sgd.options().lr = 0.125;
  sgd.options(1).weight_decay = 1;
  sgd.step();

  CHECK(p.item() == 0.875);
  CHECK(q.item() == 0.5);  // 1 - 0.25 (1 + 1)
  const optim::SGD& constant = sgd;
  CHECK(constant.options(1).weight_decay == 1);
}

TEST_CASE("a rate is the same in options, lr and the state, whoever has set it") {
  optim::Adam adam({with_gradient(1, 1)}, {.lr = 0.5});
  optim::Adam other({with_gradient(1, 1)}, {.lr = 0.75});

  adam.options().lr = 0.25;
  CHECK(adam.lr() == 0.25);
  CHECK(state_dict(adam).get<double>("param_groups.0.lr") == 0.25);
  adam.set_lr(0.125);
  CHECK(adam.options().lr == 0.125);
  load_state_dict(adam, state_dict(other));
  CHECK(adam.options().lr == 0.75);
}

TEST_CASE("a reference to options stays good when groups are added and when the optimizer is moved") {
  const Tensor p = with_gradient(1, 1), q = with_gradient(1, 1), r = with_gradient(1, 1);
  optim::GD gd({p}, {.lr = 0.5});
  optim::GdOptions& first = gd.options();
  gd.add_group({q}), gd.add_group({r});
  optim::GD now = std::move(gd);

  first.lr = 0.25;
  now.step();

  CHECK(p.item() == 0.75);
  CHECK(now.lr() == 0.25);
}

TEST_CASE("an option that was set out of its range is an error of the next step, which changes nothing") {
  const Tensor p = with_gradient(1, 1), q = with_gradient(1, 1);
  optim::Adam adam({p}, {.lr = 0.5});
  adam.add_group({q}, {.lr = 0.5});

  adam.options(1).betas.first = 1;

  CHECK(said([&] { adam.step(); }) == "Adam: betas.first must be in [0, 1): got 1");
  CHECK(p.item() == 1);
  CHECK(state_dict(adam).get<std::int64_t>("state.0.step") == 0);
  adam.options(1).betas.first = 0.9;
  CHECK_NOTHROW(adam.step());
  adam.options().lr = nan_option;
  CHECK(said([&] { adam.step(); }) == "Adam: lr must be at least 0 and finite: got nan");
}

TEST_CASE("error_if_nonfinite can be switched on later") {
  const Tensor p = with_gradient(1, nan_option);
  optim::GD gd({p});

  gd.options().error_if_nonfinite = true;

  CHECK(said([&] { gd.step(); }).starts_with("GD: the gradient of parameter 0 is not finite"));
}

TEST_CASE("an option that decides what is remembered cannot be changed by hand") {
  const Tensor p = with_gradient(1, 1);
  const auto refused = [](auto&& optimizer, auto change) {
    change(optimizer.options());
    return said([&] { optimizer.step(); });
  };
  const std::string reason =
      " once the group is made, for it decides what is remembered; make the optimizer with ";

  CHECK(refused(optim::Adam({p}), [](auto& o) { o.amsgrad = true; }) ==
        "Adam: amsgrad cannot go from false to true" + reason + "amsgrad = true");
  CHECK(refused(optim::AdamW({p}, {.amsgrad = true}), [](auto& o) { o.amsgrad = false; }) ==
        "AdamW: amsgrad cannot go from true to false" + reason + "amsgrad = false");
  CHECK(refused(optim::SGD({p}), [](auto& o) { o.momentum = 0.5; }) ==
        "SGD: momentum cannot go from 0 to 0.5" + reason + "momentum = 0.5");
  CHECK(refused(optim::RMSprop({p}), [](auto& o) { o.momentum = 0.5; }) ==
        "RMSprop: momentum cannot go from 0 to 0.5" + reason + "momentum = 0.5");
  CHECK(refused(optim::RMSprop({p}), [](auto& o) { o.centered = true; }) ==
        "RMSprop: centered cannot go from false to true" + reason + "centered = true");
  CHECK(refused(optim::Adafactor({p}), [](auto& o) { o.beta1 = 0.5; }) ==
        "Adafactor: beta1 cannot go from 0 to 0.5" + reason + "beta1 = 0.5");
  CHECK(
      refused(optim::ScheduleFreeAdamW({p}), [](auto& o) { o.betas.first = 0.5; }) ==
      "ScheduleFreeAdamW: betas.first cannot go from 0.9 to 0.5 once the group is made, for it says what the "
      "parameters hold; make the optimizer with it");
  CHECK(p.item() == 1);
}

TEST_CASE("there are no options of a group that does not exist") {
  optim::Lion lion({with_gradient(1, 1)});
  const optim::Lion& constant = lion;

  CHECK(said([&] { (void)lion.options(1); }) == "Lion: there is no group 1: it has 1; count from 0");
  CHECK(said([&] { (void)constant.options(2); }) == "Lion: there is no group 2: it has 1; count from 0");
}

TEST_CASE("a group whose options are out of their range is not added") {
  optim::Lion lion({with_gradient(1, 1)});

  CHECK(said([&] { lion.add_group({with_gradient(1, 1)}, -1); }) ==
        "Lion: lr must be at least 0 and finite: got -1");
  CHECK(lion.group_count() == 1);
}

TEST_CASE("rates, means and decays out of their range are errors of every method that has them") {
  using namespace optim;
  CHECK(refusal<AdamW>(AdamWOptions{.lr = -1}) == "AdamW: lr must be at least 0 and finite: got -1");
  CHECK(refusal<AdamW>(AdamWOptions{.eps = -1}) == "AdamW: eps must be at least 0 and finite: got -1");
  CHECK(refusal<AdamW>(AdamWOptions{.weight_decay = nan_option}) ==
        "AdamW: weight_decay must be at least 0 and finite: got nan");
  CHECK(refusal<Adamax>(AdamaxOptions{.betas = {1, 0}}) == "Adamax: betas.first must be in [0, 1): got 1");
  CHECK(refusal<Adamax>(AdamaxOptions{.eps = -1}) == "Adamax: eps must be at least 0 and finite: got -1");
  CHECK(refusal<NAdam>(NAdamOptions{.betas = {0, 1}}) == "NAdam: betas.second must be in [0, 1): got 1");
  CHECK(refusal<NAdam>(NAdamOptions{.momentum_decay = -1}) ==
        "NAdam: momentum_decay must be at least 0 and finite: got -1");
  CHECK(refusal<RAdam>(RAdamOptions{.weight_decay = -1}) ==
        "RAdam: weight_decay must be at least 0 and finite: got -1");
  CHECK(refusal<LAMB>(LambOptions{.betas = {-1, 0}}) == "LAMB: betas.first must be in [0, 1): got -1");
  CHECK(refusal<Lion>(LionOptions{.betas = {0, 1}}) == "Lion: betas.second must be in [0, 1): got 1");
  CHECK(refusal<Lion>(LionOptions{.weight_decay = -1}) ==
        "Lion: weight_decay must be at least 0 and finite: got -1");
}

TEST_CASE("options of Adagrad, Adadelta and ASGD out of their range are errors") {
  using namespace optim;
  CHECK(refusal<Adagrad>(AdagradOptions{.lr_decay = -1}) ==
        "Adagrad: lr_decay must be at least 0 and finite: got -1");
  CHECK(refusal<Adagrad>(AdagradOptions{.weight_decay = -1}) ==
        "Adagrad: weight_decay must be at least 0 and finite: got -1");
  CHECK(refusal<Adagrad>(AdagradOptions{.initial_accumulator_value = -1}) ==
        "Adagrad: initial_accumulator_value must be at least 0 and finite: got -1");
  CHECK(refusal<Adagrad>(AdagradOptions{.eps = -1}) == "Adagrad: eps must be at least 0 and finite: got -1");
  CHECK(refusal<Adadelta>(AdadeltaOptions{.rho = 1.5}) == "Adadelta: rho must be in [0, 1]: got 1.5");
  CHECK(refusal<Adadelta>(AdadeltaOptions{.rho = 1}) == "nothing");
  CHECK(refusal<Adadelta>(AdadeltaOptions{.eps = -1}) ==
        "Adadelta: eps must be at least 0 and finite: got -1");
  CHECK(refusal<ASGD>(AsgdOptions{.lambd = -1}) == "ASGD: lambd must be at least 0 and finite: got -1");
  CHECK(refusal<ASGD>(AsgdOptions{.alpha = -1}) == "ASGD: alpha must be at least 0 and finite: got -1");
  CHECK(refusal<ASGD>(AsgdOptions{.t0 = -1}) == "ASGD: t0 must be at least 0 and finite: got -1");
}

TEST_CASE("step sizes of Rprop out of order are errors") {
  using namespace optim;
  const std::string etas = "Rprop: etas must hold 0 < minus < 1 < plus: minus = ",
                    sizes = "Rprop: step_sizes must hold 0 <= min <= max: min = ";
  CHECK(refusal<Rprop>(RpropOptions{.etas = {0, 1.2}}) == etas + "0, plus = 1.2");
  CHECK(refusal<Rprop>(RpropOptions{.etas = {1, 1.2}}) == etas + "1, plus = 1.2");
  CHECK(refusal<Rprop>(RpropOptions{.etas = {0.5, 1}}) == etas + "0.5, plus = 1");
  CHECK(refusal<Rprop>(RpropOptions{.step_sizes = {-1, 1}}) == sizes + "-1, max = 1");
  CHECK(refusal<Rprop>(RpropOptions{.step_sizes = {2, 1}}) == sizes + "2, max = 1");
}

TEST_CASE("options of Muon, Adafactor and ScheduleFreeAdamW out of their range are errors") {
  using namespace optim;
  CHECK(refusal<Muon>(MuonOptions{.momentum = 1}) == "Muon: momentum must be in [0, 1): got 1");
  CHECK(refusal<Muon>(MuonOptions{.ns_steps = 0}) == "Muon: ns_steps must be at least 1: got 0");
  CHECK(refusal<Muon>(MuonOptions{.adamw_rate = -1}) ==
        "Muon: adamw_rate must be at least 0 and finite: got -1");
  CHECK(refusal<Muon>(MuonOptions{.adamw_betas = {1, 0}}) ==
        "Muon: adamw_betas.first must be in [0, 1): got 1");
  CHECK(refusal<Muon>(MuonOptions{.adamw_betas = {0, 1}}) ==
        "Muon: adamw_betas.second must be in [0, 1): got 1");
  CHECK(refusal<Muon>(MuonOptions{.adamw_eps = -1}) ==
        "Muon: adamw_eps must be at least 0 and finite: got -1");
  CHECK(refusal<Adafactor>(AdafactorOptions{.beta2_decay = 0.5}) ==
        "Adafactor: beta2_decay must be at most 0 and finite: got 0.5");
  CHECK(refusal<Adafactor>(AdafactorOptions{.eps = {0, 1}}) ==
        "Adafactor: eps.first must be above 0 and finite: got 0");
  CHECK(refusal<Adafactor>(AdafactorOptions{.eps = {1, -1}}) ==
        "Adafactor: eps.second must be at least 0 and finite: got -1");
  CHECK(refusal<Adafactor>(AdafactorOptions{.d = 0}) == "Adafactor: d must be above 0 and finite: got 0");
  CHECK(refusal<Adafactor>(AdafactorOptions{.beta1 = 1}) == "Adafactor: beta1 must be in [0, 1): got 1");
  CHECK(refusal<ScheduleFreeAdamW>(ScheduleFreeAdamWOptions{.betas = {0, 0.9}}) ==
        "ScheduleFreeAdamW: betas.first must be above 0 and finite: got 0");
  CHECK(refusal<ScheduleFreeAdamW>(ScheduleFreeAdamWOptions{.warmup_steps = -1}) ==
        "ScheduleFreeAdamW: warmup_steps must be at least 0 and finite: got -1");
}
