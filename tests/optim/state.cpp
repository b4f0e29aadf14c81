// The state of optimizers: names, and training that goes on as if it had never stopped.

#include <doctest/doctest.h>

#include <functional>
#include <memory>

#include "optim/methods.hpp"
#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

/// The names in a group of names, without it: "step", "exp_avg" of "state.0.".
Names below(const std::string& prefix, const StateDict& state) {
  Names names;
  for (const std::string& name : names_of(state))
    if (name.starts_with(prefix)) names.push_back(name.substr(prefix.size()));
  return names;
}

using Make = std::function<std::unique_ptr<optim::Optimizer>(const optim::Parameters&)>;

/// One of each kind of what is remembered.
const std::vector<Make>& all_kinds() {
  static const std::vector<Make> all = [] {
    std::vector<Make> kinds{
        [](const optim::Parameters& p) { return std::make_unique<optim::SGD>(p, optim::SgdOptions{}); },
        [](const optim::Parameters& p) {
          return std::make_unique<optim::SGD>(
              p, optim::SgdOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true});
        },
        [](const optim::Parameters& p) {
          return std::make_unique<optim::RMSprop>(p, optim::RmspropOptions{});
        },
        [](const optim::Parameters& p) {
          return std::make_unique<optim::Adafactor>(p, optim::AdafactorOptions{});
        },
        [](const optim::Parameters& p) {
          const std::vector<NamedTensor>& named = p.tensors();
          auto adam = std::make_unique<optim::Adam>(std::vector{named[0]}, 0.1);
          adam->add_group({named[2], named[3]}, {.lr = 0.01, .amsgrad = true});
          adam->add_group({named[1]}, 0.05);
          return adam;
        }};
    for (const Method& method : methods())
      kinds.push_back([&method](const optim::Parameters& p) { return method.make(p, false); });
    return kinds;
  }();
  return all;
}

}  // namespace

TEST_CASE("training that goes on from a state has the bits of training that never stopped") {
  for (const Make& make : all_kinds())
    for (const DType dtype : {float32, float64}) {
      Net straight, resumed;
      straight.to(dtype), resumed.to(dtype);
      const auto through = make(straight), again = make(resumed);
      learn(straight, *through, 10, 1);
      const StateDict model = state_dict(straight), state = state_dict(*through);
      learn(straight, *through, 5, 2);

      load_state_dict(resumed, model), load_state_dict(*again, state);

      CHECK(same(*again, state));
      learn(resumed, *again, 5, 2);
      CHECK(same(resumed, straight));
      CHECK(same(*again, *through));
    }
}

TEST_CASE("a state goes back in place, and training from there has the same bits") {
  for (const Make& make : all_kinds()) {
    Net net;
    const auto optimizer = make(net);
    learn(net, *optimizer, 3, 1);
    const StateDict model = state_dict(net), state = state_dict(*optimizer);
    learn(net, *optimizer, 3, 2);
    const StateDict end = state_dict(net);

    load_state_dict(net, model), load_state_dict(*optimizer, state);
    learn(net, *optimizer, 3, 2);

    CHECK(same(net, end));
  }
}

TEST_CASE("a state from before the first step brings back the first step") {
  for (const Make& make : all_kinds()) {
    Net net;
    const auto optimizer = make(net);
    const StateDict model = state_dict(net), state = state_dict(*optimizer);
    learn(net, *optimizer, 2, 1);
    const StateDict end = state_dict(net);

    load_state_dict(net, model), load_state_dict(*optimizer, state);
    learn(net, *optimizer, 2, 1);

    CHECK(same(net, end));
  }
}

TEST_CASE("options that a state holds come back, among them a rate that was set") {
  Net net;
  optim::Adam saved(net, {.betas = {0.7, 0.8}, .eps = 1e-3, .weight_decay = 0.1, .error_if_nonfinite = true});
  saved.set_lr(0.25);
  optim::Adam adam(net, 0.1);

  load_state_dict(adam, state_dict(saved));

  CHECK(adam.lr() == 0.25);
  CHECK(same(adam, saved));
}

