#pragma once

// Problems of Moré, Garbow and Hillstrom, Testing unconstrained optimization software, ACM Transactions on
// Mathematical Software 7, 1981: residuals, their standard starts, and the least sums of squares that the
// paper names. The numbers are those of the paper.

#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "xgrad/core.hpp"

namespace xgrad::test {

struct SquaresProblem {
  std::string name;
  std::vector<double> start;
  std::function<Tensor(const Tensor& x)> residuals;
  std::vector<double> least;  ///< sums of squares at which a method may end, the global one first
};

namespace problems {

inline Tensor f64(const std::vector<double>& v) { return tensor(v); }
/// 1, 2, ..., n.
inline Tensor count_to(int n) { return arange(1, n + 1, 1, {.dtype = float64}); }
inline Tensor joined(std::initializer_list<Tensor> numbers) { return stack(numbers); }

inline Tensor rosenbrock(const Tensor& x) { return joined({10 * (x[1] - square(x[0])), 1 - x[0]}); }
inline Tensor freudenstein_roth(const Tensor& x) {
  return joined({x[0] - 13 + ((5 - x[1]) * x[1] - 2) * x[1], x[0] - 29 + ((x[1] + 1) * x[1] - 14) * x[1]});
}
inline Tensor powell_badly_scaled(const Tensor& x) {
  return joined({1e4 * x[0] * x[1] - 1, exp(-x[0]) + exp(-x[1]) - 1.0001});
}
inline Tensor brown_badly_scaled(const Tensor& x) {
  return joined({x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2});
}
inline Tensor beale(const Tensor& x) { return f64({1.5, 2.25, 2.625}) - x[0] * (1 - pow(x[1], count_to(3))); }
inline Tensor jennrich_sampson(const Tensor& x) {
  const Tensor i = count_to(10);
  return 2 + 2 * i - (exp(i * x[0]) + exp(i * x[1]));
}
inline Tensor helical_valley(const Tensor& x) {
  const Tensor turn = atan2(x[1], x[0]) / (2 * std::numbers::pi);
  return joined({10 * (x[2] - 10 * turn), 10 * (sqrt(square(x[0]) + square(x[1])) - 1), x[2]});
}
inline Tensor bard(const Tensor& x) {
  const Tensor y =
      f64({0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39});
  const Tensor u = count_to(15), v = 16 - u, w = minimum(u, v);
  return y - (x[0] + u / (v * x[1] + w * x[2]));
}
inline Tensor gaussian(const Tensor& x) {
  const Tensor y = f64({0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989, 0.3521, 0.2420,
                        0.1295, 0.0540, 0.0175, 0.0044, 0.0009});
  return x[0] * exp(-x[1] * square((8 - count_to(15)) / 2 - x[2]) / 2) - y;
}
inline Tensor meyer(const Tensor& x) {
  const Tensor y = f64({34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427,
                        3820, 3307, 2872});
  return x[0] * exp(x[1] / (45 + 5 * count_to(16) + x[2])) - y;
}
inline Tensor gulf(const Tensor& x) {
  const Tensor t = count_to(99) / 100, y = 25 + pow(-50 * log(t), 2.0 / 3);
  return exp(-pow(abs(y - x[1]), x[2]) / x[0]) - t;
}
inline Tensor box(const Tensor& x) {
  const Tensor t = count_to(10) / 10;
  return exp(-t * x[0]) - exp(-t * x[1]) - x[2] * (exp(-t) - exp(-10 * t));
}
inline Tensor powell_singular(const Tensor& x) {
  return joined({x[0] + 10 * x[1], std::sqrt(5) * (x[2] - x[3]), square(x[1] - 2 * x[2]),
                 std::sqrt(10) * square(x[0] - x[3])});
}
inline Tensor wood(const Tensor& x) {
  return joined({10 * (x[1] - square(x[0])), 1 - x[0], std::sqrt(90) * (x[3] - square(x[2])), 1 - x[2],
                 std::sqrt(10) * (x[1] + x[3] - 2), (x[1] - x[3]) / std::sqrt(10)});
}
inline Tensor kowalik_osborne(const Tensor& x) {
  const Tensor y = f64(
                   {0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246}),
               u = f64({4, 2, 1, 0.5, 0.25, 0.1670, 0.1250, 0.1, 0.0833, 0.0714, 0.0625});
  return y - x[0] * (square(u) + u * x[1]) / (square(u) + u * x[2] + x[3]);
}
inline Tensor brown_dennis(const Tensor& x) {
  const Tensor t = count_to(20) / 5;
  return square(x[0] + t * x[1] - exp(t)) + square(x[2] + x[3] * sin(t) - cos(t));
}
inline Tensor biggs(const Tensor& x) {
  const Tensor t = count_to(13) / 10, y = exp(-t) - 5 * exp(-10 * t) + 3 * exp(-4 * t);
  return x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) + x[5] * exp(-t * x[4]) - y;
}
inline Tensor watson(const Tensor& x) {
  const std::int64_t n = x.numel();
  const Tensor t = (count_to(29) / 29).reshape({29, 1}), k = arange(0, n, 1, {.dtype = float64});
  const Tensor powers = pow(t, k), slopes = k * pow(t, maximum(k - 1, 0));
  const Tensor r = mv(slopes, x) - square(mv(powers, x)) - 1;
  return cat({r, joined({x[0], x[1] - square(x[0]) - 1})});
}
inline Tensor penalty_i(const Tensor& x) {
  return cat({std::sqrt(1e-5) * (x - 1), reshape(sum(square(x)) - 0.25, {1})});
}
inline Tensor variably_dimensioned(const Tensor& x) {
  const Tensor s = sum(count_to(static_cast<int>(x.numel())) * (x - 1));
  return cat({x - 1, joined({s, square(s)})});
}
inline Tensor trigonometric(const Tensor& x) {
  const auto n = static_cast<int>(x.numel());
  return n - sum(cos(x)) + count_to(n) * (1 - cos(x)) - sin(x);
}
inline Tensor brown_almost_linear(const Tensor& x) {
  const std::int64_t n = x.numel();
  return cat({x.slice(0, 0, n - 1) + sum(x) - (n + 1), reshape(prod(x) - 1, {1})});
}
inline Tensor discrete_boundary_value(const Tensor& x) {
  const auto n = static_cast<int>(x.numel());
  const double h = 1.0 / (n + 1);
  const Tensor padded = pad(x, {1, 1}), t = count_to(n) * h;
  return 2 * x - padded.slice(0, 0, n) - padded.slice(0, 2, n + 2) + h * h / 2 * pow(x + t + 1, 3);
}
inline Tensor discrete_integral(const Tensor& x) {
  const auto n = static_cast<int>(x.numel());
  const double h = 1.0 / (n + 1);
  const Tensor t = count_to(n) * h, c = pow(x + t + 1, 3), below = cumsum(t * c, 0), above = (1 - t) * c;
  return x + h / 2 * ((1 - t) * below + t * (sum(above) - cumsum(above, 0)));
}
inline Tensor broyden_tridiagonal(const Tensor& x) {
  const std::int64_t n = x.numel();
  const Tensor padded = pad(x, {1, 1});
  return (3 - 2 * x) * x - padded.slice(0, 0, n) - 2 * padded.slice(0, 2, n + 2) + 1;
}
inline Tensor broyden_banded(const Tensor& x) {
  const std::int64_t n = x.numel();
  const Tensor band = tril(triu(ones({n, n}, {.dtype = float64}), -5), 1) - eye(n, {.dtype = float64});
  return x * (2 + 5 * square(x)) + 1 - mv(band, x * (1 + x));
}
/// m = 10 residuals of which the sum of squares is least at m - n.
inline Tensor linear_full_rank(const Tensor& x) {
  const Tensor s = 0.2 * sum(x) + 1;
  return cat({x - s, expand(reshape(-s, {1}), {10 - x.numel()})});
}
inline Tensor linear_rank_one(const Tensor& x) {
  return count_to(10) * sum(count_to(static_cast<int>(x.numel())) * x) - 1;
}
inline Tensor chebyquad(const Tensor& x) {
  const std::int64_t n = x.numel();
  Tensor before = ones_like(x), now = 2 * x - 1;
  std::vector<Tensor> r;
  for (std::int64_t i = 1; i <= n; ++i) {
    r.push_back(mean(now) + (i % 2 == 0 ? 1.0 / static_cast<double>(i * i - 1) : 0.0));
    const Tensor next = 2 * (2 * x - 1) * now - before;
    before = now, now = next;
  }
  return stack(r);
}

inline std::vector<double> repeated(double v, int n) {
  return std::vector<double>(static_cast<std::size_t>(n), v);
}
inline std::vector<double> spread(int n, double (*f)(double t)) {
  std::vector<double> v;
  for (int i = 1; i <= n; ++i) v.push_back(f(static_cast<double>(i) / (n + 1)));
  return v;
}

}  // namespace problems

