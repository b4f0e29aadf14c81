// Layers over whole sequences against cells, step by step.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "xgrad/core.hpp"

using namespace xgrad;

namespace {

constexpr std::int64_t steps = 5, batch = 4, in = 3, hidden = 6;

Tensor number(const Shape& shape, std::uint64_t seed, DType dtype = float64) {
  return randn(shape, {.dtype = dtype}, Generator(seed)).requires_grad_();
}

enum class Kind { rnn, gru, lstm };

struct Layer {
  Kind kind;
  Activation activation = Activation::tanh;
  bool biased = true;
  std::vector<Tensor> operands = {};  ///< x, h, c, w_ih, w_hh, and the biases

  Layer(Kind k, DType dtype, bool with_bias = true, Activation a = Activation::tanh, double scale = 1)
      : kind(k), activation(a), biased(with_bias) {
    const std::int64_t gates = k == Kind::lstm ? 4 : k == Kind::gru ? 3 : 1;
    operands = {number({steps, batch, in}, 1, dtype), number({batch, hidden}, 2, dtype),
                number({batch, hidden}, 3, dtype), number({gates * hidden, in}, 4, dtype),
                number({gates * hidden, hidden}, 5, dtype)};
    for (std::size_t i : {3u, 4u}) operands[i] = (scale * operands[i]).detach().requires_grad_();
    if (biased)
      for (std::uint64_t seed : {6u, 7u}) operands.push_back(number({gates * hidden}, seed, dtype));
  }
};

Tensor bias(const Layer& l, std::size_t i) { return l.biased ? l.operands[5 + i] : Tensor(); }

/// outputs, h, and c of an LSTM.
std::vector<Tensor> by_layer(const Layer& l, const RecurrentOptions& options) {
  const auto& o = l.operands;
  if (l.kind == Kind::lstm) {
    const LstmResult y = lstm(o[0], {o[1], o[2]}, o[3], o[4], bias(l, 0), bias(l, 1), options);
    return {y.outputs, y.state.h, y.state.c};
  }
  const RecurrentResult y = l.kind == Kind::gru
                                ? gru(o[0], o[1], o[3], o[4], bias(l, 0), bias(l, 1), options)
                                : rnn(o[0], o[1], o[3], o[4], bias(l, 0), bias(l, 1), l.activation, options);
  return {y.outputs, y.h};
}

Tensor activated(const Tensor& x, Activation a) {
  return a == Activation::relu      ? relu(x)
         : a == Activation::sigmoid ? sigmoid(x)
         : a == Activation::tanh    ? tanh(x)
                                    : x;
}

LstmState by_cell(const Layer& l, const Tensor& x, const LstmState& s) {
  const auto& o = l.operands;
  if (l.kind == Kind::lstm) return lstm_cell(x, s, o[3], o[4], bias(l, 0), bias(l, 1));
  if (l.kind == Kind::gru) return {gru_cell(x, s.h, o[3], o[4], bias(l, 0), bias(l, 1)), s.c};
  return {activated(linear(x, o[3], bias(l, 0)) + linear(s.h, o[4], bias(l, 1)), l.activation), s.c};
}

/// The same, row by row and step by step.
std::vector<Tensor> by_cells(const Layer& l, const RecurrentOptions& options) {
  const auto& o = l.operands;
  std::vector<std::vector<Tensor>> outputs(steps);
  std::vector<Tensor> h, c;
  for (std::int64_t row = 0; row < batch; ++row) {
    const std::int64_t length = options.lengths.defined()
                                    ? options.lengths.to_vector<std::int64_t>()[static_cast<std::size_t>(row)]
                                    : steps;
    LstmState s{narrow(o[1], 0, row, 1), narrow(o[2], 0, row, 1)};
    std::vector<Tensor> mine(steps, zeros({1, hidden}, {.dtype = o[0].dtype()}));
    for (std::int64_t i = 0; i < length; ++i) {
      const std::int64_t t = options.reverse ? length - 1 - i : i;
      s = by_cell(l, narrow(select(o[0], 0, t), 0, row, 1), s);
      mine[static_cast<std::size_t>(t)] = s.h;
    }
    for (std::size_t t = 0; t < mine.size(); ++t) outputs[t].push_back(mine[t]);
    h.push_back(s.h), c.push_back(s.c);
  }
  std::vector<Tensor> all;
  for (const std::vector<Tensor>& rows : outputs) all.push_back(cat(rows));
  std::vector<Tensor> y = {stack(all), cat(h)};
  if (l.kind == Kind::lstm) y.push_back(cat(c));
  return y;
}

/// The outputs that the mask names, and the gradients of all operands by them.
std::vector<Tensor> with_gradients(const Layer& l, std::vector<Tensor> y, unsigned outputs) {
  std::vector<Tensor> made, cotangents, all;
  for (std::size_t k = 0; k < y.size(); ++k) {
    all.push_back(y[k].detach());
    if ((outputs >> k & 1) == 0) continue;
    made.push_back(y[k]);
    cotangents.push_back(randn(y[k].shape(), {}, Generator(90 + k)).to(y[k].dtype()));
  }
  for (const Tensor& g : grad(made, l.operands, cotangents, {.allow_unused = true})) all.push_back(g);
  return all;
}

double distance(const Tensor& a, const Tensor& b) { return max(abs(a.to(float64) - b.to(float64))).item(); }

/// How much a rounding may grow: each step multiplies it by W_hh, and by slopes of at most 1.
double growth(const Layer& l) {
  const double norm = matrix_norm(l.operands[4].detach().to(float64), 2).item();
  return std::pow(std::max(1.0, norm), static_cast<double>(steps));
}

/// A layer against its cells in float64. Where a tanh is saturated, its slope is made of the last places of
/// its value, so that a float32 gradient is exact to the places of 1, times their growth.
void check_alike(const Layer& l, const RecurrentOptions& options, unsigned outputs = 7) {
  Layer exact = l;
  for (Tensor& x : exact.operands) x = x.detach().to(float64).requires_grad_();
  const std::vector<Tensor> layer = with_gradients(l, by_layer(l, options), outputs),
                            cells = with_gradients(exact, by_cells(exact, options), outputs);
  const double places = l.operands[0].dtype() == float64 ? 1e-13 : 2e-7 * growth(l);

  REQUIRE(layer.size() == cells.size());
  for (std::size_t i = 0; i < layer.size(); ++i) {
    CAPTURE(i);
    REQUIRE(layer[i].defined() == cells[i].defined());
    if (!layer[i].defined()) continue;
    const double largest = max(abs(cells[i])).item();
    CHECK(distance(layer[i], cells[i]) <= places * (1 + largest));
  }
}

const std::vector<RecurrentOptions>& all_options() {
  static const Tensor unsorted = tensor({2, 5, 0, 3}), full = tensor({5, 5, 5, 5}),
                      early = tensor({1, 2, 3, 2});
  static const std::vector<RecurrentOptions> all = {{},
                                                    {.reverse = true},
                                                    {.lengths = unsorted},
                                                    {.reverse = true, .lengths = unsorted},
                                                    {.lengths = full},
                                                    {.reverse = true, .lengths = early},
                                                    {.lengths = early}};
  return all;
}

}  // namespace

