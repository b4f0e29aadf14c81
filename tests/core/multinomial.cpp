#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <xgrad/core.hpp>

using namespace xgrad;

namespace {

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing";
}

/// sum (found - expected)^2 / expected, which has a mean of as many degrees of freedom as there are classes
/// less one, and a variance of twice that.
double chi_squared(const std::vector<double>& found, const std::vector<double>& expected) {
  double s = 0;
  for (std::size_t i = 0; i < found.size(); ++i) s += std::pow(found[i] - expected[i], 2) / expected[i];
  return s;
}

}  // namespace

TEST_CASE("multinomial draws classes as often as their weights say, with replacement") {
  manual_seed(3);
  const std::vector<double> weights = {1, 0, 2, 3, 0, 4};
  constexpr std::int64_t n = 40000;
  for (const DType dtype : {float32, float64}) {
    const Tensor y = multinomial(tensor(weights, dtype), n, true);

    CHECK(y.dtype() == int64);
    CHECK(y.shape() == Shape{n});
    std::vector<double> found(6, 0);
    for (const std::int64_t i : y.data<std::int64_t>()) ++found[static_cast<std::size_t>(i)];
    CHECK(found[1] == 0);
    CHECK(found[4] == 0);
    // 3 degrees of freedom: above 24 once in 40,000 times
    CHECK(chi_squared({found[0], found[2], found[3], found[5]}, {n * 0.1, n * 0.2, n * 0.3, n * 0.4}) < 24);
  }
}

TEST_CASE("multinomial without replacement draws each class once, the first as the weights say") {
  manual_seed(4);
  constexpr std::int64_t rows = 20000;
  const Tensor y = multinomial(expand(tensor({1.0, 2.0, 0.0, 5.0}), {rows, 4}), 3);

  CHECK(y.shape() == Shape{rows, 3});
  std::vector<double> first(4, 0), second(4, 0);
  const auto p = y.data<std::int64_t>();
  for (std::size_t r = 0; r < rows; ++r) {
    CHECK(std::set<std::int64_t>(p.begin() + 3 * static_cast<std::ptrdiff_t>(r),
                                 p.begin() + 3 * static_cast<std::ptrdiff_t>(r) + 3) ==
          std::set<std::int64_t>{0, 1, 3});
    ++first[static_cast<std::size_t>(p[3 * r])], ++second[static_cast<std::size_t>(p[3 * r + 1])];
  }
  CHECK(chi_squared({first[0], first[1], first[3]}, {rows / 8.0, rows / 4.0, rows * 5 / 8.0}) < 21);
  // The second: of weights w, p(i) = sum over j before it of w_j / 8 * w_i / (8 - w_j).
  const auto then = [](double w, double a, double b) { return a / 8 * w / (8 - a) + b / 8 * w / (8 - b); };
  CHECK(chi_squared({second[0], second[1], second[3]},
                    {rows * then(1, 2, 5), rows * then(2, 1, 5), rows * then(5, 1, 2)}) < 21);
}

TEST_CASE("multinomial draws a single class with certainty, and the same ones for a seed") {
  CHECK(multinomial(tensor({0.0, 0.0, 1e-30}), 1).item<int>() == 2);
  CHECK(multinomial(tensor({0.0, 7.0, 0.0}), 5, true).to_vector<int>() == std::vector<int>{1, 1, 1, 1, 1});
  const Tensor w = tensor({{1.0, 2.0, 3.0}, {3.0, 2.0, 1.0}});
  const auto with = [&](bool replacement) { return multinomial(w, 2, replacement, Generator(5)); };
  CHECK(equal(with(true), with(true)));
  CHECK(equal(with(false), with(false)));
}

TEST_CASE("multinomial says what it cannot draw") {
  CHECK(message_of([] {
          multinomial(tensor({1.0, -1.0}), 1);
        }) ==
        "multinomial: a weight must be finite and not negative: that of class 1 in row 0 is -1, the "
        "weights "
        "are f32[2]");
  CHECK(message_of([] {
          multinomial(tensor({1.0, NAN}), 1);
        }).starts_with("multinomial: a weight must be finite"));
  CHECK(
      message_of([] {
        multinomial(tensor({{1.0, 1.0}, {0.0, 0.0}}), 1);
      }) ==
      "multinomial: no class has a weight in row 1: the weights are f32[2, 2]; give one of them more than 0");
  CHECK(message_of([] {
          multinomial(tensor({1.0, 0.0}), 2);
        }) ==
        "multinomial: 2 different samples need as many classes with a weight: row 0 has 1, the weights are "
        "f32[2]; "
        "draw with replacement, or fewer");
  CHECK(message_of([] { multinomial(zeros({2, 0}), 1); }).starts_with("multinomial: needs one class"));
  CHECK(message_of([] {
          multinomial(tensor({1, 2}), 1);
        }).starts_with("multinomial: needs a floating tensor"));
  CHECK(message_of([] {
          multinomial(ones({2, 2, 2}), 1);
        }).starts_with("multinomial: needs weights of shape"));
  CHECK(message_of([] { multinomial(ones({2}), 0); }).starts_with("multinomial: needs a number of samples"));
  CHECK(multinomial(zeros({0, 2}), 1).shape() == Shape{0, 1});
}

TEST_CASE("multinomial draws PyTorch's classes") {
  // torch.multinomial(w, ..., generator=torch.Generator().manual_seed(42)) of PyTorch 1.13, four calls in a
  // row: 12 with replacement, 3 without, 1 and then 4 with replacement of two rows. The same for both dtypes.
  using Classes = std::vector<int>;
  for (const DType dtype : {float32, float64}) {
    const Tensor w = tensor({1, 0, 2, 3, 0, 4}, dtype), rows = stack({w, flip(w, 0)}, 0);
    const Generator g(42);

    CHECK(multinomial(w, 12, true, g).to_vector<int>() == Classes{0, 0, 2, 0, 3, 3, 5, 5, 0, 2, 2, 3});
    CHECK(multinomial(w, 3, false, g).to_vector<int>() == Classes{2, 5, 3});
    CHECK(multinomial(rows, 1, false, g).to_vector<int>() == Classes{2, 0});
    CHECK(multinomial(rows, 4, true, g).to_vector<int>() == Classes{2, 2, 2, 3, 2, 2, 3, 0});
  }
}
