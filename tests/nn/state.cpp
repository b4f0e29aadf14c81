// The state of a model.

#include <doctest/doctest.h>

#include "xgrad/core.hpp"
#include "xgrad/data.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

using Names = std::vector<std::string>;

struct Mlp : nn::Module {
  nn::Linear hidden{2, 3};
  nn::Sequential head{nn::Dropout{0.5}, nn::Linear{3, 1}};
  Tensor mean = zeros({2});
  std::int64_t epochs = 0;

  Tensor forward(const Tensor& x) const override { return head(relu(hidden(x - mean))); }
  void visit(nn::Visitor& v) override {
    v("hidden", hidden), v("head", head), v.buffer("mean", mean), v("epochs", epochs);
  }
};

Names names_of(const StateDict& state) {
  Names names;
  for (const auto& [name, value] : state) names.push_back(name);
  return names;
}

}  // namespace

TEST_CASE("a model's state has PyTorch's names and shapes") {
  // PyTorch 1.13: Sequential(Linear(2, 3), Dropout(0.5), Linear(3, 1)).state_dict()
  const nn::Sequential net{nn::Linear{2, 3}, nn::Dropout{0.5}, nn::Linear{3, 1}};

  const StateDict state = state_dict(net);

  CHECK(names_of(state) == Names{"0.weight", "0.bias", "2.weight", "2.bias"});
  CHECK(state.get<Tensor>("0.weight").shape() == Shape{3, 2});
  CHECK(state.get<Tensor>("2.bias").shape() == Shape{1});
}

TEST_CASE("a model's state goes into another one to the same bits") {
  Mlp saved, model;
  saved.mean.fill_(3), saved.epochs = 7;

  load_state_dict(model, state_dict(saved));

  CHECK(same(model, saved));
  CHECK(model.epochs == 7);
}

TEST_CASE("an optimizer made before goes on with what is loaded") {
  Mlp saved, model;
  model.eval();
  optim::GD gd(model, {.lr = 1});

  load_state_dict(model, state_dict(saved));
  const Tensor bias = model.head.at<nn::Linear>(1).bias;
  const float before = bias.item<float>();
  model(ones({1, 2})).sum().backward();
  gd.step();

  CHECK(before == saved.head.at<nn::Linear>(1).bias.item<float>());
  CHECK(bias.item<float>() == before - 1);  // d(output)/d(bias) = 1
}

TEST_CASE("ties have every name, and take one value") {
  struct Tied : nn::ModuleBase {
    nn::Linear encode{2, 2};
    nn::Linear decode = encode;
    void visit(nn::Visitor& v) override { v("encode", encode), v("decode", decode); }
  } saved, model;

  load_state_dict(model, state_dict(saved));

  CHECK(names_of(state_dict(model)) == Names{"encode.weight", "encode.bias", "decode.weight", "decode.bias"});
  CHECK(model.encode.weight.node() == model.decode.weight.node());
  CHECK(same(model, saved));
}

TEST_CASE("a dropout's own generator is part of its state, the default one is not") {
  nn::Sequential saved{nn::Dropout{0.5, Generator(1)}}, model{nn::Dropout{0.5, Generator(2)}};
  const Tensor x = ones({100});
  saved(x);

  load_state_dict(model, state_dict(saved));

  CHECK(names_of(state_dict(model)) == Names{"0.generator"});
  CHECK(model(x).to_vector<float>() == saved(x).to_vector<float>());
  CHECK(state_dict(nn::Dropout()).empty());
}

TEST_CASE("copy_parameters leaves generators and values alone, copy takes them too") {
  struct Noisy : Mlp {
    nn::Dropout dropout{0.5, Generator(1)};
    void visit(nn::Visitor& v) override { Mlp::visit(v), v("dropout", dropout); }
  } from, to;
  from.epochs = 7;
  from.dropout(ones({10}));
  const std::string place = state_dict(to).get<std::string>("dropout.generator");

  nn::copy_parameters(from, to);
  CHECK(to.epochs == 0);
  CHECK(state_dict(to).get<std::string>("dropout.generator") == place);
  CHECK(to.hidden.weight.to_vector<float>() == from.hidden.weight.to_vector<float>());
  copy(from, to);
  CHECK(same(from, to));
}

