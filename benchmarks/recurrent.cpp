#include "recurrent.hpp"

#include <xsimd/xsimd.hpp>

#include "support/floor.hpp"
#include "support/leaf.hpp"

using namespace xgrad;
using namespace bench::recurrent;
using bench::Run;

namespace {

struct Weights {
  Tensor wx, wh, b;
  explicit Weights(const Layer& l)
      : wx(bench::leaf(l.wx, {l.rows, width})),
        wh(bench::leaf(l.wh, {l.rows, width})),
        b(bench::leaf(l.b, {l.rows})) {}
};

Tensor lstm_layer(const Tensor& x, const Weights& w) {
  const Tensor zero = zeros({batch, width});
  return lstm(x, {zero, zero}, w.wx, w.wh, w.b).outputs;
}

/// The same by cells, step by step.
Tensor lstm_by_cells(const Tensor& x, const Weights& w) {
  LstmState state{zeros({batch, width}), zeros({batch, width})};
  std::vector<Tensor> outputs;
  for (const Tensor& part : unbind(linear(x, w.wx, w.b))) {
    state = lstm_cell(part, linear(state.h, w.wh), state.c);
    outputs.push_back(state.h);
  }
  return stack(outputs);
}

template <Tensor (*layer)(const Tensor& x, const Weights& w)>
Run lstm_by() {
  const Weights a(Layer(4, 10)), b(Layer(4, 20));
  const std::vector<Tensor> parameters{a.wx, a.wh, a.b, b.wx, b.wh, b.b};
  return {[=, x = tensor(inputs(), {steps, batch, width})] {
            bench::forget_gradients(parameters);
            const Tensor loss = mean(square(layer(layer(x, a), b)));
            loss.backward();
            return loss.item();
          },
          [=] { return bench::gradient_squares(parameters); }};
}

Tensor rnn_layer(const Tensor& x, const Weights& w) {
  return rnn(x, zeros({batch, width}), w.wx, w.wh, w.b).outputs;
}

Tensor rnn_by_cells(const Tensor& x, const Weights& w) {
  Tensor h = zeros({batch, width});
  std::vector<Tensor> outputs;
  for (const Tensor& part : unbind(linear(x, w.wx, w.b))) {
    h = rnn_cell(part, h, w.wh);
    outputs.push_back(h);
  }
  return stack(outputs);
}

template <Tensor (*layer)(const Tensor& x, const Weights& w)>
Run rnn_by() {
  const Weights w(Layer(1, 30));
  const std::vector<Tensor> parameters{w.wx, w.wh, w.b};
  return {[=, x = tensor(inputs(), {steps, batch, width})] {
            bench::forget_gradients(parameters);
            const Tensor loss = mean(square(layer(x, w)));
            loss.backward();
            return loss.item();
          },
          [=] { return bench::gradient_squares(parameters); }};
}

// By hand
// -----------------------------------------------------------------------------------------------------

using V = xsimd::batch<float>;
constexpr int lanes = static_cast<int>(V::size);
constexpr int state_size = batch * width;

V load(const float* p) { return V::load_unaligned(p); }
V logistic(V x) { return 1.0f / (1.0f + xsimd::exp(-x)); }

/// A layer by hand: the products of all steps that can be joined are one product.
struct HandLayer {
  Layer w;
  std::vector<float> gates, d_gates, c, tanh_c, h, gwx, gwh, gb, gh = std::vector<float>(state_size), gc = gh;

  explicit HandLayer(const Layer& layer)
      : w(layer),
        gates(static_cast<std::size_t>(steps * batch * w.rows)),
        d_gates(gates.size()),
        c(static_cast<std::size_t>(outputs)),
        tanh_c(c.size()),
        h(c.size()),
        gwx(w.wx.size()),
        gwh(w.wh.size()),
        gb(w.b.size()) {}

  /// cell(t) makes step t of h from its gates.
  template <class Cell>
  void forward(const float* x, Cell cell) {
    bench::linear(steps * batch, width, w.rows, x, w.wx.data(), w.b.data(), gates.data());
    for (int t = 0; t < steps; ++t) {
      if (t > 0)
        bench::product(batch, w.rows, width, {&h[static_cast<std::size_t>((t - 1) * state_size)], width},
                       {w.wh.data(), width, true}, 1, &gates[static_cast<std::size_t>(t * batch * w.rows)],
                       w.rows);
      cell(t);
    }
  }

  /// From the gradients `g` of all outputs; cell(t) makes the gradients of step t's gates from gh.
  template <class Cell>
  void backward(const float* x, const float* g, float* gx, Cell cell) {
    std::fill(gh.begin(), gh.end(), 0.0f);
    std::fill(gc.begin(), gc.end(), 0.0f);
    for (int t = steps - 1; t >= 0; --t) {
      for (std::size_t i = 0; i < gh.size(); ++i) gh[i] += g[static_cast<std::size_t>(t * state_size) + i];
      cell(t);
      if (t > 0)
        bench::product(batch, width, w.rows, {&d_gates[static_cast<std::size_t>(t * batch * w.rows)], w.rows},
                       {w.wh.data(), width}, 0, gh.data(), width);
    }
    bench::linear_gradients(steps * batch, width, w.rows, x, w.wx.data(), d_gates.data(), gx, gwx.data(),
                            gb.data());
    bench::product(w.rows, width, (steps - 1) * batch,
                   {&d_gates[static_cast<std::size_t>(batch * w.rows)], w.rows, true}, {h.data(), width}, 0,
                   gwh.data(), width);
  }

