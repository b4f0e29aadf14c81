#pragma once

#include <cmath>
#include <vector>

#include "parallel/ranks.hpp"

// Small models in float64, and what compares them.

namespace xgrad::test {

struct Lstm : nn::Module {
  nn::LSTM lstm{3, 5, {.batch_first = true, .dtype = float64}};
  nn::Linear out{5, 2, {.dtype = float64}};

  Tensor forward(const Tensor& x) const override {
    const Tensor y = lstm(x).outputs;
    return out(y.slice(1, x.size(1) - 1).squeeze(1));
  }
  void visit(nn::Visitor& v) override { v("lstm", lstm), v("out", out); }
};

/// A convolution, a batch norm of either kind, and a linear layer.
template <class Norm>
struct Cnn : nn::Module {
  nn::Conv2d conv{1, 4, 3, {.dtype = float64}};
  Norm norm;
  nn::Linear out{4 * 4 * 4, 2, {.dtype = float64}};

  explicit Cnn(Norm its_norm) : norm(std::move(its_norm)) {}
  Tensor forward(const Tensor& x) const override { return out(relu(norm(conv(x))).flatten(1)); }
  void visit(nn::Visitor& v) override { v("conv", conv), v("norm", norm), v("out", out); }
};

struct Mlp : nn::Module {
  nn::Linear hidden{6, 9, {.dtype = float64}};
  nn::Linear out{9, 2, {.dtype = float64}};

  Tensor forward(const Tensor& x) const override { return out(tanh(hidden(x))); }
  void visit(nn::Visitor& v) override { v("hidden", hidden), v("out", out); }
};

/// Rows [first, first + count) of x.
inline Tensor rows_of(const Tensor& x, std::int64_t first, std::int64_t count) {
  return x.slice(0, first, first + count);
}

/// The largest |a - b| over the largest of 1 and |b|, over all parameters and buffers.
inline double difference(const nn::ModuleBase& a, const nn::ModuleBase& b) {
  double largest = 0;
  const StateDict p = state_dict(a), q = state_dict(b);
  for (const auto& [name, value] : p) {
    const auto u = std::get<Tensor>(value).to_vector<double>(), v = q.get<Tensor>(name).to_vector<double>();
    for (std::size_t i = 0; i < u.size(); ++i)
      largest = std::max(largest, std::abs(u[i] - v[i]) / std::max(1.0, std::abs(v[i])));
  }
  return largest;
}

}  // namespace xgrad::test
