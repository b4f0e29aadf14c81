#pragma once

// Modules that are not called with one tensor, and what they are called with.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

namespace xgrad::test {

/// A weighted mean of the rows of x that the mask lets through.
struct Gate : nn::ModuleBase {
  explicit Gate(std::int64_t size) : score(size, 1, {.generator = Generator(1)}) {}

  Tensor operator()(const Tensor& x, const Tensor& mask) const {
    const Tensor weights = softmax(where(mask, score(x).squeeze(-1), -1e9), -1);
    return matmul(weights, x);
  }
  void visit(nn::Visitor& v) override { v("score", score); }
  std::string extra_repr() const override { return "kind=\"soft\""; }

  nn::Linear score;
};

/// A cell that returns its output and its next state, and counts how often it was trained.
struct Cell : nn::ModuleBase {
  Cell(std::int64_t in, std::int64_t size)
      : input(in, size, {.generator = Generator(2)}),
        state(size, size, {.bias = false, .generator = Generator(3)}) {}

  std::pair<Tensor, Tensor> operator()(const Tensor& x, const Tensor& h) const {
    const Tensor next = tanh(input(x) + state(h));
    if (is_training()) count.add_(1);
    return {drop(next), next};
  }
  void visit(nn::Visitor& v) override {
    v("input", input), v("state", state), v("drop", drop), v.buffer("count", count);
  }

  nn::Linear input, state;
  nn::Dropout drop{0.5, Generator(4)};
  mutable Tensor count = zeros({});
};

/// Both of them as members, called by the tokens of a sentence and where there are some.
struct Reader : nn::ModuleBase {
  Tensor operator()(const std::vector<Tensor>& tokens, const Tensor& mask) const {
    Tensor h = zeros({4}, {.dtype = tokens[0].dtype()});
    std::vector<Tensor> read;
    for (const Tensor& x : tokens) {
      auto [y, next] = cell(x, h);
      read.push_back(y), h = next;
    }
    const Tensor y = gates[0](stack(read), mask);
    return extra ? y * (*extra)(stack(read), mask) : y;
  }
  void visit(nn::Visitor& v) override { v("cell", cell), v("gates", gates), v("extra", extra); }

  Cell cell{3, 4};
  std::vector<Gate> gates = {Gate(4)};
  std::optional<Gate> extra;
};

/// A loss that is a module: a weight for each class is a part of it.
struct Weighted : nn::ModuleBase {
  Tensor operator()(const Tensor& x, const Tensor& y) const { return mean(exp(log_weight) * square(x - y)); }
  void visit(nn::Visitor& v) override { v("log_weight", log_weight); }

  Tensor log_weight = zeros({4}, {.requires_grad = true});
};

inline std::vector<Tensor> tokens(DType dtype = float32) {
  const Tensor x = randn({5, 3}, dtype, Generator(7));
  return {x[0], x[1], x[2], x[3], x[4]};
}
inline Tensor mask() { return tensor({true, true, false, true, true}); }

inline Tensor run(const Reader& model) { return model(tokens(model.cell.count.dtype()), mask()); }

}  // namespace xgrad::test
