#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;
namespace init = nn::init;

namespace {

/// What PyTorch draws from seed 0.
std::vector<double> stream(const char* name) {
  static const auto all = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/torch_rng_streams.json"));
  return all["0"][name].get<std::vector<double>>();
}

void check_near(const Tensor& t, const std::vector<double>& expected, double tolerance) {
  REQUIRE(t.numel() == static_cast<std::int64_t>(expected.size()));
  const auto found = t.to_vector<double>();
  for (std::size_t i = 0; i < found.size(); ++i)
    CHECK(found[i] == doctest::Approx(expected[i]).epsilon(tolerance));
}

/// low + (high - low) u for the uniforms of seed 0.
std::vector<double> uniforms(double low, double high) {
  std::vector<double> u = stream("rand_f64_8");
  for (double& v : u) v = low + (high - low) * v;
  return u;
}

std::vector<double> normals(double stddev) {
  std::vector<double> z = stream("randn_f64_20");
  for (double& v : z) v *= stddev;
  return z;
}

Tensor weight(const Shape& shape) { return empty(shape, {.dtype = float64, .requires_grad = true}); }

const auto seeded = [] { return Generator(0); };

}  // namespace

TEST_CASE("uniform_ stretches the uniform stream") {
  check_near(init::uniform_(weight({2, 4}), -3, 5, seeded()), uniforms(-3, 5), 1e-14);
}

TEST_CASE("normal_ stretches the normal stream") {
  std::vector<double> expected = normals(3);
  for (double& v : expected) v += 2;

  check_near(init::normal_(weight({4, 5}), 2, 3, seeded()), expected, 1e-13);
}

TEST_CASE("constant_, zeros_ and ones_ fill") {
  CHECK(init::constant_(weight({2}), 2.5).to_vector<double>() == std::vector<double>{2.5, 2.5});
  CHECK(init::zeros_(weight({2})).to_vector<double>() == std::vector<double>{0, 0});
  CHECK(init::ones_(weight({2})).to_vector<double>() == std::vector<double>{1, 1});
}

TEST_CASE("an initialised leaf is still the same leaf") {
  const Tensor w = weight({2, 4});

  const Tensor same = init::xavier_uniform_(w);

  CHECK(same.node() == w.node());
  CHECK(w.requires_grad());
  CHECK(w.is_leaf());
}

TEST_CASE("xavier uses both fans") {
  // fan_in 4, fan_out 2: sqrt(6 / 6) = 1
  check_near(init::xavier_uniform_(weight({2, 4}), 3, seeded()), uniforms(-3, 3), 1e-14);
  // fan_in 5, fan_out 4: sqrt(2 / 9)
  check_near(init::xavier_normal_(weight({4, 5}), 1, seeded()), normals(std::sqrt(2.0 / 9)), 1e-13);
}

TEST_CASE("kaiming uses the fan that is asked for and the gain of the nonlinearity") {
  // fan_in 4: sqrt(2) sqrt(3 / 4)
  const double in = std::sqrt(1.5);
  check_near(init::kaiming_uniform_(weight({2, 4}), {}, seeded()), uniforms(-in, in), 1e-14);
  // fan_out 2, gain 5/3: 5/3 sqrt(3 / 2)
  const double out = 5.0 / 3 * std::sqrt(1.5);
  check_near(init::kaiming_uniform_(
                 weight({2, 4}), {.fan = init::Fan::out, .nonlinearity = init::Nonlinearity::tanh}, seeded()),
             uniforms(-out, out), 1e-14);
  // fan_in 5, slope 2: sqrt(2 / 5) / sqrt(5)
  check_near(init::kaiming_normal_(weight({4, 5}), {.slope = 2}, seeded()), normals(std::sqrt(2.0) / 5),
             1e-13);
}

TEST_CASE("sizes behind the second count for both fans") {
  // weight [2, 1, 4]: fan_in 4, fan_out 8: sqrt(6 / 12)
  const double bound = std::sqrt(0.5);
  check_near(init::xavier_uniform_(weight({2, 1, 4}), 1, seeded()), uniforms(-bound, bound), 1e-14);
}

TEST_CASE("gains are PyTorch's") {
  using init::Nonlinearity;
  CHECK(init::calculate_gain(Nonlinearity::linear) == 1);
  CHECK(init::calculate_gain(Nonlinearity::sigmoid) == 1);
  CHECK(init::calculate_gain(Nonlinearity::tanh) == doctest::Approx(5.0 / 3));
  CHECK(init::calculate_gain(Nonlinearity::relu) == doctest::Approx(std::sqrt(2)));
  CHECK(init::calculate_gain(Nonlinearity::leaky_relu) == doctest::Approx(std::sqrt(2 / 1.0001)));
  CHECK(init::calculate_gain(Nonlinearity::leaky_relu, 1) == doctest::Approx(1));
  CHECK(init::calculate_gain(Nonlinearity::selu) == 0.75);
}

TEST_CASE("orthogonal_ makes orthonormal rows where there are fewer rows") {
  const Tensor w = init::orthogonal_(weight({4, 5}), 1, seeded()).detach();

  CHECK(max(abs(gemm(w, w, false, true) - eye(4, {.dtype = float64}))).item() < 1e-14);
}

