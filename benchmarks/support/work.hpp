#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>
#include <xgrad/core/dtype.hpp>

// The frame of the benchmarks. A work is one computation that several contenders do: xgrad, a floor written
// by hand, a peer where one is installed. All start from the same numbers. A program first compares what they
// compute, and stops where they differ, since a time says nothing then; then it times them in turn. Beside
// xgrad's products a register loop does as many multiplications and additions: `register_loop`.

namespace bench {

/// One way to do a work, in its first state.
struct Run {
  std::function<double()> step;            ///< what is timed; returns the loss
  std::function<double()> gradients = {};  ///< a number made of the gradients of the last step, compared too
};

struct Options {
  int ops = 0;              ///< a step does so many: the time for one is reported as well
  bool compared = true;     ///< off for a part of the work, such as its products alone
  double tolerance = 1e-3;  ///< relative, between losses
  xgrad::DType dtype = xgrad::float32;
};

/// Adds the contender `name` to a work; `make` is called anew for each timing.
struct Contender {
  Contender(std::string work, std::string name, std::function<Run()> make, Options options = {});
};

/// Numbers in [low, high), the same for the same seed.
template <class T = float>
std::vector<T> uniform(std::int64_t n, double low, double high, unsigned seed);
/// Labels in [0, classes).
std::vector<std::int64_t> labels(std::int64_t n, int classes, unsigned seed);

/// The weights of a linear layer of `out` rows of `in` numbers.
struct Layer {
  int in, out;
  std::vector<float> w, b;
  Layer(int inputs, int outputs, unsigned seed)
      : in(inputs),
        out(outputs),
        w(uniform(in * out, -1 / std::sqrt(in), 1 / std::sqrt(in), seed)),
        b(uniform(out, -1 / std::sqrt(in), 1 / std::sqrt(in), seed + 1)) {}
};

/// sum x^2, in double: what a Run may make of its gradients.
template <class T>
double squares(const T* x, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}
template <class V>
double squares(V&& x) {
  return squares(x.data(), x.size());
}

/// Called with the number of threads before the first step; a peer adds one of its own.
void on_threads(std::function<void(int)> set);

}  // namespace bench
