// The optimizers against PyTorch's, or a loop over their paper's formula, over 1,001 iterations: see
// tests/data/README.md.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "xgrad/core.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

using Numbers = std::vector<double>;

nlohmann::json read(const char* file) {
  return nlohmann::json::parse(std::ifstream(std::string(XGRAD_TEST_DATA "/") + file));
}

const nlohmann::json& initial_weights() {
  static const auto all = read("optim_f64.json")["init"];
  return all;
}

const nlohmann::json& case_of(const std::string& name) {
  static const auto first = read("optim_f64.json")["cases"], more = read("optimizers.json")["cases"];
  return first.contains(name) ? first[name] : more.at(name);
}

/// Linear(2, 3), sigmoid, Linear(3, 1), sigmoid; the loss is the sum of the outputs.
struct Net {
  Tensor w0 = initial("0.weight", {3, 2}), b0 = initial("0.bias", {3});
  Tensor w1 = initial("2.weight", {1, 3}), b1 = initial("2.bias", {1});

  static Tensor initial(const char* name, const Shape& shape) {
    return tensor(initial_weights()[name].get<Numbers>(), shape, {.requires_grad = true});
  }

  std::vector<Tensor> parameters() const { return {w0, b0, w1, b1}; }

  Tensor loss() const {
    const Tensor x = tensor({{0.1, 0.2}, {0.3, 0.4}, {0.5, 0.6}}, {.dtype = float64});
    return sigmoid(linear(sigmoid(linear(x, w0, b0)), w1, b1)).sum();
  }

  Numbers values() const {
    Numbers all;
    for (const Tensor& p : parameters())
      for (const double v : p.to_vector<double>()) all.push_back(v);
    return all;
  }
};

/// What a row of a reference holds.
using Values = std::function<Numbers(const Net&)>;

/// The largest relative deviation from the reference in the sampled iterations.
double worst_deviation(const Net& net, optim::Optimizer& optimizer, const std::string& name,
                       const Values& values) {
  double worst = 0;
  const nlohmann::json& rows = case_of(name);
  auto row = rows.begin();
  for (int i = 0; i <= 1000; ++i) {
    optimizer.zero_grad();
    net.loss().backward();
    optimizer.step();
    const auto expected = row->get<Numbers>();
    if (expected[0] != i) continue;
    const Numbers found = values(net);
    REQUIRE(found.size() == expected.size() - 1);
    for (std::size_t k = 0; k < found.size(); ++k)
      worst = std::max(worst, std::abs(found[k] - expected[k + 1]) / std::abs(expected[k + 1]));
    ++row;
    if (row == rows.end()) return worst;
  }
  FAIL("the last sampled iteration was not reached");
  return worst;
}

template <class Optimizer, class Options>
void follows(const std::string& name, Options options) {
  const Net net;
  Optimizer optimizer(net.parameters(), options);
  CAPTURE(name);
  CHECK(worst_deviation(net, optimizer, name, &Net::values) < 1e-11);
}

}  // namespace

TEST_CASE("GD and plain SGD follow PyTorch's SGD") {
  follows<optim::SGD>("SGD(0.1)", optim::SgdOptions{.lr = 0.1});
  follows<optim::GD>("SGD(0.1)", optim::GdOptions{.lr = 0.1});
}

TEST_CASE("SGD follows PyTorch's") {
  follows<optim::SGD>("SGD(0.1,m=.9,wd=1e-6,nesterov)",
                      optim::SgdOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-6, .nesterov = true});
  follows<optim::SGD>(
      "SGD(0.1,m=.9,dampening=.1,wd=.1,maximize)",
      optim::SgdOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.1, .weight_decay = 0.1, .maximize = true});
}

TEST_CASE("Adam and AdamW follow PyTorch's") {
  follows<optim::Adam>("Adam(1.0)", optim::AdamOptions{.lr = 1});
  follows<optim::Adam>(
      "Adam(0.01,wd=.1,amsgrad,maximize)",
      optim::AdamOptions{.lr = 0.01, .weight_decay = 0.1, .amsgrad = true, .maximize = true});
  follows<optim::AdamW>("AdamW(1.0)", optim::AdamWOptions{.lr = 1});
  follows<optim::AdamW>(
      "AdamW(0.01,wd=.1,amsgrad,maximize)",
      optim::AdamWOptions{.lr = 0.01, .weight_decay = 0.1, .amsgrad = true, .maximize = true});
}

