#include "differences.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "run.hpp"

namespace golden {

using namespace xgrad;

namespace {

using Real = long double;
using Change = void (*)(Case&);

/// f(i, the value there) for each element.
template <class F>
Tensor each(const Tensor& x, F f) {
  std::vector<double> values = x.to_vector<double>();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(f(i, Real(values[i])));
  return tensor(values, x.shape());
}

Real seed(const Case& c, std::size_t i) {
  return c.cotangents.empty() ? 1 : Real(c.cotangents[0].to_vector<double>()[i]);
}

/// The weights of second gradients; the files compute them in double precision.
Real second_seed(const Case& c, std::size_t i) {
  return c.ones_for_second ? 1 : Real(0.5 + 0.5 * std::cos(0.7 * static_cast<double>(i) + 5.7));
}

/// psi'(x): raised to 20 by psi'(x) = psi'(x + 1) + 1 / x^2, then its asymptotic series.
Real trigamma(Real x) {
  Real sum = 0;
  for (; x < 20; ++x) sum += 1 / (x * x);
  const Real r = 1 / (x * x);
  return sum + 1 / x + r / 2 +
         r / x *
             (1.0L / 6 -
              r * (1.0L / 30 - r * (1.0L / 42 - r * (1.0L / 30 - r * (5.0L / 66 - r * (691.0L / 2730))))));
}

template <int instead>
void no_nan(Case& c) {
  for (Expected& g : c.gradients)
    if (!g.zero)
      g.value = each(g.value, [](std::size_t, Real v) { return std::isnan(v) ? Real(instead) : v; });
}

/// Equal largest ones share; without a finite or infinite one there is nothing to share.
void softmax_by_formula(Case& c) {
  const std::vector<double> x = c.inputs[0].to_vector<double>();
  if (c.inputs[0].dim() != 1) return;
  Real top = -std::numeric_limits<Real>::infinity(), sum = 0;
  for (const double v : x) top = std::max(top, Real(v));
  const auto weight = [top](Real v) -> Real {
    if (std::isinf(top)) return top > 0 && v == top ? 1 : 0;
    return std::exp(v - top);
  };
  for (const double v : x) sum += weight(v);
  c.gradients = {
      {each(c.inputs[0], [&](std::size_t, Real v) { return sum > 0 ? seed(c, 0) * weight(v) / sum : 0; })}};
}

void celu_by_formula(Case& c) {
  const Real alpha = c.attributes.value("alpha", 1.0);
  const auto slope = [alpha](Real v) { return v > 0 ? Real(1) : std::exp(v / alpha); };
  c.gradients = {{each(c.inputs[0], [&](std::size_t i, Real v) { return seed(c, i) * slope(v); })}};
  if (c.second.empty()) return;
  c.second = {{each(c.inputs[0], [&](std::size_t i, Real v) {
    return v > 0 ? 0 : second_seed(c, i) * seed(c, i) * slope(v) / alpha;
  })}};
}

void lgamma_second(Case& c) {
  if (c.second.empty()) return;
  c.second = {{each(c.inputs[0],
                    [&](std::size_t i, Real v) { return second_seed(c, i) * seed(c, i) * trigamma(v); })}};
}
void digamma_gradient(Case& c) {
  c.gradients = {{each(c.inputs[0], [&](std::size_t i, Real v) { return seed(c, i) * trigamma(v); })}};
}

void all_nan(Case& c) {
  const auto nan = [](std::size_t, Real) { return std::numeric_limits<Real>::quiet_NaN(); };
  c.throws = false;
  c.outputs = {{each(zeros({}, {.dtype = float64}), nan)}};
  c.gradients = {{each(c.inputs[0], nan)}};
}

/// A line of -inf: nothing takes part.
void all_zero(Case& c) {
  const auto zero = [](std::size_t, Real) { return Real(0); };
  c.outputs = {{each(c.inputs[0], zero)}};
  c.gradients = {{each(c.inputs[0], zero)}};
}

struct Row {
  const char* op;  ///< or the title of a convention
  const char* reason;
  Change change;
};

constexpr Row rows[] = {
    {"celu", "PyTorch rounds 1 / alpha to float32 in the gradient", celu_by_formula},
    {"lgamma", "PyTorch's trigamma is off by 5e-10", lgamma_second},
    {"digamma", "PyTorch's trigamma is off by 5e-10", digamma_gradient},
    {"logsumexp",
     "the gradient is made of shifted exponentials and sums to 1; infinities share it, and a line of -inf "
     "has 0",
     softmax_by_formula},
    {"logaddexp", "a pair of -inf, as masks make it, has gradient 0", no_nan<0>},
    {"softmax allninf", "what is masked contributes nothing: 0, with a gradient of 0", all_zero},
    {"where masked inf", "strong zero: a masked branch has gradient 0", no_nan<0>},
    {"x*mask 0*inf", "strong zero: a masked branch adds nothing to the other's gradient of 1", no_nan<1>},
    {"xlogy", "x log y is 0 for x = 0 at every y, so d/dy is 0", no_nan<0>},
    {"atan2", "0 at the origin", no_nan<0>},
    {"hypot", "0 at the origin, as the norm", no_nan<0>},
    {"var n=1", "nan, with a gradient of nan; PyTorch's backward fails here", all_nan},
};

}  // namespace

std::optional<Difference> documented(const Case& c) {
  const std::string op = op_of(c).op;
  for (const Row& row : rows)
    if (op == row.op || c.op == row.op) {
      Difference d{c, row.reason};
      row.change(d.promised);
      return d;
    }
  return std::nullopt;
}

}  // namespace golden
