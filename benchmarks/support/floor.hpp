#pragma once

#include <cblas.h>

#include <cmath>
#include <cstdint>
#include <vector>

// What the floors written by hand share: products by cblas, and losses by plain loops.

namespace bench {

/// A row-major matrix: where it begins, and the distance between its rows.
struct Matrix {
  const float* at;
  int stride;
  bool transposed = false;
};

/// c[m, n] = a[m, k] b[k, n] + beta c.
inline void product(int m, int n, int k, Matrix a, Matrix b, float beta, float* c, int stride) {
  cblas_sgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
              b.transposed ? CblasTrans : CblasNoTrans, m, n, k, 1, a.at, a.stride, b.at, b.stride, beta, c,
              stride);
}

/// y[n, out] = x[n, in] w[out, in]^T + b.
inline void linear(int n, int in, int out, const float* x, const float* w, const float* b, float* y) {
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < out; ++j) y[i * out + j] = b[j];
  product(n, out, in, {x, in}, {w, in, true}, 1, y, out);
}

/// Its gradients from g[n, out]; gx may be null.
inline void linear_gradients(int n, int in, int out, const float* x, const float* w, const float* g,
                             float* gx, float* gw, float* gb) {
  product(out, in, n, {g, out, true}, {x, in}, 0, gw, in);
  if (gx) product(n, in, out, {g, out}, {w, in}, 0, gx, in);
  for (int j = 0; j < out; ++j) gb[j] = 0;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < out; ++j) gb[j] += g[i * out + j];
}

inline void relu(std::vector<float>& x) {
  for (float& v : x) v = v > 0 ? v : 0;
}
/// g where the value y of a relu is above 0.
inline void relu_gradient(const std::vector<float>& y, std::vector<float>& g) {
  for (std::size_t i = 0; i < g.size(); ++i) g[i] = y[i] > 0 ? g[i] : 0;
}

/// The mean cross-entropy of logits z[n, c], and its gradient.
inline float cross_entropy(int n, int c, const float* z, const std::int64_t* labels, float* g) {
  float total = 0;
  for (int i = 0; i < n; ++i, z += c, g += c) {
    float largest = z[0], sum = 0;
    for (int j = 1; j < c; ++j) largest = z[j] > largest ? z[j] : largest;
    for (int j = 0; j < c; ++j) sum += g[j] = std::exp(z[j] - largest);
    total += std::log(sum) + largest - z[labels[i]];
    for (int j = 0; j < c; ++j) g[j] = (g[j] / sum - (j == labels[i] ? 1.0f : 0.0f)) / static_cast<float>(n);
  }
  return total / static_cast<float>(n);
}

inline void descend(std::vector<float>& p, const std::vector<float>& g, float lr) {
  for (std::size_t i = 0; i < p.size(); ++i) p[i] -= lr * g[i];
}

}  // namespace bench
