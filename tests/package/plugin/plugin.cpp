// A shared object with xgrad inside, as a plugin of some program would have it.

#include "xgrad/xgrad.hpp"

namespace {

/// The distance of a trained weight from what the formula says: w -= 0.1 * 2 (3 w - 6) 3 for the loss
/// (3 w - 6)^2, 20 times from 1.
double distance_after_training() {
  const xgrad::Tensor w = xgrad::tensor(1.0, {.dtype = xgrad::float64, .requires_grad = true});
  xgrad::optim::SGD sgd({w}, {.lr = 0.01});
  double expected = 1;
  for (int i = 0; i < 20; ++i) {
    sgd.zero_grad();
    square(w * 3.0 - 6.0).backward();
    sgd.step();
    expected -= 0.01 * 2 * (3 * expected - 6) * 3;
  }
  return w.item<double>() - expected;
}

/// The distance of a product that several threads share from its formula.
double distance_of_large_product() {
  xgrad::set_num_threads(2);
  const xgrad::Tensor a = xgrad::full({300, 300}, 2.0), b = xgrad::full({300, 300}, 0.5);
  return max(abs(matmul(a, b) - 300.0)).item<float>();
}

/// 0 when an exception of the library is caught here.
double distance_of_error() {
  try {
    (void)matmul(xgrad::ones({2, 3}), xgrad::ones({2, 3}));
  } catch (const xgrad::Error&) {
    return 0;
  }
  return 1;
}

double largest(double a, double b) { return a > b ? a : b; }

}  // namespace

extern "C" double distance_from_right() {
  const double trained = distance_after_training();
  return largest(largest(trained, -trained), largest(distance_of_large_product(), distance_of_error()));
}
