#include "xgrad/core/ops/recurrent.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::check_rows;
using test::Family;
using test::Kind;

using V = std::vector<double>;

namespace {

std::vector<Tensor> both(const LstmState& s) { return {s.h, s.c}; }

std::vector<Tensor> composed_cell(const Tensor& input_gates, const Tensor& hidden_gates, const Tensor& c) {
  const std::vector<Tensor> z = split(input_gates + hidden_gates, c.size(1), 1);
  const Tensor cell = sigmoid(z[1]) * c + sigmoid(z[0]) * tanh(z[2]);
  return {sigmoid(z[3]) * tanh(cell), cell};
}

test::Row cell_row() {
  test::Row r = rejecting_integers(
      test::row("lstm_cell", Kind::smooth, {{{3, 8}}, {{3, 8}}, {{3, 2}}},
                [](const Tensor& a, const Tensor& b, const Tensor& c) { return both(lstm_cell(a, b, c)); },
                {{{0, 8}, {0, 8}, {0, 2}}, {{2, 0}, {2, 0}, {2, 0}}, {{1, 76}, {1, 76}, {1, 19}}}));
  r.composed = as_function(composed_cell);
  return r;
}

test::Row rnn_row() {
  test::Row r = rejecting_integers(
      test::row("rnn_cell", Kind::smooth, {{{3, 2}}, {{3, 2}}, {{2, 2}}},
                [](const Tensor& a, const Tensor& h, const Tensor& w) { return rnn_cell(a, h, w); },
                {{{0, 2}, {0, 2}, {2, 2}}, {{2, 0}, {2, 0}, {0, 0}}}));
  r.composed =
      as_function([](const Tensor& a, const Tensor& h, const Tensor& w) { return tanh(a + linear(h, w)); });
  return r;
}

test::Row gru_cell_row() {
  test::Row r =
      test::floating_row("gru_cell", Kind::smooth, {{{3, 6}}, {{3, 6}}, {{3, 2}}},
                         [](const Tensor& a, const Tensor& b, const Tensor& h) { return gru_cell(a, b, h); },
                         {{{0, 6}, {0, 6}, {0, 2}}, {{2, 0}, {2, 0}, {2, 0}}, {{1, 57}, {1, 57}, {1, 19}}});
  r.composed = as_function([](const Tensor& a, const Tensor& b, const Tensor& h) {
    const std::vector<Tensor> u = split(a, h.size(1), 1), v = split(b, h.size(1), 1);
    const Tensor z = sigmoid(u[1] + v[1]);
    return (1 - z) * tanh(u[2] + sigmoid(u[0] + v[0]) * v[2]) + z * h;
  });
  return r;
}

std::vector<Tensor> all_of(const LstmResult& y) { return {y.outputs, y.state.h, y.state.c}; }
std::vector<Tensor> all_of(const RecurrentResult& y) { return {y.outputs, y.h}; }

/// Of rows that end at different steps.
RecurrentOptions ragged(bool reverse) { return {.reverse = reverse, .lengths = tensor({1, 3, 0})}; }

test::Row lstm_row(const RecurrentOptions& options) {
  return test::floating_row("lstm", Kind::smooth,
                            {{{3, 3, 2}}, {{3, 2}}, {{3, 2}}, {{8, 2}}, {{8, 2}}, {{8}}, {{8}}},
                            [=](const Tensor& x, const Tensor& h, const Tensor& c, const Tensor& w,
                                const Tensor& u, const Tensor& b, const Tensor& d) {
                              return all_of(lstm(x, {h, c}, w, u, b, d, options));
                            });
}

test::Row gru_row(const RecurrentOptions& options) {
  return test::floating_row(
      "gru", Kind::smooth, {{{3, 3, 2}}, {{3, 2}}, {{6, 2}}, {{6, 2}}, {{6}}, {{6}}},
      [=](const Tensor& x, const Tensor& h, const Tensor& w, const Tensor& u, const Tensor& b,
          const Tensor& d) { return all_of(gru(x, h, w, u, b, d, options)); });
}

test::Row rnn_layer_row(Activation activation, const RecurrentOptions& options) {
  return test::floating_row(
      "rnn", Kind::smooth, {{{3, 3, 2}}, {{3, 2}}, {{2, 2}}, {{2, 2}}, {{2}}, {{2}}},
      [=](const Tensor& x, const Tensor& h, const Tensor& w, const Tensor& u, const Tensor& b,
          const Tensor& d) { return all_of(rnn(x, h, w, u, b, d, activation, options)); });
}

const Family recurrent(
    "recurrent",
    {
        rnn_row(),
        rejecting_integers(test::row("rnn_cell", Kind::smooth, {{{3, 2}}, {{3, 2}}, {{2, 2}}},
                                     [](const Tensor& a, const Tensor& h, const Tensor& w) {
                                       return rnn_cell(a, h, w, Activation::sigmoid);
                                     })),
        cell_row(),
        rejecting_integers(test::row("lstm_cell", Kind::smooth,
                                     {{{2, 3}}, {{2, 2}}, {{2, 2}}, {{8, 3}}, {{8, 2}}, {{8}}, {{8}}},
                                     [](const Tensor& x, const Tensor& h, const Tensor& c, const Tensor& w,
                                        const Tensor& u, const Tensor& b, const Tensor& d) {
                                       return both(lstm_cell(x, {h, c}, w, u, b, d));
                                     })),
        rejecting_integers(test::row(
            "lstm_cell", Kind::smooth, {{{2, 3}}, {{2, 2}}, {{2, 2}}, {{8, 3}}, {{8, 2}}},
            [](const Tensor& x, const Tensor& h, const Tensor& c, const Tensor& w, const Tensor& u) {
              return both(lstm_cell(x, {h, c}, w, u));
            })),
        gru_cell_row(),
        test::floating_row("gru_cell", Kind::smooth, {{{2, 3}}, {{2, 2}}, {{6, 3}}, {{6, 2}}, {{6}}, {{6}}},
                           [](const Tensor& x, const Tensor& h, const Tensor& w, const Tensor& u,
                              const Tensor& b, const Tensor& d) { return gru_cell(x, h, w, u, b, d); }),
        lstm_row({}),
        lstm_row({.reverse = true}),
        lstm_row(ragged(false)),
        lstm_row(ragged(true)),
        gru_row({}),
        gru_row({.reverse = true}),
        gru_row(ragged(false)),
        gru_row(ragged(true)),
        rnn_layer_row(Activation::tanh, {}),
        rnn_layer_row(Activation::sigmoid, {.reverse = true}),
        rnn_layer_row(Activation::tanh, ragged(false)),
        rnn_layer_row(Activation::none, ragged(true)),
        test::floating_row("lstm", Kind::smooth, {{{2, 3, 2}}, {{3, 2}}, {{3, 2}}, {{8, 2}}, {{8, 2}}},
                           [](const Tensor& x, const Tensor& h, const Tensor& c, const Tensor& w,
                              const Tensor& u) {
                             return all_of(lstm(x, {h, c}, w, u));
                           },
                           {{{0, 3, 2}, {3, 2}, {3, 2}, {8, 2}, {8, 2}},
                            {{2, 0, 2}, {0, 2}, {0, 2}, {8, 2}, {8, 2}},
                            {{2, 3, 0}, {3, 2}, {3, 2}, {8, 0}, {8, 2}},
                            {{2, 3, 2}, {3, 0}, {3, 0}, {0, 2}, {0, 0}},
                            {{2, 1, 5}, {1, 19}, {1, 19}, {76, 5}, {76, 19}}}),
        test::floating_row("gru", Kind::smooth, {{{2, 3, 2}}, {{3, 2}}, {{6, 2}}, {{6, 2}}},
                           [](const Tensor& x, const Tensor& h, const Tensor& w, const Tensor& u) {
                             return all_of(gru(x, h, w, u));
                           },
                           {{{0, 3, 2}, {3, 2}, {6, 2}, {6, 2}},
                            {{2, 0, 2}, {0, 2}, {6, 2}, {6, 2}},
                            {{2, 3, 0}, {3, 2}, {6, 0}, {6, 2}},
                            {{2, 3, 2}, {3, 0}, {0, 2}, {0, 0}},
                            {{2, 1, 5}, {1, 19}, {57, 5}, {57, 19}}}),
    });

}  // namespace

