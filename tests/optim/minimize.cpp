// minimize and newton_cg: the problems of Moré, Garbow and Hillstrom, 1981, bounds, and what they say.

#include "xgrad/optim/minimize.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "optim/more_garbow_hillstrom.hpp"
#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;
using optim::minimize, optim::newton_cg, optim::Stop;

namespace {

Tensor f64(Nested values) { return tensor(std::move(values), {.dtype = float64}); }

double largest(const Tensor& x) { return max(abs(x)).item(); }

/// The problems at whose minima a method does not end.
template <class Method>
std::vector<std::string> missed(Method method) {
  std::vector<std::string> names;
  for (const SquaresProblem& p : squares_problems()) {
    const auto found = method([&](const Tensor& x) { return sum(square(p.residuals(x))); }, tensor(p.start));
    if (!ends_well(p, found.value, 1e-10)) MESSAGE(p.name << ": " << found.report.str());
    if (!ends_well(p, found.value, 1e-10)) names.push_back(p.name);
    else if (!found.report) MESSAGE(p.name << " (there): " << found.report.str());
  }
  return names;
}

}  // namespace

TEST_CASE("minimize ends at the minima of Moré, Garbow and Hillstrom") {
  CHECK(missed([](auto f, const Tensor& x) { return minimize(f, x); }).empty());
}

TEST_CASE("newton_cg ends at the minima of Moré, Garbow and Hillstrom") {
  CHECK(missed([](auto f, const Tensor& x) { return newton_cg(f, x); }).empty());
}
