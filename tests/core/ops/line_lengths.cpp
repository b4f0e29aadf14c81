// Lines of every length, so that what is left behind whole registers counts once: against plain loops.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

Tensor numbers(const Shape& shape, DType dtype, std::uint64_t seed) {
  return randn(shape, {.dtype = float64}, Generator(seed)).to(dtype);
}

std::vector<double> values_of(const Tensor& x) { return x.to(float64).to_vector<double>(); }

bool same(double a, double b) { return a == b || (a != a && b != b); }

/// Whether v comes before the best so far: it is larger, or the first nan.
bool beats(double v, double best) { return v > best || (v != v && best == best); }

}  // namespace

TEST_CASE("rows of every length are summed, multiplied and searched whole") {
  for (const DType dtype : {float32, float64})
    for (std::int64_t n = 1; n < 300; ++n) {
      const Tensor x = 1 + 0.1 * numbers({3, n}, dtype, static_cast<std::uint64_t>(n));
      const std::vector<double> v = values_of(x), sums = values_of(sum(x, 1)),
                                products = values_of(prod(x, 1)), largest = values_of(amax(x, 1)),
                                smallest = values_of(amin(x, 1));
      CAPTURE(x.describe());
      for (std::size_t k = 0; k < 3; ++k) {
        long double total = 0, product = 1;
        const auto row = v.begin() + static_cast<std::ptrdiff_t>(k) * n;
        for (auto p = row; p != row + n; ++p) total += *p, product *= *p;
        const double limit = dtype == float32 ? 3e-6 : 3e-14;
        CHECK(sums[k] == doctest::Approx(static_cast<double>(total)).epsilon(limit));
        CHECK(products[k] == doctest::Approx(static_cast<double>(product)).epsilon(limit));
        CHECK(largest[k] == *std::max_element(row, row + n));
        CHECK(smallest[k] == *std::min_element(row, row + n));
      }
    }
}

TEST_CASE("a nan anywhere in a row is its extremum") {
  for (const std::int64_t n : {1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 129})
    for (std::int64_t at = 0; at < n; ++at) {
      std::vector<float> row(static_cast<std::size_t>(n), 1.0f);
      row[static_cast<std::size_t>(at)] = NAN;
      CAPTURE(n);
      CAPTURE(at);
      CHECK(std::isnan(amax(tensor(row)).item()));
      CHECK(std::isnan(amin(tensor(row)).item()));
    }
}

TEST_CASE("running extrema are those of a plain loop, ties and nan included") {
  for (const DType dtype : {float32, float64, int64})
    for (const Shape& shape : {Shape{5, 1}, Shape{4, 33}, Shape{3, 7, 2}, Shape{2, 9, 20}}) {
      Tensor x = numbers(shape, float64, 1) * 2;
      x = floor(x).to(dtype);
      if (is_floating(dtype)) x = where(x > 3, NAN, x);
      CAPTURE(x.describe());
      const auto [values, indices] = cummax(x, 1);
      const std::vector<double> v = values_of(x), found = values_of(values), places = values_of(indices);
      const std::int64_t n = shape[1], inner = x.numel() / shape[0] / n;
      for (std::int64_t k = 0; k < shape[0]; ++k)
        for (std::int64_t j = 0; j < inner; ++j) {
          std::size_t best = static_cast<std::size_t>(k * n * inner + j);
          std::int64_t place = 0;
          for (std::int64_t i = 0; i < n; ++i) {
            const auto at = static_cast<std::size_t>((k * n + i) * inner + j);
            if (beats(v[at], v[best])) best = at, place = i;
            CHECK(same(found[at], v[best]));
            CHECK(places[at] == static_cast<double>(place));
          }
        }
      CHECK(equal(cummin(where(isnan(x), 0, -x), 1).indices, cummax(where(isnan(x), 0, x), 1).indices));
    }
}

TEST_CASE("topk is the head of a sort, for lines of every length, with ties and nan") {
  for (const DType dtype : {float32, float64, int64})
    for (const std::int64_t n : {9, 31, 64, 65, 97, 200, 1000}) {
      Tensor x = (numbers({4, n}, float64, 2) * 3).to(dtype);
      if (is_floating(dtype)) x = where(x > 5, NAN, round(x));
      for (const bool largest : {true, false})
        for (const std::int64_t k : {std::int64_t{0}, std::int64_t{1}, n / 9}) {
          CAPTURE(x.describe());
          const auto [values, indices] = topk(x, k, 1, largest);
          const auto [sorted, order] = sort(x, 1, largest);
          CHECK(equal(indices, narrow(order, 1, 0, k)));
          CHECK(allclose(values, narrow(sorted, 1, 0, k), 0, 0, true));
        }
    }
}

TEST_CASE("gather takes, and scatter_add adds, element by element along every axis") {
  const Tensor x = numbers({3, 5, 34}, float64, 3);
  for (int axis = 0; axis < 3; ++axis) {
    const Shape shape = {2, 5, 33};
    const Tensor at = randint(0, x.size(axis), shape, {}, Generator(4)), added = numbers(shape, float64, 5);
    const Tensor taken = gather(x, axis, at), put = scatter_add(x, axis, at, added);
    CAPTURE(axis);
    Tensor expected = x.clone();
    for (std::int64_t i = 0; i < 2; ++i)
      for (std::int64_t j = 0; j < 5; ++j)
        for (std::int64_t k = 0; k < 33; ++k) {
          const std::int64_t to = at.at<std::int64_t>({i, j, k});
          const std::int64_t p = axis == 0 ? to : i, q = axis == 1 ? to : j, r = axis == 2 ? to : k;
          CHECK(taken.at({i, j, k}) == x.at({p, q, r}));
          expected = index_put(expected, {p, q, r}, expected.at({p, q, r}) + added.at({i, j, k}));
        }
    CHECK(equal(put, expected));
  }
}
