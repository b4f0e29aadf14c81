// Rows of few elements are worked on several at a time, and operands that are broadcast along them are
// expanded first: values are those of plain loops, and a row has the same bits alone as among others.

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

constexpr std::int64_t longest = 40;  // elements: more than any vector holds

Tensor numbers(const Shape& shape, DType dtype, std::uint64_t seed) {
  Generator generator(seed);
  return dtype == int64 ? randint(-99, 99, shape, {}, generator) : randn(shape, {.dtype = dtype}, generator);
}

bool same_bits(const Tensor& a, const Tensor& b) {
  const auto bytes = static_cast<std::size_t>(a.numel()) * static_cast<std::size_t>(size_of(a.dtype()));
  return a.dtype() == b.dtype() && a.numel() == b.numel() &&
         std::memcmp(a.node()->data, b.node()->data, bytes) == 0;
}

/// The element of x that stands at an index of the shape that it is broadcast to.
template <class T>
T element(const Tensor& x, const Shape& shape, std::int64_t index) {
  std::int64_t at = 0, step = 1;
  for (int i = 1; i <= shape.rank(); index /= shape[shape.rank() - i++]) {
    const std::int64_t size = i <= x.dim() ? x.shape()[x.dim() - i] : 1;
    at += size == 1 ? 0 : index % shape[shape.rank() - i] * step;
    step *= size;
  }
  return static_cast<const T*>(x.node()->data)[at];
}

template <class T>
bool is_difference(const Tensor& y, const Tensor& a, const Tensor& b) {
  for (std::int64_t i = 0; i < y.numel(); ++i)
    if (element<T>(y, y.shape(), i) != element<T>(a, y.shape(), i) - element<T>(b, y.shape(), i))
      return false;
  return true;
}

void check_difference(const Shape& left, const Shape& right, DType dtype) {
  const Tensor a = numbers(left, dtype, 1), b = numbers(right, dtype, 2), y = a - b;
  const Tensor larger = where(a > b, a, b), in_place = y.clone();
  NoGrad guard;
  Tensor(in_place) -= b;

  const auto holds = dtype == int64     ? is_difference<std::int64_t>
                     : dtype == float64 ? is_difference<double>
                                        : is_difference<float>;
  CAPTURE(a.describe());
  CAPTURE(b.describe());
  CHECK(holds(y, a, b));
  CHECK(holds(in_place, y, b));
  CHECK(same_bits(larger, maximum(expand(a, y.shape()), expand(b, y.shape()))));
}

}  // namespace

TEST_CASE("broadcasts over short runs have the values of a plain loop") {
  for (const DType dtype : {float32, float64, int64})
    for (std::int64_t m = 1; m <= longest; ++m) {
      check_difference({67, m}, {m}, dtype);
      check_difference({67, m}, {67, 1}, dtype);
      check_difference({67, 1}, {m}, dtype);
      check_difference({67, 1, m}, {5, m}, dtype);
      check_difference({3, 1, m, 1}, {31, 1, 2}, dtype);
      check_difference({5, 3, 4, m}, {3, 1, m}, dtype);
    }
}

TEST_CASE("a broadcast over short runs is cut where an axis does not fit into a block") {
  check_difference({3, 2050, 2}, {3, 1, 2}, float32);
  check_difference({2, 33, 35, 3}, {33, 1, 3}, float64);
  check_difference({1, 70000, 3}, {2, 1, 3}, float32);
}

TEST_CASE("layer_norm of short rows and its gradients are those of other ops") {
  for (const DType dtype : {float32, float64})
    for (const std::int64_t n : {3, 7, 8, 9, 15, 16, 17, 31})  // of 2 the slope is 0, but for rounding
      for (const std::int64_t rows : {1, 3, 15, 16, 17, 64, 70, 129})
        for (const double eps : {1e-5, 0.0}) {
          const Tensor x = numbers({rows, n}, dtype, 4), w = numbers({n}, dtype, 5),
                       b = numbers({n}, dtype, 6), g = numbers({rows, n}, float64, 7);
          const auto with_gradients = [&](const auto& f, DType in) {
            std::vector<Tensor> leaves;
            for (const Tensor& t : {x, w, b}) leaves.push_back(t.to(in).detach().requires_grad_());
            std::vector<Tensor> all = {f(leaves[0], leaves[1], leaves[2])};
            for (const Tensor& d : grad({all[0]}, leaves, {g.to(in)})) all.push_back(d);
            return all;
          };
          const auto got = with_gradients([&](const Tensor& u, const Tensor& v,
                                              const Tensor& c) { return layer_norm(u, {n}, v, c, eps); },
                                          dtype);
          const auto expected = with_gradients(
              [&](const Tensor& u, const Tensor& v, const Tensor& c) {
                const Tensor d = u - mean(u, 1, true);
                return d * rsqrt(mean(square(d), 1, true) + eps) * v + c;
              },
              float64);
          CAPTURE(n);
          CAPTURE(rows);
          CAPTURE(eps);
          for (std::size_t k = 0; k < got.size(); ++k) {
            const Tensor error = amax(abs(got[k].to(float64).detach() - expected[k].detach()));
            const double scale = amax(abs(expected[k].detach())).item();
            CHECK(error.item() <= (dtype == float32 ? 1e-3 : 1e-11) * scale);
          }
        }
}

