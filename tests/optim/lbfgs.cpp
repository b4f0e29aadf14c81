// LBFGS against PyTorch's, see tests/optim/trajectories.py, and what is its own.

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;
using optim::LBFGS, optim::LineSearch;

namespace {

using Numbers = std::vector<double>;

const nlohmann::json& cases() {
  static const auto all = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/optimizers.json"))["cases"];
  return all;
}

/// What is minimized, and its parameters.
struct Problem {
  std::vector<Tensor> parameters;
  std::function<Tensor()> loss;
};

Problem network() {
  static const auto init = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/optim_f64.json"))["init"];
  const auto made = [](const char* name, const Shape& shape) {
    return tensor(init[name].get<Numbers>(), shape, {.requires_grad = true});
  };
  const Tensor w0 = made("0.weight", {3, 2}), b0 = made("0.bias", {3}), w1 = made("2.weight", {1, 3}),
               b1 = made("2.bias", {1});
  return {{w0, b0, w1, b1}, [=] {
            const Tensor x = tensor({{0.1, 0.2}, {0.3, 0.4}, {0.5, 0.6}}, {.dtype = float64});
            const Tensor target = tensor({{0.3}, {0.6}, {0.8}}, {.dtype = float64});
            return square(sigmoid(linear(sigmoid(linear(x, w0, b0)), w1, b1)) - target).sum();
          }};
}

Problem rosenbrock(DType dtype = float64) {
  const Tensor p = tensor({-1.2, 1.0}, {.dtype = dtype, .requires_grad = true});
  return {{p}, [=] { return square(1 - p[0]) + 100 * square(p[1] - square(p[0])); }};
}

Problem waves() {
  const Tensor p = tensor({3.0, -2.0, 1.1}, {.dtype = float64, .requires_grad = true});
  return {{p}, [=] { return square(p).sum() + 2 * sin(4 * p).sum(); }};
}

Problem valley() {
  const Tensor p = tensor({0.0, 5.0}, {.dtype = float64, .requires_grad = true});
  return {{p}, [=] { return log(square(p - 30) + 1).sum(); }};
}

std::function<Tensor()> closure_of(const Problem& problem, LBFGS& lbfgs, double sign = 1) {
  return [&, sign] {
    lbfgs.zero_grad();
    const Tensor loss = sign * problem.loss();
    loss.backward();
    return loss;
  };
}

Numbers values_of(const Problem& problem) {
  Numbers all;
  for (const Tensor& p : problem.parameters)
    for (const double v : p.to_vector<double>()) all.push_back(v);
  return all;
}

void follows(const Problem& problem, const char* name, optim::LbfgsOptions options) {
  LBFGS lbfgs(problem.parameters, options);
  CAPTURE(std::string(name));
  for (const auto& row : cases().at(name)) {
    lbfgs.step(closure_of(problem, lbfgs));
    const auto expected = row.get<Numbers>();
    const Numbers found = values_of(problem);
    REQUIRE(found.size() == expected.size() - 2);
    double worst = 0;
    for (std::size_t k = 0; k < found.size(); ++k)
      worst = std::max(worst, std::abs(found[k] - expected[k + 1]) / std::abs(expected[k + 1]));
    CAPTURE(expected[0]);
    CHECK(worst < 1e-11);
    CHECK(state_dict(lbfgs).get<std::int64_t>("lbfgs.func_evals") ==
          static_cast<std::int64_t>(expected.back()));
  }
}

}  // namespace

TEST_CASE("LBFGS follows PyTorch's, and computes as many losses") {
  follows(network(), "LBFGS, network, strong_wolfe", {.line_search_fn = LineSearch::strong_wolfe});
  follows(network(), "LBFGS, network, lr=.2,max_iter=3,history=2",
          {.lr = 0.2, .max_iter = 3, .history_size = 2});
  follows(rosenbrock(), "LBFGS, Rosenbrock, strong_wolfe,max_iter=4",
          {.max_iter = 4, .line_search_fn = LineSearch::strong_wolfe});
  follows(rosenbrock(), "LBFGS, Rosenbrock, strong_wolfe,lr=3,history=2",
          {.lr = 3, .history_size = 2, .line_search_fn = LineSearch::strong_wolfe});
}

TEST_CASE("the line search of LBFGS goes far out and comes back as PyTorch's does") {
  const auto searched = [](double lr, int max_iter) {
    return optim::LbfgsOptions{.lr = lr, .max_iter = max_iter, .line_search_fn = LineSearch::strong_wolfe};
  };

  follows(rosenbrock(), "LBFGS, Rosenbrock, strong_wolfe,lr=1e-4,max_iter=3", searched(1e-4, 3));
  follows(waves(), "LBFGS, waves, strong_wolfe,lr=7,max_iter=2", searched(7, 2));
  follows(waves(), "LBFGS, waves, strong_wolfe,lr=.01,max_iter=2", searched(0.01, 2));
  follows(valley(), "LBFGS, valley, strong_wolfe,lr=.3,max_iter=3", searched(0.3, 3));
  follows(valley(), "LBFGS, valley, strong_wolfe,lr=7,max_iter=2", searched(7, 2));
}

