#include "xgrad/core/ops/recurrent.hpp"

#include <algorithm>

#include "import/node.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

// Recurrent layers in one direction or both, with their usual activations.

namespace xgrad::onnx::detail {

namespace {

/// What a node of gates has in one direction.
struct Direction {
  Tensor w, r, input_bias, hidden_bias, h, c;
  bool reverse;
};

/// Blocks of rows in another order.
Tensor regated(const Tensor& x, const Integers& gates, std::int64_t hidden) {
  if (gates.size() == 1) return x;
  Tensors parts;
  for (std::int64_t gate : gates) parts.push_back(slice(x, 0, gate * hidden, (gate + 1) * hidden));
  return cat(parts, 0);
}

class Layer {
 public:
  /// The order in which xgrad has the gates, in terms of ONNX's.
  Layer(const NodeCall& c, Integers gates) : c_(c), gates_(std::move(gates)) {
    batch_first_ = c.integer("layout", 0) != 0;
    x_ = batch_first_ ? transpose(c.x(0), 0, 1) : c.x(0);
    if (x_.dim() != 3 || c.x(1).dim() != 3 || c.x(2).dim() != 3)
      c.fail("needs x[steps, batch, in] and weights of three axes: x is " + c.x(0).describe() + ", W is " +
             c.x(1).describe());
    hidden_ = c.x(2).size(2);
    const std::string direction = c.text("direction", "forward");
    if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
      c.fail("the direction must be forward, reverse or bidirectional: it is " + direction);
    both_ = direction == "bidirectional", backward_ = direction == "reverse";
    const std::int64_t count = both_ ? 2 : 1, rows = static_cast<std::int64_t>(gates_.size()) * hidden_;
    const auto check = [&](std::size_t i, const char* name, const Shape& shape) {
      if (c.has(i) && !(c.x(i).shape() == shape))
        c.fail(std::string(name) + " must have the shape " + shape.str() + ": it is " + c.x(i).describe());
    };
    check(1, "W", {count, rows, x_.size(2)}), check(2, "R", {count, rows, hidden_}),
        check(3, "B", {count, 2 * rows});
    if (c.has_attribute("clip")) c.fail("clip is not supported; export the model without it");
    if (c.integer("input_forget", 0) != 0)
      c.fail("input_forget is not supported; export the model without it");
    if (c.has(7)) c.fail("peepholes are not supported; export the model without them");
    // Sequences that are all as long as x need no lengths.
    if (c.has(4)) {
      const Integers n = c.numbers(4);
      if (std::ranges::any_of(n, [&](std::int64_t l) { return l != x_.size(0); })) lengths_ = c.x(4);
    }
  }

  std::size_t directions() const { return both_ ? 2 : 1; }
  const Tensor& x() const { return x_; }
  RecurrentOptions options(const Direction& d) const { return {.reverse = d.reverse, .lengths = lengths_}; }

  Direction direction(std::size_t k) const {
    const auto at = static_cast<std::int64_t>(k);
    Direction d{.w = regated(select(c_.x(1), 0, at), gates_, hidden_),
                .r = regated(select(c_.x(2), 0, at), gates_, hidden_),
                .input_bias = {},
                .hidden_bias = {},
                .h = state(5, at),
                .c = state(6, at),
                .reverse = backward_ || k == 1};
    if (c_.has(3)) {
      const Tensor bias = select(c_.x(3), 0, at);
      const std::int64_t rows = bias.size(0) / 2;
      d.input_bias = regated(slice(bias, 0, 0, rows), gates_, hidden_);
      d.hidden_bias = regated(slice(bias, 0, rows), gates_, hidden_);
    }
    return d;
  }

  /// Outputs [steps, directions, batch, hidden] and last states [directions, batch, hidden].
  Tensors results(const Tensors& outputs, const std::vector<Tensors>& states) const {
    Tensors all = one(stack(outputs, 1));
    for (const Tensors& of_directions : states) all.push_back(stack(of_directions, 0));
    if (batch_first_) {
      all[0] = permute(all[0], {2, 0, 1, 3});
      for (std::size_t k = 1; k < all.size(); ++k) all[k] = transpose(all[k], 0, 1);
    }
    return all;
  }

  /// Throws Error unless the activations are these, in each direction.
  void check_activations(const std::vector<std::string>& names) const {
    const auto given = c_.texts("activations");
    if (!given) return;
    for (std::size_t i = 0; i < given->size(); ++i) {
      std::string name = (*given)[i];
      std::ranges::transform(name, name.begin(),
                             [](unsigned char u) { return static_cast<char>(std::tolower(u)); });
      if (name != names[i % names.size()])
        c_.fail("the activation " + (*given)[i] + " is not supported; export the model with the usual ones");
    }
  }

