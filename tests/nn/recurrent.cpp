// RNN, LSTM and GRU as layers. Their values are held to PyTorch's in sequence_reference.cpp.

#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;

namespace {

using Names = std::vector<std::string>;

Names names_of(const nn::ModuleBase& model) {
  Names names;
  for (const auto& [name, tensor] : model.named_parameters()) names.push_back(name);
  return names;
}

Tensor input(const Shape& shape, std::uint64_t seed = 1) { return randn(shape, float64, Generator(seed)); }

/// All results of a layer.
template <class L>
std::vector<Tensor> results(const L& layer, const Tensor& x, const Tensor& lengths = {}) {
  if constexpr (std::same_as<L, nn::LSTM>) {
    const auto [outputs, state] = layer(x, {}, lengths);
    return {outputs, state.h, state.c};
  } else {
    const auto [outputs, h] = layer(x, {}, lengths);
    return {outputs, h};
  }
}

/// Checks gradients to second order in training, with elements dropped, and in eval mode.
template <class L>
void check_gradients(L layer, const Tensor& x, const Tensor& lengths = {}) {
  const auto f = [&](const L& model, const Tensor& t) {
    manual_seed(1);  // so that each call drops the same elements
    return results(model, t, lengths);
  };
  for (const bool training : {true, false}) {
    CAPTURE(training);
    layer.train(training);

    const GradcheckResult r = gradcheck(layer, f, {x}, {.order = 2});

    CHECK_MESSAGE(r.ok(), r.str());
    CHECK(r.inputs.size() == layer.parameters().size() + 1);
  }
}

}  // namespace

TEST_CASE("gradients of recurrent layers are right to second order in both modes") {
  const Tensor x = input({2, 2, 1});

  check_gradients(nn::RNN(1, 2, {.num_layers = 2, .dropout = 0.5, .bidirectional = true}), x);
  check_gradients(nn::GRU(1, 2, {.num_layers = 2, .dropout = 0.5}), x);
  check_gradients(nn::LSTM(1, 2, {.num_layers = 2, .dropout = 0.5}), x);
  check_gradients(nn::LSTM(1, 2, {.bidirectional = true, .proj_size = 1}), x);
}

TEST_CASE("gradients of recurrent layers are right to second order with lengths") {
  const Tensor x = input({3, 2, 1}), lengths = tensor({1, 3});

  check_gradients(nn::RNN(1, 2, {.bidirectional = true}), x, lengths);
  check_gradients(nn::GRU(1, 2, {.bidirectional = true}), x, lengths);
  check_gradients(nn::LSTM(1, 2, {.bidirectional = true}), x, lengths);
  check_gradients(nn::LSTM(1, 2, {.bidirectional = true, .proj_size = 1}), x, lengths);
}

TEST_CASE("a padded sequence is read as if it were alone, whatever its padding holds") {
  const Tensor whole = input({4, 1, 2}), other = input({6, 1, 2}, 2);
  const Tensor padding = full({2, 1, 2}, NAN, float64);
  const Tensor x = cat({cat({whole, padding}), other}, 1), lengths = tensor({4, 6});
  const auto check = [&](const auto& layer) {
    Tensor leaf = x.clone().requires_grad_();
    const auto alone = results(layer, whole), together = results(layer, leaf, lengths);
    sum(together[0]).backward();

    CHECK(allclose(together[0].slice(0, 0, 4).slice(1, 0, 1), alone[0], 1e-13, 1e-14));
    CHECK(equal(together[0].slice(0, 4).slice(1, 0, 1), zeros_like(together[0].slice(0, 4).slice(1, 0, 1))));
    for (std::size_t i = 1; i < alone.size(); ++i)
      CHECK(allclose(together[i].slice(1, 0, 1), alone[i], 1e-13, 1e-14));
    CHECK(equal(leaf.grad().slice(0, 4).slice(1, 0, 1), zeros({2, 1, 2}, float64)));
    CHECK(isfinite(leaf.grad()).all().item() == 1);
  };

  check(nn::RNN(2, 3, {.num_layers = 2, .bidirectional = true, .dtype = float64}));
  check(nn::GRU(2, 3, {.num_layers = 2, .bidirectional = true, .dtype = float64}));
  check(nn::LSTM(2, 3, {.num_layers = 2, .bidirectional = true, .dtype = float64}));
  check(nn::LSTM(2, 3, {.num_layers = 2, .bidirectional = true, .proj_size = 2, .dtype = float64}));
}

