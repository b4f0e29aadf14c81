// A member that `visit` forgets is neither trained nor saved: a library with assertions says so.

#include <doctest/doctest.h>

#include <iostream>
#include <sstream>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

/// What is written to standard error while it lives.
class Errors {
 public:
  Errors() : before_(std::cerr.rdbuf(text_.rdbuf())) {}
  ~Errors() { std::cerr.rdbuf(before_); }
  Errors(const Errors&) = delete;
  std::string said() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* before_;
};

struct Forgetful : nn::Module {
  nn::Linear seen{2, 3};
  nn::Linear forgotten{3, 1, {.bias = false}};

  Tensor forward(const Tensor& x) const override { return forgotten(seen(x)); }
  void visit(nn::Visitor& v) override { v("seen", seen); }
};

struct Complete : Forgetful {
  void visit(nn::Visitor& v) override { v("seen", seen), v("forgotten", forgotten); }
};

template <class Model>
void learn(const Model& model, optim::Optimizer& optimizer) {
  optimizer.zero_grad();
  model(ones({4, 2})).sum().backward();
  optimizer.step();
}

#ifdef NDEBUG
const std::string report;
#else
const std::string report =
    "Linear: the parameter f32[1, 3] got a gradient, but no list of parameters names it, so that it is "
    "neither "
    "trained nor saved; name it in its owner's visit, or freeze it by requires_grad_(false)\n";
#endif

}  // namespace

TEST_CASE("a forgotten layer is named once, at the first step") {
  Forgetful model;
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  const Errors errors;

  learn(model, sgd);
  learn(model, sgd);

  CHECK(errors.said() == report);
}

TEST_CASE("a copy of a forgotten layer is known as well") {
  const Forgetful original;
  Forgetful model = clone(original);
  struct Whole : nn::ModuleBase {
    nn::Linear part{3, 1, {.bias = false}};
    void visit(nn::Visitor& v) override { v("part", part); }
  } whole;
  model.forgotten = clone(whole).part;
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  const Errors errors;

  learn(model, sgd);

  CHECK(errors.said() == report);
}

TEST_CASE("a tensor that init filled is a parameter") {
  Tensor w = nn::init::ones_(empty({2}, {.requires_grad = true}));
  Tensor p = zeros({2}, {.requires_grad = true});
  optim::GD gd({p});
  const Errors errors;

  sum(w * p).backward();
  gd.step();

  CHECK((errors.said().find("init: the parameter f32[2] got a gradient") == 0) == !report.empty());
}

TEST_CASE("a model whose members are all visited is not named, whenever its list is made") {
  Complete model;
  const Errors errors;

  model(ones({4, 2})).sum().backward();
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  learn(model, sgd);

  CHECK(errors.said().empty());
}

TEST_CASE("a frozen layer, a layer given to an optimizer by hand and one in a second model are not named") {
  Complete model, other;
  model.forgotten.requires_grad_(false);
  optim::SGD sgd({model.seen.weight, model.seen.bias}, {.lr = 0.1});
  optim::SGD second(other.parameters(), {.lr = 0.1});
  const Errors errors;

  sum(model(ones({4, 2})) + other(ones({4, 2}))).backward();
  sgd.step();

  CHECK(errors.said().empty());
}

TEST_CASE("a step that throws names no layer") {
  Complete net;
  const Complete best = clone(net);
  optim::SGD sgd(net.parameters(), {.lr = 0.1});
  net = clone(best);
  const Errors errors;

  CHECK_THROWS_AS(learn(net, sgd), Error);

  CHECK(errors.said().empty());
}

TEST_CASE("a layer whose gradient is only read is not named") {
  const nn::Linear layer(2, 1);
  const Errors errors;

  layer(ones({1, 2})).sum().backward();

  CHECK(layer.weight.grad().defined());
  CHECK(errors.said().empty());
}
