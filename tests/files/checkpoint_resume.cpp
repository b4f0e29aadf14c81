// A run that stops in the middle of a pass and goes on from its checkpoint, as another process would, has the
// bits of a run that never stopped.

#include <doctest/doctest.h>

#include <functional>
#include <memory>

#include "datasets/files.hpp"
#include "optim/methods.hpp"
#include "optim/net.hpp"
#include "xgrad/data.hpp"
#include "xgrad/files.hpp"

using namespace xgrad;
using namespace xgrad::test;
using ::test::Folder;

namespace {

struct Mlp : nn::Module {
  nn::Linear hidden{8, 16}, out{16, 3};
  nn::Dropout dropout{0.3};

  Tensor forward(const Tensor& x) const override { return out(dropout(relu(hidden(x)))); }
  void visit(nn::Visitor& v) override { v("hidden", hidden), v("dropout", dropout), v("out", out); }
};

struct Cnn : nn::Module {
  nn::Conv2d conv{1, 4, 2};
  nn::BatchNorm2d norm{4};
  nn::Linear out{4, 3};

  Tensor forward(const Tensor& x) const override {
    return out(mean(relu(norm(conv(x.reshape({-1, 1, 4, 2})))), {2, 3}));
  }
  void visit(nn::Visitor& v) override { v("conv", conv), v("norm", norm), v("out", out); }
};

struct Recurrent : nn::Module {
  nn::LSTM lstm{2, 6, {.num_layers = 2, .batch_first = true, .dropout = 0.2}};
  nn::Linear out{6, 3};

  Tensor forward(const Tensor& x) const override {
    return out(lstm(x.reshape({-1, 4, 2})).outputs.slice(1, 3).squeeze(1));
  }
  void visit(nn::Visitor& v) override { v("lstm", lstm), v("out", out); }
};

data::TensorDataset examples() {
  Generator generator(5);
  return {randn({23, 8}, float32, generator), randint(0, 3, {23}, {}, generator)};
}

using MakeOptimizer = std::function<std::unique_ptr<optim::Optimizer>(const optim::Parameters&)>;

/// Everything that changes in training.
template <class Model>
struct Run {
  Run(std::uint64_t seed, const MakeOptimizer& make)
      : model((manual_seed(seed), Model())),
        optimizer(make(model)),
        loader(examples(), {.batch_size = 4, .shuffle = true}) {}

  void visit(Visitor& v) {
    v("model", model), v("optimizer", optimizer), v("loader", loader), v("random", default_generator());
    v("step", step), v("epoch", epoch), v("loss", loss);
  }

  /// On to step `last`; calls `after` behind each step.
  template <class F>
  void train(std::int64_t last, F after) {
    for (; step < last; ++epoch)
      for (const auto& [x, y] : loader) {
        optimizer->zero_grad();
        const Tensor l = nn::cross_entropy(model(x), y);
        l.backward();
        optimizer->step();
        loss = l.item<double>();
        ++step;
        after();
        if (step == last) return;
      }
  }

  Model model;
  std::unique_ptr<optim::Optimizer> optimizer;
  data::Loader loader;
  std::int64_t step = 0, epoch = 0;
  double loss = 0;
};

/// Compares a run of 20 steps with one that is cut off after some of them.
template <class Model>
void check_resumed(const MakeOptimizer& make, std::int64_t cut) {
  const Folder folder;
  const files::Checkpointer checkpoints(folder.path());
  StateDict end;
  std::int64_t draw = 0;
  {
    Run<Model> straight(1, make);
    straight.train(20, [&] {
      if (straight.step == cut) checkpoints.save(straight.step, straight);
    });
    end = state_dict(straight);
    draw = default_generator().draw();
  }

  Run<Model> resumed(2, make);
  CHECK(checkpoints.resume(resumed) == cut);
  resumed.train(20, [] {});

  CHECK(same(resumed, end));
  CHECK(default_generator().draw() == draw);
}

MakeOptimizer adam() {
  return [](const optim::Parameters& p) {
    return std::make_unique<optim::Adam>(p, optim::AdamOptions{.lr = 0.01});
  };
}

}  // namespace

TEST_CASE("a perceptron with dropout and a shuffling loader goes on to the same bits") {
  for (const std::int64_t cut : {1, 4, 6, 7, 19}) check_resumed<Mlp>(adam(), cut);
}

TEST_CASE("a network with convolution and batch norm goes on to the same bits") {
  for (const std::int64_t cut : {1, 6, 8}) check_resumed<Cnn>(adam(), cut);
}

TEST_CASE("an LSTM with dropout between its layers goes on to the same bits") {
  for (const std::int64_t cut : {1, 6, 8}) check_resumed<Recurrent>(adam(), cut);
}

TEST_CASE("with every optimizer, training goes on to the same bits") {
  for (const Method& method : methods()) {
    CAPTURE(method.name);
    check_resumed<Mlp>([&](const optim::Parameters& p) { return method.make(p, false); }, 7);
  }
}

TEST_CASE("a checkpoint that leaves out the generator does not give the same bits") {
  struct Half : Run<Mlp> {
    using Run::Run;
    void visit(Visitor& v) {
      v("model", model), v("optimizer", optimizer), v("loader", loader), v("step", step);
    }
  };
  const Folder folder;
  Half straight(1, adam()), resumed(1, adam());
  straight.loader = resumed.loader = data::Loader(examples(), {.batch_size = 4});
  straight.train(7, [] {});
  files::save(folder.path("a"), straight);
  straight.train(9, [] {});

  files::load(folder.path("a"), resumed);
  resumed.train(9, [] {});

  CHECK_FALSE(same(straight, resumed));
}

TEST_CASE("LBFGS, whose step needs a function, goes on to the same bits") {
  const Folder folder;
  const auto steps = [](Net& net, optim::LBFGS& lbfgs, int n) {
    Generator data(3);
    const Tensor x = randn({8, 3}, float32, data), y = randint(0, 2, {8}, {}, data);
    for (int i = 0; i < n; ++i)
      lbfgs.step([&] {
        lbfgs.zero_grad();
        Tensor loss = nn::cross_entropy(net(x), y);
        loss.backward();
        return loss;
      });
  };
  const optim::LbfgsOptions options{.max_iter = 3, .history_size = 4};
  Net straight, resumed;
  optim::LBFGS through(straight, options), again(resumed, options);
  files::Bundle first{{"net", straight}, {"lbfgs", through}}, second{{"net", resumed}, {"lbfgs", again}};
  steps(straight, through, 2);

  files::save(folder.path("a"), first);
  steps(straight, through, 3);
  files::load(folder.path("a"), second);
  steps(resumed, again, 3);

  CHECK(same(first, second));
}
