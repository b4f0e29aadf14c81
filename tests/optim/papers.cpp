// Newer methods against their published formulas, one number at a time in plain doubles, where the
// trajectories of trajectories.cpp do not come: signs that change, averages that begin, stacks of matrices.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

using Numbers = std::vector<double>;

constexpr double gradients[] = {0.5, -1.7, 2.3, 0.21, -0.1, 0.0, 3.1, 2.9};
constexpr double start = 1.5;

Tensor parameter(std::vector<double> values) { return tensor(values, {.requires_grad = true}); }

/// A gradient in float64, as braces of numbers are not.
Tensor numbers(std::vector<double> values) { return tensor(values); }

template <class Optimizer, class Options>
double run(Options options) {
  Tensor p = parameter({start});
  Optimizer optimizer({p}, options);
  for (const double g : gradients) {
    p.set_grad(numbers({g}));
    optimizer.step();
  }
  return p.item();
}

doctest::Approx near(double x) { return doctest::Approx(x).epsilon(1e-13); }

double sign(double x) { return (x > 0) - (x < 0); }

/// A gradient of a shape, another one in each step.
Tensor gradient_of(const Shape& shape, int step) {
  Generator generator(static_cast<std::uint64_t>(10 + step));
  return randn(shape, float64, generator);
}

}  // namespace

TEST_CASE("Rprop shortens a step where the sign has changed, and waits there for one step") {
  double p = start, last = 0, size = 0.1;
  for (const double gradient : gradients) {
    const double product = sign(gradient) * last;
    size = std::clamp(size * (product > 0 ? 1.3 : product < 0 ? 0.4 : 1), 0.01, 0.15);
    const double g = product < 0 ? 0 : gradient;
    p -= size * sign(g);
    last = sign(g);
  }

  CHECK(run<optim::Rprop>(optim::RpropOptions{.lr = 0.1, .etas = {0.4, 1.3}, .step_sizes = {0.01, 0.15}}) ==
        near(p));
}

TEST_CASE("Lion goes by signs, and not at all where there is none") {
  double p = start, m = 0;
  for (const double g : gradients) {
    p -= 0.1 * 0.2 * p;
    p -= 0.1 * sign(0.8 * m + (1 - 0.8) * g);
    m = 0.9 * m + (1 - 0.9) * g;
  }
  Tensor still = parameter({start});
  still.set_grad(numbers({0.0}));
  optim::Lion({still}, 0.1).step();

  CHECK(run<optim::Lion>(optim::LionOptions{.lr = 0.1, .betas = {0.8, 0.9}, .weight_decay = 0.2}) == near(p));
  CHECK(still.item() == start);
}

TEST_CASE("the average of ASGD begins after t0, and is in its state") {
  Tensor p = parameter({start});
  optim::ASGD asgd({{"p", p}}, {.lr = 0.1, .lambd = 0.5, .alpha = 0.6, .t0 = 3});
  double q = start, eta = 0.1, mu = 1, average = 0;
  int t = 0;
  for (const double g : gradients) {
    p.set_grad(numbers({g}));
    asgd.step();
    ++t;
    q = q - eta * 0.5 * q - eta * g;
    average += mu * (q - average);
    eta = 0.1 / std::pow(1 + 0.5 * 0.1 * t, 0.6);
    mu = 1.0 / std::max(1, t - 3);
  }

  const StateDict state = state_dict(asgd);
  CHECK(p.item() == near(q));
  CHECK(state.get<Tensor>("state.p.ax").item() == near(average));
  CHECK(state.get<double>("state.p.eta") == near(eta));
  CHECK(state.get<double>("state.p.mu") == near(mu));
}

TEST_CASE("weight decay of AdamW is no part of the gradient") {
  double p = start, m = 0, v = 0;
  int t = 0;
  for (const double g : gradients) {
    ++t;
    p -= 0.1 * 0.3 * p;
    m = 0.8 * m + (1 - 0.8) * g;
    v = 0.95 * v + (1 - 0.95) * g * g;
    p -= 0.1 * (m / (1 - std::pow(0.8, t))) / (std::sqrt(v / (1 - std::pow(0.95, t))) + 1e-3);
  }

  CHECK(run<optim::AdamW>(optim::AdamWOptions{
            .lr = 0.1, .betas = {0.8, 0.95}, .eps = 1e-3, .weight_decay = 0.3}) == near(p));
}

