// Averages of models: values, in place and back, states, and what is refused.

#include <doctest/doctest.h>

#include <cmath>

#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;
using namespace xgrad::optim;

namespace {

using Numbers = std::vector<double>;

Tensor leaf(const Numbers& values) { return tensor(values, {.requires_grad = true}); }

void set(const Tensor& t, const Numbers& values) {
  const NoGrad guard;
  Tensor(t).copy_(tensor(values));
}

Numbers values_of(const ModelAverage& average, std::size_t i = 0) {
  return average.averages().at(i).tensor.to_vector<double>();
}

/// A model with a running mean and a count of integers.
struct Normed : nn::Module {
  Tensor weight = leaf({1, 2}), mean = tensor({0.0, 0.0}, {.dtype = float64}), count = tensor({0});

  Tensor forward(const Tensor& x) const override { return x * weight + mean; }
  void visit(nn::Visitor& v) override {
    v("weight", weight), v.buffer("mean", mean), v.buffer("count", count);
  }
};

}  // namespace

TEST_CASE("an exponential average is decay times what it was, and the rest the model") {
  const Tensor p = leaf({1, 2});
  ExponentialMovingAverage average({p}, {.decay = 0.75});

  set(p, {5, -2});
  average.update_parameters({p});

  CHECK(values_of(average) == Numbers{2, 1});  // 0.75 * 1 + 0.25 * 5, 0.75 * 2 - 0.25 * 2
  average.update_parameters({p});
  CHECK(values_of(average) == Numbers{2.75, 0.25});
  CHECK(average.n_averaged() == 2);
  CHECK(p.to_vector<double>() == Numbers{5, -2});
}

TEST_CASE("a warm-up follows the model closely at first: decay is (1 + n) / (10 + n) until it is larger") {
  const Tensor p = leaf({0});
  ExponentialMovingAverage average({p}, {.decay = 0.25, .warmup = true});
  double expected = 0;

  for (const double decay : {2.0 / 11, 3.0 / 12, 0.25, 0.25}) {
    set(p, {p.item() + 1});
    average.update_parameters({p});
    expected = decay * expected + (1 - decay) * p.item();
    CHECK(std::abs(values_of(average)[0] - expected) < 1e-15);
  }
}

TEST_CASE("an average with bias correction is Adam's: a sum from 0 over 1 - decay^n") {
  const Tensor p = leaf({7});
  ExponentialMovingAverage average({p}, {.decay = 0.9, .bias_correction = true});
  double sum = 0;

  for (int n = 1; n <= 20; ++n) {
    set(p, {std::sin(n)});
    average.update_parameters({p});
    sum = 0.9 * sum + 0.1 * std::sin(n);
    CHECK(std::abs(values_of(average)[0] - sum / (1 - std::pow(0.9, n))) < 1e-14);
  }
}

TEST_CASE("AveragedModel has the mean of the values at its updates, not that at its making") {
  const Tensor p = leaf({100});
  AveragedModel average({p});

  for (const double v : {1.0, 2.0, 6.0, 7.0}) {
    set(p, {v});
    average.update_parameters({p});
  }

  CHECK(values_of(average)[0] == 4);
}

TEST_CASE("a model has the averages in a scope, in place, and its own values behind it") {
  Net net;
  Adam adam(net, 0.1);
  ExponentialMovingAverage average(net, {.decay = 0.5});
  learn(net, adam, 3, 1);
  average.update_parameters(net);
  const StateDict trained = state_dict(net);
  const void* place = net.out.weight.data<float>().data();

  {
    const auto applied = average.apply(net);
    CHECK_FALSE(same(net, trained));
    CHECK(net.out.weight.to_vector<float>() == average.averages()[2].tensor.to_vector<float>());
    CHECK(net.out.weight.data<float>().data() == place);
  }

  CHECK(same(net, trained));
  CHECK_NOTHROW(learn(net, adam, 1, 2));
}

