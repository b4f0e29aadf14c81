// The law of a pendulum from short looks at it: a network is the right side of a differential equation, and
// its gradients come from the adjoint equation (Chen et al., 2018), which keeps nothing of the solver's
// steps.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <xgrad/optim/odeint.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int looks = 256;
  int epochs = 400;
  int hidden = 64;
  double lr = 1e-2;
  std::string svg = "neural_ode.svg";
};

/// Angles and speeds y[..., 2] of a pendulum with friction: (angle)'' = -sin(angle) - 0.1 (angle)'.
Tensor pendulum(const Tensor&, const Tensor& y) {
  const std::vector<Tensor> parts = y.chunk(2, -1);
  return cat({parts[1], -sin(parts[0]) - 0.1 * parts[1]}, -1);
}

/// Where starts y0[n, 2] have come to at some times: [n, times, 2].
Tensor flow(const optim::OdeFunction& f, const Tensor& y0, const Tensor& times,
            const optim::OdeOptions& options) {
  return optim::odeint(f, y0, times, options).y.transpose(0, 1);
}

/// The largest difference between gradients by the adjoint equation and back through the steps, as a share of
/// the largest gradient.
double difference_of_gradients(const optim::OdeFunction& f, const nn::ModuleBase& net,
                               const data::TensorDataset& set, const Tensor& times) {
  std::vector<Tensor> gradients[2];
  for (const bool adjoint : {false, true}) {
    optim::OdeOptions options{.rtol = 1e-8, .atol = 1e-8, .adjoint = adjoint};
    if (adjoint) options.parameters = net.parameters();
    const Tensor loss = nn::mse_loss(flow(f, set.features(), times, options), set.targets());
    gradients[adjoint] = grad(loss, net.parameters());
  }
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < gradients[0].size(); ++i) {
    difference = std::max(difference, max(abs(gradients[0][i] - gradients[1][i])).item());
    size = std::max(size, max(abs(gradients[0][i])).item());
  }
  return difference / size;
}

bool learn(const Options& options) {
  // Each look is a start and what a second brings, measured with an error.
  const Tensor second = linspace(0, 1, 6, float64);
  const Tensor y0 =
      rand({options.looks, 2}, float64) * tensor({5.0, 4.0}, float64) - tensor({2.5, 2.0}, float64);
  const Tensor seen = flow(pendulum, y0, second, {});
  const data::TensorDataset looks(y0, seen + 0.01 * randn_like(seen));

  nn::Sequential net{nn::Linear(2, options.hidden, {.dtype = float64}), nn::Tanh(),
                     nn::Linear(options.hidden, 2, {.dtype = float64})};
  const optim::OdeFunction law = [&](const Tensor&, const Tensor& y) { return net(y); };
  const optim::OdeOptions by_adjoint{
      .rtol = 1e-4, .atol = 1e-5, .adjoint = true, .parameters = net.parameters()};

  optim::Adam adam(net, {.lr = options.lr});
  const auto rate = [&](std::int64_t epoch) {
    return options.lr * (1 - static_cast<double>(epoch) / options.epochs);
  };
  const train::History history = train::fit(
      train::Predictor(net, [&](const Tensor& y) { return flow(law, y, second, by_adjoint); }), nn::mse_loss,
      adam, looks,
      {.epochs = options.epochs, .batch_size = 32, .schedules = {rate}, .show = train::Show::nothing});

  const double gradients = difference_of_gradients(law, net, looks, second);

  // A swing that was never looked at, twelve times as long as a look.
  const NoGrad guard;
  const Tensor start = tensor({{2.0, 0.0}}, float64), times = linspace(0, 12, 121, float64);
  const Tensor was = flow(pendulum, start, times, {})[0], said = flow(law, start, times, {})[0];
  const double error = std::sqrt(nn::mse_loss(said, was).item());
  std::printf("loss %.2e; a swing of 12 s: RMSE %.4f; gradients differ from backprop's by %.1e\n",
              history["loss"].back(), error, gradients);

  const auto curve = [&](const char* name, const Tensor& y) {
    return train::Curve{name, y.slice(1, 0, 1).flatten().to_vector<double>(), times.to_vector<double>()};
  };
  train::plot(options.svg, {curve("pendulum", was), curve("network", said)},
              {.title = "Angle of a pendulum", .x_label = "seconds"});
  std::printf("the swing is in %s\n", options.svg.c_str());
  return example::check(error < 0.1, "the angle and the speed of a swing to 0.1") &&
         example::check(gradients < 1e-5, "gradients as by backprop, to 1e-5");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Learns the law of a pendulum by a neural differential equation.");
  program.option("--looks", options.looks, "Short looks at the pendulum");
  program.option("--epochs", options.epochs, "Passes over the looks");
  program.option("--hidden", options.hidden, "Units of the hidden layer");
  program.option("--lr", options.lr, "First learning rate of Adam, which falls to 0");
  program.option("--svg", options.svg, "File for the picture");
  return program.run(argc, argv, [&] { return learn(options); });
}
