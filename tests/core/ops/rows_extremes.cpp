// Elementwise ops near 0 and at large arguments, of both signs. What lies outside an op's domain shows: it is
// nan in float64, and then has to be nan in float32.

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <sstream>

#include "core/ops/rows_checks.hpp"

namespace xgrad::test {

namespace {

const std::vector<double> magnitudes = {1e-8, 3e-7, 1e-5, 4e-4, 1e-2, 0.7, 0.999,
                                        30,   200,  3e3,  1e5,  1e10, 1e20};
const std::vector<double> specials = {0, INFINITY, NAN};

std::vector<double> both_signs(const std::vector<double>& sizes) {
  std::vector<double> all;
  for (const double m : sizes) all.push_back(m), all.push_back(-m);
  return all;
}

/// One long line for each input, which together hold all pairs of the values, or many triples.
Tensors combinations(const Row& row, const std::vector<double>& values) {
  const std::size_t n = row.inputs.size(), count = values.size();
  std::mt19937_64 random = generator_of(row, 23);
  const std::size_t size = n == 1 ? count : n == 2 ? count * count : 600;
  Tensors x;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> line(size);
    for (std::size_t k = 0; k < size; ++k) {
      line[k] = values[n > 2 ? random() % count : i == 0 ? k / (n == 1 ? 1 : count) : k % count];
      if (!is_floating(row.inputs[i].dtype)) line[k] = static_cast<double>(random() % 2);
    }
    const Tensor t = tensor(line);
    x.push_back(is_floating(row.inputs[i].dtype) ? t.to(float32).to(float64) : t.to(row.inputs[i].dtype));
  }
  return x;
}

std::string at(const Tensors& x, std::size_t entry) {
  std::ostringstream s;
  s.precision(9);
  for (const Tensor& t : x) s << (s.str().empty() ? "" : ", ") << t.to_vector<double>()[entry];
  return s.str();
}

/// What each entry changes when each input changes by its own size.
std::vector<double> sensitivities(const Tensor& y, const Tensors& x) {
  std::vector<double> total(static_cast<std::size_t>(y.numel()));
  if (!y.requires_grad()) return total;
  const Tensors dx = grad({y}, x, {ones_like(y)}, {.allow_unused = true});
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!dx[i].defined()) continue;
    const auto values = x[i].to_vector<double>(), slopes = dx[i].to_vector<double>();
    for (std::size_t k = 0; k < total.size(); ++k) total[k] += std::abs(values[k] * slopes[k]);
  }
  return total;
}

/// Whether float32's p is float64's q, but for rounding that changes the inputs' last places.
bool agree(double p, double q, double scale, double factor) {
  constexpr double largest = std::numeric_limits<float>::max();
  if (std::isnan(p) || std::isnan(q)) return std::isnan(p) && std::isnan(q);
  if (p == 0 && q == 0) return std::signbit(p) == std::signbit(q);
  if (p == q || !std::isfinite(scale)) return true;
  if (std::isinf(p) && std::abs(q) + scale * 1e-5 >= largest) return (p > 0) == (q > 0);
  return std::abs(p - q) <=
         factor * std::numeric_limits<float>::epsilon() * scale + std::numeric_limits<float>::min();
}

void check_float32_at(const Row& row, const Tensors& inputs, Faults& faults) {
  Tensors x = inputs;
  for (Tensor& t : x)
    if (is_floating(t.dtype()) && differentiable(row)) t = t.clone().requires_grad_();
  const Tensors y32 = row.run(as_dtype(inputs, float32)), y64 = row.run(x);
  const auto p = y32[0].to_vector<double>(), q = y64[0].to_vector<double>();
  const auto change = sensitivities(y64[0], floating_of(x));
  for (std::size_t k = 0; k < q.size(); ++k) {
    if (agree(p[k], q[k], std::abs(q[k]) + change[k], row.factor)) continue;
    std::ostringstream s;
    s.precision(9);
    s << "at " << at(inputs, k) << " float32 makes " << p[k] << " and float64 " << q[k];
    faults.push_back(s.str());
    return;
  }
}

/// The same bits for an element alone, in a row and in a column as in a long line.
void check_places(const Row& row, const Tensors& inputs, Faults& faults) {
  for (const DType dtype : {float32, float64}) {
    const Tensors x = as_dtype(inputs, dtype);
    const auto right = row.run(x)[0].to(float64).to_vector<double>();
    for (std::size_t k = 0; k<right.size(); k += right.size()> 100 ? 7 : 1) {
      Tensors alone;
      for (const Tensor& t : x) alone.push_back(t[static_cast<std::int64_t>(k)]);
      const double y = row.run(alone)[0].to(float64).item<double>();
      if ((y == right[k] && std::signbit(y) == std::signbit(right[k])) ||
          (std::isnan(y) && std::isnan(right[k])))
        continue;
      std::ostringstream s;
      s.precision(17);
      s << "at " << at(inputs, k) << " it is " << y << " alone and " << right[k] << " among others";
      faults.push_back(s.str());
      return;
    }
  }
}

