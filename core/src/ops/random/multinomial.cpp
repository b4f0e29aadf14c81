#include <algorithm>
#include <cmath>

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/work.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/random.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Kernel kernel = {.name = "multinomial"};

/// Throws Error for weights that no class can be drawn by; the number of classes with a weight.
template <class T>
std::int64_t check_row(const Tensor& weights, const T* w, std::int64_t n, std::int64_t row) {
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    if (!(w[i] >= 0 && w[i] < std::numeric_limits<T>::infinity()))
      fail("multinomial", "a weight must be finite and not negative: that of class " + std::to_string(i) +
                              " in row " + std::to_string(row) + " is " +
                              short_text(static_cast<double>(w[i])) + ", the weights are " +
                              weights.describe());
    count += w[i] > 0;
  }
  if (count == 0)
    fail("multinomial", "no class has a weight in row " + std::to_string(row) + ": the weights are " +
                            weights.describe() + "; give one of them more than 0");
  return count;
}

/// The class at u in [0, 1) of the sums of w, whose last is `total`: the first whose sum reaches u.
template <class T>
std::int64_t class_at(const std::vector<T>& sums, const T* w, double u) {
  auto at = std::lower_bound(sums.begin(), sums.end() - 1, u,
                             [](T sum, double v) { return static_cast<double>(sum) < v; });
  auto i = at - sums.begin();
  while (w[i] == 0 && i + 1 < std::ssize(sums)) ++i;  // u = 0, or beyond sums that rounding left below 1
  while (w[i] == 0) --i;
  return i;
}

template <class T>
void draw_with_replacement(const T* w, std::int64_t n, const double* u, std::int64_t samples,
                           std::int64_t* y) {
  std::vector<T> sums(static_cast<std::size_t>(n));
  T total = 0;
  for (std::int64_t i = 0; i < n; ++i) sums[static_cast<std::size_t>(i)] = total += w[i];
  for (T& sum : sums) sum /= total;
  for (std::int64_t k = 0; k < samples; ++k) y[k] = class_at(sums, w, u[k]);
}

template <class T>
void draw_distinct(const T* w, std::int64_t n, const double* u, std::int64_t samples, std::int64_t* y) {
  std::vector<T> keys(static_cast<std::size_t>(n));
  std::vector<std::int64_t> order(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const T e = static_cast<T>(-std::log(1 - u[i]));
    keys[i] = w[i] == 0 ? T(-1) : w[i] / e;
    order[i] = static_cast<std::int64_t>(i);
  }
  std::partial_sort(order.begin(), order.begin() + samples, order.end(), [&](std::int64_t a, std::int64_t b) {
    const T p = keys[static_cast<std::size_t>(a)], q = keys[static_cast<std::size_t>(b)];
    return p != q ? p > q : a < b;
  });
  std::copy_n(order.begin(), samples, y);
}

}  // namespace

namespace {

struct Samples {
  std::int64_t num_samples;
  bool replacement;
  Generator generator;
  void fields(auto&& field) const { field("num_samples", num_samples), field("replacement", replacement); }
};

}  // namespace

Tensor multinomial(const Tensor& weights, std::int64_t num_samples, bool replacement, Generator generator) {
  static constexpr Op op = {
      .name = "multinomial", .draws = true, .fields = &fields_of<Samples>, .again = [](Call c) {
        const auto& [count, again, stream] = c.attributes<Samples>();
        return multinomial(c.x(0), count, again, stream);
      }};
  check_floating("multinomial", weights);
  if (weights.dim() < 1 || weights.dim() > 2)
    fail("multinomial",
         "needs weights of shape [classes] or [rows, classes]: they are " + weights.describe());
  if (num_samples < 1)
    fail("multinomial", "needs a number of samples above 0: it is " + std::to_string(num_samples));
  const std::int64_t n = weights.size(-1), rows = weights.dim() == 2 ? weights.size(0) : 1;
  if (n == 0) fail("multinomial", "needs one class at least: the weights are " + weights.describe());
  Shape shape = weights.shape();
  shape[-1 + weights.dim()] = num_samples;
  check_sizes("multinomial", shape);
  const Tensor y = new_tensor(shape, int64);
  const auto uniform = [&](std::int64_t draws) {
    const Unheard guard;
    return rand({rows, draws}, {.dtype = float64}, generator);
  };
  visit_floating(weights.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const T* w = ptr<const T>(weights);
    for (std::int64_t row = 0; row < rows; ++row)
      if (const std::int64_t count = check_row(weights, w + row * n, n, row);
          !replacement && count < num_samples)
        fail("multinomial", std::to_string(num_samples) +
                                " different samples need as many classes with a weight: row " +
                                std::to_string(row) + " has " + std::to_string(count) + ", the weights are " +
                                weights.describe() + "; draw with replacement, or fewer");
    const bool distinct = !replacement || num_samples == 1;
    const std::int64_t draws = distinct ? n : num_samples;
    const Tensor u = uniform(draws);
    const Work work = {
        .bytes = rows * (n * bytes_of<T> + draws * bytes_of<double> + num_samples * bytes_of<std::int64_t>)};
    launch(kernel, work, [&] {
      for (std::int64_t row = 0; row < rows; ++row)
        (distinct ? draw_distinct<T>
                  : draw_with_replacement<T>)(w + row * n, n, ptr<const double>(u) + row * draws, num_samples,
                                              ptr<std::int64_t>(y) + row * num_samples);
    });
  });
  return pass(op, {weights}, y, [&] { return Samples{num_samples, replacement, generator}; });
}

}  // namespace xgrad
