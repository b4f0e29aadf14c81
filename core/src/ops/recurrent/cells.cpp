#include "xgrad/core/ops/recurrent.hpp"

#include "autodiff/fields.hpp"
#include "kernels/blas/blas.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/lines.hpp"
#include "ops/activation/activated.hpp"
#include "ops/linalg/products.hpp"
#include "ops/recurrent/check.hpp"
#include "ops/support/composed.hpp"
#include "ops/support/vjp.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Extent batch = Extent::batch, in = Extent::in, hidden = Extent::hidden;

constexpr Kernel lstm_cell_kernel = {.name = "lstm_cell"}, lstm_cell_vjp_kernel = {.name = "lstm_cell_vjp"};
constexpr Kernel gates_kernel = {.name = "gates", .elementwise = true};

/// The operands of a pass over cells.
template <class T>
struct Cells {
  const T *input_gates, *hidden_gates, *c;
  std::int64_t hidden;

  Cells(const Tensor& a, const Tensor& b, const Tensor& old)
      : input_gates(ptr<T>(a)), hidden_gates(ptr<T>(b)), c(ptr<T>(old)), hidden(old.size(1)) {}

  /// Calls f(place of gate i, place in the state, number of columns, i, f, g, o) for the rows [first, last),
  /// a batch of columns at a time; gate k lies k * hidden further. Flat, as simd_loop is.
  template <class F>
  [[gnu::flatten]] void each(std::int64_t first, std::int64_t last, F f) const {
    using V = xsimd::batch<T>;
    for (std::int64_t row = first; row < last; ++row)
      for (std::int64_t j = 0; j < hidden; j += static_cast<std::int64_t>(V::size)) {
        const std::int64_t gates = 4 * row * hidden + j, m = hidden - j;
        const auto gate = [&](std::int64_t k) {
          const std::int64_t at = gates + k * hidden;
          return load_part<V>(input_gates + at, m, 0) + load_part<V>(hidden_gates + at, m, 0);
        };
        f(gates, row * hidden + j, m, gate(0), gate(1), gate(2), gate(3));
      }
  }
};

/// Makes h and c of the rows [first, last).
template <class T>
void step(const Cells<T>& cells, std::int64_t first, std::int64_t last, T* h, T* c) {
  using V = xsimd::batch<T>;
  cells.each(
      first, last,
      [&](std::int64_t, std::int64_t at, std::int64_t m, const V& i, const V& f, const V& g, const V& o) {
        const V kept = simd::sigmoid(f) * load_part<V>(cells.c + at, m, 0);
        const V cell = simd::fma(simd::sigmoid(i), simd::tanh(g), kept);
        store_part(c + at, m, cell);
        store_part(h + at, m, simd::sigmoid(o) * simd::tanh(cell));
      });
}

/// What an output's cotangent is made into; dh or dc is null where it is 0.
template <class T>
struct CellSlopes {
  const T *dh, *dc;
  T *gates, *c;
};

/// The gradients of the rows [first, last), whose gates are computed again.
template <class T>
void step_back(const Cells<T>& cells, std::int64_t first, std::int64_t last, const CellSlopes<T>& d) {
  using V = xsimd::batch<T>;
  cells.each(first, last,
             [&](std::int64_t gates, std::int64_t at, std::int64_t m, const V& zi, const V& zf, const V& zg,
                 const V& zo) {
               const V old = load_part<V>(cells.c + at, m, 0);
               const auto i = simd::sigmoid_and_slope(zi), f = simd::sigmoid_and_slope(zf),
                          g = simd::tanh_and_slope(zg), o = simd::sigmoid_and_slope(zo);
               const auto seen = simd::tanh_and_slope(simd::fma(i.y, g.y, f.y * old));
               const V dh = d.dh ? load_part<V>(d.dh + at, m, 0) : V(0);
               const V dc = simd::fma(dh * o.y, seen.s, d.dc ? load_part<V>(d.dc + at, m, 0) : V(0));
               T* out = d.gates + gates;
               store_part(out, m, dc * g.y * i.s);
               store_part(out + cells.hidden, m, dc * old * f.s);
               store_part(out + 2 * cells.hidden, m, dc * i.y * g.s);
               store_part(out + 3 * cells.hidden, m, dh * seen.y * o.s);
               store_part(d.c + at, m, dc * f.y);
             });
}

struct CellGradient {
  Tensor gates, c;
};

CellGradient gradient_of(const Tensor& dh, const Tensor& dc, const Tensor& input_gates,
                         const Tensor& hidden_gates, const Tensor& c) {
  CellGradient d{new_like(input_gates), new_like(c)};
  visit_floating(c.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const auto elements = [](const Tensor& x) -> const T* { return x.defined() ? ptr<T>(x) : nullptr; };
    const Work work = {.bytes = 16 * c.numel() * bytes_of<T>};
    by_rows(lstm_cell_vjp_kernel, work, c.size(0), 4 * c.size(1),
            [cells = Cells<T>(input_gates, hidden_gates, c), h = elements(dh), memory = elements(dc),
             gates = ptr<T>(d.gates), to = ptr<T>(d.c)](std::int64_t first, std::int64_t last) {
              step_back<T>(cells, first, last, {h, memory, gates, to});
            });
  });
  return d;
}