TEST_CASE("LAMB goes by lr alone where the parameter or its direction is 0") {
  Tensor p = zeros({2}, {.dtype = float64, .requires_grad = true}),
         q = ones({2}, {.dtype = float64}).requires_grad_();
  p.set_grad(numbers({1.0, -2.0})), q.set_grad(numbers({0.0, 0.0}));

  optim::LAMB({p, q}, {.lr = 0.5, .eps = 0}).step();

  CHECK(p.to_vector<double>() == Numbers{-0.5, 0.5});
  CHECK(std::isnan(q.to_vector<double>()[0]));  // 0 / 0, which eps is for
}

TEST_CASE("the step of LAMB is as long as its parameter, times lr, at every size") {
  for (const std::int64_t n : {3, 1000, 300000}) {
    Tensor p = full({n}, 2.0, {.dtype = float64, .requires_grad = true});
    p.set_grad(gradient_of({n}, 1));

    optim::LAMB({p}, {.lr = 0.25}).step();

    CHECK(norm(p.detach() - 2).item() == near(0.25 * 2 * std::sqrt(static_cast<double>(n))));
  }
}

TEST_CASE("the direction of Muon has singular values about 1, of wide and tall matrices") {
  for (const Shape& shape : {Shape{20, 50}, Shape{50, 20}, Shape{30, 30}}) {
    Tensor w = zeros(shape, {.dtype = float64, .requires_grad = true});
    w.set_grad(gradient_of(shape, 1));

    optim::Muon({w}, {.lr = 1}).step();

    const double scale =
        std::sqrt(std::max(1.0, static_cast<double>(shape[0]) / static_cast<double>(shape[1])));
    const Tensor u = w.detach() / scale, small = shape[0] <= shape[1] ? matmul(u, u.t()) : matmul(u.t(), u);
    const auto n = static_cast<double>(small.size(0));
    CHECK(small.max().item() < 1.6);
    // The mean of the squares of the singular values, and their spread.
    const double mean = sum(mul(small, eye(small.size(0), {.dtype = float64}))).item() / n;
    CHECK(mean > 0.5);
    CHECK(mean < 1.3);
    CHECK(sum(mul(w.detach(), w.grad())).item() < 0);
  }
}

TEST_CASE("what is no matrix goes by AdamW in Muon, and lr is a factor of its rate") {
  const auto adamw = run<optim::AdamW>(
      optim::AdamWOptions{.lr = 0.05, .betas = {0.9, 0.95}, .eps = 1e-10, .weight_decay = 0.1});

  CHECK(run<optim::Muon>(optim::MuonOptions{.lr = 0.1, .weight_decay = 0.1, .adamw_rate = 0.5}) == adamw);
  optim::Muon muon({{"w", ones({2, 3}).requires_grad_()}, {"b", ones({2}).requires_grad_()}});
  const Names names = names_of(state_dict(muon));
  CHECK(std::find(names.begin(), names.end(), "state.w.momentum_buffer") != names.end());
  CHECK(std::find(names.begin(), names.end(), "state.w.exp_avg") == names.end());
  CHECK(std::find(names.begin(), names.end(), "state.b.momentum_buffer") == names.end());
  CHECK(std::find(names.begin(), names.end(), "state.b.exp_avg_sq") != names.end());
}

