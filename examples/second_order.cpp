// Second derivatives: Newton's method on Rosenbrock's function (1960), with a Hessian made of Hessian-vector
// products.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  double x = -1.2;
  double y = 1;
  int steps = 50;
};

/// (1 - x)^2 + 100 (y - x^2)^2 of p = (x, y): a curved valley whose lowest point is (1, 1), with value 0.
Tensor rosenbrock(const Tensor& p) {
  const Tensor x = p[0], y = p[1];
  return square(1 - x) + 100 * square(y - square(x));
}

/// The largest difference between what xgrad finds at p and the derivatives written out by hand.
double error_at(double x, double y, const Tensor& g, const Tensor& h_x, const Tensor& h_y) {
  const Tensor by_hand_g =
      tensor({-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)}, {.dtype = float64});
  const Tensor by_hand_h =
      tensor({{1200 * x * x - 400 * y + 2, -400 * x}, {-400 * x, 200.0}}, {.dtype = float64});
  return std::max(max(abs(g - by_hand_g)).item(), max(abs(stack({h_x, h_y}) - by_hand_h)).item());
}

bool minimise(const Options& options) {
  Tensor p = tensor({options.x, options.y}, {.dtype = float64, .requires_grad = true});
  const Tensor e_x = tensor({1.0, 0.0}, {.dtype = float64}), e_y = tensor({0.0, 1.0}, {.dtype = float64});

  double largest_error = 0;
  std::printf("step             x             y         f       |g|\n");
  for (int step = 0;; ++step) {
    const Tensor f = rosenbrock(p), g = grad(f, {p}).front();
    const double x = p.at({0}), y = p.at({1}), slope = norm(g).item();
    std::printf("%4d  %12.9f  %12.9f  %.2e  %.2e\n", step, x, y, f.item(), slope);
    if (slope < 1e-13 || step == options.steps) break;

    const Tensor h_x = hvp(rosenbrock, p, e_x).second, h_y = hvp(rosenbrock, p, e_y).second;
    largest_error = std::max(largest_error, error_at(x, y, g, h_x, h_y));

    // Newton's step d solves H d = -g; here by Cramer's rule.
    const double a = h_x.at({0}), b = h_x.at({1}), c = h_y.at({1}), determinant = a * c - b * b;
    const double g_x = g.at({0}), g_y = g.at({1});
    const NoGrad guard;
    p += tensor({(b * g_y - c * g_x) / determinant, (b * g_x - a * g_y) / determinant}, {.dtype = float64});
  }

  const double distance = std::hypot(p.at({0}) - 1, p.at({1}) - 1);
  std::printf("distance to the minimum: %.1e\n", distance);
  std::printf("largest error of a derivative: %.1e\n", largest_error);
  return example::check(distance < 1e-10, "the minimum to 1e-10") &&
         example::check(largest_error < 1e-9, "derivatives equal to those by hand");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Finds the minimum of Rosenbrock's function by Newton's method.");
  program.option("--x", options.x, "Where to start");
  program.option("--y", options.y, "Where to start");
  program.option("--steps", options.steps, "The most steps to take");
  return program.run(argc, argv, [&] { return minimise(options); });
}