 private:
  Tensor state(std::size_t i, std::int64_t direction) const {
    if (!c_.has(i)) return zeros({x_.size(1), hidden_}, x_.dtype());
    return select(batch_first_ ? transpose(c_.x(i), 0, 1) : c_.x(i), 0, direction);
  }

  const NodeCall& c_;
  Integers gates_;
  Tensor x_, lengths_;
  std::int64_t hidden_;
  bool batch_first_, both_, backward_;
};

Tensors run_lstm(const NodeCall& c) {
  const Layer layer(c, {0, 2, 3, 1});  // i f g o of i o f c
  layer.check_activations({"sigmoid", "tanh", "tanh"});
  Tensors outputs, h, cell;
  for (std::size_t k = 0; k < layer.directions(); ++k) {
    const Direction d = layer.direction(k);
    LstmResult y = lstm(layer.x(), {d.h, d.c}, d.w, d.r, d.input_bias, d.hidden_bias, layer.options(d));
    outputs.push_back(y.outputs), h.push_back(y.state.h), cell.push_back(y.state.c);
  }
  return layer.results(outputs, {h, cell});
}

/// The step of Cho et al., where the reset gate comes before the product.
RecurrentResult reset_first(const Tensor& x, const Direction& d, const NodeCall& c) {
  const std::int64_t steps = x.size(0), hidden = d.r.size(1);
  if (d.reverse)
    return [&] {
      Direction forward = d;
      forward.reverse = false;
      RecurrentResult y = reset_first(flip(x, {0}), forward, c);
      return RecurrentResult{flip(y.outputs, {0}), y.h};
    }();
  const auto part = [&](const Tensor& t, std::int64_t from, std::int64_t to) {
    return t.defined() ? slice(t, 0, from * hidden, to * hidden) : t;
  };
  Tensor h = d.h;
  Tensors outputs;
  for (std::int64_t i = 0; i < steps; ++i) {
    const Tensor in = linear(select(x, 0, i), d.w, d.input_bias);
    const Tensor back = linear(h, part(d.r, 0, 2), part(d.hidden_bias, 0, 2));
    const Tensor gates = sigmoid(slice(in, 1, 0, 2 * hidden) + back), r = slice(gates, 1, 0, hidden),
                 z = slice(gates, 1, hidden);
    const Tensor n =
        tanh(slice(in, 1, 2 * hidden) + linear(r * h, part(d.r, 2, 3), part(d.hidden_bias, 2, 3)));
    h = (1 - z) * n + z * h;
    outputs.push_back(h);
  }
  if (outputs.empty()) c.fail("a sequence must have a step; it has none");
  return {stack(outputs, 0), h};
}

Tensors run_gru(const NodeCall& c) {
  const Layer layer(c, {1, 0, 2});  // r z n of z r h
  layer.check_activations({"sigmoid", "tanh"});
  const bool behind = c.integer("linear_before_reset", 0) != 0;
  Tensors outputs, h;
  for (std::size_t k = 0; k < layer.directions(); ++k) {
    const Direction d = layer.direction(k);
    if (!behind && layer.options(d).lengths.defined())
      c.fail("sequence_lens need linear_before_reset = 1; export the model so");
    RecurrentResult y = behind ? gru(layer.x(), d.h, d.w, d.r, d.input_bias, d.hidden_bias, layer.options(d))
                               : reset_first(layer.x(), d, c);
    outputs.push_back(y.outputs), h.push_back(y.h);
  }
  return layer.results(outputs, {h});
}

Tensors run_rnn(const NodeCall& c) {
  const Layer layer(c, {0});
  Activation activation = Activation::tanh;
  if (const auto names = c.texts("activations"); names && !names->empty()) {
    std::string name = (*names)[0];
    std::ranges::transform(name, name.begin(),
                           [](unsigned char u) { return static_cast<char>(std::tolower(u)); });
    layer.check_activations({name});
    if (name == "relu")
      activation = Activation::relu;
    else if (name == "sigmoid")
      activation = Activation::sigmoid;
    else
      layer.check_activations({"tanh"});
  }
  Tensors outputs, h;
  for (std::size_t k = 0; k < layer.directions(); ++k) {
    const Direction d = layer.direction(k);
    RecurrentResult y =
        rnn(layer.x(), d.h, d.w, d.r, d.input_bias, d.hidden_bias, activation, layer.options(d));
    outputs.push_back(y.outputs), h.push_back(y.h);
  }
  return layer.results(outputs, {h});
}

}  // namespace

void add_recurrent(ImportTable& t) { t["LSTM"] = run_lstm, t["GRU"] = run_gru, t["RNN"] = run_rnn; }

}  // namespace xgrad::onnx::detail
