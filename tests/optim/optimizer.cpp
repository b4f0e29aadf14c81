#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "xgrad/core.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

Tensor leaf(std::vector<double> values) { return tensor(values, {.requires_grad = true}); }

Tensor with_gradient(std::vector<double> values, std::vector<double> gradient) {
  Tensor p = leaf(std::move(values));
  p.set_grad(tensor(gradient));
  return p;
}

}  // namespace

TEST_CASE("a step moves a parameter against its gradient") {
  const Tensor p = with_gradient({1, 2}, {10, -10});

  optim::GD({p}, {.lr = 0.5}).step();

  CHECK(p.to_vector<double>() == std::vector<double>{-4, 7});
}

TEST_CASE("a parameter without gradient stays as it is") {
  const Tensor p = with_gradient({1}, {1}), untouched = leaf({5});
  optim::Adam adam({p, untouched}, {.lr = 0.1});

  adam.step();

  CHECK(p.item() != 1);
  CHECK(untouched.item() == 5);
}

TEST_CASE("a step keeps float32 parameters float32") {
  Tensor p = tensor({1.0f, 2.0f}, {.requires_grad = true});
  p.set_grad(tensor({1.0f, 1.0f}));

  optim::SGD({p}, {.lr = 0.5, .momentum = 0.5}).step();

  CHECK(p.to_vector<float>() == std::vector<float>{0.5f, 1.5f});
}

TEST_CASE("one optimizer can hold parameters of both floating types") {
  const Tensor a = with_gradient({1}, {1});
  Tensor b = tensor({1.0f}, {.requires_grad = true});
  b.set_grad(tensor({1.0f}));

  optim::GD({a, b}, {.lr = 0.25}).step();

  CHECK(a.item() == 0.75);
  CHECK(b.item() == 0.75);
}

TEST_CASE("zero_grad forgets all gradients") {
  const Tensor p = with_gradient({1}, {1});
  optim::GD gd({p});

  gd.zero_grad();

  CHECK_FALSE(p.grad().defined());
}

TEST_CASE("the learning rate can be read and set") {
  const Tensor p = with_gradient({1}, {1});
  optim::GD gd({p}, {.lr = 0.5});
  CHECK(gd.lr() == 0.5);

  gd.set_lr(0.25);
  gd.step();

  CHECK(gd.lr() == 0.25);
  CHECK(p.item() == 0.75);
}

TEST_CASE("groups have options of their own") {
  const Tensor a = with_gradient({1}, {1}), b = with_gradient({1}, {1});
  optim::SGD sgd({a}, {.lr = 0.5});
  sgd.add_group({b}, {.lr = 0.25, .weight_decay = 1});

  sgd.step();

  CHECK(sgd.group_count() == 2);
  CHECK(sgd.lr(1) == 0.25);
  CHECK(a.item() == 0.5);
  CHECK(b.item() == 0.5);  // 1 - 0.25 (1 + 1)
}

TEST_CASE("the learning rate of one group can be set") {
  optim::RMSprop rmsprop({leaf({1})}, {.lr = 0.5});
  rmsprop.add_group({leaf({1})}, {.lr = 0.25});

  rmsprop.set_lr(0.125, 1);

  CHECK(rmsprop.lr(0) == 0.5);
  CHECK(rmsprop.lr(1) == 0.125);
}

TEST_CASE("an optimizer lists its parameters group by group") {
  const Tensor a = leaf({1}), b = leaf({2});
  optim::GD gd({a});
  gd.add_group({b});

  REQUIRE(gd.parameters().size() == 2);
  CHECK(gd.parameters()[1].node() == b.node());
}

TEST_CASE("a graph that saved a parameter says that a step has changed it") {
  const Tensor p = with_gradient({2}, {1});
  const Tensor y = (p * p).sum();

  optim::GD({p}).step();

  CHECK_THROWS_AS(y.backward(), Error);
}

TEST_CASE("steps allocate nothing") {
  const Tensor p = zeros({100, 100}, {.requires_grad = true}), q = zeros({3}, {.requires_grad = true});
  Tensor(p).set_grad(ones({100, 100}));
  Tensor(q).set_grad(ones({3}));
  optim::GD gd({p, q});
  optim::SGD sgd({p, q}, {.momentum = 0.9});
  optim::Adam adam({p, q}, {.amsgrad = true});
  optim::RMSprop rmsprop({p, q}, {.momentum = 0.9, .centered = true});
  const auto before = memory_stats();

  for (int i = 0; i < 10; ++i)
    for (optim::Optimizer* o :
         {static_cast<optim::Optimizer*>(&gd), static_cast<optim::Optimizer*>(&sgd),
          static_cast<optim::Optimizer*>(&adam), static_cast<optim::Optimizer*>(&rmsprop)})
      o->step();

  CHECK(memory_stats().system_calls == before.system_calls);
  CHECK(memory_stats().reserved_bytes == before.reserved_bytes);
}

TEST_CASE("an empty list of parameters is an error") {
  CHECK_THROWS_WITH_AS(
      optim::Adam(std::vector<Tensor>{}),
      "Adam: the list of parameters is empty; name the members in the module's visit, or unfreeze them "
      "by requires_grad_()",
      Error);
}

TEST_CASE("a parameter twice in the list is an error") {
  const Tensor p = leaf({1, 2}), q = leaf({1});

  CHECK_THROWS_WITH_AS(optim::SGD({p, q, p}),
                       "SGD: parameter 2 was listed before, as parameter 0: f64[2]; list each tensor once",
                       Error);
}