TEST_CASE("a sequence goes on from the state that its first part ends with") {
  const Tensor x = input({5, 2, 2});
  const nn::LSTM layer(2, 3, {.num_layers = 2, .dtype = float64});

  const auto [whole, last] = layer(x);
  const auto [first, middle] = layer(x.slice(0, 0, 2));
  const auto [second, end] = layer(x.slice(0, 2), middle);

  CHECK(allclose(cat({first, second}), whole, 1e-13, 1e-14));
  CHECK(allclose(end.h, last.h, 1e-13, 1e-14));
  CHECK(allclose(end.c, last.c, 1e-13, 1e-14));
}

TEST_CASE("a batch of one, a batch of none and no steps at all work") {
  const auto check = [](const auto& layer, std::int64_t outputs) {
    const Tensor alone = input({3, 2});
    const auto one = results(layer, unsqueeze(alone, 1)), single = results(layer, alone);
    CHECK(equal(squeeze(one[0], 1), single[0]));
    for (std::size_t i = 1; i < one.size(); ++i) CHECK(equal(squeeze(one[i], 1), single[i]));

    const auto none = results(layer, input({3, 0, 2}));
    CHECK(none[0].shape() == Shape{3, 0, outputs});
    CHECK(none[1].shape() == Shape{2, 0, outputs / 2});

    const auto still = results(layer, input({0, 4, 2}));
    CHECK(still[0].shape() == Shape{0, 4, outputs});
    CHECK(equal(still[1], zeros({2, 4, outputs / 2}, float64)));
  };

  check(nn::RNN(2, 3, {.bidirectional = true, .dtype = float64}), 6);
  check(nn::GRU(2, 3, {.bidirectional = true, .dtype = float64}), 6);
  check(nn::LSTM(2, 3, {.bidirectional = true, .dtype = float64}), 6);
  check(nn::LSTM(2, 3, {.bidirectional = true, .proj_size = 2, .dtype = float64}), 4);
}

TEST_CASE("batch_first exchanges the first two axes of inputs and outputs, and of no state") {
  const Tensor x = input({4, 3, 2});
  const nn::GRU steps_first(2, 3, {.dtype = float64, .generator = Generator(1)});
  const nn::GRU batch_first(2, 3, {.batch_first = true, .dtype = float64, .generator = Generator(1)});

  const auto [a, h] = steps_first(x);
  const auto [b, last] = batch_first(transpose(x, 0, 1));

  CHECK(equal(transpose(b, 0, 1), a));
  CHECK(equal(last, h));
  CHECK(equal(batch_first(x[0]).outputs, steps_first(x[0]).outputs));
}

TEST_CASE("parameters of recurrent layers have PyTorch's names") {
  CHECK(names_of(nn::GRU(2, 3)) == Names{"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"});
  CHECK(names_of(nn::LSTM(2, 3, {.num_layers = 2, .bias = false, .bidirectional = true, .proj_size = 1})) ==
        Names{"weight_ih_l0", "weight_hh_l0", "weight_hr_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse",
              "weight_hr_l0_reverse", "weight_ih_l1", "weight_hh_l1", "weight_hr_l1", "weight_ih_l1_reverse",
              "weight_hh_l1_reverse", "weight_hr_l1_reverse"});
}

TEST_CASE("the state of a recurrent layer is its parameters, and a generator of its own") {
  const StateDict plain = state_dict(nn::LSTM(1, 1, {.num_layers = 2, .dropout = 0.5}));
  const StateDict own =
      state_dict(nn::LSTM(1, 1, {.num_layers = 2, .dropout = 0.5, .generator = Generator(1)}));

  CHECK(plain.size() == 8);
  CHECK(own.size() == 9);
  CHECK(own.contains("dropout.generator"));
}

TEST_CASE("a recurrent layer is cloned, moved and loaded") {
  const Tensor x = input({3, 2, 2}).to(float32);
  nn::LSTM layer(2, 3, {.num_layers = 2, .bidirectional = true});
  const Tensor before = layer(x).outputs.detach();

  nn::LSTM copy = clone(layer), other(2, 3, {.num_layers = 2, .bidirectional = true});
  load_state_dict(other, state_dict(layer));
  nn::init::zeros_(layer.weights[0].weight_ih);
  CHECK(equal(copy(x).outputs, before));
  CHECK(equal(other(x).outputs, before));
  CHECK_FALSE(equal(layer(x).outputs, before));

  copy.to(float64);
  CHECK(copy(x.to(float64)).outputs.dtype() == float64);
  CHECK(allclose(copy(x.to(float64)).outputs.to(float32), before, 1e-5, 1e-6));
}

TEST_CASE("dropout lies between layers alone, and only in training") {
  nn::GRU one(2, 3, {.dropout = 0.5}), two(2, 3, {.num_layers = 2, .dropout = 0.5});
  const Tensor x = randn({4, 2, 2});
  const std::string before = default_generator().state();

  one(x);
  two.eval();
  two(x);
  CHECK(default_generator().state() == before);
  two.train();
  two(x);
  CHECK(default_generator().state() != before);
}