TEST_CASE("recurrent: every row holds") { check_rows(recurrent); }

TEST_CASE("an lstm_cell with open gates remembers, and with closed ones forgets") {
  const Tensor c = tensor(V{0.5, -2}, Shape{1, 2});
  const Tensor none = zeros({1, 8}, {.dtype = float64});

  const LstmState open = lstm_cell(tensor(V{-90, -90, 90, 90, 3, 3, 90, 90}, Shape{1, 8}), none, c);
  const LstmState closed = lstm_cell(none, tensor(V{90, 90, -90, -90, 90, -90, -90, -90}, Shape{1, 8}), c);

  CHECK(allclose(open.c, c, 1e-15, 0));
  CHECK(allclose(open.h, tanh(c), 1e-15, 0));
  CHECK(closed.c.to_vector<double>() == V{1, -1});
  CHECK(max(abs(closed.h)).item() < 1e-39);
}

TEST_CASE("an lstm_cell has gradients through either output alone") {
  const Tensor gates = randn({2, 12}, {.dtype = float64}, Generator(1)).requires_grad_();
  const Tensor none = zeros({2, 12}, {.dtype = float64}), c = randn({2, 3}, {.dtype = float64}, Generator(2));

  for (std::size_t output : {0u, 1u}) {
    const Tensor by_op = grad(sum(both(lstm_cell(gates, none, c))[output]), {gates})[0];
    const Tensor by_parts = grad(sum(composed_cell(gates, none, c)[output]), {gates})[0];
    CHECK(allclose(by_op, by_parts, 1e-13, 1e-15));
  }
}

