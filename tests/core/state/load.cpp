// load_state_dict and copy: what they do.

#include <doctest/doctest.h>

#include "core/state/parts.hpp"
#include "xgrad/core.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

struct All {
  Layer layer;
  Counter counter;
  Scale scale;

  void visit(Visitor& v) { v("layer", layer), v("counter", counter), v("scale", scale); }
};

All changed() {
  All all;
  all.layer.weight.detach().fill_(5);
  all.layer.mean.fill_(6);
  all.counter = {10, 11, 12, 13.5, false, "c", Generator(8)};
  all.counter.stream.draw();
  all.scale.scale = ones({3}, {.dtype = float64});
  return all;
}

struct Two {
  Tensor a = zeros({2}), b = zeros({2});
  void visit(Visitor& v) { v("a", a), v("b", b); }
};

struct Tied : Two {
  Tied() { b = a; }
};

StateDict pair(Tensor a, Tensor b) {
  StateDict state;
  state.set("a", std::move(a)), state.set("b", std::move(b));
  return state;
}

}  // namespace

TEST_CASE("a state of every kind of value comes back to the same bits") {
  const All saved = changed();
  All all;

  const LoadedKeys keys = load_state_dict(all, state_dict(saved));

  CHECK(same(all, saved));
  CHECK(keys.missing_keys.empty());
  CHECK(keys.unexpected_keys.empty());
  CHECK(all.counter.stream.draw() == Generator(saved.counter.stream).draw());
}

TEST_CASE("parameters and buffers stay the same tensors, with their handles and their gradient") {
  Layer layer;
  const Tensor weight = layer.weight, alias = layer.mean.detach();
  Tensor(weight).set_grad(ones({2}));
  StateDict state = state_dict(layer);
  state.set("weight", tensor({8.f, 9.f})), state.set("mean", tensor({3.f, 4.f}));

  load_state_dict(layer, state);

  CHECK(layer.weight.node() == weight.node());
  CHECK(weight.to_vector<float>() == std::vector<float>{8, 9});
  CHECK(weight.requires_grad());
  CHECK(weight.grad().defined());
  CHECK(alias.to_vector<float>() == std::vector<float>{3, 4});
}

TEST_CASE("a load shares nothing with the state") {
  Layer layer;
  Scale scale;
  StateDict state = state_dict(layer), scales;
  scales.set("scale", ones({2}));

  load_state_dict(layer, state), load_state_dict(scale, scales);
  layer.mean.fill_(5), scale.scale.fill_(5);

  CHECK(state.get<Tensor>("mean").to_vector<float>() == std::vector<float>{0, 0});
  CHECK(scales.get<Tensor>("scale").to_vector<float>() == std::vector<float>{1, 1});
}

TEST_CASE("floating values are converted to the dtype that is there, integers to a number") {
  Layer layer;
  Counter counter;
  StateDict state = state_dict(layer), numbers = state_dict(counter);
  state.set("weight", tensor({0.5, 0.25}, {.dtype = float64})), numbers.set("rate", 2);

  load_state_dict(layer, state), load_state_dict(counter, numbers);

  CHECK(layer.weight.dtype() == float32);
  CHECK(layer.weight.to_vector<float>() == std::vector<float>{0.5, 0.25});
  CHECK(counter.rate == 2);
}

TEST_CASE("a buffer like another tensor takes its dtype and stays the same tensor") {
  struct Moment {
    Tensor p = zeros({2}, {.dtype = float64}), m = zeros({2});
    void visit(Visitor& v) { v.buffer("m", m, p); }
  } moment;
  const Tensor m = moment.m;
  for (const Tensor& values : {tensor({0.5, 0.1}, {.dtype = float64}), tensor({0.5f, 0.1f})}) {
    moment.m = m;
    StateDict state;
    state.set("m", values);

    load_state_dict(moment, state);

    CHECK(m.dtype() == float64);
    CHECK(m.to_vector<double>() == values.to_vector<double>());
    m.detach().fill_(7);
    CHECK(values.to_vector<double>()[0] == 0.5);
  }
}

TEST_CASE("a lazy tensor becomes defined, another one, and undefined again") {
  Scale scale;
  const StateDict nothing = state_dict(scale);
  StateDict two, three;
  two.set("scale", ones({2})), three.set("scale", zeros({3}, {.dtype = int64}));

  load_state_dict(scale, two);
  const Tensor held = scale.scale;
  CHECK(same(scale, two));
  load_state_dict(scale, three);
  CHECK(same(scale, three));
  CHECK(held.to_vector<float>() == std::vector<float>{1, 1});
  load_state_dict(scale, nothing);
  CHECK_FALSE(scale.scale.defined());
}

TEST_CASE("a graph that saved the old values says so") {
  Layer layer;
  const Tensor y = sum(layer.weight * layer.weight);

  load_state_dict(layer, state_dict(layer));

  CHECK_THROWS_AS(y.backward(), Error);
}

TEST_CASE("without strict, the names of one side are passed over and returned") {
  Layer layer;
  StateDict state;
  state.set("extra", 1), state.set("weight", tensor({8.f, 9.f})), state.set("other", 2);

  const LoadedKeys keys = load_state_dict(layer, state, {.strict = false});

  CHECK(keys.missing_keys == std::vector<std::string>{"mean"});
  CHECK(keys.unexpected_keys == std::vector<std::string>{"extra", "other"});
  CHECK(layer.weight.to_vector<float>() == std::vector<float>{8, 9});
  CHECK(layer.mean.to_vector<float>() == std::vector<float>{0, 0});
}

TEST_CASE("tensors that give each other their values swap them") {
  Two two;
  two.a.fill_(1), two.b.fill_(2);

  load_state_dict(two, pair(two.b.detach(), two.a.detach()));

  CHECK(two.a.to_vector<float>() == std::vector<float>{2, 2});
  CHECK(two.b.to_vector<float>() == std::vector<float>{1, 1});
}

TEST_CASE("a tie takes one value under both names") {
  Tied tied;

  load_state_dict(tied, pair(ones({2}), ones({2})));

  CHECK(tied.a.node() == tied.b.node());
  CHECK(tied.a.to_vector<float>() == std::vector<float>{1, 1});
}

TEST_CASE("a member that is named twice is loaded once") {
  struct Shared {
    double rate = 1;
    std::string text = "a";
    void visit(Visitor& v) { v("a", rate), v("b", rate), v("c", text), v("d", text); }
  } shared;
  StateDict state = state_dict(shared);
  for (const char* name : {"a", "b"}) state.set(name, 2.0);
  for (const char* name : {"c", "d"}) state.set(name, "b");

  load_state_dict(shared, state);

  CHECK(shared.rate == 2);
  CHECK(shared.text == "b");
}

TEST_CASE("what follows a load sees all values in place, and does not run when there is none") {
  struct Follows : Layer {
    double seen = 0;
    void visit(Visitor& v) {
      Layer::visit(v);
      v.loaded([this] { seen = weight.at({0}); });
    }
  } follows;
  StateDict state = state_dict(follows);
  state.set("weight", tensor({8.f, 9.f}));

  CHECK(follows.seen == 0);
  load_state_dict(follows, state);
  CHECK(follows.seen == 8);
}

TEST_CASE("copy gives one object the state of another, converted to its dtypes") {
  const All from = changed();
  All to;

  copy(from, to);

  CHECK(same(from, to));
  CHECK(to.layer.weight.node() != from.layer.weight.node());
  CHECK(&to.counter.stream.access() != &Generator(from.counter.stream).access());
  copy(to, to);
  CHECK(same(from, to));
}
