// state_dict: names, values, snapshots; same.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "core/state/parts.hpp"
#include "xgrad/core.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

using Names = std::vector<std::string>;

Names names_of(const StateDict& state) {
  Names names;
  for (const auto& [name, value] : state) names.push_back(name);
  return names;
}

struct Deep {
  std::vector<Layer> layers = {Layer(), Layer()};
  std::optional<Layer> shortcut;
  std::unique_ptr<Counter> counter = std::make_unique<Counter>();
  std::vector<double> rates = {0.5, 0.25};

  void visit(Visitor& v) {
    v("layers", layers), v("shortcut", shortcut), v("counter", counter), v("rates", rates);
    v.in("more", [&] { v("deep.rate", rates[0]); });
  }
};

struct Tied {
  Tensor in = ones({2}), out = in;
  void visit(Visitor& v) { v("in", in), v("out", out); }
};

}  // namespace

TEST_CASE("a state has the dotted paths of the visit, in its order") {
  CHECK(names_of(state_dict(Deep())) == Names{"layers.0.weight", "layers.0.mean", "layers.1.weight",
                                              "layers.1.mean", "counter.count", "counter.size",
                                              "counter.small", "counter.rate", "counter.on", "counter.text",
                                              "counter.stream", "rates.0", "rates.1", "more.deep.rate"});
}

TEST_CASE("optional parts are there when they hold something") {
  Deep deep;
  deep.shortcut.emplace();

  CHECK(state_dict(deep).contains("shortcut.weight"));
}

TEST_CASE("values have the types of their members, integers 64 bits, generators a text") {
  const Counter counter;

  const StateDict state = state_dict(counter);

  CHECK(state.get<std::int64_t>("count") == 3);
  CHECK(state.get<std::int64_t>("size") == 4);
  CHECK(state.get<std::int64_t>("small") == -5);
  CHECK(state.get<double>("rate") == 0.5);
  CHECK(state.get<bool>("on"));
  CHECK(state.get<std::string>("text") == "a b");
  CHECK(state.get<std::string>("stream") == counter.stream.state());
}

TEST_CASE("a state is a snapshot that later changes do not reach") {
  Layer layer;
  const StateDict before = state_dict(layer);

  layer.weight.detach().fill_(7);
  layer.mean.fill_(7);

  CHECK(before.get<Tensor>("weight").to_vector<float>() == std::vector<float>{1, 2});
  CHECK(before.get<Tensor>("mean").to_vector<float>() == std::vector<float>{0, 0});
  CHECK_FALSE(before.get<Tensor>("weight").requires_grad());
}

TEST_CASE("a tensor of two names is copied once") {
  const StateDict state = state_dict(Tied());

  CHECK(names_of(state) == Names{"in", "out"});
  CHECK(state.get<Tensor>("in").node() == state.get<Tensor>("out").node());
}

TEST_CASE("an undefined parameter has no name, a lazy tensor has one without value") {
  Layer layer;
  layer.mean = Tensor();

  CHECK_FALSE(state_dict(layer).contains("mean"));
  CHECK_FALSE(state_dict(Scale()).get<Tensor>("scale").defined());
}

TEST_CASE("a name that occurs twice is an error") {
  struct Twice {
    double a = 1, b = 2;
    void visit(Visitor& v) { v("a", a), v("a", b); }
  };

  CHECK_THROWS_WITH_AS(state_dict(Twice()),
                       "visit: a name occurs twice: 'a'; give each member a name of its own", Error);
}

TEST_CASE("a generator by itself is a state of one text") {
  const Generator generator(7);

  CHECK(names_of(state_dict(generator)) == Names{"generator"});
  CHECK(state_dict(generator).get<std::string>("generator") == generator.state());
}

TEST_CASE("a state can be made, changed and asked by hand") {
  StateDict state;
  state.set("a", 1), state.set("b", 0.5), state.set("c", "text"), state.set("d", true);
  state.set("b", 0.25);

  CHECK(state.size() == 4);
  CHECK(state.get<double>("b") == 0.25);
  CHECK(state.get<std::string>("c") == "text");
  CHECK(state.get<bool>("d"));
  CHECK(state.erase("b"));
  CHECK_FALSE(state.erase("b"));
  CHECK(names_of(state) == Names{"a", "c", "d"});
  CHECK(state.get<std::string>("c") == "text");
  CHECK(state.find("b") == nullptr);
}

TEST_CASE("what is not in a state, or has another type there, is an error") {
  StateDict state;
  state.set("a", zeros({2})), state.set("long", std::string(70, 'x'));

  CHECK_THROWS_WITH_AS(
      state.at("b"), "StateDict: there is no 'b' among its 2 names; contains() says whether there is", Error);
  CHECK_THROWS_WITH_AS(state.get<double>("a"),
                       "StateDict: 'a' has another type: it is f32[2]; ask for the type that it has", Error);
  const std::string message = "StateDict: 'long' has another type: it is the text '" + std::string(60, 'x') +
                              "...'; ask for the type that it has";
  CHECK_THROWS_WITH_AS(state.get<bool>("long"), message.c_str(), Error);
}

TEST_CASE("two states are the same by names, types, shapes and bits") {
  const auto with = [](const char* name, StateValue value) {
    StateDict state;
    state.set(name, std::move(value));
    return state;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto one = [](double v) { return tensor(std::vector<double>{v}); };

  CHECK(same(with("a", one(1)), with("a", one(1))));
  CHECK(same(with("a", one(nan)), with("a", one(nan))));
  CHECK(same(with("a", nan), with("a", nan)));
  CHECK(same(with("a", Tensor()), with("a", Tensor())));
  CHECK(same(with("a", zeros({0, 2})), with("a", zeros({0, 2}))));
  CHECK_FALSE(same(with("a", one(1)), with("b", one(1))));
  CHECK_FALSE(same(with("a", one(1)), with("a", one(2))));
  CHECK_FALSE(same(with("a", one(0)), with("a", one(-0.0))));
  CHECK_FALSE(same(with("a", 0.0), with("a", -0.0)));
  CHECK_FALSE(same(with("a", one(1)), with("a", one(1).to(float32))));
  CHECK_FALSE(same(with("a", one(1)), with("a", one(1).reshape({1, 1}))));
  CHECK_FALSE(same(with("a", one(1)), with("a", Tensor())));
  CHECK_FALSE(same(with("a", 1), with("a", 1.0)));
  CHECK_FALSE(same(with("a", 1), with("a", 2)));
  CHECK_FALSE(same(with("a", true), with("a", false)));
  CHECK_FALSE(same(with("a", "x"), with("a", "y")));
  CHECK_FALSE(same(with("a", 1), StateDict()));
}

TEST_CASE("objects are compared without a copy, and their names in any order") {
  struct Reversed : Layer {
    void visit(Visitor& v) { v.buffer("mean", mean), v("weight", weight); }
  };
  Layer layer;

  CHECK(same(layer, Layer()));
  CHECK(same(layer, state_dict(layer)));
  CHECK(same(layer, Reversed()));
  layer.mean.fill_(1);
  CHECK_FALSE(same(layer, Layer()));
}
