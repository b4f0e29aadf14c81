#pragma once

#include "support/work.hpp"

// What a gradient costs beside its objective: the log-likelihood of a Gaussian mixture, and a language model
// by an elementwise LSTM of about 50,000 tiny ops. After ADBench, Srajer et al., 2018.

namespace bench::mixture {

inline constexpr int components = 25, size = 10, points = 1000;

/// Precisions Q Q^T by a lower triangle Q with the diagonal exp(s).
struct Inputs {
  std::vector<float> x = uniform(points * size, -1, 1, 1), alpha = uniform(components, -1, 1, 2),
                     mu = uniform(components * size, -1, 1, 3), s = uniform(components * size, -0.5, 0.5, 4),
                     below = uniform(components * size * size, -0.5, 0.5, 5);
};

}  // namespace bench::mixture

namespace bench::tiny {

inline constexpr int width = 14, layers = 2, length = 1136;
inline constexpr int ops = length * (17 * layers + 10);

/// What a layer holds, as values or as tensors.
template <class T>
struct Weights {
  T wf, bf, wi, bi, wo, bo, wg, bg;
};
using Layer = Weights<std::vector<float>>;

/// A layer whose weights are make(values).
template <class T, class F>
Weights<T> weights_of(const Layer& l, F make) {
  return {make(l.wf), make(l.bf), make(l.wi), make(l.bi), make(l.wo), make(l.bo), make(l.wg), make(l.bg)};
}

struct Inputs {
  std::vector<float> x = uniform(length * width, 0, 1, 1);  ///< one row a step
  std::vector<std::int64_t> labels = bench::labels(length, width, 2);
  std::vector<float> first = uniform(width, -1, 1, 3), scale = uniform(width, -1, 1, 4),
                     shift = uniform(width, -1, 1, 5);
  Layer layer[layers] = {make(10), make(20)};

 private:
  static Layer make(unsigned s) {
    const auto v = [&s] { return uniform(width, -1, 1, s++); };
    return {v(), v(), v(), v(), v(), v(), v(), v()};
  }
};

}  // namespace bench::tiny
