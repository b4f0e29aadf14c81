#include <algorithm>
#include <cmath>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/data/augment.hpp"

namespace xgrad::data {

namespace {

/// Gamma(alpha, 1) by Marsaglia and Tsang (2000), for alpha below 1 by their boost.
double draw_gamma(double alpha, Generator& g) {
  if (alpha < 1) return draw_gamma(alpha + 1, g) * std::pow(1 - g.uniform(), 1 / alpha);
  const double d = alpha - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = g.normal(), v = std::pow(1 + c * x, 3);
    if (v > 0 && std::log(1 - g.uniform()) < x * x / 2 + d - d * v + d * std::log(v)) return d * v;
  }
}

double draw_beta(double alpha, Generator& g) {
  const double a = draw_gamma(alpha, g), b = draw_gamma(alpha, g);
  return a + b > 0 ? a / (a + b) : 0.5;
}

void check_mixing(const char* op, double alpha, std::int64_t classes) {
  if (!(alpha > 0 && std::isfinite(alpha)) || classes < 1)
    throw Error(std::string(op) + ": alpha must be above 0 and classes at least 1: they are " +
                std::to_string(alpha) + " and " + std::to_string(classes));
}

/// The targets as probabilities [n, classes].
Tensor soft_targets(const char* op, const Row& row, std::int64_t classes) {
  if (row.size() != 2 || row[0].dim() < 2 || !is_floating(row[0].dtype()))
    throw Error(std::string(op) +
                ": a batch of floating images and targets is expected; put it behind batch: there are " +
                std::to_string(row.size()) + " tensors" +
                (row.empty() ? "" : ", the first is " + row[0].describe()));
  const Tensor &x = row[0], &y = row[1];
  if (y.dtype() == int64 && y.shape() == Shape{x.shape()[0]}) return one_hot(y, classes).to(x.dtype());
  if (is_floating(y.dtype()) && y.shape() == Shape{x.shape()[0], classes}) return y.to(x.dtype());
  throw Error(std::string(op) + ": the targets must be classes int64 [n] or floating [n, " +
              std::to_string(classes) + "]: they are " + y.describe());
}

Tensor mixed(const Tensor& a, const Tensor& b, double share) { return share * a + (1 - share) * b; }

/// Puts the rectangle of `from` into `to`, images [n, channels, height, width].
void put_rectangle(Tensor& to, const Tensor& from, std::int64_t top, std::int64_t left, std::int64_t height,
                   std::int64_t width) {
  if (height == 0 || width == 0) return;
  const Slice rows{top, top + height}, columns{left, left + width};
  to.index_put_({ellipsis, rows, columns}, from.index({ellipsis, rows, columns}));
}

}  // namespace

std::function<Row(Row, Generator&)> mix_up(double alpha, std::int64_t classes) {
  check_mixing("mix_up", alpha, classes);
  return [=](Row row, Generator& g) {
    const Tensor y = soft_targets("mix_up", row, classes);
    const double share = draw_beta(alpha, g);
    const Tensor order = randperm(y.shape()[0], {}, g);
    return Row{mixed(row[0], index_select(row[0], 0, order), share),
               mixed(y, index_select(y, 0, order), share)};
  };
}

std::function<Row(Row, Generator&)> cut_mix(double alpha, std::int64_t classes) {
  check_mixing("cut_mix", alpha, classes);
  return [=](Row row, Generator& g) {
    const Tensor y = soft_targets("cut_mix", row, classes);
    if (row[0].dim() != 4)
      throw Error("cut_mix: images [n, channels, height, width] are expected: they are " + row[0].describe());
    const double side = std::sqrt(1 - draw_beta(alpha, g));
    const std::int64_t height = row[0].shape()[2], width = row[0].shape()[3];
    const auto h = static_cast<std::int64_t>(side * static_cast<double>(height));
    const auto w = static_cast<std::int64_t>(side * static_cast<double>(width));
    const auto top = static_cast<std::int64_t>(g.draw64() % static_cast<std::uint64_t>(height - h + 1));
    const auto left = static_cast<std::int64_t>(g.draw64() % static_cast<std::uint64_t>(width - w + 1));
    const Tensor order = randperm(y.shape()[0], {}, g);
    Tensor x = row[0].clone();
    put_rectangle(x, index_select(row[0], 0, order), top, left, h, w);
    const double share = 1 - static_cast<double>(h * w) / static_cast<double>(height * width);
    return Row{x, mixed(y, index_select(y, 0, order), share)};
  };
}

}  // namespace xgrad::data