/// The same from other ops, for second derivatives: of dh, dc, the gates and c.
std::vector<Tensor> composed_gradient(const std::vector<Tensor>& x, Fn) {
  const Tensor &dh = x[0], &dc = x[1], &c = x[4];
  const std::vector<Tensor> z = split(x[2] + x[3], std::vector<std::int64_t>(4, c.size(1)), 1);
  const Tensor i = sigmoid(z[0]), f = sigmoid(z[1]), g = tanh(z[2]), o = sigmoid(z[3]), cell = f * c + i * g;
  const Tensor total = dc + tanh_vjp(dh * o, cell);
  return {cat({sigmoid_vjp(total * g, z[0]), sigmoid_vjp(total * c, z[1]), tanh_vjp(total * i, z[2]),
               sigmoid_vjp(dh * tanh(cell), z[3])},
              1),
          total * f};
}

CellGradient lstm_cell_vjp(const Tensor& dh, const Tensor& dc, const Tensor& input_gates,
                           const Tensor& hidden_gates, const Tensor& c) {
  static constexpr Op op = {
      .name = "lstm_cell_vjp", .joint = derived<composed_gradient>, .again_all = [](Call by) {
        const CellGradient d = lstm_cell_vjp(by.x(0), by.x(1), by.x(2), by.x(3), by.x(4));
        return std::vector<Tensor>{d.gates, d.c};
      }};
  // Before the kernel, which is the last that is heard before its op.
  const Tensor zero = doors == 0 || (dh.defined() && dc.defined()) ? Tensor() : zeros_like(c);
  CellGradient d = gradient_of(dh, dc, input_gates, hidden_gates, c);
  if (doors == 0) return d;
  std::array<Tensor, 2> all = {std::move(d.gates), std::move(d.c)};
  record_outputs(op,
                 std::initializer_list<Ref>{dh.defined() ? dh : zero, dc.defined() ? dc : zero, input_gates,
                                            hidden_gates, c},
                 all);
  return {std::move(all[0]), std::move(all[1])};
}

}  // namespace

Tensor rnn_cell(const Tensor& input_gates, const Tensor& h, const Tensor& w_hh, Activation activation) {
  static constexpr Op op = {
      .name = "rnn_cell",
      .joint = {keep::x(1) | keep::x(2) | keep::y,
                [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
                  const Tensor d =
                      activation_gradient(f.attributes<Activated>().activation, g[0], f.y(), false).x;
                  if (f.wants(1)) dx[1] = product_added(dx[1], {d, f.x(2)});
                  if (f.wants(2)) dx[2] = product_added(dx[2], {d, f.x(1), true});
                  dx[0] = d;
                },
                true},
      .fields = &fields_of<Activated>,
      .again = [](Call c) { return rnn_cell(c.x(0), c.x(1), c.x(2), c.attributes<Activated>().activation); }};
  check_recurrent("rnn_cell", {{"input_gates", input_gates, {batch, hidden}},
                               {"h", h, {batch, hidden}},
                               {"w_hh", w_hh, {hidden, hidden}}});
  Tensor y = new_like(h);
  const std::int64_t n = h.size(1);
  visit_floating(h.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    launch(gates_kernel, {.bytes = 2 * y.numel() * bytes_of<T>},
           [from = ptr<T>(input_gates), size = y.numel(), to = ptr<T>(y)] { std::copy_n(from, size, to); });
    gemm(false, true, h.size(0), n, n, ptr<T>(h), ptr<T>(w_hh), true, ptr<T>(y));
  });
  activate(activation, y);
  return record(op, {input_gates, h, w_hh}, std::move(y), Activated{activation});
}

LstmState lstm_cell(const Tensor& input_gates, const Tensor& hidden_gates, const Tensor& c) {
  static constexpr Op op = {.name = "lstm_cell",
                            .joint = {keep::every_x,
                                      [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
                                        CellGradient d = lstm_cell_vjp(g[0], g[1], f.x(0), f.x(1), f.x(2));
                                        dx[0] = d.gates;  // both are addends of the same sum
                                        dx[1] = std::move(d.gates);
                                        dx[2] = std::move(d.c);
                                      }},
                            .again_all = [](Call by) {
                              const auto [h, cell] = lstm_cell(by.x(0), by.x(1), by.x(2));
                              return std::vector<Tensor>{h, cell};
                            }};
  check_recurrent("lstm_cell", {{"input_gates", input_gates, {batch, {4, hidden}}},
                                {"hidden_gates", hidden_gates, {batch, {4, hidden}}},
                                {"c", c, {batch, hidden}}});
  std::array<Tensor, 2> y = {new_like(c), new_like(c)};
  visit_floating(c.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Work work = {.bytes = 11 * c.numel() * bytes_of<T>};
    by_rows(lstm_cell_kernel, work, c.size(0), 4 * c.size(1),
            [cells = Cells<T>(input_gates, hidden_gates, c), to_h = ptr<T>(y[0]), to_c = ptr<T>(y[1])](
                std::int64_t first, std::int64_t last) { step<T>(cells, first, last, to_h, to_c); });
  });
  record_outputs(op, std::initializer_list<Ref>{input_gates, hidden_gates, c}, y);
  return {std::move(y[0]), std::move(y[1])};
}

LstmState lstm_cell(const Tensor& x, const LstmState& state, const Tensor& w_ih, const Tensor& w_hh,
                    const Tensor& b_ih, const Tensor& b_hh) {
  check_recurrent("lstm_cell", {{"x", x, {batch, in}},
                                {"h", state.h, {batch, hidden}},
                                {"c", state.c, {batch, hidden}},
                                {"w_ih", w_ih, {{4, hidden}, in}},
                                {"w_hh", w_hh, {{4, hidden}, hidden}},
                                {"b_ih", b_ih, {{4, hidden}}, true},
                                {"b_hh", b_hh, {{4, hidden}}, true}});
  return lstm_cell(linear(x, w_ih, b_ih), linear(state.h, w_hh, b_hh), state.c);
}

}  // namespace xgrad
