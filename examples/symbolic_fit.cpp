// A formula fitted to measurements by the method of Levenberg and Marquardt: Misra1a of NIST's Statistical
// Reference Datasets, whose parameters and standard errors are certified to eleven digits.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <xgrad/optim/levenberg_marquardt.hpp>
#include <xgrad/train/plot.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  double b1 = 500, b2 = 1e-4;  // NIST's first start, which is the farther one
  std::string svg = "symbolic_fit.svg";
};

/// Monomolecular adsorption: the volume that is adsorbed at a pressure x. D. Misra, NIST, 1978.
Tensor volume(const Tensor& b, const Tensor& x) { return b[0] * (1 - exp(-b[1] * x)); }

struct Certified {
  const char* name;
  double value, standard_error;
};
constexpr Certified certified[] = {{"b1", 2.3894212918e2, 2.7070075241},
                                   {"b2", 5.5015643181e-4, 7.2668688436e-6}};

/// How many digits of a number are right.
double digits(double found, double right) {
  return found == right ? 16 : std::min(16.0, -std::log10(std::abs(found - right) / std::abs(right)));
}

void draw(const std::string& path, const Tensor& x, const Tensor& y, const Tensor& start, const Tensor& b) {
  const Tensor at = linspace(0, 800, 81, float64);
  const auto curve = [&](const char* name, const Tensor& parameters) {
    return train::Curve{name, volume(parameters, at).to_vector<double>(), at.to_vector<double>()};
  };
  train::plot(
      path,
      {{"measured", y.to_vector<double>(), x.to_vector<double>()}, curve("start", start), curve("fitted", b)},
      {.title = "Misra1a: volume adsorbed", .x_label = "pressure"});
}

bool fit(const Options& options) {
  const Tensor x = tensor(
      {77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0},
      float64);
  const Tensor y = tensor(
      {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78},
      float64);
  const Tensor start = tensor({options.b1, options.b2}, float64);

  const auto found = optim::levenberg_marquardt([&](const Tensor& b) { return volume(b, x) - y; }, start);

  std::printf("%s\n", found.report.str().c_str());
  std::printf("residual standard deviation %.10f\n", found.standard_deviation);
  std::printf("                 found      standard error   digits that are certified\n");
  double least = 16;
  for (std::int64_t i = 0; i < 2; ++i) {
    const Certified& right = certified[i];
    const double value = found.x.at({i}), error = found.standard_errors.at({i});
    const double of_value = digits(value, right.value), of_error = digits(error, right.standard_error);
    std::printf("%s  %18.10e  %18.10e  %4.1f, %4.1f\n", right.name, value, error, of_value, of_error);
    least = std::min({least, of_value, of_error});
  }
  draw(options.svg, x, y, start, found.x);
  std::printf("the fit is in %s\n", options.svg.c_str());
  return example::check(least >= 8, "eight digits of the certified values");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Fits a formula to the measurements of Misra1a.");
  program.option("--b1", options.b1, "Where to start");
  program.option("--b2", options.b2, "Where to start");
  program.option("--svg", options.svg, "File for the picture");
  return program.run(argc, argv, [&] { return fit(options); });
}