TEST_CASE("orthogonal_ is the QR factor whose R has a positive diagonal") {
  // Rows a_i of A = L Q, with L lower triangular: A Q^T = L.
  const Tensor a = tensor(stream("randn_f64_20"), {4, 5});

  const Tensor q = init::orthogonal_(weight({4, 5}), 1, seeded()).detach();
  const Tensor l = gemm(a, q, false, true);

  for (int i = 0; i < 4; ++i) {
    CHECK(l.at({i, i}) > 0);
    for (int j = i + 1; j < 4; ++j) CHECK(std::abs(l.at({i, j})) < 1e-14);
  }
}

TEST_CASE("orthogonal_ makes orthonormal columns, times the gain, where there are more rows") {
  const Tensor w = init::orthogonal_(weight({30, 2, 10}), 2).detach().reshape({30, 20});

  CHECK(max(abs(gemm(w, w, true, false) - 4 * eye(20, {.dtype = float64}))).item() < 1e-13);
}

TEST_CASE("trunc_normal_ stays inside its limits and has the moments of the cut normal") {
  const Tensor w = init::trunc_normal_(weight({100000}), 0, 1, -1, 1, seeded()).detach();

  CHECK(max(w).item() <= 1);
  CHECK(min(w).item() >= -1);
  // Variance 1 - 2 phi(1) / (2 Phi(1) - 1) = 0.29112, standard error 0.0009.
  CHECK(var(w).item() == doctest::Approx(0.29112).epsilon(0.015));
}

TEST_CASE("trunc_normal_ inverts the normal distribution function") {
  const Tensor w = init::trunc_normal_(weight({8}), 1, 2, -3, 5, seeded());

  // (v - 1) / 2 lies in [-2, 2], and erf(z / sqrt 2) is uniform in [-e, e].
  const double e = std::erf(std::sqrt(2));
  std::vector<double> u = w.to_vector<double>();
  for (double& v : u) v = std::erf((v - 1) / 2 / std::sqrt(2));
  const std::vector<double> expected = uniforms(-e, e);
  for (std::size_t i = 0; i < u.size(); ++i) CHECK(u[i] == doctest::Approx(expected[i]).epsilon(1e-13));
}

TEST_CASE("integers cannot be initialised") {
  CHECK_THROWS_WITH_AS(init::normal_(tensor({1, 2})), "normal_: needs a floating tensor: got i64[2]", Error);
}

TEST_CASE("a fan of a vector is an error") {
  CHECK_THROWS_WITH_AS(init::xavier_uniform_(weight({3})),
                       "xavier_uniform_: fans need a weight of two or more axes: got f64[3]", Error);
  CHECK_THROWS_WITH_AS(init::orthogonal_(weight({3})), "orthogonal_: needs two or more axes: got f64[3]",
                       Error);
}

TEST_CASE("ranges that make no sense are errors") {
  CHECK_THROWS_WITH_AS(init::uniform_(weight({3}), 1, 0),
                       "uniform_: low must not be above high: low = 1, high = 0", Error);
  CHECK_THROWS_WITH_AS(init::normal_(weight({3}), 0, -1),
                       "normal_: the standard deviation must be at least 0: got -1", Error);
  CHECK_THROWS_WITH_AS(
      init::trunc_normal_(weight({3}), 0, 1, 2, -2),
      "trunc_normal_: needs a standard deviation above 0 and low below high: stddev = 1, low = "
      "2, high = -2",
      Error);
}

TEST_CASE("eye_ is the identity, cut off or continued by zeros") {
  CHECK(init::eye_(weight({2, 3})).to_vector<double>() == std::vector<double>{1, 0, 0, 0, 1, 0});
  CHECK_THROWS_AS(init::eye_(weight({2})), Error);
}

TEST_CASE("a convolution with dirac_ kernels keeps its channels") {
  for (const int groups : {1, 2}) {
    const Tensor w = init::dirac_(weight({4, 4 / groups, 3, 3}), groups);
    const Tensor x = randn({1, 4, 5, 5}, float64);
    CHECK(allclose(conv2d(x, w, {}, {.padding = 1, .groups = groups}), x));
  }
  CHECK(sum(init::dirac_(weight({2, 3, 4}))).item() == 2);
  CHECK_THROWS_AS(init::dirac_(weight({4, 4})), Error);
  CHECK_THROWS_AS(init::dirac_(weight({4, 4, 3}), 3), Error);
}

TEST_CASE("sparse_ puts the same number of zeros into each column, at other places") {
  const Tensor w = init::sparse_(weight({10, 6}), 0.25, 2, seeded());
  const auto zeros = sum(w == 0, 0).to_vector<std::int64_t>();
  CHECK(zeros == std::vector<std::int64_t>(6, 3));
  CHECK(sum(all(w == 0, 1)).item<std::int64_t>() < 3);
  CHECK_THROWS_AS(init::sparse_(weight({10}), 0.5), Error);
  CHECK_THROWS_AS(init::sparse_(weight({10, 6}), 1.5), Error);
}