TEST_CASE("layers compute what their cells compute step by step, with the same gradients") {
  for (const Kind kind : {Kind::rnn, Kind::gru, Kind::lstm})
    for (const DType dtype : {float64, float32})
      for (std::size_t i = 0; i < all_options().size(); ++i)
        for (const bool biased : {true, false}) {
          CAPTURE(static_cast<int>(kind));
          CAPTURE(i);
          for (const double scale : {1.0, 0.125})  // 0.125: no rounding grows
            check_alike(Layer(kind, dtype, biased, Activation::tanh, scale), all_options()[i]);
        }
}

TEST_CASE("an rnn takes every activation") {
  for (const Activation a : {Activation::none, Activation::relu, Activation::sigmoid, Activation::tanh})
    for (const bool reverse : {false, true})
      check_alike(Layer(Kind::rnn, float64, true, a), {.reverse = reverse});
}

TEST_CASE("layers have gradients through each output alone") {
  for (const Kind kind : {Kind::rnn, Kind::gru, Kind::lstm})
    for (unsigned k = 0; k < (kind == Kind::lstm ? 3u : 2u); ++k)
      for (const RecurrentOptions& options : all_options())
        check_alike(Layer(kind, float64), options, 1u << k);
}

TEST_CASE("what lies behind the end of a row has no effect, and gets no gradient") {
  const Tensor lengths = tensor({2, 5, 0, 3});
  for (const Kind kind : {Kind::rnn, Kind::gru, Kind::lstm})
    for (const bool reverse : {false, true}) {
      const Layer clean(kind, float64);
      Layer dirty = clean;
      const Tensor active = unsqueeze(gt(unsqueeze(lengths, 0), unsqueeze(arange(steps), 1)), 2);
      const Tensor nothing = full({}, std::numeric_limits<double>::quiet_NaN(), {.dtype = float64});
      dirty.operands[0] = where(active, clean.operands[0], nothing).detach().requires_grad_();
      const RecurrentOptions options = {.reverse = reverse, .lengths = lengths};

      const std::vector<Tensor> a = with_gradients(clean, by_layer(clean, options), 7),
                                b = with_gradients(dirty, by_layer(dirty, options), 7);

      for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i].defined()) CHECK(allclose(a[i], b[i], 0, 0));
      const Tensor behind = where(active, zeros_like(a[0]), a[0]);
      CHECK(max(abs(behind)).item() == 0);
    }
}

TEST_CASE("a layer keeps nothing where nothing is recorded, and gives the same values") {
  for (const Kind kind : {Kind::rnn, Kind::gru, Kind::lstm}) {
    const Layer l(kind, float32);
    const std::vector<Tensor> recorded = by_layer(l, {});
    const NoGrad guard;
    const std::vector<Tensor> plain = by_layer(l, {});

    for (std::size_t k = 0; k < plain.size(); ++k) {
      CHECK_FALSE(plain[k].requires_grad());
      CHECK(allclose(plain[k], recorded[k], 0, 0));
    }
  }
}
