#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <xgrad/core.hpp>

// Right functions at inputs of every scale: whatever gradcheck calls wrong among them is a false alarm.

namespace right_ops {

using xgrad::Tensor;
using Tensors = std::vector<Tensor>;

struct Row {
  std::string name;
  Tensor (*f)(const Tensors& x);
  std::vector<xgrad::Shape> shapes;
  double log_low, log_high;  ///< the range of log10 |x|
  bool positive = false;
};

inline std::vector<Row> rows() {
  using namespace xgrad;
  using X = const Tensors&;
  return {
      {"tanh", [](X x) { return tanh(x[0]); }, {{5}}, -8, 8},
      {"exp", [](X x) { return exp(x[0]); }, {{5}}, -8, 2.5},
      {"expm1", [](X x) { return expm1(x[0]); }, {{5}}, -8, 2.5},
      {"x * x", [](X x) { return x[0] * x[0]; }, {{5}}, -8, 8},
      {"log", [](X x) { return log(x[0]); }, {{5}}, -8, 8, true},
      {"log1p", [](X x) { return log1p(x[0]); }, {{5}}, -8, 8, true},
      {"sqrt", [](X x) { return sqrt(x[0]); }, {{5}}, -8, 8, true},
      {"rsqrt", [](X x) { return rsqrt(x[0]); }, {{5}}, -8, 8, true},
      {"sin", [](X x) { return sin(x[0]); }, {{5}}, -8, 8},
      {"cos", [](X x) { return cos(x[0]); }, {{5}}, -8, 8},
      {"sigmoid", [](X x) { return sigmoid(x[0]); }, {{5}}, -8, 8},
      {"relu", [](X x) { return relu(x[0]); }, {{5}}, -8, 8},
      {"abs", [](X x) { return abs(x[0]); }, {{5}}, -8, 8},
      {"gelu", [](X x) { return gelu(x[0]); }, {{5}}, -8, 8},
      {"softplus", [](X x) { return softplus(x[0]); }, {{5}}, -8, 8},
      {"a * b", [](X x) { return x[0] * x[1]; }, {{3}, {2, 3}}, -8, 8},
      {"a / b", [](X x) { return x[0] / x[1]; }, {{3}, {2, 3}}, -8, 8},
      {"a + b", [](X x) { return x[0] + x[1]; }, {{3}, {2, 3}}, -8, 8},
      {"maximum", [](X x) { return maximum(x[0], x[1]); }, {{3}, {2, 3}}, -8, 8},
      {"pow", [](X x) { return pow(x[0], x[1]); }, {{4}, {4}}, -1, 1, true},
      {"matmul", [](X x) { return matmul(x[0], x[1]); }, {{3, 4}, {4, 2}}, -8, 8},
      {"softmax", [](X x) { return softmax(x[0], 1); }, {{2, 4}}, -8, 8},
      {"log_softmax", [](X x) { return log_softmax(x[0], 1); }, {{2, 4}}, -8, 8},
      {"logsumexp", [](X x) { return logsumexp(x[0], 1); }, {{2, 4}}, -8, 8},
      {"sum of squares", [](X x) { return sum(x[0] * x[0]); }, {{2, 4}}, -8, 8},
      {"prod", [](X x) { return prod(x[0]); }, {{4}}, -8, 8},
      {"var", [](X x) { return var(x[0]); }, {{6}}, -8, 8},
      {"norm", [](X x) { return norm(x[0]); }, {{6}}, -8, 8},
      {"amax", [](X x) { return amax(x[0]); }, {{6}}, -8, 8},
      {"normalised rows",
       [](X x) {
         const Tensor m = x[0] - mean(x[0], 1, true);
         return m * rsqrt(mean(m * m, 1, true) + 1e-5);
       },
       {{2, 5}},
       -8,
       8},
      {"network",
       [](X x) { return tanh(matmul(relu(matmul(x[0], x[1])), x[2])); },
       {{4, 3}, {3, 5}, {5, 2}},
       -1,
       1},
      {"saturated network",
       [](X x) { return sum(tanh(matmul(relu(matmul(x[0], x[1])), x[2]))); },
       {{4, 3}, {3, 5}, {5, 2}},
       -8,
       8},
      {"mixture",
       [](X x) {
         return exp(-x[0] * x[0]) * x[1] + log(x[1] * x[1] + 1.0) + sin(x[0]) / (x[1] * x[1] + 1.0);
       },
       {{5}, {5}},
       -8,
       8},
  };
}

/// Numbers of one scale, of all scales at once, or normally distributed.
inline Tensor input(const Row& row, const xgrad::Shape& shape, int kind, xgrad::Generator& random) {
  const auto scale = [&] {
    return std::pow(10, row.log_low + (row.log_high - row.log_low) * random.uniform());
  };
  const double common = scale();
  std::vector<double> x;
  for (std::int64_t k = 0; k < shape.numel(); ++k) {
    double u =
        kind == 2 ? random.normal() * common : (0.5 + random.uniform()) * (kind == 1 ? scale() : common);
    if (row.positive) u = std::abs(u);
    if (!row.positive && kind != 2 && random.draw() % 2 == 0) u = -u;
    x.push_back(u);
  }
  return xgrad::tensor(x, shape);
}

/// Checks each row at `count` inputs of each kind; nothing may be called wrong.
inline void expect_no_false_alarm(int count, int order) {
  for (const Row& row : rows()) {
    std::int64_t right = 0, inconclusive = 0;
    for (int kind = 0; kind < 3; ++kind) {
      xgrad::Generator random(static_cast<std::uint64_t>(42 + kind));
      for (int i = 0; i < count; ++i) {
        Tensors x;
        for (const xgrad::Shape& shape : row.shapes) x.push_back(input(row, shape, kind, random));
        const auto r = xgrad::gradcheck([&](const Tensors& t) { return row.f(t); }, x,
                                        {.order = order, .seed = static_cast<std::uint64_t>(i)});
        CHECK_MESSAGE(r.ok(), row.name << "\n" << r.str());
        right += r.right;
        inconclusive += r.inconclusive;
      }
    }
    CHECK_MESSAGE(inconclusive <= right, row.name << ": too much is inconclusive");
  }
}

}  // namespace right_ops
