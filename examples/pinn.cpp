// Heat in a rod, by a network that was shown no temperature but those at the start and at the ends: what it
// is trained on is the equation itself, u_t = u_xx / 10 (Raissi et al., 2019).

#include <cmath>
#include <cstdio>
#include <numbers>
#include <string>
#include <vector>

#include <xgrad/train/plot.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int steps = 500;
  int points = 400;
  int hidden = 24;
  std::string svg = "pinn.svg";
};

constexpr double conductivity = 0.1;

/// The temperature at places and times xt[n, 2]: what the rod sin(pi x) has become.
Tensor exact(const Tensor& xt) {
  const std::vector<Tensor> p = xt.chunk(2, 1);
  return sin(std::numbers::pi * p[0]) * exp(-conductivity * std::numbers::pi * std::numbers::pi * p[1]);
}

/// u_t - u_xx / 10 at each of the places and times [n, 2]. Rows do not depend on each other, so that the
/// gradient of the sum has the derivatives of all of them.
Tensor residual(const nn::Sequential& u, const Tensor& xt) {
  const Tensor at = xt.detach().clone().requires_grad_();
  const Tensor slope = grad(u(at).sum(), {at}, {.create_graph = true}).front();
  const Tensor u_x = slope.slice(1, 0, 1), u_t = slope.slice(1, 1, 2);
  const Tensor u_xx = grad(u_x.sum(), {at}, {.create_graph = true}).front().slice(1, 0, 1);
  return u_t - conductivity * u_xx;
}

bool learn(const Options& options) {
  nn::Sequential u{nn::Linear(2, options.hidden, {.dtype = float64}), nn::Tanh(),
                   nn::Linear(options.hidden, options.hidden, {.dtype = float64}), nn::Tanh(),
                   nn::Linear(options.hidden, 1, {.dtype = float64})};
  const Tensor inside = rand({options.points, 2}, float64);
  // The start, t = 0, and the two ends, x = 0 and x = 1.
  const Tensor s = linspace(0, 1, 50, float64).unsqueeze(1);
  const Tensor border =
      cat({cat({s, zeros_like(s)}, 1), cat({zeros_like(s), s}, 1), cat({ones_like(s), s}, 1)});
  const Tensor at_border = exact(border);

  optim::LBFGS lbfgs(u.parameters(),
                     {.max_iter = 1, .history_size = 50, .line_search_fn = optim::LineSearch::strong_wolfe});
  double loss = 0;
  {
    example::Progress progress("L-BFGS", options.steps);
    for (int step = 0; step < options.steps; ++step, progress.advance())
      loss = lbfgs
                 .step([&] {
                   lbfgs.zero_grad();
                   const Tensor both =
                       square(residual(u, inside)).mean() + 10 * nn::mse_loss(u(border), at_border);
                   both.backward();
                   return both;
                 })
                 .item();
  }

  const NoGrad guard;
  const Tensor axis = linspace(0, 1, 41, float64);
  const std::vector<Tensor> mesh = meshgrid({axis, axis});
  const Tensor all = stack({mesh[0].flatten(), mesh[1].flatten()}, 1);
  const double error = norm(u(all) - exact(all)).item() / norm(exact(all)).item();
  std::printf("loss %.2e; relative error of the temperature %.2e\n", loss, error);

  std::vector<train::Curve> curves;
  for (const double time : {0.0, 0.5, 1.0}) {
    const Tensor at = stack({axis, full_like(axis, time)}, 1);
    const std::string label = "t = " + std::to_string(time).substr(0, 3);
    curves.push_back({label, u(at).flatten().to_vector<double>(), axis.to_vector<double>()});
    curves.push_back({label + ", exact", exact(at).flatten().to_vector<double>(), axis.to_vector<double>()});
  }
  train::plot(options.svg, curves, {.title = "Temperature of a rod", .x_label = "x"});
  std::printf("the temperatures are in %s\n", options.svg.c_str());
  return example::check(error < 2e-3, "the exact temperature to 0.2 %");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Solves the heat equation by a network that is trained on the equation.");
  program.option("--steps", options.steps, "Steps of L-BFGS");
  program.option("--points", options.points, "Places and times at which the equation is to hold");
  program.option("--hidden", options.hidden, "Units of each of the two hidden layers");
  program.option("--svg", options.svg, "File for the picture");
  return program.run(argc, argv, [&] { return learn(options); });
}
