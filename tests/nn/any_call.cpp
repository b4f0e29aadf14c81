// Modules that are not called with one tensor: every walk over a model is theirs too.

#include "nn/any_call.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <sstream>

#include "xgrad/optim.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

using Names = std::vector<std::string>;
using nn::GivenAsLayer, nn::Layer;

Names names(const nn::ModuleBase& model) {
  Names found;
  for (const auto& [name, tensor] : model.named_parameters()) found.push_back(name);
  return found;
}

}  // namespace

TEST_CASE("a module may be called with two inputs, and return a pair") {
  const Gate gate(2);
  const Tensor x = tensor({{1.f, 2.f}, {3.f, 4.f}});
  Cell cell(2, 4);
  cell.eval();

  const auto [y, h] = cell(x[0], zeros({4}));

  CHECK(gate(x, tensor({false, true})).to_vector<float>() == std::vector<float>{3, 4});
  CHECK(y.to_vector<float>() == h.to_vector<float>());
}

TEST_CASE("parameters and buffers of any module are listed and named") {
  Reader model;

  CHECK(names(model) == Names{"cell.input.weight", "cell.input.bias", "cell.state.weight",
                              "gates.0.score.weight", "gates.0.score.bias"});
  CHECK(model.parameters().size() == 5);
  REQUIRE(model.named_buffers().size() == 1);
  CHECK(model.named_buffers()[0].name == "cell.count");
  model.extra.emplace(4);
  CHECK(names(model).back() == "extra.score.bias");
}

TEST_CASE("train, eval and apply reach modules of any call") {
  Reader model;
  std::vector<const nn::ModuleBase*> all, layers;

  model.eval();
  model.apply([&](nn::ModuleBase& m) { all.push_back(&m); });
  model.apply<nn::Module>([&](nn::Module& m) { layers.push_back(&m); });

  CHECK_FALSE(model.cell.is_training());
  CHECK_FALSE(model.cell.drop.is_training());
  CHECK_FALSE(model.gates[0].is_training());
  CHECK(all.size() == 7);
  CHECK(layers == std::vector<const nn::ModuleBase*>{&model.cell.input, &model.cell.state, &model.cell.drop,
                                                     &model.gates[0].score});
  CHECK(all.back() == &model);
}

TEST_CASE("a clone of a module of any call is independent") {
  Reader model;
  model.eval();
  const auto before = run(model).to_vector<float>();

  Reader copy = clone(model);
  const auto same_values = run(copy).to_vector<float>();
  for (Tensor p : copy.parameters()) nn::init::constant_(p, 1);

  CHECK(same_values == before);
  CHECK(run(model).to_vector<float>() == before);
  CHECK(run(copy).to_vector<float>() != before);
}

TEST_CASE("a clone says that a module of any call is held by a pointer") {
  struct Shared : nn::ModuleBase {
    std::shared_ptr<Gate> part = std::make_shared<Gate>(2);
    void visit(nn::Visitor& v) override { v("part", part); }
  };
  const Shared model;

  CHECK(names(model) == Names{"part.score.weight", "part.score.bias"});
  CHECK_THROWS_AS(clone(model), Error);
}

TEST_CASE("the state of a module of any call is taken, loaded, copied and compared") {
  Reader saved, model;
  run(saved).sum().backward();
  nn::init::constant_(saved.gates[0].score.weight, 2);
  REQUIRE_FALSE(same(model, saved));

  load_state_dict(model, state_dict(saved));
  CHECK(same(model, saved));
  CHECK(model.cell.count.item() == 5);

  Reader other;
  nn::copy_parameters(saved, other);
  CHECK(other.cell.count.item() == 5);
  CHECK_FALSE(same(other, saved));  // the generator of the dropout is a value
  copy(saved, other);
  CHECK(same(other, saved));
}

TEST_CASE("a module of any call moves, forgets its gradients and is frozen") {
  Reader model;
  run(model).sum().backward();
  REQUIRE(model.cell.state.weight.grad().defined());

  model.to(float64);
  CHECK(run(model).dtype() == float64);
  CHECK(model.cell.state.weight.grad().dtype() == float64);
  model.zero_grad();
  CHECK_FALSE(model.cell.state.weight.grad().defined());
  model.gates[0].requires_grad_(false);
  CHECK(model.trainable_parameters().size() == 3);
}

TEST_CASE("an optimizer takes a module of any call") {
  Reader model;
  model.eval();
  optim::GD gd(model, {.lr = 1});
  const Tensor bias = model.cell.input.bias;
  const auto before = bias.to_vector<float>();

  run(model).sum().backward();
  gd.step();

  CHECK(gd.parameters().size() == 5);
  CHECK(bias.to_vector<float>() != before);
}

TEST_CASE("an optimizer takes several, a loss among them") {
  struct Task {
    Reader model;
    Weighted loss;
    void visit(Visitor& v) { v("model", model), v("loss", loss); }
  } task;
  task.model.eval();
  optim::Adam adam(task, {.lr = 0.1});
  const auto learn = [&] {
    adam.zero_grad();
    const Tensor loss = task.loss(run(task.model), ones({4}));
    loss.backward();
    adam.step();
    return loss.item();
  };

  const double first = learn();
  for (int i = 0; i < 20; ++i) learn();

  CHECK(learn() < first / 2);
  CHECK(state_dict(adam).contains("state.model.cell.input.weight.exp_avg"));
  CHECK(state_dict(adam).contains("state.loss.log_weight.exp_avg"));
}

TEST_CASE("a module of any call is printed in the tree of modules") {
  const Reader model;
  std::ostringstream out;
  out << model;

  CHECK(out.str() ==
        "Reader(\n"
        "  (cell): Cell(\n"
        "    (input): Linear(in_features=3, out_features=4, bias=true)\n"
        "    (state): Linear(in_features=4, out_features=4, bias=false)\n"
        "    (drop): Dropout(p=0.5)\n"
        "  )\n"
        "  (gates.0): Gate(\n"
        "    kind=\"soft\"\n"
        "    (score): Linear(in_features=4, out_features=1, bias=true)\n"
        "  )\n"
        ")");
}

TEST_CASE("a sequence takes no module that is called otherwise") {
  struct Visited {  // no module, but it has members
    Tensor operator()(const Tensor& x) const { return x; }
    void visit(nn::Visitor&) {}
  };
  struct OneInput : nn::ModuleBase {
    Tensor operator()(const Tensor& x) const { return x; }
  };

  static_assert(!Layer<Gate> && !Layer<Cell&> && !Layer<const OneInput&> && !Layer<Visited>);
  static_assert(GivenAsLayer<Gate> && GivenAsLayer<OneInput>);  // so that it is told why
  static_assert(Layer<nn::Linear> && Layer<nn::Sequential&> && Layer<const nn::AnyModule&>);
  static_assert(!GivenAsLayer<int> && !std::is_constructible_v<nn::AnyModule, int>);
}

TEST_CASE("what is only a module is called as its own class says") {
  static_assert(!std::is_invocable_v<const nn::ModuleBase&, const Tensor&>);
  static_assert(std::is_abstract_v<nn::Module>);
  static_assert(!std::is_assignable_v<nn::Module&, const nn::Module&>);  // would copy a part
  static_assert(!std::is_assignable_v<nn::ModuleBase&, const nn::ModuleBase&>);
}