// PyTorch 1.13, of Linear(2, 3) and a step of each: optimizer.state_dict()["state"][0] and
// ["param_groups"][0]. There SGD has no step; its options foreach, maximize, capturable, differentiable and
// fused are not ours, nor is error_if_nonfinite theirs.
TEST_CASE("what is remembered of a parameter has PyTorch's names") {
  Net net;
  const auto state_of = [](const optim::Optimizer& o) { return below("state.out.bias.", state_dict(o)); };

  CHECK(state_of(optim::Adam(net)) == Names{"step", "exp_avg", "exp_avg_sq"});
  CHECK(state_of(optim::Adam(net, {.amsgrad = true})) ==
        Names{"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"});
  CHECK(state_of(optim::SGD(net, {.momentum = 0.9, .nesterov = true})) == Names{"step", "momentum_buffer"});
  CHECK(state_of(optim::SGD(net)) == Names{"step"});
  CHECK(state_of(optim::RMSprop(net, {.momentum = 0.9, .centered = true})) ==
        Names{"step", "square_avg", "grad_avg", "momentum_buffer"});
  CHECK(state_of(optim::RMSprop(net)) == Names{"step", "square_avg"});
  CHECK(state_of(optim::AdamW(net)) == Names{"step", "exp_avg", "exp_avg_sq"});
  CHECK(state_of(optim::AdamW(net, {.amsgrad = true})) ==
        Names{"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"});
  CHECK(state_of(optim::Adagrad(net)) == Names{"step", "sum"});
  CHECK(state_of(optim::Adadelta(net)) == Names{"step", "square_avg", "acc_delta"});
  CHECK(state_of(optim::Adamax(net)) == Names{"step", "exp_avg", "exp_inf"});
  CHECK(state_of(optim::NAdam(net)) == Names{"step", "mu_product", "exp_avg", "exp_avg_sq"});
  CHECK(state_of(optim::RAdam(net)) == Names{"step", "exp_avg", "exp_avg_sq"});
  CHECK(state_of(optim::Rprop(net)) == Names{"step", "prev", "step_size"});
  CHECK(state_of(optim::ASGD(net)) == Names{"step", "eta", "mu", "ax"});
}

TEST_CASE("the options of a group have PyTorch's names") {
  Net net;
  const auto options_of = [](const optim::Optimizer& o) { return below("param_groups.0.", state_dict(o)); };

  CHECK(options_of(optim::GD(net)) == Names{"lr", "error_if_nonfinite", "maximize", "params"});
  CHECK(options_of(optim::SGD(net)) == Names{"lr", "error_if_nonfinite", "momentum", "dampening",
                                             "weight_decay", "nesterov", "maximize", "params"});
  CHECK(options_of(optim::Adam(net)) == Names{"lr", "error_if_nonfinite", "betas.0", "betas.1", "eps",
                                              "weight_decay", "amsgrad", "maximize", "params"});
  CHECK(options_of(optim::RMSprop(net)) == Names{"lr", "error_if_nonfinite", "alpha", "eps", "weight_decay",
                                                 "momentum", "centered", "maximize", "params"});

  const Names adam{"lr", "error_if_nonfinite", "betas.0", "betas.1", "eps", "weight_decay"};
  const auto and_also = [](Names names, const Names& others) {
    names.insert(names.end(), others.begin(), others.end());
    return names;
  };
  CHECK(options_of(optim::AdamW(net)) == and_also(adam, {"amsgrad", "maximize", "params"}));
  CHECK(options_of(optim::Adamax(net)) == and_also(adam, {"maximize", "params"}));
  CHECK(options_of(optim::NAdam(net)) == and_also(adam, {"momentum_decay", "maximize", "params"}));
  CHECK(options_of(optim::RAdam(net)) == and_also(adam, {"maximize", "params"}));
  CHECK(options_of(optim::Adagrad(net)) == Names{"lr", "error_if_nonfinite", "lr_decay", "eps",
                                                 "weight_decay", "initial_accumulator_value", "maximize",
                                                 "params"});
  CHECK(options_of(optim::Adadelta(net)) ==
        Names{"lr", "error_if_nonfinite", "rho", "eps", "weight_decay", "maximize", "params"});
  CHECK(options_of(optim::Rprop(net)) == Names{"lr", "error_if_nonfinite", "etas.0", "etas.1", "step_sizes.0",
                                               "step_sizes.1", "maximize", "params"});
  CHECK(options_of(optim::ASGD(net)) ==
        Names{"lr", "error_if_nonfinite", "lambd", "alpha", "t0", "weight_decay", "maximize", "params"});
}

TEST_CASE("values and shapes are those of the parameter and of the formula") {
  Tensor p = tensor({{1.0, 2.0}}, {.requires_grad = true});
  p.set_grad(tensor({{1.0, -2.0}}, {.dtype = p.dtype()}));
  optim::Adam adam({{"p", p}}, {.betas = {0.5, 0.75}});

  adam.step();

  const StateDict state = state_dict(adam);
  CHECK(state.get<std::int64_t>("state.p.step") == 1);
  CHECK(state.get<Tensor>("state.p.exp_avg").shape() == p.shape());
  CHECK(state.get<Tensor>("state.p.exp_avg").to_vector<double>() == std::vector<double>{0.5, -1});
  CHECK(state.get<Tensor>("state.p.exp_avg_sq").to_vector<double>() == std::vector<double>{0.25, 1});
}