TEST_CASE(
    "LBFGS finds the minimum of Rosenbrock's function in both dtypes, and the maximum of its negative") {
  for (const DType dtype : {float32, float64})
    for (const bool maximize : {false, true}) {
      const Problem problem = rosenbrock(dtype);
      LBFGS lbfgs(problem.parameters,
                  {.max_iter = 60, .line_search_fn = LineSearch::strong_wolfe, .maximize = maximize});

      const Tensor first = lbfgs.step(closure_of(problem, lbfgs, maximize ? -1 : 1));

      CHECK(std::abs(first.item()) == doctest::Approx(24.2));
      CHECK(problem.parameters[0].dtype() == dtype);
      for (const double v : values_of(problem)) CHECK(v == doctest::Approx(1).epsilon(1e-3));
    }
}

TEST_CASE("LBFGS goes on from its state with the same bits") {
  for (const LineSearch search : {LineSearch::none, LineSearch::strong_wolfe}) {
    const optim::LbfgsOptions options{.lr = 0.5, .max_iter = 4, .history_size = 3, .line_search_fn = search};
    const Problem straight = network(), resumed = network();
    LBFGS through(straight.parameters, options), again(resumed.parameters, options);
    for (int i = 0; i < 3; ++i) through.step(closure_of(straight, through));
    const StateDict state = state_dict(through);
    for (std::size_t i = 0; i < 4; ++i) {
      const NoGrad guard;
      Tensor(resumed.parameters[i]).copy_(straight.parameters[i]);
    }

    load_state_dict(again, state);

    CHECK(same(again, state));
    for (int i = 0; i < 3; ++i) {
      through.step(closure_of(straight, through));
      again.step(closure_of(resumed, again));
    }
    CHECK(values_of(resumed) == values_of(straight));
    CHECK(same(again, through));
  }
}

TEST_CASE("LBFGS takes no state of other parameters or of another history, and changes nothing") {
  const Problem problem = network(), other = rosenbrock();
  LBFGS lbfgs(problem.parameters, {.max_iter = 3});
  lbfgs.step(closure_of(problem, lbfgs));
  const StateDict before = state_dict(lbfgs);
  const auto refused = [&](const StateDict& state) {
    const std::string message = said([&] { load_state_dict(lbfgs, state, {.strict = false}); });
    CHECK(same(lbfgs, before));
    return message;
  };

  StateDict state = before;
  state.set("lbfgs.old_dirs.0", zeros({3}, {.dtype = float64}));
  CHECK(refused(state) ==
        "LBFGS: what is loaded is not the state of an LBFGS of 13 numbers; it must have been saved by one of "
        "the same parameters");
  state = before;
  state.set("lbfgs.n_iter", 0);
  CHECK(refused(state).starts_with("LBFGS: what is loaded is not the state of an LBFGS of 13 numbers"));
  const std::string message = refused(state_dict(LBFGS(problem.parameters, {.history_size = 5})));
  CAPTURE(message);
  CHECK(message.find(
            "'param_groups.0.history_size' is the integer 5 in the state, the integer 100 in the target") !=
        std::string::npos);
  CHECK(refused(state_dict(LBFGS(other.parameters))) != "nothing");
}

TEST_CASE("a function that throws or gives no loss leaves the parameters of LBFGS where they were") {
  const Problem problem = network();
  LBFGS lbfgs(problem.parameters, {.line_search_fn = LineSearch::strong_wolfe});
  const Numbers before = values_of(problem);
  int calls = 0;
  const auto until = [&](int last, const std::function<Tensor()>& then) {
    calls = 0;
    return [&, last, then] { return ++calls == last ? then() : closure_of(problem, lbfgs)(); };
  };

  CHECK_THROWS_WITH_AS(lbfgs.step(until(4, []() -> Tensor { throw Error("mine"); })), "mine", Error);
  CHECK(values_of(problem) == before);
  CHECK(said([&] { lbfgs.step(until(3, [] { return Tensor(); })); }) ==
        "LBFGS: the function must return the loss, one number: it gave an undefined tensor");
  CHECK(values_of(problem) == before);
  CHECK(said([&] { lbfgs.step(until(1, [] { return zeros({2}); })); }) ==
        "LBFGS: the function must return the loss, one number: it gave f32[2]");
  CHECK(said([&] {
          lbfgs.step([&] {
            lbfgs.zero_grad();
            return problem.loss();
          });
        }).starts_with("LBFGS: no parameter has a gradient"));
  follows(problem, "LBFGS, network, strong_wolfe", {.line_search_fn = LineSearch::strong_wolfe});
}

