// Gradients of each example beside a loop over them.

#include <doctest/doctest.h>

#include <xgrad/core.hpp>

using namespace xgrad;

namespace {

using Tensors = std::vector<Tensor>;
using Losses = std::function<Tensor(const Tensors&)>;

Tensor some(const Shape& shape, std::uint64_t seed) {
  Generator random(seed);
  return randn(shape, {.dtype = float64}, random) * 0.5;
}
Tensor weight(const Shape& shape, std::uint64_t seed) { return some(shape, seed).requires_grad_(); }

Tensors in_a_loop(const Losses& f, const Tensors& parameters, const Tensors& batch) {
  std::vector<Tensors> rows(parameters.size());
  for (std::int64_t i = 0; i < batch[0].size(0); ++i) {
    Tensors one;
    for (const Tensor& t : batch) one.push_back(narrow(t, 0, i, 1));
    const Tensors g = grad(sum(f(one)), parameters, {.allow_unused = true});
    for (std::size_t k = 0; k < g.size(); ++k)
      rows[k].push_back(g[k].defined() ? g[k] : zeros(parameters[k].shape(), float64));
  }
  Tensors out;
  for (const Tensors& of : rows) out.push_back(stack(of));
  return out;
}

struct Case {
  const char* what;
  Tensors parameters, batch;
  Losses losses;
  int calls = 2;  ///< of the function: the batch and one example, and where it is a loop, each
};

void check(const Case& c) {
  INFO(c.what);
  int calls = 0;
  const Losses counted = [&](const Tensors& x) { return ++calls, c.losses(x); };
  const Tensors expected = in_a_loop(c.losses, c.parameters, c.batch);

  const Tensors g = gradients_per_example(counted, c.parameters, c.batch);

  CHECK(calls == c.calls);
  REQUIRE(g.size() == expected.size());
  for (std::size_t k = 0; k < g.size(); ++k) {
    INFO("parameter " << k);
    CHECK(g[k].shape() == expected[k].shape());
    CHECK(allclose(g[k], expected[k], 1e-12, 1e-12));
    CHECK_FALSE(c.parameters[k].grad().defined());
  }
}

Tensor square_error(const Tensor& y, const Tensor& target) {
  return mean(square(reshape(y - target, {y.size(0), -1})), {1});
}

const Tensor labels = tensor({0, 2, 1, 2, 0});

Case two_layers() {
  const Tensor w = weight({4, 3}, 1), b = weight({4}, 2), v = weight({3, 4}, 3), c = weight({3}, 4);
  return {"two layers", {w, b, v, c}, {some({5, 3}, 5), labels}, [=](const Tensors& x) {
            return cross_entropy(linear(linear(x[0], w, b, Activation::tanh), v, c), x[1],
                                 {.reduction = Reduction::none});
          }};
}

Case images(int groups) {
  const Tensor w = weight({4, 2 / groups, 3, 3}, 1), b = weight({4}, 2), scale = weight({4}, 3),
               shift = weight({4}, 4), v = weight({3, 4}, 5);
  return {"convolution and group norm",
          {w, b, scale, shift, v},
          {some({5, 2, 7, 6}, 6), labels},
          [=](const Tensors& x) {
            const Tensor y = conv2d(x[0], w, b, {.stride = {2, 1}, .padding = 1, .groups = groups});
            const Tensor z = mean(relu(group_norm(y, 2, scale, shift)), {2, 3});
            return cross_entropy(linear(z, v), x[1], {.reduction = Reduction::none});
          }};
}

Case sequences() {
  const Tensor table = weight({7, 4}, 1), position = weight({6, 4}, 2), scale = weight({4}, 3),
               shift = weight({4}, 4), w = weight({4, 4}, 5);
  Generator random(3);
  return {"embedding, positions, layer norm and a product that is not by rows",
          {table, position, scale, shift, w},
          {randint(0, 7, {5, 6}, {}, random)},
          [=](const Tensors& x) {
            const Tensor e = embedding(x[0], table) + position;
            const Tensor y = layer_norm(matmul(e, w.t()), {4}, scale, shift);
            return sum(square(matmul(y, transpose(y, 1, 2))), {1, 2});
          }};
}

Case shared() {
  const Tensor w = weight({3, 3}, 1), unused = weight({2}, 2), a = weight({}, 3), slope = weight({1, 3}, 4);
  return {"weights that are used twice, by other ops, or not at all",
          {w, unused, a, slope},
          {some({5, 3}, 5), some({5, 3}, 6)},
          [=](const Tensors& x) {
            const Tensor h = tanh(linear(x[0], w)) * a + exp(slope) * x[0];
            return square_error(linear(sin(h), w) * square(a), x[1]);
          }};
}

Case recurrent() {
  const Tensor w = weight({12, 2}, 1), u = weight({12, 3}, 2), b = weight({12}, 3), c = weight({12}, 4);
  return {"steps of a recurrent cell, in time-major order",
          {w, u, b, c},
          {some({5, 4, 2}, 5)},
          [=](const Tensors& x) {
            const Tensor steps = transpose(x[0], 0, 1);
            LstmState state{zeros({x[0].size(0), 3}, float64), zeros({x[0].size(0), 3}, float64)};
            for (std::int64_t t = 0; t < 4; ++t) state = lstm_cell(steps[t], state, w, u, b, c);
            return sum(square(state.h), {1});
          }};
}

Case whole_sequences() {
  const Tensor w = weight({12, 2}, 1), u = weight({12, 3}, 2), b = weight({12}, 3);
  return {"a recurrent layer, once for each example", {w, u, b}, {some({5, 4, 2}, 5)}, [=](const Tensors& x) {
            const Tensor start = zeros({x[0].size(0), 3}, float64);
            const Tensor y = lstm(transpose(x[0], 0, 1), {start, start}, w, u, b).outputs;
            return sum(square(y), {0, 2});
          }};
}

Case made_of_parameters() {
  const Tensor v = weight({3, 4}, 1), g = weight({3, 1}, 2);
  return {"a weight that is made of parameters", {v, g}, {some({5, 4}, 3)}, [=](const Tensors& x) {
            return sum(square(linear(x[0], v * (g / sqrt(sum(square(v), {1}, true))))), {1});
          }};
}

Case by_values() {
  const Tensor w = weight({3}, 1);
  return {"control flow by values, in a loop",
          {w},
          {some({5, 3}, 2)},
          [=](const Tensors& x) {
            Tensor y = x[0] * w;
            for (std::int64_t i = 0; i < x[0].size(0); ++i) y = y * 1.0;
            return sum(y * y, {1});
          },
          2 + 5};
}

}  // namespace

