// An arm of three links in the plane reaches for points that move along a curve. Its angles are the root of a
// system of equations, and by the implicit function theorem they have a derivative by the point.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <string>
#include <vector>

#include <xgrad/optim/root.hpp>
#include <xgrad/train/plot.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int points = 60;
  std::string svg = "inverse_kinematics.svg";
};

/// The ends of the links [3, 2] at these angles, each measured from the link before.
Tensor joints(const Tensor& angles) {
  const Tensor lengths = tensor({1.0, 0.8, 0.5}, float64), direction = cumsum(angles, 0);
  return cumsum(stack({lengths * cos(direction), lengths * sin(direction)}, 1), 0);
}

/// Zero where the hand is at the point and, of all ways to be there, the angles change least from `rest`: the
/// change is then in the span of the gradients of the hand's place, whose factors are the last two unknowns.
Tensor residual(const Tensor& unknowns, const Tensor& point, const Tensor& rest) {
  const Tensor angles = unknowns.slice(0, 0, 3), factors = unknowns.slice(0, 3);
  const auto hand = [](const Tensor& a) { return joints(a)[2]; };
  const Tensor j = jacobian(hand, angles, {.create_graph = true});
  return cat({angles - rest - matmul(factors, j), hand(angles) - point});
}

/// A figure of eight that the arm can reach.
Tensor point_at(double t) { return tensor({1.2 + 0.5 * std::cos(t), 0.6 * std::sin(2 * t)}, float64); }

/// The angles for a point, with a gradient by it.
Tensor reach(const Tensor& point, const Tensor& rest) {
  const auto equations = [&](const Tensor& u, const Tensor& p) { return residual(u, p, rest); };
  const auto solve = [&](const Tensor& p) {
    const auto found = optim::root([&](const Tensor& u) { return equations(u, p); },
                                   cat({rest, zeros({2}, float64)}), {.tol = 1e-13});
    if (!found.report) throw Error("reach: " + found.report.str());
    return found.x;
  };
  return implicit_root(equations, solve, {point}).slice(0, 0, 3);
}

/// The largest difference between d(angles)/d(point) by the implicit function theorem and by central
/// differences of the solver.
double error_of_derivative(const Tensor& point, const Tensor& rest) {
  const Tensor by_theorem = jacobian([&](const Tensor& p) { return reach(p, rest); }, point);
  const double h = 1e-5;
  double largest = 0;
  for (std::int64_t axis = 0; axis < 2; ++axis) {
    const Tensor step = h * eye(2, float64)[axis];
    const Tensor slope = (reach(point + step, rest) - reach(point - step, rest)) / (2 * h);
    largest = std::max(largest, max(abs(slope - by_theorem.slice(1, axis, axis + 1).squeeze(1))).item());
  }
  return largest;
}

bool follow(const Options& options) {
  std::vector<train::Curve> curves{{"hand", {}, {}}};
  Tensor angles = tensor({0.3, 0.5, 0.5}, float64);
  double distance = 0, error = 0;
  for (int i = 0; i <= options.points; ++i) {
    const Tensor point = point_at(2 * std::numbers::pi * i / options.points), rest = angles;
    angles = reach(point, rest);
    distance = std::max(distance, norm(joints(angles)[2] - point).item());
    if (i % 10 == 0) {
      error = std::max(error, error_of_derivative(point, rest));
      const Tensor links = cat({zeros({1, 2}, float64), joints(angles)});
      const auto columns = links.chunk(2, 1);
      curves.push_back({"", columns[1].to_vector<double>(), columns[0].to_vector<double>()});
      std::printf("point (%6.3f, %6.3f)  angles %7.3f %7.3f %7.3f\n", point.at({0}), point.at({1}),
                  angles.at({0}), angles.at({1}), angles.at({2}));
    }
    curves[0].x.push_back(joints(angles).at({2, 0}));
    curves[0].y.push_back(joints(angles).at({2, 1}));
  }
  for (std::size_t i = 1; i < curves.size(); ++i) curves[i].name = "arm " + std::to_string(i);
  train::plot(options.svg, curves, {.title = "An arm that follows a figure of eight", .x_label = "x"});
  std::printf("farthest from a point %.1e, largest error of a derivative %.1e; the arm is in %s\n", distance,
              error, options.svg.c_str());
  return example::check(distance < 1e-10, "the hand within 1e-10 of each point") &&
         example::check(error < 1e-7, "derivatives as by differences, to 1e-7");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Finds the angles of an arm that follows a curve, and their derivatives.");
  program.option("--points", options.points, "Points of the curve");
  program.option("--svg", options.svg, "File for the picture");
  return program.run(argc, argv, [&] { return follow(options); });
}