TEST_CASE("a line search comes back from where the loss is infinite or no number") {
  for (const double beyond : {std::numeric_limits<double>::infinity(), std::nan("")}) {
    const Tensor p = tensor({3.0}, {.requires_grad = true});
    LBFGS lbfgs({p}, {.lr = 8, .line_search_fn = LineSearch::strong_wolfe});

    lbfgs.step([&] {
      lbfgs.zero_grad();
      const Tensor loss = p.item() < -1 ? square(p).sum() * beyond : square(p - 1).sum();
      loss.backward();
      return loss;
    });

    CHECK(p.item() == doctest::Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("a gradient of inf or nan ends a step of LBFGS where it began, if that is asked for") {
  const Tensor p = tensor({3.0}, {.requires_grad = true});
  LBFGS lbfgs({p}, {.error_if_nonfinite = true});
  const auto bad = [&] {
    lbfgs.zero_grad();
    const Tensor loss = p.item() == 3 ? square(p).sum() : p.sum() * std::nan("");
    loss.backward();
    return loss;
  };

  CHECK(said([&] { lbfgs.step(bad); }).starts_with("LBFGS: the gradient of parameter 0 is not finite"));
  CHECK(p.item() == 3);
}

TEST_CASE("LBFGS passes over parameters without gradient and takes empty ones") {
  const TensorOptions learnt{.dtype = float64, .requires_grad = true};
  const Tensor p = tensor({3.0}, learnt), unused = tensor({5.0}, learnt),
               none = zeros({0, 2}, {.dtype = float64, .requires_grad = true});
  LBFGS lbfgs({none, unused, p});

  lbfgs.step([&] {
    lbfgs.zero_grad();
    const Tensor loss = square(p - 1).sum() + none.sum();
    loss.backward();
    return loss;
  });

  CHECK(p.item() == doctest::Approx(1));
  CHECK(unused.item() == 5);
}

TEST_CASE("LBFGS says what it needs") {
  const Tensor p = ones({2}, {.requires_grad = true});
  LBFGS lbfgs({p}, 0.5);

  CHECK(lbfgs.lr() == 0.5);
  CHECK(said([&] { lbfgs.step(); }) ==
        "LBFGS: a step needs a function that computes the loss; write lbfgs.step([&] { ... return loss; })");
  CHECK(
      said([&] { lbfgs.add_group({ones({1}, {.requires_grad = true})}); }) ==
      "LBFGS: it has one group, for its directions are of all parameters; list all of them where it is made");
  CHECK(said([&] { LBFGS({p}, {.max_iter = 0}); }) == "LBFGS: max_iter must be at least 1: got 0");
  CHECK(said([&] { LBFGS({p}, {.max_eval = -1}); }) == "LBFGS: max_eval must be at least 0: got -1");
  CHECK(said([&] { LBFGS({p}, {.tolerance_grad = -1}); }) ==
        "LBFGS: tolerance_grad must be at least 0 and finite: got -1");
  CHECK(said([&] { LBFGS({p}, {.tolerance_change = -1}); }) ==
        "LBFGS: tolerance_change must be at least 0 and finite: got -1");
  CHECK(said([&] { LBFGS({p}, {.history_size = 0}); }) == "LBFGS: history_size must be at least 1: got 0");
  CHECK(said([&] { LBFGS({p}, -1); }) == "LBFGS: lr must be at least 0 and finite: got -1");
  lbfgs.options().history_size = 7;
  CHECK(said([&] { lbfgs.step([&] { return p.sum(); }); }) ==
        "LBFGS: history_size cannot go from 100 to 7 once the optimizer is made, for it decides what is "
        "remembered; make one with it");
}

TEST_CASE("a step of LBFGS ends at its limits") {
  const auto losses_with = [](optim::LbfgsOptions options) {
    const Problem problem = rosenbrock();
    LBFGS lbfgs(problem.parameters, options);
    int losses = 0;
    lbfgs.step([&] {
      ++losses;
      return closure_of(problem, lbfgs)();
    });
    return losses;
  };

  CHECK(losses_with({.lr = 0.01}) == 20);  // one for each direction: none after the last
  CHECK(losses_with({.lr = 0.01, .max_iter = 8}) == 8);
  CHECK(losses_with({.lr = 0.01, .max_eval = 3}) == 3);
  CHECK(losses_with({.lr = 0.01, .tolerance_grad = 1e9}) == 1);
  CHECK(losses_with({.lr = 0.01, .tolerance_change = 1e9}) == 1);   // the slope is too small
  CHECK(losses_with({.lr = 1e-9, .tolerance_change = 1e-6}) == 2);  // the first change is
}
