#include "xgrad/data/sample_logits.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "datasets/files.hpp"
#include "xgrad/core/creation.hpp"

using namespace xgrad;
using data::LogitSampling;
using test::error_of;

namespace {

using Numbers = std::vector<double>;

/// Logits whose softmax is 0.5, 0.2, 0.2, 0.1.
const Tensor logits = tensor({std::log(0.5), std::log(0.2), std::log(0.2), std::log(0.1)}, float64);

void check_near(const Tensor& p, const Numbers& expected) {
  REQUIRE(p.numel() == static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(p.data<double>()[i] == doctest::Approx(expected[i]).epsilon(1e-14));
}

}  // namespace

TEST_CASE("what is kept of the classes, and with which probabilities") {
  struct Case {
    LogitSampling how;
    Numbers p;
  };
  const double s = 0.25 + 0.04 + 0.04 + 0.01;  // at temperature 1/2 probabilities are squared
  const std::vector<Case> cases{
      {{}, {0.5, 0.2, 0.2, 0.1}},
      {{.temperature = 0.5}, {0.25 / s, 0.04 / s, 0.04 / s, 0.01 / s}},
      {{.temperature = 0}, {1, 0, 0, 0}},
      {{.top_k = 1}, {1, 0, 0, 0}},
      {{.top_k = 2}, {0.5 / 0.7, 0.2 / 0.7, 0, 0}},
      {{.top_p = 0.4}, {1, 0, 0, 0}},
      {{.top_p = 0.6}, {0.5 / 0.7, 0.2 / 0.7, 0, 0}},
      {{.top_p = 0.8}, {0.5 / 0.9, 0.2 / 0.9, 0.2 / 0.9, 0}},
      {{.top_k = 3, .top_p = 0.7}, {0.5 / 0.7, 0.2 / 0.7, 0, 0}},  // 0.7 of the 0.9 that are kept is 0.63
  };
  for (const Case& c : cases) check_near(data::sampling_probabilities(logits, c.how), c.p);
}

TEST_CASE("each row of logits is drawn from by itself") {
  const Tensor rows = tensor({{0.0, 50.0, 0.0}, {50.0, 0.0, 0.0}});
  const Tensor drawn = data::sample_logits(rows, {}, Generator(1));

  CHECK(drawn.describe() == "i64[2]");
  CHECK(drawn.to_vector<int>() == std::vector<int>{1, 0});
  CHECK(data::sample_logits(rows[0]).shape() == Shape{});
}

TEST_CASE("classes are drawn as often as they are likely") {
  Generator g(3);
  int counts[4] = {};
  for (int i = 0; i < 4000; ++i) ++counts[data::sample_logits(logits, {.top_k = 2}, g).item<int>()];

  CHECK(std::abs(counts[0] - 4000 * 5 / 7.0) < 4 * 28.6);  // sqrt(4000 5/7 2/7)
  CHECK(counts[0] + counts[1] == 4000);
}

TEST_CASE("a class of -inf is never drawn, and what cannot be drawn from is an error") {
  const double inf = INFINITY;
  check_near(data::sampling_probabilities(tensor({0.0, -inf, 0.0}, float64)), {0.5, 0, 0.5});
  const auto says = [](const Tensor& x, LogitSampling how, const std::string& message) {
    CHECK(error_of([&] { data::sample_logits(x, how); }) == "sample_logits: " + message);
  };
  says(tensor({-inf, -inf}), {}, "one class at least must be possible: all logits are -inf");
  says(tensor({NAN, 0.0}), {}, "logits must be numbers or -inf: there is nan");
  says(arange(3), {}, "floating logits [classes] or [rows, classes] are expected: they are i64[3]");
  says(ones({3}), {.temperature = -1}, "the temperature must not be negative: it is -1.000000");
  says(ones({3}), {.top_k = 4}, "top_k must lie in 0 to the 3 classes: it is 4");
  says(ones({3}), {.top_p = 0}, "top_p must lie in (0, 1]: it is 0.000000");
}