TEST_CASE("Adafactor takes what has more axes as matrices of the last two") {
  const Shape shape{2, 3, 4};
  Tensor p = ones(shape, {.dtype = float64, .requires_grad = true});
  optim::Adafactor adafactor({{"p", p}}, {.lr = 0.5, .d = 0.8, .relative_step = false});
  Numbers expected(24, 1.0), rows(6, 0.0), columns(8, 0.0);
  for (int t = 1; t <= 3; ++t) {
    const Tensor gradient = gradient_of(shape, t);
    p.set_grad(gradient);
    adafactor.step();

    const Numbers g = gradient.to_vector<double>();
    const double beta2 = 1 - std::pow(t, -0.8);
    Numbers u(24);
    double squares = 0, of_p = 0;
    for (std::size_t k = 0; k < 2; ++k) {
      for (std::size_t i = 0; i < 3; ++i) {
        double mean = 0;
        for (std::size_t j = 0; j < 4; ++j) mean += (std::pow(g[12 * k + 4 * i + j], 2) + 1e-30) / 4;
        rows[3 * k + i] = beta2 * rows[3 * k + i] + (1 - beta2) * mean;
      }
      for (std::size_t j = 0; j < 4; ++j) {
        double mean = 0;
        for (std::size_t i = 0; i < 3; ++i) mean += (std::pow(g[12 * k + 4 * i + j], 2) + 1e-30) / 3;
        columns[4 * k + j] = beta2 * columns[4 * k + j] + (1 - beta2) * mean;
      }
      const double all = (rows[3 * k] + rows[3 * k + 1] + rows[3 * k + 2]) / 3;
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < 4; ++j) {
          const std::size_t at = 12 * k + 4 * i + j;
          u[at] = g[at] / std::sqrt(rows[3 * k + i] * columns[4 * k + j] / all);
          squares += u[at] * u[at];
        }
    }
    for (const double v : expected) of_p += v * v;
    const double rate =
        0.5 * std::max(1e-3, std::sqrt(of_p / 24)) / std::max(1.0, std::sqrt(squares / 24) / 0.8);
    for (std::size_t i = 0; i < 24; ++i) expected[i] -= rate * u[i];
  }

  const Numbers found = p.to_vector<double>();
  for (std::size_t i = 0; i < 24; ++i) CHECK(found[i] == near(expected[i]));
  CHECK(state_dict(adafactor).get<Tensor>("state.p.row_var").shape() == Shape{2, 3});
  CHECK(state_dict(adafactor).get<Tensor>("state.p.col_var").shape() == Shape{2, 4});
}

TEST_CASE(
    "the parameters of ScheduleFreeAdamW hold the average from eval to train, and no step is made there") {
  Net net;
  optim::ScheduleFreeAdamW optimizer(net, 0.1);
  optimizer.eval();
  const StateDict before = state_dict(net);
  optimizer.train();
  CHECK(same(net, before));  // nothing has been averaged
  learn(net, optimizer, 3, 1);
  const Numbers y = net.out.weight.to_vector<double>();

  optimizer.eval();
  const Numbers x = net.out.weight.to_vector<double>();
  CHECK_FALSE(optimizer.is_training());
  CHECK(x != y);
  CHECK(said([&] { optimizer.step(); }) ==
        "ScheduleFreeAdamW: the parameters hold the average since eval(); call train() before the loss is "
        "computed");
  optimizer.eval();
  CHECK(net.out.weight.to_vector<double>() == x);

  optimizer.train();
  optimizer.train();
  CHECK(optimizer.is_training());
  for (std::size_t i = 0; i < y.size(); ++i)
    CHECK(net.out.weight.to_vector<double>()[i] == doctest::Approx(y[i]).epsilon(1e-6));
}

TEST_CASE("a state of ScheduleFreeAdamW knows what the parameters hold") {
  Net net, other;
  optim::ScheduleFreeAdamW saved(net, 0.1), optimizer(other, 0.1);
  learn(net, saved, 3, 1);
  saved.eval();

  load_state_dict(other, state_dict(net)), load_state_dict(optimizer, state_dict(saved));

  CHECK_FALSE(optimizer.is_training());
  saved.train(), optimizer.train();
  CHECK(same(net, other));
}

TEST_CASE("the iteration of Muon is as long as ns_steps says") {
  Tensor w = tensor(Numbers{2}, {1, 1}, {.requires_grad = true});
  w.set_grad(tensor(Numbers{-3}, {1, 1}));
  double x = -1;  // but for the 1e-7 beside |u| = 0.2925
  for (int i = 0; i < 3; ++i) x = 3.4445 * x - 4.7750 * std::pow(x, 3) + 2.0315 * std::pow(x, 5);

  optim::Muon({w}, {.lr = 0.5, .ns_steps = 3}).step();

  CHECK(w.item() == doctest::Approx(2 - 0.5 * x).epsilon(1e-5));
}

TEST_CASE("a parameter of 0 counts with eps.second in Adafactor") {
  Tensor p = parameter({0, 0});
  p.set_grad(numbers({3, -5}));

  optim::Adafactor({p}, {.lr = 0.5, .eps = {1e-30, 0.25}, .relative_step = false}).step();

  CHECK(p.to_vector<double>()[0] == near(-0.125));
  CHECK(p.to_vector<double>()[1] == near(0.125));
}