TEST_CASE("an lstm_cell has second gradients through either output alone") {
  for (std::size_t output : {0u, 1u})
    CHECK(gradcheck(
        [output](const std::vector<Tensor>& x) {
          return std::vector<Tensor>{both(lstm_cell(x[0], x[1], x[2]))[output]};
        },
        {randn({2, 8}, {.dtype = float64}, Generator(1)), randn({2, 8}, {.dtype = float64}, Generator(2)),
         randn({2, 2}, {.dtype = float64}, Generator(3))},
        {.order = 2}));
}

TEST_CASE("recurrent: wrong operands are named") {
  CHECK_THROWS_WITH_AS(rnn_cell(ones({2, 3}), ones({2, 3}), ones({2, 3})),
                       "rnn_cell: needs input_gates[batch, hidden], h[batch, hidden], w_hh[hidden, hidden]: "
                       "input_gates is f32[2, 3], h is f32[2, 3], w_hh is f32[2, 3]",
                       Error);
  CHECK_THROWS_WITH_AS(
      lstm_cell(ones({2, 8}), ones({2, 8}), ones({2, 3})),
      "lstm_cell: needs input_gates[batch, 4 hidden], hidden_gates[batch, 4 hidden], c[batch, hidden]: "
      "input_gates is f32[2, 8], hidden_gates is f32[2, 8], c is f32[2, 3]",
      Error);
  CHECK_THROWS_WITH_AS(lstm_cell(ones({2, 8}), ones({2, 8}), ones({2, 2}, {.dtype = float64})),
                       "lstm_cell: the operands must have one floating dtype: input_gates is f32[2, 8], "
                       "hidden_gates is f32[2, 8], c is f64[2, 2]; convert with .to()",
                       Error);
  CHECK_THROWS_WITH_AS(
      lstm_cell(ones({2, 3}), {ones({2, 2}), ones({2, 2})}, ones({8, 3}), ones({8, 3})),
      "lstm_cell: needs x[batch, in], h[batch, hidden], c[batch, hidden], w_ih[4 hidden, in], w_hh[4 hidden, "
      "hidden], b_ih[4 hidden], b_hh[4 hidden]: x is f32[2, 3], h is f32[2, 2], c is f32[2, 2], w_ih is "
      "f32[8, 3], w_hh is f32[8, 3]",
      Error);
  CHECK_THROWS_WITH_AS(
      gru_cell(ones({2, 6}), ones({2, 6}), ones({2, 3})),
      "gru_cell: needs input_gates[batch, 3 hidden], hidden_gates[batch, 3 hidden], h[batch, "
      "hidden]: input_gates is f32[2, 6], hidden_gates is f32[2, 6], h is f32[2, 3]",
      Error);
  CHECK_THROWS_WITH_AS(
      gru(ones({5, 2, 3}), ones({2, 2}), ones({6, 3}), ones({6, 2}), ones({8})),
      "gru: needs x[steps, batch, in], h0[batch, hidden], w_ih[3 hidden, in], w_hh[3 hidden, hidden], b_ih[3 "
      "hidden], b_hh[3 hidden]: x is f32[5, 2, 3], h0 is f32[2, 2], w_ih is f32[6, 3], w_hh is f32[6, 2], "
      "b_ih is f32[8]",
      Error);
  CHECK_THROWS_WITH_AS(lstm(ones({5, 2, 3}), {ones({2, 2}), {}}, ones({8, 3}), ones({8, 2})),
                       doctest::Contains("lstm: "), Error);
}