TEST_CASE("a state of another model or of other groups does not fit") {
  Net net;
  nn::Linear other(3, 4);
  optim::Adam adam(net);
  const StateDict before = state_dict(adam);

  const std::string message = said([&] { load_state_dict(adam, state_dict(optim::Adam(other))); });

  CHECK(message.starts_with(
      "load_state_dict: the states do not match: 'state.hidden.weight.step' is missing in the "
      "state; 'state.hidden.weight.exp_avg' is missing"));
  CHECK(
      message.find("'param_groups.0.params' is the text 'weight bias' in the state, the text 'hidden.weight "
                   "hidden.bias out.weight out.bias' in the target") != std::string::npos);
  CHECK(same(adam, before));

  optim::Adam by_position(net.parameters()), others({ones({5}, {.requires_grad = true})});
  CHECK(said([&] {
          load_state_dict(by_position, state_dict(others), {.strict = false});
        }).find("'state.0.exp_avg' is f32[5] in the state, f32[4, 3] in the target") != std::string::npos);
}

TEST_CASE("options that decide what is remembered do not change, and no others than an optimizer takes") {
  Net net;
  const auto refused = [&](auto&& optimizer, const auto& other, const char* name, StateValue value) {
    const StateDict before = state_dict(optimizer);
    StateDict state = state_dict(other);
    if (name) state.set(name, std::move(value));
    const std::string message = said([&] { load_state_dict(optimizer, state, {.strict = false}); });
    CHECK(same(optimizer, before));
    return message;
  };
  const optim::Adam adam(net);
  const optim::SGD sgd(net);
  const optim::RMSprop rmsprop(net);
  const std::string remedy =
      " once the group is made, for it decides what is remembered; make the optimizer with momentum = ";

  CHECK(
      refused(optim::Adam(net), optim::Adam(net, {.amsgrad = true}), nullptr, 0) ==
      "load_state_dict: the states do not match: 'param_groups.0.amsgrad' is true in the state, false in the "
      "target; both must have the same names, types and shapes");
  CHECK(refused(optim::SGD(net), optim::SGD(net, {.momentum = 0.5}), nullptr, 0) ==
        "SGD: momentum cannot go from 0 to 0.5" + remedy + "0.5");
  CHECK(refused(optim::RMSprop(net, {.momentum = 0.5}), rmsprop, nullptr, 0) ==
        "RMSprop: momentum cannot go from 0.5 to 0" + remedy + "0");
  CHECK(refused(optim::Adam(net), adam, "param_groups.0.lr", -1.0) ==
        "Adam: lr must be at least 0 and finite: got -1");
  CHECK(refused(optim::Adam(net), adam, "param_groups.0.betas.1", 1.0) ==
        "Adam: betas.second must be in [0, 1): got 1");
  CHECK(refused(optim::SGD(net), sgd, "param_groups.0.nesterov", true) ==
        "SGD: nesterov needs momentum above 0 and dampening 0: momentum = 0, dampening = 0");
  CHECK(refused(optim::RMSprop(net), rmsprop, "param_groups.0.eps", -1.0) ==
        "RMSprop: eps must be at least 0 and finite: got -1");
  CHECK(refused(optim::SGD(net), sgd, "state.out.bias.step", -1) ==
        "SGD: a step must be at least 0: it is -1");
}

TEST_CASE("a number that is remembered must be one that a step can have left") {
  Net net;
  optim::NAdam nadam(net);
  const StateDict before = state_dict(nadam);
  StateDict state = before;
  state.set("state.out.bias.mu_product", -0.5);

  CHECK(said([&] { load_state_dict(nadam, state); }) ==
        "NAdam: mu_product must be at least 0 and finite: got -0.5");
  CHECK(same(nadam, before));
}

TEST_CASE("a state from before the model moved to float64 is taken in the dtype that is there") {
  Net net;
  optim::Adam adam(net);
  learn(net, adam, 2, 1);
  const StateDict single = state_dict(adam);
  net.to(float64);

  load_state_dict(adam, single);

  const StateDict twice = state_dict(adam);
  CHECK(twice.get<Tensor>("state.out.bias.exp_avg").dtype() == float64);
  CHECK(twice.get<Tensor>("state.out.bias.exp_avg").to_vector<float>() ==
        single.get<Tensor>("state.out.bias.exp_avg").to_vector<float>());
}