TEST_CASE("gradients of each example are those of a loop") {
  for (const Case& c : {two_layers(), images(1), images(2), sequences(), shared(), recurrent(),
                        whole_sequences(), made_of_parameters(), by_values()})
    check(c);
}

TEST_CASE("one example, or none, is a batch, too") {
  Case c = two_layers();
  c.calls = 1;
  for (Tensor& t : c.batch) t = narrow(t, 0, 0, 1);
  check(c);
  for (Tensor& t : c.batch) t = narrow(t, 0, 0, 0);
  CHECK(gradients_per_example(c.losses, c.parameters, c.batch)[0].shape() == Shape{0, 4, 3});
}

TEST_CASE("what gradients of each example are not there for is named") {
  const Tensor w = weight({3}, 1), x = some({5, 3}, 2);
  const std::string dependent =
      "gradients_per_example: examples depend on each other: the first has another loss or gradient alone "
      "than "
      "in the batch, whose first tensor is f64[5, 3]; normalize by group_norm or layer_norm in the place of "
      "batch statistics, and let nothing reduce, sort or shift along the examples";
  Tensor mean = zeros({3}, float64), var = ones({3}, float64);
  const std::pair<Losses, std::string> cases[] = {
      {[&](const Tensors& t) { return sum(flip(t[0] * w, {0}) * t[0], {1}); }, dependent},
      {[&](const Tensors& t) { return sum(softmax(t[0] * w, 0) * t[0], {1}); }, dependent},
      {[&](const Tensors& t) {
         return sum(square(batch_norm(t[0] * w, mean, var, {}, {}, {.training = true})), {1});
       },
       "gradients_per_example: the function writes into a tensor by batch_norm, as batch normalization does "
       "in "
       "training: it is f64[3]; call eval(), or normalize by group_norm or layer_norm"},
      {[&](const Tensors& t) { return sum(dropout(t[0] * w), {1}); },
       "gradients_per_example: the function draws random numbers by dropout: its value is f64[5, 3]; call "
       "eval(), or draw before and pass them with the batch"},
      {[&](const Tensors& t) { return sum(t[0] * w); },
       "gradients_per_example: the function must return a loss for each of the 5 examples: it returned "
       "f64[]; "
       "ask the loss for {.reduction = Reduction::none} and take means within examples alone"}};

  for (const auto& [f, expected] : cases) {
    std::string said;
    try {
      gradients_per_example(f, {w}, {x});
    } catch (const Error& e) {
      said = e.what();
    }
    CHECK(said == expected);
  }
  CHECK(mean.to_vector<double>() == std::vector<double>(3, 0));
  CHECK_THROWS_WITH_AS(
      gradients_per_example(cases[0].first, {w.detach()}, {x}),
      "gradients_per_example: parameters are leaves that require gradients: one is f64[3]; leave "
      "frozen ones out of the list",
      Error);
  CHECK_THROWS_WITH_AS(
      gradients_per_example(cases[0].first, {w}, {x, w}),
      "gradients_per_example: the tensors of the batch need one number of examples: the first is "
      "f64[5, 3], another is f64[3]; give each example its own row",
      Error);
  CHECK_THROWS_WITH_AS(
      gradients_per_example(cases[0].first, {w}, {}),
      "gradients_per_example: the batch needs tensors whose first axis are the examples: there are "
      "none; pass inputs and targets",
      Error);
}