TEST_CASE("a parameter in two groups is an error that adds no group") {
  const Tensor p = leaf({1, 2}), q = leaf({1});
  optim::RMSprop rmsprop({p});

  CHECK_THROWS_WITH_AS(rmsprop.add_group({q, p}),
                       "RMSprop: parameter 1 was listed before, in group 0: f64[2]; list each tensor once",
                       Error);
  CHECK(rmsprop.group_count() == 1);
}

TEST_CASE("a result is no parameter") {
  CHECK_THROWS_WITH_AS(
      optim::GD({leaf({1, 2}) * 2}),
      "GD: parameter 0 is the result of mul_number and no leaf: f64[2]; pass what it was computed "
      "from, or detach it",
      Error);
}

TEST_CASE("a tensor that requires no gradient is no parameter") {
  CHECK_THROWS_WITH_AS(optim::GD({leaf({1}), zeros({2})}),
                       "GD: parameter 1 does not require a gradient: f32[2]; call requires_grad_() on it or "
                       "leave it out (a module's trainable_parameters() does)",
                       Error);
}

TEST_CASE("an undefined tensor is no parameter") {
  CHECK_THROWS_WITH_AS(optim::GD({Tensor()}), "GD: parameter 0 is undefined; leave it out of the list",
                       Error);
}

TEST_CASE("a learning rate that is negative or not finite is an error") {
  const Tensor p = leaf({1});
  optim::Adam adam({p}, {.lr = 0.5});

  CHECK_THROWS_WITH_AS(optim::GD({p}, {.lr = -0.1}), "GD: lr must be at least 0 and finite: got -0.1", Error);
  CHECK_THROWS_WITH_AS(optim::SGD({p}, {.lr = -0.1}), "SGD: lr must be at least 0 and finite: got -0.1",
                       Error);
  CHECK_THROWS_WITH_AS(optim::Adam({p}, {.lr = -1}), "Adam: lr must be at least 0 and finite: got -1", Error);
  CHECK_THROWS_WITH_AS(optim::RMSprop({p}, {.lr = std::nan("")}),
                       "RMSprop: lr must be at least 0 and finite: got nan", Error);
  CHECK_THROWS_WITH_AS(adam.set_lr(-2), "Adam: lr must be at least 0 and finite: got -2", Error);
  CHECK(adam.lr() == 0.5);
}

TEST_CASE("options out of their range are errors") {
  const Tensor p = leaf({1});

  CHECK_THROWS_WITH_AS(optim::SGD({p}, {.momentum = -1}),
                       "SGD: momentum must be at least 0 and finite: got -1", Error);
  CHECK_THROWS_WITH_AS(optim::SGD({p}, {.weight_decay = -1}),
                       "SGD: weight_decay must be at least 0 and finite: got -1", Error);
  CHECK_THROWS_WITH_AS(optim::SGD({p}, {.nesterov = true}),
                       "SGD: nesterov needs momentum above 0 and dampening 0: momentum = 0, dampening = 0",
                       Error);
  CHECK_THROWS_WITH_AS(optim::Adam({p}, {.betas = {1, 0.999}}), "Adam: betas.first must be in [0, 1): got 1",
                       Error);
  CHECK_THROWS_WITH_AS(optim::Adam({p}, {.betas = {0.9, -1}}), "Adam: betas.second must be in [0, 1): got -1",
                       Error);
  CHECK_THROWS_WITH_AS(optim::Adam({p}, {.eps = -1}), "Adam: eps must be at least 0 and finite: got -1",
                       Error);
  CHECK_THROWS_WITH_AS(optim::RMSprop({p}, {.alpha = -1}),
                       "RMSprop: alpha must be at least 0 and finite: got -1", Error);
}

TEST_CASE("a group that does not exist is an error") {
  const optim::GD gd({leaf({1})});

  CHECK_THROWS_WITH_AS((void)gd.lr(1), "GD: there is no group 1: it has 1; count from 0", Error);
}

TEST_CASE("a gradient that does not fit is an error, and no parameter is updated") {
  const Tensor p = with_gradient({1}, {1}), q = with_gradient({1, 2}, {1, 1});
  q.grad().node()->shape = Shape{2, 1};  // no public way leads here
  optim::GD gd({p, q}, {.lr = 0.5});

  CHECK_THROWS_WITH_AS(gd.step(),
                       "GD: the gradient of parameter 1 has another shape or dtype: the parameter is f64[2], "
                       "its gradient f64[2, 1]; call zero_grad() after changing the parameter",
                       Error);
  CHECK(p.item() == 1);
}

TEST_CASE("an optimizer takes no parameter that it could not write, and none once it is moved from") {
  const std::vector<float> fixed = {1, 2};
  const Tensor p = from_memory(fixed.data(), {2}).requires_grad_();

  CHECK_THROWS_WITH_AS(optim::GD({p}),
                       "GD: parameter 0 lies in memory that must not be written, see from_memory: f32[2]; "
                       "pass a clone() that requires a gradient",
                       Error);
  const Tensor w = ones({2}).requires_grad_();
  optim::GD moved({w});
  const optim::GD now = std::move(moved);
  CHECK_THROWS_WITH_AS(
      moved.step(), "GD: it has no parameters any more: it was moved from; use the one that it was moved to",
      Error);
}