TEST_CASE("restore ends the scope early, and only once") {
  const Tensor p = leaf({1});
  ExponentialMovingAverage average({p}, {.decay = 0.5});
  set(p, {3});
  auto applied = average.apply({p});
  CHECK(p.item() == 1);

  applied.restore();
  CHECK(p.item() == 3);
  set(p, {4});
  applied.restore();

  CHECK(p.item() == 4);
}

TEST_CASE("copy_to gives a model the averages for good, and a clone of it too") {
  Net net;
  Adam adam(net, 0.1);
  AveragedModel average(net);
  learn(net, adam, 2, 1), average.update_parameters(net);
  const StateDict first = state_dict(net);
  learn(net, adam, 2, 2);
  Net other = clone(net);

  average.copy_to(other);

  CHECK(same(other, first));
  CHECK_FALSE(same(net, first));
}

TEST_CASE("an exponential average copies buffers, of numbers and of counts") {
  Normed model;
  ExponentialMovingAverage average(model, {.decay = 0.5});
  set(model.mean, {4, 6});
  model.count.fill_(3);

  average.update_parameters(model);
  set(model.mean, {0, 0});
  const auto applied = average.apply(model);

  CHECK(model.mean.to_vector<double>() == Numbers{4, 6});
  CHECK(model.count.item() == 3);
}

TEST_CASE("AveragedModel leaves buffers out, and a scope keeps them, or averages them with use_buffers") {
  Normed model;
  AveragedModel plain(model), whole(model, {.use_buffers = true});
  for (const double v : {1.0, 3.0}) {
    set(model.mean, {v, 2 * v});
    model.count.fill_(v);
    plain.update_parameters(model), whole.update_parameters(model);
  }

  {
    const auto applied = plain.apply(model);
    CHECK(model.mean.to_vector<double>() == Numbers{3, 6});
    set(model.mean, {8, 9});  // statistics made anew
  }
  CHECK(model.mean.to_vector<double>() == Numbers{3, 6});
  const auto applied = whole.apply(model);
  CHECK(model.mean.to_vector<double>() == Numbers{2, 4});
  CHECK(model.count.item() == 3);
}

TEST_CASE("an average that loads a state goes on as if it had never stopped") {
  Net net;
  Adam adam(net, 0.1);
  ExponentialMovingAverage straight(net, {.decay = 0.9, .warmup = true}), resumed(Net(), {.decay = 0.5});
  AveragedModel mean(net), resumed_mean(net);
  learn(net, adam, 2, 1);
  straight.update_parameters(net), mean.update_parameters(net);

  load_state_dict(resumed, state_dict(straight)), load_state_dict(resumed_mean, state_dict(mean));
  learn(net, adam, 2, 2);
  straight.update_parameters(net), mean.update_parameters(net);
  resumed.update_parameters(net), resumed_mean.update_parameters(net);

  CHECK(same(resumed, straight));
  CHECK(same(resumed_mean, mean));
  CHECK(names_of(state_dict(mean)) == Names{"average", "n_averaged", "averages.hidden.weight",
                                            "averages.hidden.bias", "averages.out.weight",
                                            "averages.out.bias"});
}

TEST_CASE("an average follows a model that is moved to float64") {
  Net net;
  ExponentialMovingAverage average(net);
  net.to(float64);

  average.update_parameters(net);

  CHECK(average.averages()[0].tensor.dtype() == float64);
}

TEST_CASE("an average keeps no parameter alive, so that an optimizer finds one that was replaced") {
  nn::Linear layer(2, 1);
  GD gd(layer);
  ExponentialMovingAverage average(layer);
  layer.weight = zeros({1, 2}, {.requires_grad = true});
  layer(ones({1, 2})).sum().backward();

  CHECK(said([&] { gd.step(); }).starts_with("GD: nobody but the optimizer holds parameter 'weight'"));
}

TEST_CASE("a parameter in memory that must not be written is its own average") {
  const std::vector<float> fixed = {1, 2};
  const Tensor frozen = from_memory(fixed.data(), {2}), p = leaf({1});
  ExponentialMovingAverage average({frozen, p}, {.decay = 0.5});
  set(p, {3});

  average.update_parameters({frozen, p});
  const auto applied = average.apply({frozen, p});

  CHECK(p.item() == 2);
  CHECK(average.averages()[0].tensor.to_vector<double>() == Numbers{1, 2});
}