TEST_CASE("RMSprop follows PyTorch's") {
  follows<optim::RMSprop>("RMSprop(.1)", optim::RmspropOptions{.lr = 0.1});
  follows<optim::RMSprop>(
      "RMSprop(0.001,wd=.001,m=.5,centered,maximize)",
      optim::RmspropOptions{
          .lr = 0.001, .weight_decay = 0.001, .momentum = 0.5, .centered = true, .maximize = true});
}

TEST_CASE("Adagrad and Adadelta follow PyTorch's") {
  follows<optim::Adagrad>("Adagrad(1.0)", optim::AdagradOptions{.lr = 1});
  follows<optim::Adagrad>(
      "Adagrad(0.1,lr_decay=.01,wd=.01,initial=.1)",
      optim::AdagradOptions{
          .lr = 0.1, .lr_decay = 0.01, .weight_decay = 0.01, .initial_accumulator_value = 0.1});
  follows<optim::Adadelta>("Adadelta()", optim::AdadeltaOptions{});
  follows<optim::Adadelta>(
      "Adadelta(0.5,rho=.8,wd=.01,maximize)",
      optim::AdadeltaOptions{.lr = 0.5, .rho = 0.8, .weight_decay = 0.01, .maximize = true});
}

TEST_CASE("Adamax, NAdam and RAdam follow PyTorch's") {
  follows<optim::Adamax>("Adamax()", optim::AdamaxOptions{});
  follows<optim::Adamax>("Adamax(0.001,betas=.8 .9,wd=.001)",
                         optim::AdamaxOptions{.lr = 0.001, .betas = {0.8, 0.9}, .weight_decay = 0.001});
  follows<optim::NAdam>("NAdam()", optim::NAdamOptions{});
  follows<optim::NAdam>("NAdam(0.01,wd=.01,decay=.01)",
                        optim::NAdamOptions{.lr = 0.01, .weight_decay = 0.01, .momentum_decay = 0.01});
  follows<optim::RAdam>("RAdam()", optim::RAdamOptions{});
  follows<optim::RAdam>("RAdam(0.01,betas=.8 .99,wd=.01)",
                        optim::RAdamOptions{.lr = 0.01, .betas = {0.8, 0.99}, .weight_decay = 0.01});
}

TEST_CASE("Rprop and ASGD follow PyTorch's") {
  follows<optim::Rprop>("Rprop(0.001,max=.01)", optim::RpropOptions{.lr = 0.001, .step_sizes = {1e-6, 0.01}});
  follows<optim::ASGD>("ASGD()", optim::AsgdOptions{});
  follows<optim::ASGD>("ASGD(0.1,lambd=.01,t0=100,wd=.001)",
                       optim::AsgdOptions{.lr = 0.1, .lambd = 0.01, .t0 = 100, .weight_decay = 0.001});
}

TEST_CASE("Lion, LAMB and Muon follow their papers") {
  follows<optim::Lion>("Lion(0.001,wd=.1)", optim::LionOptions{.lr = 0.001, .weight_decay = 0.1});
  follows<optim::LAMB>("LAMB(0.001,wd=.1)", optim::LambOptions{.lr = 0.001, .weight_decay = 0.1});
  follows<optim::Muon>("Muon(0.02)", optim::MuonOptions{});
  follows<optim::Muon>("Muon(0.02,m=.9,plain,wd=.1)",
                       optim::MuonOptions{.momentum = 0.9, .nesterov = false, .weight_decay = 0.1});
}

TEST_CASE("Adafactor follows its paper") {
  follows<optim::Adafactor>("Adafactor()", optim::AdafactorOptions{});
  follows<optim::Adafactor>("Adafactor(0.05,beta1=.9,wd=.1)",
                            optim::AdafactorOptions{.lr = 0.05, .beta1 = 0.9, .weight_decay = 0.1});
  follows<optim::Adafactor>(
      "Adafactor(0.005,absolute)",
      optim::AdafactorOptions{.lr = 0.005, .relative_step = false, .scale_parameter = false});
}

TEST_CASE("ScheduleFreeAdamW follows its paper, where the gradient is taken and in the average") {
  const Net net;
  optim::ScheduleFreeAdamW optimizer(net.parameters(), {.lr = 0.01, .weight_decay = 0.1, .warmup_steps = 10});
  const auto both = [&](const Net& now) {
    Numbers all = now.values();
    optimizer.eval();
    for (const double v : now.values()) all.push_back(v);
    optimizer.train();
    return all;
  };

  CHECK(worst_deviation(net, optimizer, "ScheduleFreeAdamW(0.01,wd=.1,warmup=10), y then x", both) < 1e-11);
}