inline const std::vector<SquaresProblem>& squares_problems() {
  using namespace problems;
  static const std::vector<SquaresProblem> all{
      {"Rosenbrock", {-1.2, 1}, rosenbrock, {0}},
      {"Freudenstein and Roth", {0.5, -2}, freudenstein_roth, {0, 48.98425}},
      {"Powell badly scaled", {0, 1}, powell_badly_scaled, {0}},
      {"Brown badly scaled", {1, 1}, brown_badly_scaled, {0}},
      {"Beale", {1, 1}, beale, {0}},
      {"Jennrich and Sampson", {0.3, 0.4}, jennrich_sampson, {124.362}},
      {"Helical valley", {-1, 0, 0}, helical_valley, {0}},
      {"Bard", {1, 1, 1}, bard, {8.21487e-3}},
      {"Gaussian", {0.4, 1, 0}, gaussian, {1.12793e-8}},
      {"Meyer", {0.02, 4000, 250}, meyer, {87.9458}},
      {"Gulf", {5, 2.5, 0.15}, gulf, {0}},
      {"Box", {0, 10, 20}, box, {0}},
      {"Powell singular", {3, -1, 0, 1}, powell_singular, {0}},
      {"Wood", {-3, -1, -3, -1}, wood, {0}},
      {"Kowalik and Osborne", {0.25, 0.39, 0.415, 0.39}, kowalik_osborne, {3.07505e-4}},
      {"Brown and Dennis", {25, 5, -5, -1}, brown_dennis, {85822.2}},
      {"Biggs", {1, 2, 1, 1, 1, 1}, biggs, {0, 5.65565e-3}},
      {"Watson 6", repeated(0, 6), watson, {2.28767e-3}},
      {"Watson 9", repeated(0, 9), watson, {1.39976e-6}},
      {"Penalty I", {1, 2, 3, 4}, penalty_i, {2.24997e-5}},
      {"Variably dimensioned", {0.75, 0.5, 0.25, 0}, variably_dimensioned, {0}},
      {"Trigonometric", repeated(0.1, 10), trigonometric, {0, 2.79506e-5}},
      {"Brown almost linear", repeated(0.5, 10), brown_almost_linear, {0, 1}},
      {"Discrete boundary value",
       spread(10, [](double t) { return t * (t - 1); }),
       discrete_boundary_value,
       {0}},
      {"Discrete integral", spread(10, [](double t) { return t * (t - 1); }), discrete_integral, {0}},
      {"Broyden tridiagonal", repeated(-1, 10), broyden_tridiagonal, {0}},
      {"Broyden banded", repeated(-1, 10), broyden_banded, {0}},
      {"Linear, full rank", repeated(1, 5), linear_full_rank, {5}},
      {"Linear, rank 1", repeated(1, 5), linear_rank_one, {10 * 9 / (2 * 21.0)}},
      {"Chebyquad 7", spread(7, [](double t) { return t; }), chebyquad, {0}},
      {"Chebyquad 8", spread(8, [](double t) { return t; }), chebyquad, {3.51687e-3}},
  };
  return all;
}

/// True where a sum of squares is one at which the problem may end: to the six digits of the paper or to a
/// share that is given, or 0 to `zero`.
inline bool ends_well(const SquaresProblem& problem, double sum, double zero, double share = 6e-6) {
  for (const double least : problem.least)
    if (std::abs(sum - least) <= (least == 0 ? zero : share * least)) return true;
  return false;
}

}  // namespace xgrad::test