TEST_CASE("a graph that saved a parameter says that the average has changed it") {
  const Tensor p = leaf({2});
  ExponentialMovingAverage average({p});
  const Tensor y = (p * p).sum();

  average.copy_to({p});

  CHECK_THROWS_AS(y.backward(), Error);
}

TEST_CASE("updates allocate nothing of the system, once they have begun") {
  const Tensor p = zeros({100, 100}, {.requires_grad = true});
  ExponentialMovingAverage average({p});
  average.update_parameters({p});
  const auto before = memory_stats();

  for (int i = 0; i < 10; ++i) average.update_parameters({p});

  CHECK(memory_stats().system_calls == before.system_calls);
}

TEST_CASE("another model is refused, and changes nothing") {
  const Tensor p = leaf({1, 2}), q = leaf({3}), longer = leaf({1, 2, 3});
  ExponentialMovingAverage average({{"p", p}, {"q", q}}, {.decay = 0.5});
  const StateDict before = state_dict(average);
  set(p, {5, 5});
  const std::string remedy = "; pass that which the average was made of, or a clone",
                    another = "ExponentialMovingAverage: the model is another one: ";

  CHECK(said([&] { average.update_parameters({{"p", p}}); }) == another + "'q' is missing" + remedy);
  CHECK(said([&] {
          average.update_parameters({{"p", p}, {"q", q}, {"r", q}});
        }) == another + "'r' is new" + remedy);
  CHECK(said([&] { average.copy_to({{"p", p}, {"r", q}}); }) == another + "'r' is where 'q' was" + remedy);
  CHECK(said([&] {
          (void)average.apply({{"p", p}, {"q", longer}});
        }) == another + "'q' is f64[3], and was f64[1]" + remedy);
  CHECK(same(average, before));
  CHECK(p.to_vector<double>() == Numbers{5, 5});
}

TEST_CASE("what has no average is refused") {
  const Tensor p = leaf({1});
  const auto mean = [](const ModelTensors& t) { return said([&] { AveragedModel average(t); }); };

  CHECK(
      mean(std::vector<Tensor>{}) ==
      "AveragedModel: there is nothing to average: the list of parameters is empty; name the members in the "
      "module's visit");
  CHECK(mean({p, Tensor()}) == "AveragedModel: '1' is undefined; leave it out of the list");
  CHECK(mean({tensor({1, 2})}) ==
        "AveragedModel: '0' has no average: it is i64[2]; leave it out, or make it floating");
  CHECK(mean({{"p", p}, {"p", leaf({2})}}) ==
        "AveragedModel: 'p' is the name of two tensors: f64[1]; give each a name of its own");
}

TEST_CASE("options out of their range are refused, also in a state") {
  const Tensor p = leaf({1});
  ExponentialMovingAverage average({p});
  const StateDict before = state_dict(average);
  StateDict state = before;
  state.set("decay", -1.0);

  CHECK(said([&] { ExponentialMovingAverage({p}, {.decay = 1}); }) ==
        "ExponentialMovingAverage: decay must be in [0, 1): got 1");
  CHECK(said([&] { ExponentialMovingAverage({p}, {.warmup = true, .bias_correction = true}); }) ==
        "ExponentialMovingAverage: warmup and bias_correction are two ways to begin; choose one of them");
  CHECK(said([&] { load_state_dict(average, state); }) ==
        "ExponentialMovingAverage: decay must be in [0, 1): got -1");
  state = before;
  state.set("n_averaged", -1);
  CHECK(said([&] { load_state_dict(average, state); }) ==
        "ExponentialMovingAverage: n_averaged must be at least 0: it is -1");
  CHECK(same(average, before));
  CHECK(
      said([&] { load_state_dict(average, state_dict(AveragedModel({p})), {.strict = false}); })
          .find("'average' is the text 'AveragedModel' in the state, the text 'ExponentialMovingAverage' in "
                "the target") != std::string::npos);
}
