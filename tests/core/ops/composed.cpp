#include <doctest/doctest.h>

#include <cmath>
#include <xgrad/core.hpp>

// Ops whose gradient is one pass, and whose gradient's gradient comes from the form written in ops: a tensor
// that they get twice, or that others of their inputs are made of, counts once for each of its paths at any
// order.

using namespace xgrad;
using Tensors = std::vector<Tensor>;

namespace {

template <class F>
void expect_three_orders(F f, std::initializer_list<Shape> shapes) {
  Tensors x;
  Generator random(1);
  for (const Shape& shape : shapes) x.push_back(randn(shape, {.dtype = float64}, random));
  const GradcheckResult r = gradcheck(f, x, {.order = 3});
  CHECK_MESSAGE(r.ok(), r.str());
}

}  // namespace

TEST_CASE("attention of a tensor with itself is right to third order") {
  expect_three_orders([](const Tensor& x) { return scaled_dot_product_attention(x, x, x); }, {{1, 2, 2}});
  expect_three_orders([](const Tensor& x) { return square(scaled_dot_product_attention(x, x * 2, exp(x))); },
                      {{1, 2, 2}});
}

TEST_CASE("layer_norm with one tensor for weight and bias is right to third order") {
  expect_three_orders([](const Tensor& x, const Tensor& w) { return square(layer_norm(x, {3}, w, w)); },
                      {{2, 3}, {3}});
}

TEST_CASE("an LSTM cell whose inputs hang together is right to third order") {
  expect_three_orders(
      [](const Tensor& x, const Tensor& w) {
        const auto [h, c] = lstm_cell(x * w, x * w, x);
        return square(h) + c;
      },
      {{1, 1}, {1, 4}});
}

TEST_CASE("linear with an activation is right to third order where its cotangent is made of its inputs") {
  expect_three_orders(
      [](const Tensor& x, const Tensor& w) { return square(linear(x, w, {}, Activation::tanh)); },
      {{1, 2}, {2, 2}});
}

TEST_CASE("ctc_loss is right to third order where its cotangent is made of its inputs") {
  const Tensor targets = tensor(std::vector<std::int64_t>{1, 2}).reshape({1, 2});
  const Tensor steps = tensor(std::vector<std::int64_t>{3}), counts = tensor(std::vector<std::int64_t>{2});
  expect_three_orders(
      [&](const Tensor& x) { return square(ctc_loss(log_softmax(x, 2), targets, steps, counts)); },
      {{3, 1, 3}});
}

TEST_CASE("a partial gradient leaves out what an input owes to another that it is made of") {
  const Tensor a = tensor(std::vector<double>{3}, {.requires_grad = true}), b = a * a;
  const Tensor y = sum(a * b);  // a^3

  const Tensors whole = grad(y, {a, b}, {.retain_graph = true}), parts = grad(y, {a, b}, {.partial = true});

  CHECK(whole[0].item<double>() == 27);
  CHECK(parts[0].item<double>() == 9);
  CHECK(parts[1].item<double>() == 3);
}