TEST_CASE("recurrent: wrong lengths are named") {
  const auto run = [](const Tensor& lengths) {
    rnn(ones({5, 2, 3}), ones({2, 2}), ones({2, 3}), ones({2, 2}), {}, {}, Activation::tanh,
        {.lengths = lengths});
  };

  CHECK_THROWS_WITH_AS(run(tensor({1, 2, 3})),
                       "rnn: the lengths must be int64[batch], one for each row: lengths is i64[3], x is "
                       "f32[5, 2, 3]",
                       Error);
  CHECK_THROWS_WITH_AS(run(ones({2})),
                       "rnn: the lengths must be int64[batch], one for each row: lengths is f32[2], x is "
                       "f32[5, 2, 3]",
                       Error);
  CHECK_THROWS_WITH_AS(run(tensor({5, 6})),
                       "rnn: the length of row 1 is 6, but there are 5 steps: lengths is i64[2], x is f32[5, "
                       "2, 3]; lengths must be 0 to 5",
                       Error);
}

TEST_CASE("cells of no units, of no rows and of no inputs compute nothing, to second order") {
  for (const auto& [rows, hidden, in] :
       {std::array<std::int64_t, 3>{2, 0, 3}, {0, 2, 3}, {2, 2, 0}, {0, 0, 0}}) {
    const auto leaf = [](const Shape& s) { return randn(s, {.dtype = float64, .requires_grad = true}); };
    const Tensor x = leaf({rows, in}), h = leaf({rows, hidden}), c = leaf({rows, hidden});
    const Tensor w_ih = leaf({4 * hidden, in}), w_hh = leaf({4 * hidden, hidden});
    const LstmState next = lstm_cell(x, {h, c}, w_ih, w_hh, leaf({4 * hidden}), Tensor());
    const std::vector<Tensor> g =
        grad(sum(next.h * next.h) + sum(next.c), {x, h, c, w_ih, w_hh}, {.create_graph = true});
    sum(square(g[2])).backward();

    CHECK(next.h.shape() == Shape{rows, hidden});
    CHECK(g[3].shape() == w_ih.shape());
    const Tensor w = leaf({hidden, hidden}), y = rnn_cell(leaf({rows, hidden}), h, w);
    CHECK(grad(sum(y), {w})[0].shape() == w.shape());
  }
}
