// A trained network in an eighth, a quarter or a tenth of its size: weights as whole numbers of a few bits,
// each row of a matrix with a scale of its own, and what that costs in accuracy.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int hidden = 128;
  int epochs = 20;
  double lr = 3e-3;
};

/// A matrix as whole numbers in [-top, top] and a scale for each row.
struct Quantised {
  std::vector<std::int8_t> numbers;
  Tensor scales;  // [rows, 1]
  Shape shape;
  int bits;

  /// The nearest numbers to w / scale, with the scale of a row such that its largest weight is `top`.
  Quantised(const Tensor& w, int its_bits) : shape(w.shape()), bits(its_bits) {
    const int top = (1 << (bits - 1)) - 1;
    scales = clamp_min(amax(abs(w), {1}, true), 1e-12) / top;
    for (const float n : round(w / scales).data<float>()) numbers.push_back(static_cast<std::int8_t>(n));
  }
  Tensor weights() const { return tensor(numbers, shape, {.dtype = float32}) * scales; }
  /// Bytes, with numbers packed side by side.
  std::int64_t size() const {
    const auto n = static_cast<std::int64_t>(numbers.size());
    return (n * bits + 7) / 8 + 4 * scales.numel();
  }
};

/// A copy of a model with its matrices quantised; biases stay as they are. Adds up the bytes.
nn::Sequential quantised(const nn::Sequential& model, int bits, std::int64_t& bytes) {
  const NoGrad guard;
  nn::Sequential copy = nn::clone(model);
  bytes = 0;
  for (Tensor& p : copy.parameters()) {
    if (p.dim() < 2) {
      bytes += 4 * p.numel();
      continue;
    }
    const Quantised q(p, bits);
    p.copy_(q.weights());
    bytes += q.size();
  }
  return copy;
}

struct Form {
  int bits;
  double may_lose;  // of the accuracy
};

bool compare(const Options& options) {
  const auto parts = data::split(data::digits(), 0.7, {.stratify = true});
  const data::TensorDataset &train_set = parts.first, &test_set = parts.second;
  nn::Sequential model = nn::mlp({64, options.hidden, options.hidden, 10});
  optim::Adam adam(model, {.lr = options.lr});
  train::fit(model, nn::cross_entropy, adam, train_set,
             {.epochs = options.epochs, .show = train::Show::nothing});
  const auto accuracy = [&](nn::Sequential& net) {
    return train::evaluate(net, nn::cross_entropy, test_set, {.measures = {train::Accuracy()}})["accuracy"];
  };

  std::int64_t full_size = 0;
  for (const Tensor& p : model.parameters()) full_size += 4 * p.numel();
  const double full = accuracy(model);
  std::printf("bits   bytes  test accuracy\n  32  %6lld  %.3f\n", static_cast<long long>(full_size), full);
  bool reached = example::check(full >= 0.95, "a test accuracy of 0.95");
  for (const Form& form : {Form{8, 0.005}, Form{6, 0.01}, Form{4, 0.03}, Form{2, 1}}) {
    std::int64_t bytes = 0;
    nn::Sequential small = quantised(model, form.bits, bytes);
    const double lost = full - accuracy(small);
    std::printf("%4d  %6lld  %.3f\n", form.bits, static_cast<long long>(bytes), full - lost);
    reached &= example::check(lost <= form.may_lose, "no more than " + std::to_string(form.may_lose) +
                                                         " lost by " + std::to_string(form.bits) + " bits");
    if (form.bits == 8) reached &= example::check(bytes * 10 < full_size * 3, "30 % of the size by 8 bits");
  }
  return reached;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Makes a trained classifier of digits smaller.");
  program.option("--hidden", options.hidden, "Units of each of the two hidden layers");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--lr", options.lr, "Learning rate of Adam");
  program.reads_data();
  return program.run(argc, argv, [&] { return compare(options); });
}
