#include <doctest/doctest.h>

#include <memory>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;

namespace {

struct Mlp : nn::Module {
  nn::Linear hidden{2, 3};
  nn::Sequential head{nn::Dropout{0.5}, nn::Linear{3, 1}};
  Tensor mean = zeros({2});

  Tensor forward(const Tensor& x) const override { return head(relu(hidden(x - mean))); }
  void visit(nn::Visitor& v) override { v("hidden", hidden), v("head", head), v.buffer("mean", mean); }
};

struct Wider : Mlp {
  nn::Linear extra{1, 1};
};

struct Tied : nn::ModuleBase {
  nn::Linear encode{2, 2};
  nn::Linear decode = encode;
  void visit(nn::Visitor& v) override { v("encode", encode), v("decode", decode); }
};

struct Shared : nn::ModuleBase {
  std::shared_ptr<nn::Linear> part = std::make_shared<nn::Linear>(1, 1);
  void visit(nn::Visitor& v) override { v("part", part); }
};

}  // namespace

TEST_CASE("a clone has the type and the values of the original") {
  Mlp model;
  model.eval();
  const Tensor x = rand({4, 2});

  const Mlp copy = clone(model);

  CHECK(copy(x).to_vector<float>() == model(x).to_vector<float>());
}

TEST_CASE("changing a clone leaves the original as it was") {
  Mlp model;
  const auto before = model.hidden.weight.to_vector<float>();

  Mlp copy = clone(model);
  for (Tensor p : copy.parameters()) nn::init::constant_(p, 7);
  copy.mean.fill_(7);
  copy.eval();

  CHECK(model.hidden.weight.to_vector<float>() == before);
  CHECK(model.mean.to_vector<float>() == std::vector<float>{0, 0});
  CHECK(model.is_training());
  CHECK(model.head[0].is_training());
}

TEST_CASE("a clone learns apart from the original") {
  Mlp model;
  Mlp copy = clone(model);

  copy(ones({1, 2})).sum().backward();

  CHECK(copy.hidden.weight.grad().defined());
  CHECK_FALSE(model.hidden.weight.grad().defined());
}

TEST_CASE("a clone draws no random numbers") {
  const Mlp model;
  const std::string before = default_generator().state();

  (void)clone(model);

  CHECK(default_generator().state() == before);
}

TEST_CASE("a clone keeps the mode") {
  Mlp model;
  model.eval();

  const Mlp copy = clone(model);

  CHECK_FALSE(copy.is_training());
  CHECK_FALSE(copy.head[0].is_training());
}

TEST_CASE("a clone keeps what requires a gradient and what is frozen") {
  Mlp model;
  model.hidden.requires_grad_(false);

  const Mlp copy = clone(model);

  CHECK_FALSE(copy.hidden.weight.requires_grad());
  CHECK(copy.head.at<nn::Linear>(1).weight.requires_grad());
  CHECK_FALSE(copy.mean.requires_grad());
}

TEST_CASE("a clone keeps ties") {
  const Tied model;

  const Tied copy = clone(model);

  CHECK(copy.encode.weight.node() == copy.decode.weight.node());
  CHECK(copy.encode.weight.node() != model.encode.weight.node());
}

TEST_CASE("a clone has no gradients") {
  Mlp model;
  model(ones({1, 2})).sum().backward();

  CHECK_FALSE(clone(model).hidden.weight.grad().defined());
}

TEST_CASE("cloning by a base type is an error") {
  const Wider model;

  CHECK_THROWS_WITH_AS(clone<Mlp>(model),
                       "clone: the copy would cut off what (anonymous namespace)::Wider adds to (anonymous "
                       "namespace)::Mlp; pass the module by its own type",
                       Error);
}

TEST_CASE("cloning a module that holds another by a shared pointer is an error that changes nothing") {
  const Shared model;
  const auto* before = model.part->weight.node();

  CHECK_THROWS_WITH_AS(clone(model),
                       "clone: the copy of (anonymous namespace)::Shared would share 'part.weight', which is "
                       "held by a pointer; make it a member, or hold it in an AnyModule",
                       Error);
  CHECK(model.part->weight.node() == before);
}
