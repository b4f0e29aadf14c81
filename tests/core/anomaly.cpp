#include <doctest/doctest.h>

#include <memory>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

namespace {

Tensor leaf(V v) { return tensor(v, {.requires_grad = true}); }

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

[[gnu::noinline]] Tensor careless_ratio(const Tensor& x) { return log(x - 2) * 1.0; }

TEST_CASE("anomaly mode names the op whose value first is not finite, and who called it") {
  const Tensor x = leaf({3, 2});
  const AnomalyMode guard;

  const std::string message = message_of([&] { careless_ratio(x) * 0; });

  CHECK(message.rfind("anomaly: log made -inf at [1] of f64[2] from finite operands: f64[2]; called by\n",
                      0) == 0);
  INFO(message);
  CHECK(message.find("careless_ratio") != std::string::npos);
  CHECK(message.find("xgrad::detail") == std::string::npos);
}

TEST_CASE("anomaly mode names the op whose gradient first is not finite") {
  const Tensor x = leaf({4, 0});
  const AnomalyMode guard;
  const Tensor y = sum(sqrt(x) * 2);

  const std::string message = message_of([&] { y.backward(); });

  CHECK(message.rfind(
            "anomaly: the gradient of input 0 of sqrt has inf at [1] of f64[2], from a finite cotangent; "
            "recorded by\n",
            0) == 0);
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("masked values pass when only gradients are watched") {
  const Tensor x = leaf({4, -1});
  const AnomalyMode guard({.values = false});

  sum(where(x > 0, sqrt(x), 0)).backward();

  CHECK(x.grad().to_vector<double>() == V{0.25, 0});
}

TEST_CASE("outside anomaly mode nothing is watched") {
  const Tensor x = leaf({0});
  { const AnomalyMode guard; }

  sum(log(x)).backward();

  CHECK(x.grad().numel() == 1);
}

TEST_CASE("a report names the operands and attributes of the call, constants too, recorded or not") {
  const Tensor x = tensor(V{1, 2, 4, 0}), y = tensor(V{0, 1, 1, 1});
  const AnomalyMode guard;

  CHECK(message_of([&] { pow(x, -2); })
            .starts_with("anomaly: pow_number made inf at [3] of f64[4] from finite operands: f64[4], "
                         "number=-2; called by\n"));
  CHECK(message_of([&] { x / y; })
            .starts_with("anomaly: div made inf at [0] of f64[4] from finite operands: f64[4], f64[4]; "
                         "called by\n"));
  const NoGrad unrecorded;
  CHECK(message_of([&] { log(leaf({0})); }).starts_with("anomaly: log made -inf at [0] of f64[1]"));
}

TEST_CASE("what is given as inf is nobody's anomaly") {
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor x = tensor(V{1, 2});
  const AnomalyMode guard;

  CHECK_NOTHROW(full({2}, inf));
  CHECK_NOTHROW(tensor(V{inf}) - 1);
  CHECK_NOTHROW(masked_fill(x, x > 1, -inf));
  CHECK_NOTHROW(x + inf);
}

TEST_CASE("an anomaly leaves no node, no gradient and no broken graph") {
  const Tensor x = leaf({1, 0});
  const Tensor y = sum(x * 3);
  const auto before = memory_stats().live_nodes;
  {
    const AnomalyMode guard;
    CHECK_THROWS_AS(log(x), Error);
    CHECK_THROWS_AS(layer_norm(leaf({1.7e308, 1.7e308}), {2}), Error);  // which has outputs for its rules
  }

  CHECK(memory_stats().live_nodes == before);
  y.backward();
  CHECK(x.grad().to_vector<double>() == V{3, 3});
}

TEST_CASE("values of rules are not looked at where a product discards them, also when they are recorded") {
  const Tensor x = leaf({4, 0});
  const AnomalyMode guard;
  const Tensor y = sum(sqrt(x) * tensor(V{1, 0}));

  CHECK(grad(y, {x}, {.create_graph = true})[0].to_vector<double>() == V{0.25, 0});
}

TEST_CASE("the innermost guard says what is looked at, and all who listen hear a call that one refuses") {
  const Tensor x = leaf({-1});
  const Profile profile;
  const AnomalyMode guard;
  {
    const AnomalyMode gradients({.values = false});
    CHECK_NOTHROW(sqrt(x));
  }

  CHECK_THROWS_AS(sqrt(x), Error);
  CHECK(profile.ops()[0].name == "sqrt");
  CHECK(profile.ops()[0].calls == 2);
}

TEST_CASE("guards that end in another order than that of their beginning leave nothing switched on") {
  const Tensor x = zeros({2});
  auto first = std::make_unique<AnomalyMode>();
  auto second = std::make_unique<AnomalyMode>(AnomalyOptions{.values = false});

  first.reset();
  CHECK_NOTHROW(log(x));  // as the second one says
  auto third = std::make_unique<AnomalyMode>();
  second.reset();
  CHECK_THROWS_AS(log(x), Error);
  third.reset();
  CHECK_NOTHROW(log(x));
}

TEST_CASE("anomaly mode watches its own thread") {
  const AnomalyMode guard;
  bool thrown = false;

  std::thread([&] {
    try {
      log(tensor(V{0}));
    } catch (const Error&) {
      thrown = true;
    }
  }).join();

  CHECK_FALSE(thrown);
}
