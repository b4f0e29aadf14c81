#include <doctest/doctest.h>

#include <locale>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <xgrad/core.hpp>

using namespace xgrad;

namespace {

const nlohmann::json& streams() {
  static const auto json = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/torch_rng_streams.json"));
  return json;
}

void check_stream(const Tensor& x, const nlohmann::json& expected, double tolerance) {
  REQUIRE(static_cast<std::size_t>(x.numel()) == expected.size());
  const std::vector<double> got = x.to_vector<double>();
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK(std::abs(got[i] - expected[i].get<double>()) <= tolerance * std::abs(expected[i].get<double>()));
}

}  // namespace

TEST_CASE("a seed gives the streams that it gives in PyTorch") {
  for (const auto& [seed, expected] : streams().items()) {
    const auto fresh = [s = std::stoull(seed)] { return Generator(s); };
    const TensorOptions f64 = {.dtype = float64};

    check_stream(rand({8}, {}, fresh()), expected["rand_f32_8"], 0);
    check_stream(rand({8}, f64, fresh()), expected["rand_f64_8"], 0);
    check_stream(randn({20}, {}, fresh()), expected["randn_f32_20"], 5e-6);
    check_stream(randn({20}, f64, fresh()), expected["randn_f64_20"], 1e-14);
    check_stream(randn({5}, {}, fresh()), expected["randn_f32_5"], 1e-6);
    check_stream(randn({5}, f64, fresh()), expected["randn_f64_5"], 1e-14);
    check_stream(randperm(10, {}, fresh()), expected["randperm_10"], 0);
    check_stream(randint(0, 10, {8}, {}, fresh()), expected["randint_0_10_8"], 0);
    check_stream(bernoulli(0.3, {8}, f64, fresh()), expected["bernoulli_p.3_8_f64"], 0);
  }
}

TEST_CASE("manual_seed makes the default generator start again") {
  manual_seed(3);
  const Tensor a = rand({4});
  manual_seed(3);

  CHECK(equal(a, rand({4})));
  CHECK_FALSE(equal(a, rand({4})));
}

TEST_CASE("a generator's state can be kept and set again, between the two halves of a normal pair too") {
  Generator g(7);
  randn({3}, {}, g);

  const std::string state = g.state();
  const Tensor a = randn({5}, {}, g);
  g.set_state(state);

  CHECK(equal(a, randn({5}, {}, g)));
}

TEST_CASE("a text that is no state is rejected and changes nothing") {
  Generator g(7);
  const std::string state = g.state();

  CHECK_THROWS_WITH_AS(g.set_state("hello"),
                       "set_state: the text must be a generator's state, as state() gives it", Error);

  CHECK(g.state() == state);
}

TEST_CASE("many normal numbers have mean 0 and variance 1") {
  const Tensor x = randn({1'000'000}, {.dtype = float64}, Generator(1));

  CHECK(std::abs(mean(x).item()) < 0.004);  // four standard errors
  CHECK(std::abs(var(x).item() - 1) < 0.006);
}

TEST_CASE("randperm holds every number once") {
  std::vector<int> p = randperm(1000, {}, Generator(1)).to_vector<int>();
  std::sort(p.begin(), p.end());

  CHECK(p == arange(1000).to_vector<int>());
}

TEST_CASE("limits and probabilities that make no sense are errors") {
  CHECK_THROWS_WITH_AS(randint(3, 3, {2}), "randint: low must be below high: 3 and 3", Error);
  CHECK_THROWS_WITH_AS(bernoulli(1.5, {2}), "bernoulli: the probability must lie in [0, 1]: it is 1.5",
                       Error);
  CHECK_THROWS_WITH_AS(rand({2}, {.dtype = int64}),
                       "rand: needs a floating tensor: x is i64[2]; convert it with x.to(float32)", Error);
}

TEST_CASE("a generator goes on where another one is, the second number of its pair with it") {
  Generator a(1), b(2);
  a.normal();

  b.set_state(a);

  CHECK(b.state() == a.state());
  CHECK(b.normal() == a.normal());
  CHECK(b.draw() == a.draw());
  a.set_state(a);
  CHECK(b.state() == a.state());
}

TEST_CASE("the text of a generator's state is the same in every locale, and has nothing behind it") {
  struct Grouped : std::numpunct<char> {
    std::string do_grouping() const override { return "\3"; }
  };
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Grouped));
  const std::string text = Generator(3).state();
  std::locale::global(before);

  CHECK(text == Generator(3).state());
  CHECK_THROWS_AS(Generator(3).set_state(text + " 7"), Error);
}
