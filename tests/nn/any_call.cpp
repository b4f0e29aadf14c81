// Modules that are not called with one tensor: every walk over a model is theirs too.

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <sstream>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

using Names = std::vector<std::string>;
using nn::GivenAsLayer, nn::Layer;

/// A weighted mean of the rows of x that the mask lets through.
struct Gate : nn::ModuleBase {
  explicit Gate(std::int64_t size) : score(size, 1, {.generator = Generator(1)}) {}

  Tensor operator()(const Tensor& x, const Tensor& mask) const {
    const Tensor weights = softmax(where(mask, score(x).squeeze(-1), -1e9), -1);
    return matmul(weights, x);
  }
  void visit(nn::Visitor& v) override { v("score", score); }
  std::string extra_repr() const override { return "kind=\"soft\""; }

  nn::Linear score;
};

/// A cell that returns its output and its next state, and counts how often it was trained.
struct Cell : nn::ModuleBase {
  Cell(std::int64_t in, std::int64_t size)
      : input(in, size, {.generator = Generator(2)}),
        state(size, size, {.bias = false, .generator = Generator(3)}) {}

  std::pair<Tensor, Tensor> operator()(const Tensor& x, const Tensor& h) const {
    const Tensor next = tanh(input(x) + state(h));
    if (is_training()) count.add_(1);
    return {drop(next), next};
  }
  void visit(nn::Visitor& v) override {
    v("input", input), v("state", state), v("drop", drop), v.buffer("count", count);
  }

  nn::Linear input, state;
  nn::Dropout drop{0.5, Generator(4)};
  mutable Tensor count = zeros({});
};

/// Both of them as members, called by the tokens of a sentence and where there are some.
struct Reader : nn::ModuleBase {
  Tensor operator()(const std::vector<Tensor>& tokens, const Tensor& mask) const {
    Tensor h = zeros({4}, {.dtype = tokens[0].dtype()});
    std::vector<Tensor> read;
    for (const Tensor& x : tokens) {
      auto [y, next] = cell(x, h);
      read.push_back(y), h = next;
    }
    const Tensor y = gates[0](stack(read), mask);
    return extra ? y * (*extra)(stack(read), mask) : y;
  }
  void visit(nn::Visitor& v) override { v("cell", cell), v("gates", gates), v("extra", extra); }

  Cell cell{3, 4};
  std::vector<Gate> gates = {Gate(4)};
  std::optional<Gate> extra;
};

/// A loss that is a module: a weight for each class is a part of it.
struct Weighted : nn::ModuleBase {
  Tensor operator()(const Tensor& x, const Tensor& y) const { return mean(exp(log_weight) * square(x - y)); }
  void visit(nn::Visitor& v) override { v("log_weight", log_weight); }

  Tensor log_weight = zeros({4}, {.requires_grad = true});
};

std::vector<Tensor> tokens(DType dtype = float32) {
  const Tensor x = randn({5, 3}, dtype, Generator(7));
  return {x[0], x[1], x[2], x[3], x[4]};
}
Tensor mask() { return tensor({true, true, false, true, true}); }

Names names(const nn::ModuleBase& model) {
  Names found;
  for (const auto& [name, tensor] : model.named_parameters()) found.push_back(name);
  return found;
}

Tensor run(const Reader& model) { return model(tokens(model.cell.count.dtype()), mask()); }

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

TEST_CASE("an optimizer takes modules of any call, a loss among them") {
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

TEST_CASE("gradients of a module of any call are checked through a function of it") {
  Reader model;
  model.eval();
  const auto before = run(model).to_vector<float>();

  const GradcheckResult r =
      gradcheck(model, [](const Reader& m, const std::vector<Tensor>& x) { return m(x, mask()); }, tokens(),
                {.order = 2});

  CHECK(r.ok());
  CHECK(r.inputs.size() == 10);
  CHECK(r.inputs[0] == "cell.input.weight: f64[4, 3]");
  CHECK(r.inputs[4] == "gates.0.score.bias: f64[1]");
  CHECK(r.inputs[9] == "input 4: f64[3]");
  CHECK(r.reproduce == "gradcheck(model, f, inputs, {.order = 2, .seed = 1})");
  CHECK(run(model).to_vector<float>() == before);
}

TEST_CASE("both gradients of a cell that returns a pair are checked") {
  Cell cell(3, 4);
  cell.eval();

  const GradcheckResult r = gradcheck(cell,
                                      [](const Cell& m, const Tensor& x, const Tensor& h) {
                                        const auto [y, next] = m(x, h);
                                        return std::vector<Tensor>{y, next};
                                      },
                                      {randn({2, 3}), randn({2, 4})});

  CHECK(r.ok());
  CHECK(r.right == 12 + 4 + 16 + 6 + 8);
}

TEST_CASE("a gradient that a function of a module drops is found, and what it captures is a constant") {
  const Gate gate(3);
  const Tensor x = randn({5, 3}, float64, Generator(7));

  const GradcheckResult r = gradcheck(gate, [&](const Gate& m) {
    Gate cut = m;
    cut.score.weight = m.score.weight.detach();
    return cut(x, mask());
  });

  CHECK(r.failed(GradProperty::value));
  CHECK(r.inputs.size() == 2);
}

TEST_CASE("a module that is called with tensors is checked by its parameters and inputs") {
  Gate gate(3);
  const Tensor x = randn({5, 3}, {}, Generator(7));

  const GradcheckResult r = gradcheck(gate, {x, mask()});

  CHECK(r.ok());
  REQUIRE(r.inputs.size() == 3);
  CHECK(r.inputs[2] == "input 0: f64[5, 3]");
  CHECK(r.reproduce == "gradcheck(model, inputs, {.seed = 1})");
  CHECK(gate.score.weight.dtype() == float32);
  CHECK(gradcheck(Weighted(), {randn({2, 4}).requires_grad_(), randn({2, 4})}).inputs.size() == 2);
}

TEST_CASE("a module by its base is a function of its inputs") {
  const nn::Sequential net{nn::Linear(3, 2, {.dtype = float64})};

  CHECK(gradcheck(net[0], {randn({5, 3})}).inputs == Names{"input 0: f64[5, 3]"});
  CHECK(gradcheck(net, {randn({5, 3})}).inputs.size() == 3);
}

TEST_CASE("one that makes a tensor of a tensor is checked as a Module is") {
  struct Scale : nn::ModuleBase {
    Tensor operator()(const Tensor& x) const { return x * factor; }
    void visit(nn::Visitor& v) override { v("factor", factor); }
    Tensor factor = ones({3}, {.requires_grad = true});
  };

  CHECK(gradcheck(Scale(), mse_loss, {randn({5, 3}), randn({5, 3})}).ok());
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
