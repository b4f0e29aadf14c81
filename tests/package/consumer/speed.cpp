// Exits with 1 unless the library's kernels beat plain loops. Kernels without optimisation are many times
// slower than these.

#include <chrono>
#include <cstdio>
#include <limits>
#include <vector>

#include "loops.hpp"
#include "xgrad/xgrad.hpp"

namespace {

/// The shortest of some runs, in microseconds.
template <class F>
double shortest(F f) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 20; ++i) {
    const auto start = std::chrono::steady_clock::now();
    f();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    if (took.count() < best) best = took.count();
  }
  return best;
}

bool beats(const char* what, double library, double loop) {
  std::printf("%s: %.0f us, a plain loop %.0f us\n", what, library, loop);
  return library < loop;
}

}  // namespace

int main() {
  xgrad::set_num_threads(1);
  const xgrad::NoGrad guard;

  const std::size_t n = 1 << 16;
  const xgrad::Tensor x = xgrad::randn({1 << 16});
  const std::vector<float> values = x.to_vector<float>();
  std::vector<float> y(n);
  const bool one = beats("tanh", shortest([&] { (void)tanh(x); }),
                         shortest([&] { tanh_loop(values.data(), y.data(), n); }));

  const std::size_t channels = 16, size = 32;
  const xgrad::Tensor image = xgrad::randn({1, 16, 32, 32}), w = xgrad::randn({16, 16, 3, 3});
  const std::vector<float> pixels = image.to_vector<float>(), weights = w.to_vector<float>();
  std::vector<float> out(channels * (size - 2) * (size - 2));
  const bool two =
      beats("conv2d", shortest([&] { (void)conv2d(image, w); }),
            shortest([&] { convolution_loop(pixels.data(), weights.data(), out.data(), channels, size); }));
  return one && two ? 0 : 1;
}
