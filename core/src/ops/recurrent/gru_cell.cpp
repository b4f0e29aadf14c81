#include <algorithm>

#include "kernels/loops/dispatch.hpp"
#include "kernels/recurrent/cells.hpp"
#include "ops/recurrent/check.hpp"
#include "ops/support/composed.hpp"
#include "ops/support/vjp.hpp"
#include "tensor/node.hpp"
#include "tensor/workspace.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/recurrent.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Extent batch = Extent::batch, in = Extent::in, hidden = Extent::hidden;

constexpr Kernel gru_cell_kernel = {.name = "gru_cell"}, gru_cell_vjp_kernel = {.name = "gru_cell_vjp"};

/// One row of a step, with memory for the values of its gates.
template <class T>
class GruRow {
 public:
  GruRow(const Tensor& input_gates, const Tensor& hidden_gates, const Tensor& h)
      : n_(h.size(1)),
        input_(ptr<T>(input_gates)),
        hidden_(ptr<T>(hidden_gates)),
        h_(ptr<T>(h)),
        row_(5 * n_) {}

  /// h' of row i, and the values of its gates, for which their sums are made.
  template <class L>
  void forward(const L& along, std::int64_t i, T* y) const {
    const T *a = input_ + 3 * i * n_, *b = hidden_ + 3 * i * n_;
    for (std::int64_t j = 0; j < 2 * n_; ++j) gates()[j] = a[j] + b[j];
    std::copy_n(a + 2 * n_, n_, gates() + 2 * n_);
    std::copy_n(b + 2 * n_, n_, memory());
    GruCell::forward(along, CellRows<T>{1, gates(), memory(), y, h_ + i * n_, nullptr});
  }

  /// The gradients of row i from g.
  template <class L>
  void backward(const L& along, std::int64_t i, const T* g, T* d_input, T* d_hidden, T* dh) const {
    forward(along, i, row_.data() + 4 * n_);
    std::copy_n(g + i * n_, n_, dh + i * n_);
    T *a = d_input + 3 * i * n_, *b = d_hidden + 3 * i * n_;
    GruCell::backward(along, CellSlopes<T>{1, gates(), memory(), nullptr, h_ + i * n_, nullptr, nullptr, a,
                                           b + 2 * n_, dh + i * n_, nullptr});
    std::copy_n(a, 2 * n_, b);
  }

 private:
  T* gates() const { return row_.data(); }
  T* memory() const { return row_.data() + 3 * n_; }

  std::int64_t n_;
  const T *input_, *hidden_, *h_;
  Workspace<T> row_;
};

/// The same from other ops, for second derivatives: of g, the gates and h.
std::vector<Tensor> composed_gradient(const std::vector<Tensor>& x, Fn) {
  const Tensor &g = x[0], &h = x[3];
  const std::vector<Tensor> a = split(x[1], std::vector<std::int64_t>(3, h.size(1)), 1),
                            b = split(x[2], std::vector<std::int64_t>(3, h.size(1)), 1);
  const Tensor r = sigmoid(a[0] + b[0]), z = sigmoid(a[1] + b[1]), sum = a[2] + r * b[2];
  const Tensor dn = tanh_vjp(g * (1 - z), sum), dr = sigmoid_vjp(dn * b[2], a[0] + b[0]),
               dz = sigmoid_vjp(g * (h - tanh(sum)), a[1] + b[1]);
  return {cat({dr, dz, dn}, 1), cat({dr, dz, dn * r}, 1), g * z};
}

/// Of the input gates, the hidden gates and h.
std::vector<Tensor> gru_cell_vjp(const Tensor& g, const Tensor& input_gates, const Tensor& hidden_gates,
                                 const Tensor& h) {
  static constexpr Op op = {.name = "gru_cell_vjp",
                            .joint = derived<composed_gradient>,
                            .again_all = [](Call c) { return gru_cell_vjp(c.x(0), c.x(1), c.x(2), c.x(3)); }};
  std::vector<Tensor> d = {new_like(input_gates), new_like(hidden_gates), new_like(h)};
  visit_floating(h.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Work work = {.bytes = 15 * h.numel() * bytes_of<T>};
    by_rows(gru_cell_vjp_kernel, work, h.size(0), 3 * h.size(1),
            [row = GruRow<T>(input_gates, hidden_gates, h), n = h.size(1), pg = ptr<T>(g), to = ptr<T>(d[0]),
             to_hidden = ptr<T>(d[1]), to_h = ptr<T>(d[2])](std::int64_t first, std::int64_t last) {
              visit_row<T>(n, [&](const auto& along) {
                for (std::int64_t i = first; i < last; ++i) row.backward(along, i, pg, to, to_hidden, to_h);
              });
            });
  });
  record_outputs(op, std::initializer_list<Ref>{g, input_gates, hidden_gates, h}, d);
  return d;
}

}  // namespace

Tensor gru_cell(const Tensor& input_gates, const Tensor& hidden_gates, const Tensor& h) {
  static constexpr Op op = {.name = "gru_cell",
                            .joint = {keep::every_x,
                                      [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
                                        std::vector<Tensor> d = gru_cell_vjp(g[0], f.x(0), f.x(1), f.x(2));
                                        std::move(d.begin(), d.end(), dx.begin());
                                      }},
                            .again = [](Call c) { return gru_cell(c.x(0), c.x(1), c.x(2)); }};
  check_recurrent("gru_cell", {{"input_gates", input_gates, {batch, {3, hidden}}},
                               {"hidden_gates", hidden_gates, {batch, {3, hidden}}},
                               {"h", h, {batch, hidden}}});
  Tensor y = new_like(h);
  visit_floating(h.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Work work = {.bytes = 8 * h.numel() * bytes_of<T>};
    by_rows(gru_cell_kernel, work, h.size(0), 3 * h.size(1),
            [row = GruRow<T>(input_gates, hidden_gates, h), n = h.size(1), to = ptr<T>(y)](
                std::int64_t first, std::int64_t last) {
              visit_row<T>(n, [&](const auto& along) {
                for (std::int64_t i = first; i < last; ++i) row.forward(along, i, to + i * n);
              });
            });
  });
  return record(op, {input_gates, hidden_gates, h}, std::move(y));
}

Tensor gru_cell(const Tensor& x, const Tensor& h, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih,
                const Tensor& b_hh) {
  check_recurrent("gru_cell", {{"x", x, {batch, in}},
                               {"h", h, {batch, hidden}},
                               {"w_ih", w_ih, {{3, hidden}, in}},
                               {"w_hh", w_hh, {{3, hidden}, hidden}},
                               {"b_ih", b_ih, {{3, hidden}}, true},
                               {"b_hh", b_hh, {{3, hidden}}, true}});
  return gru_cell(linear(x, w_ih, b_ih), linear(h, w_hh, b_hh), h);
}

}  // namespace xgrad
