// The state of optimizers: names, and training that goes on as if it had never stopped.

#include <doctest/doctest.h>

#include <functional>
#include <memory>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

using Names = std::vector<std::string>;

struct Net : nn::Module {
  nn::Linear hidden{3, 4, {.generator = Generator(1)}};
  nn::Linear out{4, 2, {.generator = Generator(2)}};

  Tensor forward(const Tensor& x) const override { return out(tanh(hidden(x))); }
  void visit(nn::Visitor& v) override { v("hidden", hidden), v("out", out); }
};

void learn(const Net& net, optim::Optimizer& optimizer, int steps, std::uint64_t seed) {
  Generator data(seed);
  const DType dtype = net.out.bias.dtype();
  for (int i = 0; i < steps; ++i) {
    optimizer.zero_grad();
    nn::cross_entropy(net(randn({8, 3}, dtype, data)), randint(0, 2, {8}, {}, data)).backward();
    optimizer.step();
  }
}

Names names_of(const StateDict& state) {
  Names names;
  for (const auto& [name, value] : state) names.push_back(name);
  return names;
}

/// The names in a group of names, without it: "step", "exp_avg" of "state.0.".
Names below(const std::string& prefix, const StateDict& state) {
  Names names;
  for (const std::string& name : names_of(state))
    if (name.starts_with(prefix)) names.push_back(name.substr(prefix.size()));
  return names;
}

template <class F>
std::string said(F f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing";
}

using Make = std::function<std::unique_ptr<optim::Optimizer>(Net&)>;

template <class O, class Options>
Make made(Options options) {
  return [options](Net& net) { return std::make_unique<O>(net, options); };
}

/// One of each kind of what is remembered.
const std::vector<Make>& all_kinds() {
  static const std::vector<Make> all{
      made<optim::GD>(optim::GdOptions{.lr = 0.1}),
      made<optim::SGD>(optim::SgdOptions{.lr = 0.1, .weight_decay = 0.01}),
      made<optim::SGD>(optim::SgdOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.3}),
      made<optim::SGD>(optim::SgdOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true}),
      made<optim::Adam>(optim::AdamOptions{.lr = 0.1}),
      made<optim::Adam>(
          optim::AdamOptions{.lr = 0.1, .betas = {0.8, 0.9}, .weight_decay = 0.01, .amsgrad = true}),
      made<optim::RMSprop>(optim::RmspropOptions{}),
      made<optim::RMSprop>(optim::RmspropOptions{.momentum = 0.9}),
      made<optim::RMSprop>(optim::RmspropOptions{.alpha = 0.9, .momentum = 0.9, .centered = true}),
      [](Net& net) {
        auto adam =
            std::make_unique<optim::Adam>(std::vector<NamedTensor>{{"hidden", net.hidden.weight}}, 0.1);
        adam->add_group(net.out, {.lr = 0.01, .amsgrad = true});
        adam->add_group({net.hidden.bias}, 0.05);
        return adam;
      }};
  return all;
}

}  // namespace