TEST_CASE("numbers of a model are no parameters, and a clone has its own") {
  Mlp model;
  model.epochs = 7;

  Mlp copy = clone(model);
  copy.epochs = 8;

  CHECK(model.epochs == 7);
  CHECK(model.parameters().size() == 4);
  CHECK(model.named_buffers().size() == 1);
}

TEST_CASE("the parts of an experiment are one state") {
  struct Experiment {
    Mlp model;
    optim::Adam adam{model, {.lr = 0.1}};
    Generator generator{5};
    std::int64_t epoch = 0;
    void visit(Visitor& v) {
      v("model", model), v("optimizer", adam), v("generator", generator), v("epoch", epoch);
    }

    void learn() {
      adam.zero_grad();
      model(randn({4, 2}, {}, generator)).sum().backward();
      adam.step(), ++epoch;
    }
  } straight, resumed;
  straight.model.eval(), resumed.model.eval();
  straight.learn();

  load_state_dict(resumed, state_dict(straight));
  straight.learn(), resumed.learn();

  CHECK(same(straight, resumed));
  CHECK(resumed.epoch == 2);
}

TEST_CASE("a run with dropout and shuffling that is resumed has the bits of one that never stopped") {
  struct Run {
    nn::Sequential model{nn::Linear{2, 8}, nn::Dropout{0.5}, nn::Linear{8, 1}};
    optim::Adam adam{model, {.lr = 0.1}};
    data::Loader loader{
        data::TensorDataset(arange(20, {.dtype = float32}).reshape({10, 2}), arange(10, {.dtype = float32})),
        {.batch_size = 3, .shuffle = true}};
    void visit(Visitor& v) {
      v("model", model), v("optimizer", adam), v("loader", loader), v("generator", default_generator());
    }

    /// Trains for some passes, the first of which may be the rest of one; stops behind `most` batches.
    void learn(int passes, int most = 1000) {
      for (int i = 0; i < passes; ++i)
        for (const auto& [x, y] : loader) {
          adam.zero_grad();
          mse_loss(model(x / 20).reshape({-1}), y).backward();
          adam.step();
          if (--most == 0) return;
        }
    }
  };
  manual_seed(3);
  Run straight, interrupted;
  load_state_dict(interrupted, state_dict(straight));
  const StateDict start = state_dict(straight);
  straight.learn(3);

  load_state_dict(interrupted, start);
  interrupted.learn(3, 6);  // into the second pass
  const StateDict saved = state_dict(interrupted);
  manual_seed(99);
  Run resumed;
  load_state_dict(resumed, saved);
  resumed.learn(2);

  CHECK(same(resumed, straight));
}

TEST_CASE("a module's members may be modules or not, found by their types") {
  struct Statistics {
    Tensor mean = zeros({1});
    nn::Linear inner{1, 1};
    void visit(Visitor& v) { v.buffer("mean", mean), v("inner", inner); }
  };
  struct Model : nn::ModuleBase {
    Statistics statistics;
    void visit(nn::Visitor& v) override { v("statistics", statistics); }
  } model;

  model.eval();

  CHECK_FALSE(model.statistics.inner.is_training());
  CHECK(names_of(state_dict(model)) ==
        Names{"statistics.mean", "statistics.inner.weight", "statistics.inner.bias"});
  CHECK(model.str() == "Model(\n  (statistics.inner): Linear(in_features=1, out_features=1, bias=true)\n)");
}

TEST_CASE("a lazy tensor of a model moves and is cloned when it is there") {
  struct Lazy : nn::ModuleBase {
    Tensor scale;
    void visit(nn::Visitor& v) override { v.lazy("scale", scale); }
  } model;
  model.to(float64);
  CHECK_FALSE(clone(model).scale.defined());
  model.scale = ones({2});

  model.to(float64);
  Lazy copy = clone(model);
  copy.scale.fill_(5);

  CHECK(model.scale.dtype() == float64);
  CHECK(model.scale.to_vector<double>() == std::vector<double>{1, 1});
}
