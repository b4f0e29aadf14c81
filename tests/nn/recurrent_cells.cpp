// RNNCell, LSTMCell and GRUCell. Their values are held to PyTorch's in sequence_reference.cpp.

#include <doctest/doctest.h>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;

namespace {

Tensor input(const Shape& shape, std::uint64_t seed = 1) { return randn(shape, float64, Generator(seed)); }

/// A layer of one direction with the weights of a cell.
template <class L, class C>
L layer_of(const C& cell) {
  L layer(2, 3, {.dtype = float64});
  layer.weights[0] = {cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh, {}};
  return layer;
}

}  // namespace

TEST_CASE("a cell makes the steps of its layer") {
  const Tensor x = input({4, 2, 2});
  const nn::RNNCell rnn(2, 3, {.dtype = float64});
  const nn::LSTMCell lstm(2, 3, {.dtype = float64});
  const nn::GRUCell gru(2, 3, {.dtype = float64});

  Tensor a, b;
  LstmState c;
  for (std::int64_t t = 0; t < 4; ++t) a = rnn(x[t], a), b = gru(x[t], b), c = lstm(x[t], c);

  CHECK(allclose(a, layer_of<nn::RNN>(rnn)(x).h[0], 1e-13, 1e-14));
  CHECK(allclose(b, layer_of<nn::GRU>(gru)(x).h[0], 1e-13, 1e-14));
  const LstmState last = layer_of<nn::LSTM>(lstm)(x).state;
  CHECK(allclose(c.h, last.h[0], 1e-13, 1e-14));
  CHECK(allclose(c.c, last.c[0], 1e-13, 1e-14));
}

TEST_CASE("gradients of cells are right to second order") {
  const std::vector<Tensor> x = {input({2, 2}), input({2, 3}, 2)};

  CHECK(gradcheck(nn::RNNCell(2, 3), x, {.order = 2}).ok());
  CHECK(gradcheck(nn::GRUCell(2, 3, {.bias = false}), x, {.order = 2}).ok());
  const auto step = [](const nn::LSTMCell& cell, const Tensor& t, const Tensor& h, const Tensor& c) {
    const LstmState next = cell(t, {h, c});
    return std::vector<Tensor>{next.h, next.c};
  };
  CHECK(gradcheck(nn::LSTMCell(2, 3), step, {x[0], x[1], input({2, 3}, 3)}, {.order = 2}).ok());
}

TEST_CASE("cells take a batch of none, and one step alone") {
  const nn::LSTMCell lstm(2, 3);
  const nn::GRUCell gru(2, 3);

  CHECK(lstm(zeros({0, 2})).c.shape() == Shape{0, 3});
  CHECK(gru(zeros({0, 2})).shape() == Shape{0, 3});
  CHECK(gru(zeros({2}), zeros({3})).shape() == Shape{3});
  CHECK(lstm(zeros({2})).h.shape() == Shape{3});
}

TEST_CASE("a cell is cloned, moved, named and printed") {
  nn::GRUCell cell(2, 3);
  const Tensor x = randn({4, 2}), before = cell(x).detach();

  nn::GRUCell copy = clone(cell);
  nn::init::zeros_(cell.weight_ih);
  CHECK(equal(copy(x), before));
  copy.to(float64);
  CHECK(copy(x.to(float64)).dtype() == float64);
  CHECK(copy.named_parameters()[0].name == "weight_ih");
  CHECK(copy.named_parameters()[3].name == "bias_hh");
  CHECK(nn::LSTMCell(2, 3, {.bias = false}).str() == "LSTMCell(2, 3, bias=false)");
}

TEST_CASE("what does not fit a cell is an error that names the cell") {
  CHECK_THROWS_WITH_AS(nn::RNNCell(1, -2),
                       "RNNCell: sizes must not be negative: input_size = 1, hidden_size = -2", Error);
  CHECK_THROWS_WITH_AS(nn::LSTMCell(1, 2, {.dtype = boolean}),
                       "LSTMCell: weights need a floating dtype: got bool", Error);
  CHECK_THROWS_WITH_AS(nn::GRUCell(2, 3)(zeros({4, 3})),
                       "GRUCell: x must be [batch, 2] or [2], in the dtype of the weights: x is f32[4, 3], "
                       "weight_ih is f32[9, 2]",
                       Error);
  CHECK_THROWS_WITH_AS(nn::RNNCell(2, 3)(zeros({4, 2}, float64)),
                       "RNNCell: x must be [batch, 2] or [2], in the dtype of the weights: x is f64[4, 2], "
                       "weight_ih is f32[3, 2]",
                       Error);
  CHECK_THROWS_WITH_AS(nn::LSTMCell(2, 3)(zeros({4, 2}), {zeros({4, 3}), zeros({3})}),
                       "LSTMCell: the state's c must be f32[4, 3]: c is f32[3], x is f32[4, 2]", Error);
}