/// A cotangent of 0 gives gradients of 0 at every finite argument.
void check_zero_cotangent(const Row& row, const Tensors& inputs, Faults& faults) {
  Tensors x = inputs;
  for (Tensor& t : x)
    if (is_floating(t.dtype())) t = t.clone().requires_grad_();
  const Tensor y = row.run(x)[0];
  const Tensors leaves = floating_of(x);
  for (const Tensor& dx : grad({y}, leaves, {zeros_like(y)}, {.allow_unused = true})) {
    if (!dx.defined()) continue;
    const auto values = dx.to_vector<double>();
    for (std::size_t k = 0; k < values.size(); ++k)
      if (values[k] != 0)
        return faults.push_back("at " + at(inputs, k) + " a cotangent of 0 gives another gradient");
  }
}

// Values by their slopes: f(1.25 x) - f(x) is the integral of the slope from x to 1.25 x (Gauss).

constexpr std::array<std::pair<double, double>, 5> five = {{{0, 128. / 225},
                                                            {0.5384693101056831, 0.47862867049936647},
                                                            {-0.5384693101056831, 0.47862867049936647},
                                                            {0.9061798459386640, 0.23692688505618908},
                                                            {-0.9061798459386640, 0.23692688505618908}}};
constexpr std::array<std::pair<double, double>, 3> three = {
    {{0, 8. / 9}, {0.7745966692414834, 5. / 9}, {-0.7745966692414834, 5. / 9}}};

template <std::size_t n>
Tensor integral(const Row& row, const Tensors& x, std::size_t i,
                const std::array<std::pair<double, double>, n>& points) {
  Tensor total = zeros_like(x[i]);
  for (const auto& [place, weight] : points) {
    Tensors u = x;
    u[i] = (x[i] * (1.125 + place / 8)).requires_grad_();
    const Tensor y = row.run(u)[0];
    const Tensor slope =
        y.requires_grad() ? grad({y}, {u[i]}, {ones_like(y)}, {.allow_unused = true})[0] : Tensor();
    if (slope.defined()) total = total + slope * x[i] * (weight / 8);
  }
  return total;
}

/// One input runs over all sizes, the others lie within their limits.
void check_values_by_slopes(const Row& row, Faults& faults) {
  const Tensor sizes = tensor(both_signs({1e-8, 3e-7, 1e-5, 4e-4, 1e-2, 0.7, 30, 200, 3e3, 1e5, 1e10}));
  const Tensors others = make_inputs(row, std::vector<Shape>(row.inputs.size(), sizes.shape()));
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (!is_floating(others[i].dtype())) continue;
    Tensors inputs = others, next = others;
    inputs[i] = sizes;
    next[i] = inputs[i] * 1.25;
    const auto low = row.run(inputs)[0].to_vector<double>(), high = row.run(next)[0].to_vector<double>();
    const auto fine = integral(row, inputs, i, five).to_vector<double>(),
               coarse = integral(row, inputs, i, three).to_vector<double>();
    for (std::size_t k = 0; k < low.size(); ++k) {
      const double difference = high[k] - low[k], size = std::abs(high[k]) + std::abs(low[k]);
      const double allowed = 1e-7 * std::abs(fine[k]) + 16 * std::numeric_limits<double>::epsilon() * size;
      const bool known =
          std::isfinite(difference) && std::abs(fine[k] - coarse[k]) <= 1e-7 * std::abs(fine[k]);
      if (!known || std::abs(difference - fine[k]) <= allowed) continue;
      std::ostringstream s;
      s.precision(12);
      s << "from " << at(inputs, k) << " to " << at(next, k) << " it changes by " << difference
        << ", its slopes say by " << fine[k];
      return faults.push_back(s.str());
    }
  }
}