TEST_CASE("recurrent layers are printed with their options") {
  CHECK(nn::RNN(2, 3, {.nonlinearity = Activation::relu}).str() == "RNN(2, 3, nonlinearity=relu)");
  CHECK(nn::GRU(2, 3).str() == "GRU(2, 3)");
  CHECK(nn::LSTM(2, 3,
                 {.num_layers = 2,
                  .bias = false,
                  .batch_first = true,
                  .dropout = 0.5,
                  .bidirectional = true,
                  .proj_size = 1})
            .str() ==
        "LSTM(\n  2, 3, proj_size=1, num_layers=2, bias=false, batch_first=true, bidirectional=true\n"
        "  (dropout): Dropout(p=0.5)\n)");
}

TEST_CASE("recurrent layers that cannot be are errors that name the layer") {
  CHECK_THROWS_WITH_AS(nn::RNN(-1, 2),
                       "RNN: sizes must not be negative, and there must be a layer: input_size = -1, "
                       "hidden_size = 2, num_layers = 1, proj_size = 0",
                       Error);
  CHECK_THROWS_WITH_AS(nn::GRU(1, 2, {.num_layers = 0}),
                       "GRU: sizes must not be negative, and there must be a layer: input_size = 1, "
                       "hidden_size = 2, num_layers = 0, proj_size = 0",
                       Error);
  CHECK_THROWS_WITH_AS(nn::LSTM(1, 2, {.proj_size = 2}),
                       "LSTM: proj_size must be less than hidden_size: got 2 and 2", Error);
  CHECK_THROWS_WITH_AS(nn::LSTM(1, 2, {.dtype = int64}), "LSTM: weights need a floating dtype: got i64",
                       Error);
  CHECK_THROWS_WITH_AS(nn::LSTM(1, 2, {.dropout = 1.5}), "Dropout: p must be in [0, 1]: got 1.5", Error);
}

TEST_CASE("what does not fit a recurrent layer is an error that names the layer") {
  const nn::LSTM layer(3, 4);
  const Tensor x = zeros({5, 2, 3});

  CHECK_THROWS_WITH_AS(layer(zeros({5, 2, 2})),
                       "LSTM: x must be [steps, batch, 3] or [steps, 3]: x is f32[5, 2, 2], weight_ih_l0 is "
                       "f32[16, 3] of LSTM(3, 4)",
                       Error);
  CHECK_THROWS_WITH_AS(nn::GRU(3, 4, {.batch_first = true})(zeros({3})),
                       "GRU: x must be [batch, steps, 3] or [steps, 3]: x is f32[3], weight_ih_l0 is "
                       "f32[12, 3] of GRU(3, 4, batch_first=true)",
                       Error);
  CHECK_THROWS_WITH_AS(layer(x.to(float64)),
                       "LSTM: x must have the dtype of the weights; convert one of them with to(): x is "
                       "f64[5, 2, 3], weight_ih_l0 is f32[16, 3] of LSTM(3, 4)",
                       Error);
  CHECK_THROWS_WITH_AS(layer(x, {zeros({1, 2, 4}), {}}),
                       "LSTM: the start must have both h and c, or neither: x is f32[5, 2, 3], h is f32[1, "
                       "2, 4] of LSTM(3, 4)",
                       Error);
  CHECK_THROWS_WITH_AS(layer(x, {zeros({1, 2, 4}), zeros({2, 4})}),
                       "LSTM: the start's c must be f32[1, 2, 4]: c is f32[2, 4], x is f32[5, 2, 3] of "
                       "LSTM(3, 4)",
                       Error);
  CHECK_THROWS_WITH_AS(layer(x[0], {zeros({1, 2, 4}), zeros({1, 2, 4})}),
                       "LSTM: the start's h must be f32[1, 4]: h is f32[1, 2, 4], x is f32[2, 3] of LSTM(3, "
                       "4)",
                       Error);
  CHECK_THROWS_WITH_AS(layer(x, {}, tensor({5})),
                       "LSTM: the lengths must be int64[2], one for each sequence: lengths is i64[1], x is "
                       "f32[5, 2, 3] of LSTM(3, 4)",
                       Error);
  CHECK_THROWS_WITH_AS(layer(x, {}, tensor({5, 6})),
                       "LSTM: the length of sequence 1 is 6, and must be 0 to 5: lengths is i64[2], x is "
                       "f32[5, 2, 3] of LSTM(3, 4)",
                       Error);
}
