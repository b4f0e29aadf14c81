#include <doctest/doctest.h>

#include <string>
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

  CHECK(message.rfind("anomaly: log made -inf at [1] of f64[2] from finite operands: f64[2]; recorded by\n",
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