/// Any other op where all inputs are that many times as large: what overflows or vanishes on the way shows.
void check_sizes(const Row& row, double factor, Faults& faults) {
  std::vector<Shape> shapes;
  for (const Input& in : row.inputs) shapes.push_back(in.shape);
  Tensors x = make_inputs(row, shapes);
  for (Tensor& t : x)
    if (is_floating(t.dtype())) t = (t * factor).to(float32).to(float64);
  Tensors leaves = x;
  for (Tensor& t : leaves)
    if (is_floating(t.dtype()) && differentiable(row)) t = t.clone().requires_grad_();
  const Tensors y32 = row.run(as_dtype(x, float32)), y64 = row.run(leaves);
  for (std::size_t k = 0; k < y64.size(); ++k) {
    const auto p = y32[k].to_vector<double>(), q = y64[k].to_vector<double>();
    for (std::size_t i = 0; i < q.size(); ++i) {
      if (p[i] == q[i]) continue;
      const double scale =
          std::abs(q[i]) + sensitivity(y64[k], static_cast<std::int64_t>(i), floating_of(leaves));
      if (agree(p[i], q[i], scale, row.factor)) continue;
      std::ostringstream s;
      s << "of inputs " << factor << " times as large float32 makes " << p[i] << " and float64 " << q[i];
      return faults.push_back(s.str());
    }
  }
}

/// gradcheck where all inputs have about one size.
void check_gradients_at(const Row& row, double size, Faults& faults) {
  std::mt19937_64 random = generator_of(row, 31);
  std::uniform_real_distribution<double> stretch(1, 2);
  Tensors x;
  for (const Input& in : row.inputs) {
    std::vector<double> values(6);
    for (double& v : values) v = size * stretch(random) * (random() % 2 && in.low < 0 ? -1 : 1);
    x.push_back(is_floating(in.dtype) ? tensor(values) : (tensor(values) > 1.5 * size).to(in.dtype));
  }
  const Tensor y = row.run(x)[0];
  if (!all(isfinite(y)).item<bool>()) return;  // outside its domain
  check_gradient({.name = row.name, .kind = row.kind, .inputs = row.inputs, .run = row.run}, x, row.order,
                 faults);
}

}  // namespace

void check_extremes(const Row& row, Faults& faults) {
  if (row.kind == Kind::random || !row.moderate.empty()) return;
  if (!row.elementwise) {
    for (const double factor : {1e-12, 1e12}) check_sizes(row, factor, faults);
    return;
  }
  const Tensors x = combinations(row, both_signs(magnitudes));
  check_float32_at(row, x, faults);
  check_float32_at(row, combinations(row, both_signs(specials)), faults);
  check_places(row, x, faults);
  check_places(row, combinations(row, both_signs(specials)), faults);
  if (!differentiable(row)) return;
  check_zero_cotangent(row, combinations(row, both_signs({0, 1e-8, 0.7, 1e5, 1e20})), faults);
  if (row.kind == Kind::smooth) check_values_by_slopes(row, faults);
  for (const double size : {1e-7, 1e-4, 1e-2, 40.0, 1e4}) check_gradients_at(row, size, faults);
}

TEST_CASE("a formula that overflows at large arguments or cancels near 0 is a fault") {
  const auto naive = [](const Tensor& x) { return log(cosh(x)); };
  const auto cancels = [](const Tensor& x) { return where(abs(x) < 1, log(cosh(x)), abs(x)); };
  const auto overflows = [](const Tensor& x) { return where(abs(x) > 1, log(cosh(x)), square(x)); };

  for (const auto& f : {TensorFunction(as_function(naive)), as_function(cancels), as_function(overflows)}) {
    const Row row = {.name = "log_cosh",
                     .kind = Kind::smooth,
                     .inputs = {{{2, 3}, -2, -1.5}},
                     .run = f,
                     .elementwise = true};
    CHECK(any_says(faults_of(row), "float32 makes"));
  }
}

TEST_CASE("values that lose their places near 0 in every precision are a fault") {
  const auto lossy = [](const Tensor& x) { return x + (1e-12 * sin(1e6 * x)).detach(); };

  CHECK(any_says(faults_of(elementwise("lossy", Kind::smooth, {{{2, 3}}}, lossy)), "its slopes say"));
}

TEST_CASE("a zero of another sign in float32 is a fault, and an element that depends on its place") {
  const auto unsigned_zero = [](const Tensor& x) { return x.dtype() == float32 ? x + 0 : x; };
  const auto by_place = [](const Tensor& x) { return x.numel() == 1 ? x + 1e-9 : x; };

  CHECK(any_says(faults_of(elementwise("zero", Kind::smooth, {{{2, 3}}}, unsigned_zero)),
                 "at -0 float32 makes 0"));
  CHECK(any_says(faults_of(elementwise("place", Kind::smooth, {{{2, 3}}}, by_place)), "alone and"));
}

}  // namespace xgrad::test