  double gradient_squares() const { return bench::squares(gwx) + bench::squares(gwh) + bench::squares(gb); }

  void lstm_cell(int t) {
    for (int r = 0; r < batch; ++r)
      for (int j = 0; j < width; j += lanes) {
        float* gate = &gates[static_cast<std::size_t>((t * batch + r) * w.rows + j)];
        const auto at = static_cast<std::size_t>(t * state_size + r * width + j);
        const V i = logistic(load(gate)), f = logistic(load(gate + width)),
                g = xsimd::tanh(load(gate + 2 * width)), o = logistic(load(gate + 3 * width));
        i.store_unaligned(gate), f.store_unaligned(gate + width), g.store_unaligned(gate + 2 * width),
            o.store_unaligned(gate + 3 * width);
        const V cell = i * g + (t > 0 ? f * load(&c[at - state_size]) : V(0.0f)),
                squashed = xsimd::tanh(cell);
        cell.store_unaligned(&c[at]), squashed.store_unaligned(&tanh_c[at]),
            (o * squashed).store_unaligned(&h[at]);
      }
  }

  void lstm_cell_gradient(int t) {
    for (int r = 0; r < batch; ++r)
      for (int j = 0; j < width; j += lanes) {
        const auto gate = static_cast<std::size_t>((t * batch + r) * w.rows + j);
        const auto at = static_cast<std::size_t>(t * state_size + r * width + j);
        const auto in = static_cast<std::size_t>(r * width + j);
        const V i = load(&gates[gate]), f = load(&gates[gate + width]), g = load(&gates[gate + 2 * width]),
                o = load(&gates[gate + 3 * width]), squashed = load(&tanh_c[at]), dh = load(&gh[in]);
        const V dc = load(&gc[in]) + dh * o * (1.0f - squashed * squashed);
        const V old = t > 0 ? load(&c[at - state_size]) : V(0.0f);
        (dc * g * i * (1.0f - i)).store_unaligned(&d_gates[gate]);
        (dc * old * f * (1.0f - f)).store_unaligned(&d_gates[gate + width]);
        (dc * i * (1.0f - g * g)).store_unaligned(&d_gates[gate + 2 * width]);
        (dh * squashed * o * (1.0f - o)).store_unaligned(&d_gates[gate + 3 * width]);
        (dc * f).store_unaligned(&gc[in]);
      }
  }

  void rnn_cell(int t) {
    for (int i = t * state_size; i < (t + 1) * state_size; i += lanes)
      xsimd::tanh(load(&gates[static_cast<std::size_t>(i)])).store_unaligned(&h[static_cast<std::size_t>(i)]);
  }
  void rnn_cell_gradient(int t) {
    for (std::size_t i = 0; i < gh.size(); ++i) {
      const float y = h[static_cast<std::size_t>(t * state_size) + i];
      d_gates[static_cast<std::size_t>(t * state_size) + i] = gh[i] * (1 - y * y);
    }
  }
};

/// mean(y^2) and its gradient.
double mean_square(const std::vector<float>& y, std::vector<float>& g) {
  V sum(0.0f);
  for (std::size_t i = 0; i < y.size(); i += V::size) {
    const V v = load(&y[i]);
    sum += v * v;
    (v * (2.0f / outputs)).store_unaligned(&g[i]);
  }
  return static_cast<double>(xsimd::hadd(sum)) / outputs;
}

Run lstm_by_hand() {
  struct State {
    HandLayer a{Layer(4, 10)}, b{Layer(4, 20)};
    std::vector<float> x = inputs(), g = x, ga = x;
  };
  const auto s = std::make_shared<State>();
  return {[s] {
            auto& [a, b, x, g, ga] = *s;
            s->a.forward(x.data(), [s](int t) { s->a.lstm_cell(t); });
            s->b.forward(a.h.data(), [s](int t) { s->b.lstm_cell(t); });
            const double loss = mean_square(b.h, g);
            s->b.backward(a.h.data(), g.data(), ga.data(), [s](int t) { s->b.lstm_cell_gradient(t); });
            s->a.backward(x.data(), ga.data(), nullptr, [s](int t) { s->a.lstm_cell_gradient(t); });
            return loss;
          },
          [s] { return s->a.gradient_squares() + s->b.gradient_squares(); }};
}

Run rnn_by_hand() {
  struct State {
    HandLayer a{Layer(1, 30)};
    std::vector<float> x = inputs(), g = x;
  };
  const auto s = std::make_shared<State>();
  return {[s] {
            s->a.forward(s->x.data(), [s](int t) { s->a.rnn_cell(t); });
            const double loss = mean_square(s->a.h, s->g);
            s->a.backward(s->x.data(), s->g.data(), nullptr, [s](int t) { s->a.rnn_cell_gradient(t); });
            return loss;
          },
          [s] { return s->a.gradient_squares(); }};
}

const bench::Contender lstm_ops("lstm", "xgrad", lstm_by<lstm_layer>),
    lstm_cells("lstm", "xgrad_cells", lstm_by<lstm_by_cells>), lstm_floor("lstm", "by_hand", lstm_by_hand),
    rnn_ops("rnn", "xgrad", rnn_by<rnn_layer>), rnn_cells("rnn", "xgrad_cells", rnn_by<rnn_by_cells>),
    rnn_floor("rnn", "by_hand", rnn_by_hand);

}  // namespace