TEST_CASE("short rows have the same bits alone and among others") {
  using Op = std::function<Tensor(const Tensor&)>;
  const auto with_slope = [](const Op& f) {
    return [f](const Tensor& x) {
      const Tensor leaf = x.detach().requires_grad_();
      return grad({f(leaf)}, {leaf}, {cos(3 * x)})[0];
    };
  };
  const Op soft = [](const Tensor& x) { return softmax(x, 1); };
  const Op log_soft = [](const Tensor& x) { return log_softmax(x, 1); };
  const Op norm_of = [](const Tensor& x) {
    const Shape size{x.size(1)};
    return layer_norm(x, size, numbers(size, x.dtype(), 8), numbers(size, x.dtype(), 9));
  };
  const std::pair<std::string, Op> ops[] = {
      {"softmax", soft},
      {"softmax's gradient", with_slope(soft)},
      {"log_softmax", log_soft},
      {"log_softmax's gradient", with_slope(log_soft)},
      {"logsumexp", [](const Tensor& x) { return logsumexp(x, 1); }},
      {"cross_entropy",
       [](const Tensor& x) {
         return cross_entropy(x, zeros({x.size(0)}, {.dtype = int64}),
                              {.label_smoothing = 0.1, .reduction = Reduction::none});
       }},
      {"layer_norm", norm_of},
      {"layer_norm's gradient", with_slope(norm_of)},
      {"sum", [](const Tensor& x) { return sum(x, 1); }},
      {"mean", [](const Tensor& x) { return mean(x, 1); }},
      {"prod", [](const Tensor& x) { return prod(x, 1); }},
      {"amax", [](const Tensor& x) { return amax(x, 1); }},
      {"var", [](const Tensor& x) { return var(x, 1); }},
      {"argmin", [](const Tensor& x) { return argmin(x, 1); }},
      {"norm", [](const Tensor& x) { return norm(x, 2, {1}); }},
  };

  for (const auto& work : ops)
    for (const DType dtype : {float32, float64})
      for (std::int64_t m = 1; m <= longest; ++m) {
        Tensor x = numbers({37, m}, dtype, 3);
        x = where(abs(x) < 0.1, 0.5, x);  // ties
        const Tensor y = work.second(x);
        CAPTURE(work.first);
        CAPTURE(x.describe());
        for (const std::int64_t row : {0, 16, 36})
          CHECK(same_bits(narrow(y, 0, row, 1), work.second(narrow(x, 0, row, 1))));
      }
}

TEST_CASE("short rows with nan and infinities have the values of columns") {
  constexpr float inf = INFINITY;
  for (const float special : {NAN, inf, -inf})
    for (std::int64_t m = 1; m <= longest; ++m) {
      Tensor x = numbers({37, m}, float32, 4);
      x = where(rand({37, m}, {}, Generator(5)) < 0.4, special, x);
      CAPTURE(special);
      CAPTURE(m);
      for (const auto f : {static_cast<Tensor (*)(const Tensor&, int)>(softmax), log_softmax}) {
        const std::vector<float> rows = f(x, 1).to_vector<float>();
        const std::vector<float> columns = permute(f(permute(x, {1, 0}), 0), {1, 0}).to_vector<float>();
        for (std::size_t i = 0; i < rows.size(); ++i)
          CHECK((rows[i] == columns[i] || rows[i] == doctest::Approx(columns[i]) ||
                 (rows[i] != rows[i] && columns[i] != columns[i])));
      }
    }
}

TEST_CASE("short runs are copied whole, and nothing besides") {
  for (const DType dtype : {float32, float64, int64, boolean})
    for (std::int64_t m = 1; m <= longest; ++m) {
      const Tensor whole = numbers({9, 3, m}, float64, 6), x = dtype == boolean ? whole > 0 : whole.to(dtype);
      const Tensor index = tensor(std::vector<std::int64_t>{8, 0, 3, 3});
      const Tensor turned = permute(x, {1, 0, 2}), joined = cat({x, x}, 2), rows = index_select(x, 0, index);
      CAPTURE(x.describe());
      for (std::int64_t i = 0; i < 3; ++i) CHECK(same_bits(narrow(turned, 0, i, 1), narrow(x, 1, i, 1)));
      CHECK(same_bits(narrow(joined, 2, 0, m), x));
      CHECK(same_bits(narrow(joined, 2, m, m), x));
      CHECK(same_bits(narrow(rows, 0, 3, 1), narrow(x, 0, 3, 1)));
      CHECK(same_bits(narrow(rows, 0, 0, 1), narrow(x, 0, 8, 1)));
    }
}
