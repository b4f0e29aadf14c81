#include <doctest/doctest.h>

#include <memory>
#include <optional>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;

namespace {

struct Mlp : nn::Module {
  nn::Linear hidden{2, 3};
  nn::Linear out{3, 1};

  Tensor forward(const Tensor& x) const override { return out(relu(hidden(x))); }
  void visit(nn::Visitor& v) override { v("hidden", hidden), v("out", out); }
};

struct Tied : nn::Module {
  Tensor in = ones({2, 2}, {.requires_grad = true});
  Tensor out = in;

  Tensor forward(const Tensor& x) const override { return matmul(matmul(x, in), out); }
  void visit(nn::Visitor& v) override { v("in", in), v("out", out); }
};

struct Everything : nn::ModuleBase {
  std::vector<nn::Linear> layers = {nn::Linear{1, 1}, nn::Linear{1, 1, {.bias = false}}};
  std::vector<Tensor> scales = {ones({1}, {.requires_grad = true})};
  std::optional<nn::Linear> shortcut;
  std::unique_ptr<nn::Linear> owned = std::make_unique<nn::Linear>(1, 1);
  Tensor mean = zeros({1});

  void visit(nn::Visitor& v) override {
    v("layers", layers), v("scales", scales), v("shortcut", shortcut), v("owned", owned),
        v.buffer("mean", mean);
  }
};

std::vector<std::string> names(const std::vector<nn::NamedTensor>& tensors) {
  std::vector<std::string> found;
  for (const auto& [name, tensor] : tensors) found.push_back(name);
  return found;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a module is called by its forward") {
  Mlp model;
  const Tensor x = ones({4, 2});

  CHECK(model(x).to_vector<float>() == model.forward(x).to_vector<float>());
  CHECK(model(x).shape() == Shape{4, 1});
}

TEST_CASE("parameters come in the order of the visit") {
  const Mlp model;

  const std::vector<Tensor> parameters = model.parameters();

  REQUIRE(parameters.size() == 4);
  CHECK(parameters[0].node() == model.hidden.weight.node());
  CHECK(parameters[1].node() == model.hidden.bias.node());
  CHECK(parameters[2].node() == model.out.weight.node());
  CHECK(parameters[3].node() == model.out.bias.node());
}

TEST_CASE("named parameters have dotted names") {
  const Mlp model;

  CHECK(names(model.named_parameters()) == Names{"hidden.weight", "hidden.bias", "out.weight", "out.bias"});
}

TEST_CASE("lists, optional and owned modules are walked, and undefined members passed over") {
  Everything model;

  CHECK(names(model.named_parameters()) == Names{"layers.0.weight", "layers.0.bias", "layers.1.weight",
                                                 "scales.0", "owned.weight", "owned.bias"});
  model.shortcut.emplace(1, 1, nn::LinearOptions{.bias = false});
  CHECK(names(model.named_parameters())[4] == "shortcut.weight");
}

TEST_CASE("buffers are listed apart from parameters") {
  const Everything model;

  REQUIRE(model.buffers().size() == 1);
  CHECK(model.buffers()[0].node() == model.mean.node());
  CHECK(names(model.named_buffers()) == Names{"mean"});
}

TEST_CASE("a parameter that two members share is listed once, and named twice") {
  const Tied model;

  CHECK(model.parameters().size() == 1);
  CHECK(names(model.named_parameters()) == Names{"in", "out"});
}

TEST_CASE("assigning a member keeps the parameters right") {
  Mlp model;
  const Tensor w = zeros({1, 3}, {.requires_grad = true});

  model.out.weight = w;

  CHECK(model.parameters()[2].node() == w.node());
}

TEST_CASE("a name that occurs twice is an error") {
  struct Twice : nn::ModuleBase {
    Tensor a = ones({1}), b = ones({1});
    void visit(nn::Visitor& v) override { v("a", a), v("a", b); }
  };

  CHECK_THROWS_WITH_AS((void)Twice().named_parameters(),
                       "visit: a name occurs twice: 'a'; give each member a name of its own", Error);
}

TEST_CASE("copying a module shares its tensors") {
  Mlp model;

  Mlp copy = model;

  CHECK(copy.hidden.weight.node() == model.hidden.weight.node());
}

TEST_CASE("train and eval set the mode of every module") {
  Everything model;

  model.eval();
  CHECK_FALSE(model.is_training());
  CHECK_FALSE(model.layers[1].is_training());
  CHECK_FALSE(model.owned->is_training());

  model.train();
  CHECK(model.is_training());
  CHECK(model.layers[1].is_training());
}

TEST_CASE("apply reaches each module after its members") {
  Mlp model;
  std::vector<const nn::ModuleBase*> seen;

  model.apply([&](nn::ModuleBase& m) { seen.push_back(&m); });

  CHECK(seen == std::vector<const nn::ModuleBase*>{&model.hidden, &model.out, &model});
}

TEST_CASE("apply with a type reaches the modules of that type") {
  Mlp model;

  model.apply<nn::Linear>([](nn::Linear& l) { nn::init::zeros_(l.bias); });

  CHECK(model.hidden.bias.to_vector<float>() == std::vector<float>{0, 0, 0});
}

TEST_CASE("zero_grad forgets the gradients of all parameters") {
  Mlp model;
  model(ones({1, 2})).sum().backward();
  REQUIRE(model.out.bias.grad().defined());

  model.zero_grad();

  for (const Tensor& p : model.parameters()) CHECK_FALSE(p.grad().defined());
}

TEST_CASE("freezing a part leaves it out of the trainable parameters only") {
  Mlp model;

  model.hidden.requires_grad_(false);

  CHECK(model.parameters().size() == 4);
  REQUIRE(model.trainable_parameters().size() == 2);
  CHECK(model.trainable_parameters()[0].node() == model.out.weight.node());
}

TEST_CASE("a model moves to float64 with its values and its ties") {
  Tied model;

  model.to(float64);

  CHECK(model.in.dtype() == float64);
  CHECK(model.in.node() == model.out.node());
  CHECK(model.in.requires_grad());
  CHECK(model.in.is_leaf());
  CHECK(model.in.to_vector<double>() == std::vector<double>{1, 1, 1, 1});
}

TEST_CASE("a model does not move to integers") {
  Mlp model;

  CHECK_THROWS_WITH_AS(model.to(int64), "to: a model's dtype must be f32 or f64: got i64", Error);
}
