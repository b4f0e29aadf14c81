#include <doctest/doctest.h>

#include <xgrad/core.hpp>
#include <xgrad/core/xtensor.hpp>

using namespace xgrad;

namespace {

Tensor leaf(std::vector<double> v) { return tensor(v, {.requires_grad = true}); }

using detail::Fn;
using detail::Grad;

Tensor throwing(const Tensor& x) {
  static constexpr detail::Op op = {
      .name = "throwing",
      .vjp = {{{keep::nothing, [](Grad, Fn) -> Tensor { throw Error("throwing: as planned"); }}}}};
  return detail::record(op, {x}, x.detach().clone());
}

}  // namespace

TEST_CASE("backward from a tensor with several elements needs a cotangent") {
  const Tensor x = leaf({1, 2});

  CHECK_THROWS_WITH_AS(
      (x * x).backward(),
      "backward: the output must have one element: it is f64[2]; reduce it by sum() or mean(), or "
      "pass a cotangent of its shape",
      Error);
}

TEST_CASE("a cotangent of another shape or dtype is an error") {
  const Tensor x = leaf({1, 2});
  const Tensor y = x * x;

  CHECK_THROWS_WITH_AS(
      y.backward(ones({2})),
      "backward: the cotangent must have the output's shape and dtype: the output is f64[2], the "
      "cotangent is f32[2]",
      Error);
  y.backward(ones({2}, {.dtype = float64}));
}

TEST_CASE("backward needs something that requires a gradient") {
  CHECK_THROWS_WITH_AS(
      ones({}).backward(),
      "backward: nothing to differentiate: the output f32[] requires no gradient; call "
      "requires_grad_() on a leaf, compute outside NoGrad, and take gradients that are to be "
      "differentiated with create_graph",
      Error);
}

TEST_CASE("a second backward through a freed graph is an error, and leaves gradients as they were") {
  const Tensor x = leaf({3});
  const Tensor y = x * x, z = y * 2;
  z.backward();

  CHECK_THROWS_WITH_AS(
      z.backward(),
      "backward: the graph was freed by an earlier backward: it reached mul_number of f64[1]; pass "
      "{.retain_graph = true} to the earlier one, or detach() what it may leave out",
      Error);
  CHECK_THROWS_AS((y * 3).backward(), Error);
  CHECK(x.grad().item() == 12);
}

TEST_CASE("a rule that throws leaves every gradient as it was, and the engine usable") {
  const Tensor x = leaf({3}), w = leaf({2});
  (x * w).backward();

  CHECK_THROWS_WITH_AS((throwing(x) * w + w).backward(), "throwing: as planned", Error);

  CHECK(x.grad().item() == 2);
  CHECK(w.grad().item() == 3);
  (x * w).backward();
  CHECK(x.grad().item() == 4);
}

TEST_CASE("a rule may read only what it declares") {
  const Tensor x = leaf({3});
  static constexpr detail::Op op = {.name = "sneaky",
                                    .vjp = {{{keep::nothing, [](Grad g, Fn f) { return g * f.x(0); }}}}};

  CHECK_THROWS_WITH_AS(
      detail::record(op, {x}, ones({1}, {.dtype = float64})).backward(),
      "sneaky: a rule reads input 0, which no wanted rule declares in its `keep`; name it there", Error);
}

TEST_CASE("a rule that returns another dtype or shape is an error") {
  const Tensor x = leaf({3, 4});
  static constexpr detail::Op dtype = {.name = "narrow",
                                       .vjp = {{{keep::nothing, [](Grad g, Fn) { return g.to(float32); }}}}};
  static constexpr detail::Op shape = {
      .name = "wide", .vjp = {{{keep::nothing, [](Grad, Fn) { return ones({3}, {.dtype = float64}); }}}}};

  CHECK_THROWS_WITH_AS(sum(detail::record(dtype, {x}, x.detach().clone())).backward(),
                       "narrow: the rule of input 0 returned f32[2] for an input of dtype f64; a rule must "
                       "return the input's dtype, see to()",
                       Error);
  CHECK_THROWS_WITH_AS(sum(detail::record(shape, {x}, x.detach().clone())).backward(),
                       "wide: its rule must return a gradient that sums to the input's shape: the gradient "
                       "is f64[3], the input has shape [2]",
                       Error);
}

TEST_CASE("grad names an input that requires no gradient or that no output depends on") {
  const Tensor x = leaf({3}), w = leaf({2}), c = tensor(std::vector<double>{1});

  CHECK_THROWS_WITH_AS(
      grad(x * x, {x, c}),
      "grad: input 1 requires no gradient: it is f64[1]; call requires_grad_() on it before the "
      "outputs are computed",
      Error);
  CHECK_THROWS_WITH_AS(
      grad(x * x, {x, w}),
      "grad: no output depends on input 1: it is f64[1]; pass {.allow_unused = true} to get an "
      "undefined gradient for it",
      Error);
  CHECK_FALSE(grad(x * x, {x, w}, {.allow_unused = true})[1].defined());
}

TEST_CASE("a gradient of an integer tensor is an error") {
  Tensor x = tensor({1, 2});

  CHECK_THROWS_WITH_AS(
      x.requires_grad_(),
      "requires_grad_: only floating tensors have gradients: x is i64[2]; convert it with x.to(float32)",
      Error);
}

