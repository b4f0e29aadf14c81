// No step is lost in silence: where nothing could change, or nobody could see it, it throws.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

const std::string remedy =
    "where a tensor of the model was replaced (an assignment, net = clone(best)), make the optimizer anew, "
    "or "
    "change the tensor in place by copy_ or nn::copy_parameters";

Tensor with_gradient(std::vector<double> values, std::vector<double> gradient) {
  Tensor p = tensor(values, {.requires_grad = true});
  p.set_grad(tensor(gradient));
  return p;
}

void learn(const nn::Module& model, optim::Optimizer& optimizer) {
  optimizer.zero_grad();
  model(ones({4, 2})).sum().backward();
  optimizer.step();
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

}  // namespace

TEST_CASE("a step without any gradient is an error") {
  const Tensor p = zeros({2, 3}, {.requires_grad = true}), q = zeros({2}, {.requires_grad = true});
  optim::Adam adam({p, q});

  CHECK(said([&] { adam.step(); }) ==
        "Adam: no parameter has a gradient, so that the step would change nothing: parameter 0 of 2 is "
        "f32[2, 3]; "
        "call backward() before step(); " +
            remedy);
}

TEST_CASE("a step after a member was replaced is an error, and changes nothing") {
  nn::Linear layer(2, 3);
  optim::Adam adam(layer.parameters());
  learn(layer, adam);
  layer.weight = zeros({3, 2}, {.requires_grad = true});
  const auto bias = layer.bias.to_vector<float>();

  CHECK(said([&] { learn(layer, adam); }) ==
        "Adam: nobody but the optimizer holds parameter 0, so that its update would be lost: it is f32[3, "
        "2]; " +
            remedy);
  CHECK(layer.bias.to_vector<float>() == bias);
}

TEST_CASE("a model that ran before its optimizer was made is checked as any other") {
  nn::Linear layer(2, 3);
  layer(ones({4, 2})).sum().backward();
  optim::GD gd(layer.parameters());
  layer.weight = zeros({3, 2}, {.requires_grad = true});

  CHECK(said([&] { gd.step(); }).starts_with("GD: nobody but the optimizer holds parameter 0"));
}

TEST_CASE("the same after gradients are forgotten by the model, which leaves an old one behind") {
  nn::Linear layer(2, 3);
  optim::SGD sgd(layer.parameters());
  learn(layer, sgd);
  layer.weight = zeros({3, 2}, {.requires_grad = true});

  layer.zero_grad();
  layer(ones({4, 2})).sum().backward();

  CHECK(said([&] { sgd.step(); }).starts_with("SGD: nobody but the optimizer holds parameter 0"));
}

TEST_CASE("a step after the model was replaced by a clone is an error") {
  nn::Sequential net = nn::mlp({2, 3, 1});
  const nn::Sequential best = clone(net);
  optim::Adam adam(net.parameters());
  const std::vector<Tensor> still_held = net.parameters();

  net = clone(best);

  CHECK(said([&] { learn(net, adam); }).starts_with("Adam: no parameter has a gradient"));
}

TEST_CASE("a parameter that only a detached handle shares is replaced all the same") {
  nn::Linear layer(2, 1);
  optim::GD gd(layer.parameters());
  const Tensor snapshot = layer.weight.detach();
  layer.weight = zeros({1, 2}, {.requires_grad = true});

  CHECK(said([&] { learn(layer, gd); }).starts_with("GD: nobody but the optimizer holds parameter 0"));
}

TEST_CASE("a parameter that only a graph holds can be stepped") {
  Tensor loss;
  optim::GD gd = [&] {
    Tensor p = tensor({1.0}, {.requires_grad = true});
    loss = sum(p * 3);
    return optim::GD({p}, {.lr = 1});
  }();

  loss.backward({.retain_graph = true});
  gd.step();

  CHECK(gd.parameters()[0].item() == -2);
}

TEST_CASE("every optimizer refuses gradients that are not finite where it is asked to, and changes nothing") {
  const auto refuses = [](const char* name, auto make) {
    const Tensor good = with_gradient({1}, {1}), bad = with_gradient({1, 2, 3}, {1, -inf, not_a_number});
    auto optimizer = make(std::vector<Tensor>{good, bad});

    CHECK(said([&] { optimizer.step(); }) ==
          std::string(name) +
              ": the gradient of parameter 1 is not finite: it is f64[3], its element 1 is -inf; "
              "AnomalyMode finds the op that made it; skip the step, or lower the learning rate");
    CHECK(good.item() == 1);
    CHECK(bad.to_vector<double>() == std::vector<double>{1, 2, 3});
    Tensor(bad).set_grad(ones({3}, {.dtype = float64}));
    CHECK_NOTHROW(optimizer.step());
  };

  refuses("GD", [](const auto& p) { return optim::GD(p, {.error_if_nonfinite = true}); });
  refuses("SGD", [](const auto& p) { return optim::SGD(p, {.momentum = 0.9, .error_if_nonfinite = true}); });
  refuses("Adam", [](const auto& p) { return optim::Adam(p, {.error_if_nonfinite = true}); });
  refuses("RMSprop", [](const auto& p) { return optim::RMSprop(p, {.error_if_nonfinite = true}); });
}

TEST_CASE("the largest numbers are finite, in both floating types") {
  Tensor single = tensor({1.f}, {.requires_grad = true});
  single.set_grad(tensor({std::numeric_limits<float>::max()}));
  const Tensor twice = with_gradient({1}, {-std::numeric_limits<double>::max()});

  CHECK_NOTHROW(optim::GD({single, twice}, {.error_if_nonfinite = true}).step());
  single.set_grad(tensor({std::numeric_limits<float>::infinity()}));
  CHECK_THROWS_AS(optim::GD({single}, {.error_if_nonfinite = true}).step(), Error);
}

TEST_CASE("a group has its own choice, and without it a nan goes into the parameter") {
  const Tensor a = with_gradient({1}, {not_a_number}), b = with_gradient({1}, {1});
  optim::GD gd({a}, {.lr = 1});
  gd.add_group({b}, {.lr = 1, .error_if_nonfinite = true});

  gd.step();

  CHECK(std::isnan(a.item()));
  CHECK(b.item() == 0);
}
