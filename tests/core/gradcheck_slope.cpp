#include "gradcheck/slope.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "gradcheck/compensated.hpp"

// The numerical half of gradcheck on plain functions, whose derivatives are known.

using namespace xgrad;
using checking::Claim;
using checking::Judgement;
using checking::Shift;

namespace {

using Function = double (*)(double);

struct Outcome {
  Judgement judgement;
  int calls = 0;

  Verdict verdict() const { return judgement.verdict; }
};

/// Judges the claim f'(x) = slope, where f is good to `accuracy` of its size.
Outcome judge(Function f, double x, double slope,
              double accuracy = 2 * std::numeric_limits<double>::epsilon()) {
  Outcome outcome;
  const auto line = [&](double h) {
    const double here = f(x), ahead = f(x + h), behind = f(x - h);
    outcome.calls += 2;
    const double noise = accuracy * std::abs(here) / h;
    const bool moved = ahead != here || behind != here;
    Shift s;
    s.forward = (ahead - here) / h;
    s.backward = (here - behind) / h;
    s.low = std::min(s.forward, s.backward);
    s.gap = std::abs(s.forward - s.backward);
    s.magnitude = std::max(std::abs(s.forward), std::abs(s.backward));
    (moved ? s.noise : s.still_noise) = noise;
    s.value = std::abs(here);
    s.has_forward = std::isfinite(ahead);
    s.has_backward = std::isfinite(behind);
    return s;
  };
  Claim claim;
  claim.slope = slope;
  claim.scale = x == 0 ? 1 : std::abs(x);
  claim.smallest_step = checking::power_of_two(claim.scale) * 0x1p-42;
  claim.largest_step = 0.5 * checking::power_of_two(std::max(claim.scale, 1.0));
  outcome.judgement = checking::judge(line, claim);
  return outcome;
}

struct Smooth {
  const char* name;
  Function f, slope;
  double log_low, log_high;  ///< the range of log10 |x|
  bool positive;
};

const Smooth smooth[] = {
    {"x^2", [](double x) { return x * x; }, [](double x) { return 2 * x; }, -8, 8, false},
    {"x^10", [](double x) { return std::pow(x, 10); }, [](double x) { return 10 * std::pow(x, 9); }, -8, 8,
     false},
    {"1/x", [](double x) { return 1 / x; }, [](double x) { return -1 / (x * x); }, -8, 8, false},
    {"sqrt", [](double x) { return std::sqrt(x); }, [](double x) { return 0.5 / std::sqrt(x); }, -8, 8, true},
    {"log", [](double x) { return std::log(x); }, [](double x) { return 1 / x; }, -8, 8, true},
    {"exp", [](double x) { return std::exp(x); }, [](double x) { return std::exp(x); }, -8, 2, false},
    {"sin", [](double x) { return std::sin(x); }, [](double x) { return std::cos(x); }, -8, 8, false},
    {"cos", [](double x) { return std::cos(x); }, [](double x) { return -std::sin(x); }, -6, 8, false},
    {"tanh", [](double x) { return std::tanh(x); },
     [](double x) { return 1 / (std::cosh(x) * std::cosh(x)); }, -8, 1, false},
    {"atan", [](double x) { return std::atan(x); }, [](double x) { return 1 / (1 + x * x); }, -8, 4, false},
    {"sin(1/x)", [](double x) { return std::sin(1 / x); },
     [](double x) { return -std::cos(1 / x) / (x * x); }, -1, 4, false},
};

/// Calls g(x) for random x of any scale in a row's range.
template <class G>
void for_random_points(const Smooth& row, int count, G g) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> exponent(row.log_low, row.log_high);
  for (int i = 0; i < count; ++i) {
    const double size = std::pow(10, exponent(random));
    g(row.positive || random() % 2 ? size : -size);
  }
}

constexpr double inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("right slopes of smooth functions are never called wrong, at any scale") {
  for (const Smooth& row : smooth) {
    CAPTURE(std::string(row.name));
    int wrong = 0, right = 0;
    for_random_points(row, 2000, [&](double x) {
      const Verdict v = judge(row.f, x, row.slope(x)).verdict();
      wrong += v == Verdict::wrong || v == Verdict::kink;
      right += v == Verdict::right;
    });

    CHECK(wrong == 0);
    CHECK(right > 1900);
  }
}

TEST_CASE("slopes that are off by 0.05 % or have the wrong sign are called wrong, at any scale") {
  for (const Smooth& row : smooth) {
    CAPTURE(std::string(row.name));
    for (const double factor : {1.0005, -1.0}) {
      int wrong = 0, right = 0;
      for_random_points(row, 1000, [&](double x) {
        const Verdict v = judge(row.f, x, factor * row.slope(x)).verdict();
        wrong += v == Verdict::wrong;
        right += v == Verdict::right;
      });

      CHECK(right == 0);
      CHECK(wrong > 850);
    }
  }
}

