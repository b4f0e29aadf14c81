#include <cmath>
#include <map>

#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

/// Lines along an axis, for what keeps the shape.
std::optional<std::vector<std::vector<std::size_t>>> lines(const Shape& shape, int axis) {
  const auto along = axis_at(axis, std::max(shape.rank(), 1));
  if (!along) return {};
  std::map<Place, std::vector<std::size_t>> all;
  each(shape, [&](const Place& p) {
    Place q = p;
    if (!q.empty()) q.erase(q.begin() + *along);
    all[q].push_back(at(shape, p));
  });
  std::vector<std::vector<std::size_t>> found;
  for (auto& entry_of_all : all) found.push_back(std::move(entry_of_all.second));
  return found;
}

void check_running_sum(Draw& draw) {
  const Shape shape = draw.shape(0, 4);
  const int axis = draw.axis(std::max(shape.rank(), 1)), kind = draw(0, 2);
  const std::string call = std::string(kind == 0   ? "cumsum "
                                       : kind == 1 ? "cummax "
                                                   : "cummin ") +
                           shape.str() + " " + std::to_string(axis);
  INFO(call);
  const Tensor x = draw.whole(shape, float64, 2);
  const V v = joined({x}, {x});
  const auto along = lines(shape, axis);
  Expected right;
  if (along) {
    right = Linear{{shape}};
    if (kind > 0) right->shapes.push_back(shape), right->base.resize(2 * v.size());
    for (const auto& line : *along) {
      std::size_t best = 0;
      for (std::size_t i = 0; i < line.size(); ++i) {
        if (kind == 1 ? v[line[i]] > v[line[best]] : v[line[i]] < v[line[best]]) best = i;
        if (kind > 0) right->base[v.size() + line[i]] = static_cast<double>(best);
        if (kind > 0) right->terms.push_back({line[i], line[best]});
        for (std::size_t j = 0; j <= i && kind == 0; ++j) right->terms.push_back({line[i], line[j]});
      }
    }
  }
  check(
      draw, {x},
      [&](const std::vector<Tensor>& t) -> std::vector<Tensor> {
        if (kind == 0) return {cumsum(t[0], axis)};
        const ValuesAndIndices y = kind == 1 ? cummax(t[0], axis) : cummin(t[0], axis);
        return {y.values, y.indices};
      },
      right);
}

/// softmax, log_softmax and cumprod against their formulas, with gradients from the whole Jacobian.
void check_lines(Draw& draw) {
  const Shape shape = draw.shape(0, 4);
  const int axis = draw.axis(std::max(shape.rank(), 1)), kind = draw(0, 3);
  const char* const names[] = {"softmax ", "log_softmax ", "softmin ", "cumprod "};
  const std::string call = names[kind] + shape.str() + " " + std::to_string(axis);
  INFO(call);
  const Tensor x = draw.whole(shape, float64, 3).requires_grad_();
  const auto along = lines(shape, axis);
  std::vector<Tensor> y;
  const Call f = [&](const std::vector<Tensor>& t) {
    return std::vector<Tensor>{kind == 0   ? softmax(t[0], axis)
                               : kind == 1 ? log_softmax(t[0], axis)
                               : kind == 2 ? softmin(t[0], axis)
                                           : cumprod(t[0], axis)};
  };
  if (!results_in({x}, f, along.has_value(), {shape}, y)) return;
  const Tensor g = draw.whole(shape);
  const V v = joined({x}, {x}), pg = joined({g}, {g});
  V value(v.size()), slope(v.size());
  for (const auto& line : *along) {
    const double sign = kind == 2 ? -1 : 1;
    double total = 0;
    for (std::size_t i : line) total += std::exp(sign * v[i]);
    for (std::size_t i = 0; i < line.size(); ++i) {
      const double share = std::exp(sign * v[line[i]]) / total;
      double product = 1;
      for (std::size_t j = 0; j <= i; ++j) product *= v[line[j]];
      value[line[i]] = kind == 1 ? std::log(share) : kind == 3 ? product : share;
      for (std::size_t j = 0; j < line.size(); ++j) {
        const double other = std::exp(sign * v[line[j]]) / total;
        double rest = j <= i ? 1 : 0;
        for (std::size_t k = 0; k <= i; ++k)
          if (k != j) rest *= v[line[k]];
        slope[line[j]] += pg[line[i]] * (kind == 3   ? rest
                                         : kind == 1 ? (i == j) - other
                                                     : sign * share * ((i == j) - other));
      }
    }
  }
  const V seen = joined(y, y), gradient = joined(xgrad::grad({y[0]}, {x}, {g}), {x});
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (std::abs(seen[i] - value[i]) > 1e-9) wrong("a value is off");
    if (std::abs(gradient[i] - slope[i]) > 1e-9) wrong("a gradient is off");
  }
}

}  // namespace

void sweep::scans(int configurations, unsigned seed) {
  run(configurations, seed, {check_running_sum, check_lines});
}

TEST_CASE("what goes along lines is a plain loop, on thousands of configurations") { scans(3000, 1); }
