// Module::to and copy_parameters change tensors in place: what holds them follows.

#include <doctest/doctest.h>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

struct Mlp : nn::Module {
  nn::Linear hidden{2, 3};
  nn::Linear out{3, 1};
  Tensor mean = zeros({2});
  Tensor count = zeros({}, {.dtype = int64});

  Tensor forward(const Tensor& x) const override { return out(xgrad::tanh(hidden(x - mean))); }
  void visit(nn::Visitor& v) override {
    v("hidden", hidden), v("out", out), v.buffer("mean", mean), v.buffer("count", count);
  }
};

struct Two : nn::ModuleBase {
  Tensor a = ones({2}, {.requires_grad = true}), b = zeros({2}, {.requires_grad = true});
  void visit(nn::Visitor& v) override { v("a", a), v("b", b); }
};

struct Tied : Two {
  Tied() { b = a; }
};

void learn(const Mlp& model, optim::Optimizer& optimizer, DType dtype) {
  optimizer.zero_grad();
  model(ones({4, 2}, {.dtype = dtype})).sum().backward();
  optimizer.step();
}

template <class F>
std::string said(F f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("a model that moves keeps its tensors, small and large") {
  for (const std::int64_t width : {3, 3000}) {
    nn::Linear layer(2, width);
    const Tensor weight = layer.weight;
    const auto values = weight.to_vector<float>();

    layer.to(float64);

    CHECK(layer.weight.node() == weight.node());
    CHECK(weight.dtype() == float64);
    CHECK(weight.requires_grad());
    CHECK(weight.to_vector<float>() == values);
    layer.to(float32);
    layer.to(float64);
    layer.to(float32);
    CHECK(weight.to_vector<float>() == values);
    CHECK(layer(ones({1, 2})).dtype() == float32);
  }
}

TEST_CASE("a tensor that shared the elements keeps them when the model moves") {
  for (const std::int64_t width : {3, 3000}) {
    Tensor alias;
    std::vector<float> values;
    {
      nn::Linear layer(2, width);
      alias = layer.weight.detach();
      values = alias.to_vector<float>();
      layer.to(float64);
      NoGrad guard;
      layer.weight.fill_(7);
    }

    CHECK(alias.dtype() == float32);
    CHECK(alias.to_vector<float>() == values);
  }
}

TEST_CASE("the gradient that is there moves with its parameter") {
  nn::Linear layer(2, 1);
  layer(tensor({{0.5f, 2.f}})).sum().backward();

  layer.to(float64);

  CHECK(layer.weight.grad().dtype() == float64);
  CHECK(layer.weight.grad().to_vector<double>() == std::vector<double>{0.5, 2});
}

TEST_CASE("moving to the dtype that is there changes nothing") {
  nn::Linear layer(2, 1);
  const float* elements = layer.weight.data<float>().data();
  const Tensor y = layer(ones({1, 2})).sum();

  layer.to(float32);
  y.backward();

  CHECK(layer.weight.data<float>().data() == elements);
  CHECK(layer.weight.grad().to_vector<double>() == std::vector<double>{1, 1});
}

TEST_CASE("integer buffers stay integers, floating ones move") {
  Mlp model;

  model.to(float64);

  CHECK(model.count.dtype() == int64);
  CHECK(model.mean.dtype() == float64);
}

TEST_CASE("a graph from before the move says so, and no gradient changes") {
  Tensor w = tensor({3.f}, {.requires_grad = true});
  struct Holder : nn::ModuleBase {
    Tensor w;
    void visit(nn::Visitor& v) override { v("w", w); }
  } holder;
  holder.w = w;
  const Tensor product = sum(w * w), shifted = sum(w + 1), scaled = sum(w.reshape({1}) * 2);

  holder.to(float64);

  CHECK(
      said([&] { product.backward(); }) ==
      "mul: input 1 was changed in place after it was recorded, so its gradient would be wrong: f64[1] is at "
      "version 1, recorded at version 0; change it after backward, or use a clone()");
  CHECK_THROWS_AS(shifted.backward(), Error);
  CHECK_THROWS_AS(scaled.backward(), Error);
  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("an optimizer goes on after its model has moved, as from float64 all along") {
  manual_seed(3);
  Mlp model;
  Mlp twin = clone(model);
  optim::Adam adam(model.parameters(), {.lr = 0.25}), other(twin.parameters(), {.lr = 0.25});
  twin.to(float64);

  model.to(float64);
  for (int i = 0; i < 3; ++i) learn(model, adam, float64), learn(twin, other, float64);

  CHECK(model.hidden.weight.to_vector<double>() == twin.hidden.weight.to_vector<double>());
}

TEST_CASE("what an optimizer remembers follows the dtype of its parameter") {
  Tensor p = tensor({1.f}, {.requires_grad = true});
  struct Holder : nn::ModuleBase {
    Tensor w;
    void visit(nn::Visitor& v) override { v("w", w); }
  } holder;
  holder.w = p;
  optim::SGD sgd({p}, {.lr = 0.25, .momentum = 0.5});
  p.set_grad(tensor({1.f}));
  sgd.step();  // p = 0.75, momentum 1

  holder.to(float64);
  sgd.step();  // momentum 0.5 + 1

  CHECK(p.dtype() == float64);
  CHECK(p.item() == 0.375);
}

TEST_CASE("a model that moves while tracing is a write") {
  Two model;
  const Tensor x = tensor({1.f, 2.f});

  const Trace trace;
  const Tensor before = x + model.a;
  model.to(float64);
  const Tensor after = before.to(float64) + model.a, other = before.to(float64) + model.b;

  CHECK(trace.program({x}, {before}).run({x})[0].dtype() == float32);
  CHECK(trace.program({x}, {before}).run({x})[0].to_vector<float>() == std::vector<float>{2, 3});
  CHECK(said([&] { trace.program({x}, {after}); }) ==
        "trace: a value was changed in place by Module::to, which no program repeats: f64[2]; compute a new "
        "tensor instead");
  CHECK(trace.program({x}, {other}).calls().size() == 3);  // add, to, add: b has moved
}

TEST_CASE("a member that is no leaf does not move, and nothing else does") {
  Two model;
  const Tensor leaf = ones({2}, {.requires_grad = true});
  model.b = leaf * 2;

  CHECK(said([&] { model.to(float64); }) ==
        "to: 'b' is the result of mul_number and no leaf: f32[2]; make the member a leaf by detach()");
  CHECK(model.a.dtype() == float32);
}

TEST_CASE("a snapshot comes back in place, and the optimizer goes on") {
  manual_seed(5);
  Mlp net;
  optim::Adam adam(net.parameters(), {.lr = 0.1});
  const Mlp best = clone(net);
  const auto values = net.hidden.weight.to_vector<float>();
  learn(net, adam, float32);
  REQUIRE(net.hidden.weight.to_vector<float>() != values);
  net.mean.fill_(3);

  nn::copy_parameters(best, net);

  CHECK(net.hidden.weight.to_vector<float>() == values);
  CHECK(net.mean.to_vector<float>() == std::vector<float>{0, 0});
  learn(net, adam, float32);
  CHECK(net.hidden.weight.to_vector<float>() != values);
  CHECK(best.hidden.weight.to_vector<float>() == values);
}

TEST_CASE("values are converted to the dtypes that are there") {
  Two from, to;
  from.to(float64);

  nn::copy_parameters(from, to);

  CHECK(to.b.dtype() == float32);
  CHECK(to.a.to_vector<float>() == std::vector<float>{1, 1});
}

TEST_CASE("all that does not match is listed at once, and nothing changes") {
  struct Other : nn::ModuleBase {
    Tensor a = full({3}, 7.f), extra = full({1}, 7.f), b = full({2}, 7.f), c = full({2}, 7.f),
           d = full({2}, 7.f);
    void visit(nn::Visitor& v) override {
      v("a", a), v("extra", extra), v.buffer("b", b), v("c", c), v.buffer("d", d);
    }
  } from;
  struct Target : Two {
    Tensor c = zeros({2}, {.requires_grad = true}), d = zeros({2}, {.dtype = int64}), gone = zeros({1});
    void visit(nn::Visitor& v) override {
      v("a", a), v("b", b), v("c", c), v.buffer("d", d), v("gone", gone);
    }
  } to;

  CHECK(
      said([&] { nn::copy_parameters(from, to); }) ==
      "copy_parameters: the states do not match: 'a' is f32[3] in the source, f32[2] in the target; 'b' is a "
      "buffer in the source, a parameter in the target; 'd' is f32[2] in the source, i64[2] in the target; "
      "'gone' is missing in the source; 'extra' is missing in the target; both must have the same names, "
      "types and shapes");
  CHECK(to.c.to_vector<float>() == std::vector<float>{0, 0});
}

TEST_CASE("one tensor does not take the values of two") {
  const Two apart;
  const Tied source;
  Tied tied;
  Two two;

  CHECK(said([&] { nn::copy_parameters(apart, tied); }) ==
        "copy_parameters: the states do not match: 'b' is the same as 'a' in the target, another one "
        "in the "
        "source; both must have the same names, types and shapes");
  CHECK_NOTHROW(nn::copy_parameters(source, tied));
  CHECK_NOTHROW(nn::copy_parameters(source, two));
  CHECK(two.b.to_vector<float>() == std::vector<float>{1, 1});
}

TEST_CASE("a model takes its own values") {
  Two model;

  nn::copy_parameters(model, model);

  CHECK(model.a.to_vector<float>() == std::vector<float>{1, 1});
}