TEST_CASE("an error estimate bounds the error of the numeric slope") {
  for (const Smooth& row : smooth) {
    CAPTURE(std::string(row.name));
    int outside = 0;
    for_random_points(row, 1000, [&](double x) {
      const Judgement j = judge(row.f, x, row.slope(x)).judgement;
      const double rounding = 1e-15 * std::abs(row.slope(x));
      outside += std::abs(j.numeric - row.slope(x)) > j.error + rounding;
    });

    CHECK(outside == 0);
  }
}

TEST_CASE("a tame function takes four calls apart from the one at x") {
  CHECK(judge([](double x) { return std::log(x); }, 3, 1.0 / 3).calls == 4);
}

TEST_CASE("a kink is one where the slopes differ and the claim lies between them") {
  const Function relu = [](double x) { return x > 0 ? x : 0.0; };

  CHECK(judge(relu, 0, 0).verdict() == Verdict::kink);
  CHECK(judge(relu, 0, 0.5).verdict() == Verdict::kink);
  CHECK(judge(relu, 0, 1).verdict() == Verdict::kink);
  CHECK(judge(relu, 0, -0.1).verdict() == Verdict::wrong);
  CHECK(judge(relu, 0, 2).verdict() == Verdict::wrong);
}

TEST_CASE("a kink whose central slope is the claim is a kink all the same") {
  CHECK(judge([](double x) { return std::abs(x); }, 0, 0).verdict() == Verdict::kink);
}

TEST_CASE("a kink near x is stepped around") {
  const Function f = [](double x) { return std::abs(x - 1); };

  for (const double distance : {1e-2, 1e-4, 1e-6, 1e-8}) {
    CHECK(judge(f, 1 + distance, 1).verdict() == Verdict::right);
    CHECK(judge(f, 1 + distance, -1).verdict() == Verdict::wrong);
  }
}

TEST_CASE("a jump at x is a kink, a jump near x is stepped around") {
  const Function floor = [](double x) { return std::floor(x); };

  CHECK(judge(floor, 2, 0).verdict() == Verdict::kink);
  CHECK(judge(floor, 2.001, 0).verdict() == Verdict::right);
  CHECK(judge(floor, 1e8 + 0.5, 0).verdict() == Verdict::right);
  CHECK(judge(floor, 2.5, 1).verdict() == Verdict::wrong);
}

TEST_CASE("an infinite slope is a kink if the claim is infinite of the same sign") {
  const Function root = [](double x) { return std::sqrt(x); };

  CHECK(judge(root, 0, inf).verdict() == Verdict::kink);
  CHECK(judge(root, 0, -inf).verdict() == Verdict::inconclusive);
  CHECK(judge(root, 1, inf).verdict() == Verdict::wrong);
}

TEST_CASE("the edge of a domain next to x shortens the steps") {
  const double x = 1 - 1e-9;

  CHECK(judge([](double u) { return std::acos(u); }, x, -1 / std::sqrt((1 - x) * (1 + x))).verdict() ==
        Verdict::right);
}

TEST_CASE("at the edge of a domain the slope inwards counts") {
  const Function f = [](double x) { return x < 0 ? std::nan("") : std::exp(x); };

  CHECK(judge(f, 0, 1).verdict() == Verdict::right);
  CHECK(judge(f, 0, -1).verdict() == Verdict::wrong);
}

TEST_CASE("a claim of nan is wrong where there is a slope") {
  CHECK(judge([](double x) { return x * x; }, 1, std::nan("")).verdict() == Verdict::wrong);
}

TEST_CASE("noise makes a claim inconclusive and not wrong") {
  const Function rounded = [](double x) { return std::round(x * x * 1e6) / 1e6; };

  const Outcome outcome = judge(rounded, 1.1, 2.2, 1e-6);

  CHECK(outcome.verdict() == Verdict::inconclusive);
  CHECK_FALSE(outcome.judgement.blind);
  CHECK(outcome.judgement.numeric == doctest::Approx(2.2).epsilon(0.01));
}

TEST_CASE("noise that hides the slope altogether makes a claim blind") {
  const Function wild = [](double x) { return 1e-3 * x + std::fmod(1e6 * std::sin(1e7 * x), 1.0); };

  CHECK(judge(wild, 1.1, 2.2, 1.0).judgement.blind);
}

TEST_CASE("a slope that rounding hides is inconclusive") {
  const Function saturated = [](double x) { return std::tanh(x); };

  CHECK(judge(saturated, 50, 1.5e-43).verdict() == Verdict::inconclusive);
  CHECK(judge(saturated, 50, 0).verdict() == Verdict::right);
  CHECK(judge([](double x) { return 1 + x * x - 1; }, 1e-9, 2e-9).verdict() != Verdict::wrong);
}

TEST_CASE("a sum of products is as good as in twice the precision") {
  checking::CompensatedSum sum;

  sum.add_product(1e16, 3);
  sum.add_product(1, 1);
  sum.add_product(-1e16, 3);
  sum.add_product(1 + 0x1p-30, 1 + 0x1p-30);

  CHECK(sum.value() == 2 + 0x1p-29 + 0x1p-60);
}
