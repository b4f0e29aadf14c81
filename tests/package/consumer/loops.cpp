#include "loops.hpp"

#include <cmath>

void tanh_loop(const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = std::tanh(x[i]);
}

void convolution_loop(const float* x, const float* w, float* y, std::size_t channels, std::size_t size) {
  const std::size_t out = size - 2;
  for (std::size_t o = 0; o < channels; ++o)
    for (std::size_t i = 0; i < out; ++i)
      for (std::size_t j = 0; j < out; ++j) {
        float sum = 0;
        for (std::size_t c = 0; c < channels; ++c)
          for (std::size_t k = 0; k < 3; ++k)
            for (std::size_t l = 0; l < 3; ++l)
              sum += x[(c * size + i + k) * size + j + l] * w[((o * channels + c) * 3 + k) * 3 + l];
        y[(o * out + i) * out + j] = sum;
      }
}
