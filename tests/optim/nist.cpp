// levenberg_marquardt on the 27 nonlinear regressions of NIST's Statistical Reference Datasets, with the
// certified parameters and standard errors: tests/data/nist_strd.json.

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>

#include "xgrad/core.hpp"
#include "xgrad/optim.hpp"
#include "xgrad/optim/levenberg_marquardt.hpp"

using namespace xgrad;

namespace {

using Numbers = std::vector<double>;
/// What a model predicts from its parameters and x, the first of the variables.
using Model = std::function<Tensor(const Tensor& b, const Tensor& x)>;

Tensor saturating(const Tensor& b, const Tensor& x) { return b[0] * (1 - exp(-b[1] * x)); }
Tensor decaying(const Tensor& b, const Tensor& x) { return exp(-b[0] * x) / (b[1] + b[2] * x); }
Tensor peaks(const Tensor& b, const Tensor& x) {
  return b[0] * exp(-b[1] * x) + b[2] * exp(-square((x - b[3]) / b[4])) +
         b[5] * exp(-square((x - b[6]) / b[7]));
}
Tensor cubic_ratio(const Tensor& b, const Tensor& x) {
  return (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) / (1 + x * (b[4] + x * (b[5] + x * b[6])));
}
Tensor decays(const Tensor& b, const Tensor& x) {
  return b[0] * exp(-b[1] * x) + b[2] * exp(-b[3] * x) + b[4] * exp(-b[5] * x);
}
Tensor seasons(const Tensor& b, const Tensor& x) {
  const Tensor t = 2 * std::numbers::pi * x, u = t / b[3], v = t / b[6];
  return b[0] + b[1] * cos(t / 12) + b[2] * sin(t / 12) + b[4] * cos(u) + b[5] * sin(u) + b[7] * cos(v) +
         b[8] * sin(v);
}

const std::map<std::string, Model> models{
    {"Bennett5", [](const Tensor& b, const Tensor& x) { return b[0] * pow(b[1] + x, -1 / b[2]); }},
    {"BoxBOD", saturating},
    {"Chwirut1", decaying},
    {"Chwirut2", decaying},
    {"DanWood", [](const Tensor& b, const Tensor& x) { return b[0] * pow(x, b[1]); }},
    {"ENSO", seasons},
    {"Eckerle4",
     [](const Tensor& b, const Tensor& x) { return b[0] / b[1] * exp(-0.5 * square((x - b[2]) / b[1])); }},
    {"Gauss1", peaks},
    {"Gauss2", peaks},
    {"Gauss3", peaks},
    {"Hahn1", cubic_ratio},
    {"Kirby2", [](const Tensor& b,
                  const Tensor& x) { return (b[0] + x * (b[1] + x * b[2])) / (1 + x * (b[3] + x * b[4])); }},
    {"Lanczos1", decays},
    {"Lanczos2", decays},
    {"Lanczos3", decays},
    {"MGH09", [](const Tensor& b,
                 const Tensor& x) { return b[0] * (square(x) + x * b[1]) / (square(x) + x * b[2] + b[3]); }},
    {"MGH10", [](const Tensor& b, const Tensor& x) { return b[0] * exp(b[1] / (x + b[2])); }},
    {"MGH17",
     [](const Tensor& b, const Tensor& x) { return b[0] + b[1] * exp(-x * b[3]) + b[2] * exp(-x * b[4]); }},
    {"Misra1a", saturating},
    {"Misra1b", [](const Tensor& b, const Tensor& x) { return b[0] * (1 - pow(1 + b[1] * x / 2, -2)); }},
    {"Misra1c", [](const Tensor& b, const Tensor& x) { return b[0] * (1 - pow(1 + 2 * b[1] * x, -0.5)); }},
    {"Misra1d", [](const Tensor& b, const Tensor& x) { return b[0] * b[1] * x / (1 + b[1] * x); }},
    {"Rat42", [](const Tensor& b, const Tensor& x) { return b[0] / (1 + exp(b[1] - b[2] * x)); }},
    {"Rat43",
     [](const Tensor& b, const Tensor& x) { return b[0] / pow(1 + exp(b[1] - b[2] * x), 1 / b[3]); }},
    {"Roszman1",
     [](const Tensor& b, const Tensor& x) {
       return b[0] - b[1] * x - atan(b[2] / (x - b[3])) / std::numbers::pi;
     }},
    {"Thurber", cubic_ratio},
};

const nlohmann::json& sets() {
  static const auto all = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/nist_strd.json"));
  return all;
}

optim::LeastSquaresResult fit(const std::string& name, const char* start) {
  const auto& set = sets().at(name);
  std::vector<Tensor> x;
  for (const auto& column : set["x"]) x.push_back(tensor(column.get<Numbers>()));
  const Tensor y = tensor(set["y"].get<Numbers>());
  const auto residuals = [&](const Tensor& b) {
    if (name == "Nelson") return b[0] - b[1] * x[0] * exp(-b[2] * x[1]) - log(y);
    return models.at(name)(b, x[0]) - y;
  };
  return optim::levenberg_marquardt(residuals, tensor(set[start].get<Numbers>()));
}

double worst(const Tensor& found, const nlohmann::json& certified) {
  const Numbers f = found.to_vector<double>(), c = certified.get<Numbers>();
  double most = 0;
  for (std::size_t i = 0; i < f.size(); ++i)
    most = std::isfinite(f[i]) ? std::max(most, std::abs(f[i] / c[i] - 1)) : HUGE_VAL;
  return most;
}

/// The data sets whose parameters do not come out to six digits, or, but for Lanczos1, whose residuals are
/// those of its data's own rounding, the standard errors and the standard deviation.
std::vector<std::string> missed(const char* start) {
  std::vector<std::string> names;
  for (const auto& [name, set] : sets().items()) {
    const auto found = fit(name, start);
    const double deviation = found.standard_deviation / set["standard_deviation"].get<double>() - 1;
    const bool right = found.report.success() && worst(found.x, set["parameters"]) < 1e-6 &&
                       (name == "Lanczos1" || (worst(found.standard_errors, set["standard_errors"]) < 1e-6 &&
                                               std::abs(deviation) < 1e-9));
    if (!right) names.push_back(name);
  }
  return names;
}

}  // namespace

TEST_CASE("all 27 fits of NIST come out to six digits from the second start") {
  REQUIRE(sets().size() == 27);

  CHECK(missed("start2") == std::vector<std::string>{});
}

TEST_CASE("26 of 27 fits of NIST come out to six digits from the first start") {
  CHECK(missed("start1") == std::vector<std::string>{"BoxBOD"});  // a minimum on the way to inf is nearer
}