TEST_CASE("training that goes on from a state has the bits of training that never stopped") {
  for (const Make& make : all_kinds())
    for (const DType dtype : {float32, float64}) {
      Net straight, resumed;
      straight.to(dtype), resumed.to(dtype);
      const auto through = make(straight), again = make(resumed);
      learn(straight, *through, 5, 1);
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
}

TEST_CASE("the options of a group have PyTorch's names") {
  Net net;
  const auto options_of = [](const optim::Optimizer& o) { return below("param_groups.0.", state_dict(o)); };

  CHECK(options_of(optim::GD(net)) == Names{"lr", "error_if_nonfinite", "params"});
  CHECK(options_of(optim::SGD(net)) ==
        Names{"lr", "error_if_nonfinite", "momentum", "dampening", "weight_decay", "nesterov", "params"});
  CHECK(options_of(optim::Adam(net)) ==
        Names{"lr", "error_if_nonfinite", "betas.0", "betas.1", "eps", "weight_decay", "amsgrad", "params"});
  CHECK(options_of(optim::RMSprop(net)) ==
        Names{"lr", "error_if_nonfinite", "alpha", "eps", "weight_decay", "momentum", "centered", "params"});
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

TEST_CASE("an optimizer takes the trainable parameters of anything with a visit, each by its first name") {
  struct Tied {
    Tensor a = ones({1}, {.requires_grad = true}), frozen = ones({1}), b = a, mean = ones({1});
    void visit(Visitor& v) { v("a", a), v("frozen", frozen), v("b", b), v.buffer("mean", mean); }
  } tied;
  const optim::GD gd(tied);

  CHECK(names_of(state_dict(gd)) == Names{"state.a.step", "param_groups.0.lr",
                                          "param_groups.0.error_if_nonfinite", "param_groups.0.params"});
  CHECK(gd.parameters()[0].node() == tied.a.node());
}

TEST_CASE("without names parameters go by their positions, through all groups") {
  const Tensor a = ones({1}, {.requires_grad = true}), b = ones({2}, {.requires_grad = true});
  optim::GD gd({a});
  gd.add_group({b});

  CHECK(state_dict(gd).contains("state.0.step"));
  CHECK(state_dict(gd).contains("state.1.step"));
  CHECK(state_dict(gd).get<std::string>("param_groups.1.params") == "1");
}

TEST_CASE("lists of all kinds make an optimizer") {
  const Tensor a = ones({1}, {.requires_grad = true}), b = ones({2}, {.requires_grad = true});
  Net net;
  const Net& constant = net;

  CHECK(optim::SGD({a, b}, {.lr = 0.1}).parameters().size() == 2);
  CHECK(optim::SGD({a}, 0.1).parameters().size() == 1);
  CHECK(optim::SGD({{"a", a}, {"b", b}}, 0.1).parameters().size() == 2);
  CHECK(optim::SGD(net.parameters(), 0.1).parameters().size() == 4);
  CHECK(optim::SGD(net.named_parameters(), 0.1).parameters().size() == 4);
  CHECK(optim::SGD(constant).parameters().size() == 4);
  optim::SGD sgd(net.hidden, 0.1);
  sgd.add_group({a}), sgd.add_group({{"b", b}}, {.lr = 1}),
      sgd.add_group(std::vector{zeros_like(a).requires_grad_()});
  CHECK(sgd.group_count() == 4);
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
  const std::string remedy = "; make the optimizer with the options that the state was saved with";

  CHECK(
      refused(optim::Adam(net), optim::Adam(net, {.amsgrad = true}), nullptr, 0) ==
      "load_state_dict: the states do not match: 'param_groups.0.amsgrad' is true in the state, false in the "
      "target; both must have the same names, types and shapes");
  CHECK(refused(optim::SGD(net), optim::SGD(net, {.momentum = 0.5}), nullptr, 0) ==
        "SGD: momentum cannot go from 0 to 0.5 by loading" + remedy);
  CHECK(refused(optim::RMSprop(net, {.momentum = 0.5}), rmsprop, nullptr, 0) ==
        "RMSprop: momentum cannot go from 0.5 to 0 by loading" + remedy);
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

TEST_CASE("errors call a parameter by its name") {
  Net net;
  optim::GD gd(net, {.error_if_nonfinite = true});
  CHECK(said([&] { gd.step(); }).find("parameter 'hidden.weight' of 4 is f32[4, 3]") != std::string::npos);

  net(ones({1, 3})).sum().backward();
  net.out.bias.grad().fill_(std::numeric_limits<float>::infinity());
  CHECK(said([&] {
          gd.step();
        }).starts_with("GD: the gradient of parameter 'out.bias' is not finite: it is f32[2]"));
  net.out.bias = zeros({2}, {.requires_grad = true});
  CHECK(said([&] {
          gd.step();
        }).starts_with("GD: nobody but the optimizer holds parameter 'out.bias', so that"));
}

TEST_CASE("a name that two parameters have is an error that adds no group") {
  Net net;
  const Tensor a = ones({1}, {.requires_grad = true});
  nn::Linear other(3, 4);
  optim::GD gd(net.hidden);
  const std::string remedy =
      "; give each a name of its own, as {{\"first.weight\", w}, {\"second.weight\", v}}";

  CHECK(said([&] { gd.add_group(other); }) ==
        "GD: the name of parameter 'weight' is taken by another one, in group 0: f32[4, 3]" + remedy);
  CHECK(gd.group_count() == 1);
  CHECK(said([&] {
          optim::GD({{"a", a}, {"a", ones({1}, {.requires_grad = true})}});
        }) == "GD: the name of parameter 'a' is taken by another one, as parameter 'a': f32[1]" + remedy);
  CHECK(said([&] {
          optim::GD({{"a", a}, {"b", a}});
        }) == "GD: parameter 'b' was listed before, as parameter 'a': f32[1]; list each tensor once");
}
