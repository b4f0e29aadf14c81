// What an optimizer takes, and the names that it goes by.

#include <doctest/doctest.h>

#include <limits>

#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;

TEST_CASE("an optimizer takes the trainable parameters of anything with a visit, each by its first name") {
  struct Tied {
    Tensor a = ones({1}, {.requires_grad = true}), frozen = ones({1}), b = a, mean = ones({1});
    void visit(Visitor& v) { v("a", a), v("frozen", frozen), v("b", b), v.buffer("mean", mean); }
  } tied;
  const optim::GD gd(tied);

  CHECK(names_of(state_dict(gd)) == Names{"optimizer", "state.a.step", "param_groups.0.lr",
                                          "param_groups.0.error_if_nonfinite", "param_groups.0.maximize",
                                          "param_groups.0.params"});
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