TEST_CASE("a recorded result cannot be marked or changed in place") {
  const Tensor x = leaf({1, 2});
  Tensor y = x * 2;

  CHECK_THROWS_WITH_AS(
      y.requires_grad_(false),
      "requires_grad_: only leaves can be marked: this is the result of mul_number, f64[2]; use detach() "
      "for a leaf with its values",
      Error);
  CHECK_THROWS_WITH_AS(
      y += x,
      "add_: only leaves can be changed in place: x is f64[2], the result of mul_number; write x = x + y, "
      "or change x.detach()",
      Error);
}

TEST_CASE("a leaf that requires a gradient cannot be changed while recording") {
  Tensor x = leaf({1, 2});

  CHECK_THROWS_WITH_AS(
      x.zero_(),
      "fill_: a leaf that requires a gradient can be changed only outside recording: x is f64[2]; "
      "use NoGrad guard;",
      Error);
  CHECK(x.to_vector<double>() == std::vector<double>{1, 2});
}

TEST_CASE("a saved value that has changed is an error, through whichever alias it changed") {
  Tensor x = leaf({1, 2});
  const Tensor w = leaf({3, 4});
  const Tensor y = sum(x * w);
  const auto change = [&](Tensor alias) {
    const NoGrad guard;
    alias.add_(ones({2}, {.dtype = float64}));
  };

  SUBCASE("the leaf") { change(x); }
  SUBCASE("a reshape") {
    const NoGrad guard;
    Tensor r = x.reshape({2, 1});
    r.zero_();
  }
  SUBCASE("a detached handle") { change(x.detach()); }
  SUBCASE("its elements") {
    const NoGrad guard;
    x.mutable_data<double>()[0] = 7;
  }
  SUBCASE("an xtensor view") {
    Tensor d = x.detach();
    as_mutable_xtensor<double>(d)(0) = 7;
  }

  CHECK_THROWS_WITH_AS(
      y.backward(),
      "mul: input 0 was changed in place after it was recorded, so its gradient would be wrong: "
      "f64[2] is at version 1, recorded at version 0; change it after backward, or use a clone()",
      Error);
  CHECK_FALSE(w.grad().defined());
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("a changed value that no rule reads is no error") {
  Tensor x = leaf({1, 2});
  const Tensor y = sum(x * 3);
  {
    const NoGrad guard;
    x.zero_();
  }

  y.backward();

  CHECK(x.grad().to_vector<double>() == std::vector<double>{3, 3});
}

TEST_CASE("the op that meets an undefined tensor is named") {
  const Tensor u, x = ones({2, 3}), k = tensor({0, 1});
  const auto head = [](auto misuse) {
    try {
      misuse();
    } catch (const Error& e) {
      return std::string(e.what()).substr(0, std::string(e.what()).find(':'));
    }
    return std::string("nothing");
  };
  CHECK(head([&] { exp(u); }) == "exp");
  CHECK(head([&] { -u; }) == "neg");
  CHECK(head([&] { u + 1; }) == "add");
  CHECK(head([&] { x* u; }) == "mul");
  CHECK(head([&] { u / x; }) == "div");
  CHECK(head([&] { tanh(u); }) == "tanh");
  CHECK(head([&] { relu(u); }) == "relu");
  CHECK(head([&] { gelu(u); }) == "gelu");
  CHECK(head([&] { softmax(u, 0); }) == "softmax");
  CHECK(head([&] { log_softmax(u, 0); }) == "log_softmax");
  CHECK(head([&] { mean(u); }) == "mean");
  CHECK(head([&] { logsumexp(u, 0); }) == "logsumexp");
  CHECK(head([&] { reshape(u, {1}); }) == "reshape");
  CHECK(head([&] { transpose(u, 0, 1); }) == "transpose");
  CHECK(head([&] { permute(u, {0}); }) == "permute");
  CHECK(head([&] { cat({x, u}, 0); }) == "cat");
  CHECK(head([&] { stack({x, u}, 0); }) == "stack");
  CHECK(head([&] { gather(x, 0, u); }) == "gather");
  CHECK(head([&] { index_select(u, 0, k); }) == "index_select");
  CHECK(head([&] { matmul(x, u); }) == "matmul");
  CHECK(head([&] { linear(u, x); }) == "linear");
  CHECK(head([&] { solve(u, x); }) == "solve");
  CHECK(head([&] { inverse(u); }) == "inverse");
  CHECK(head([&] { cross_entropy(u, k); }) == "cross_entropy");
  CHECK(head([&] { cross_entropy(x, u); }) == "cross_entropy");
  CHECK(head([&] { maximum(x, u); }) == "maximum");
  CHECK(head([&] { where(x > 0, x, u); }) == "where");
  CHECK(head([&] { x.grad().sum(); }) == "sum");
}

TEST_CASE("an undefined tensor is named as such") {
  CHECK_THROWS_WITH_AS(
      Tensor() + 1,
      "add: a tensor is undefined: default-constructed, or a gradient that is not there; give it a value",
      Error);
}

TEST_CASE("grad does not leave out what an earlier walk has freed") {
  const Tensor x = full({1}, 3.0, {.requires_grad = true}), h = x * x;
  const double first = grad(sum(x * h), {x})[0].item();

  CHECK(first == 27);
  CHECK_THROWS_AS(grad(sum(x * h), {x}), Error);
  CHECK_THROWS_AS(grad(sum(x * h), {x, h}), Error);
  CHECK(grad(sum(x * h), {h})[0].item() == 3);
  CHECK(grad(sum(x * h.detach()), {x})[0].item() == 9);
}
