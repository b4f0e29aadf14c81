// Both ways of attention, by weights and by blocks, beside plain loops in long double, for lengths around the
// sides of blocks.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/attention/attention.hpp"

using namespace xgrad::detail;

namespace {

using Numbers = std::vector<long double>;

template <class T>
struct Case {
  Attention<T> a = {};
  std::vector<T> q, k, v, mask, g;
  std::vector<std::int64_t> mask_of;
};

std::size_t size_of(std::int64_t n) { return static_cast<std::size_t>(n); }

/// y and the gradients, or what an error of them is measured by.
struct Results {
  Numbers y, q, k, v;
};

/// One head by the formula: d scores = w (dw - sum(w dw)).
template <class T>
void run_head(const Case<T>& c, std::int64_t head, Results& r) {
  const Attention<T>& a = c.a;
  const auto q = [&](std::int64_t i, std::int64_t x) { return size_of((head * a.queries + i) * a.size + x); };
  const auto k = [&](std::int64_t j, std::int64_t x) { return size_of((head * a.keys + j) * a.size + x); };
  const auto y = [&](std::int64_t i, std::int64_t x) {
    return size_of((head * a.queries + i) * a.value_size + x);
  };
  const auto v = [&](std::int64_t j, std::int64_t x) {
    return size_of((head * a.keys + j) * a.value_size + x);
  };
  Numbers w(size_of(a.keys)), dw(w.size());
  for (std::int64_t i = 0; i < a.queries; ++i) {
    long double top = -INFINITY, sum = 0, mean = 0;
    for (std::int64_t j = 0; j < a.keys; ++j) {
      long double s = 0;
      for (std::int64_t x = 0; x < a.size; ++x) s += static_cast<long double>(c.q[q(i, x)]) * c.k[k(j, x)];
      s *= a.scale;
      if (a.mask) s += a.mask[c.mask_of[size_of(head)] + i * a.mask_row + j * a.mask_column];
      w[size_of(j)] = a.causal && j > i ? -INFINITY : s;
      top = std::max(top, w[size_of(j)]);
    }
    for (long double& u : w) u = top == -INFINITY ? 0 : std::exp(u - top), sum += u;
    for (std::int64_t j = 0; j < a.keys; ++j) {
      long double& u = w[size_of(j)];
      u = sum == 0 ? 0 : u / sum;
      dw[size_of(j)] = 0;
      for (std::int64_t x = 0; x < a.value_size; ++x) {
        r.y[y(i, x)] += u * c.v[v(j, x)];
        r.v[v(j, x)] += u * c.g[y(i, x)];
        dw[size_of(j)] += static_cast<long double>(c.g[y(i, x)]) * c.v[v(j, x)];
      }
      mean += u * dw[size_of(j)];
    }
    for (std::int64_t j = 0; j < a.keys; ++j)
      for (std::int64_t x = 0; x < a.size; ++x) {
        const long double d = w[size_of(j)] * (dw[size_of(j)] - mean) * a.scale;
        r.q[q(i, x)] += d * c.k[k(j, x)];
        r.k[k(j, x)] += d * c.q[q(i, x)];
      }
  }
}

template <class T>
Results expected(const Case<T>& c) {
  Results r{Numbers(c.g.size()), Numbers(c.q.size()), Numbers(c.k.size()), Numbers(c.v.size())};
  for (std::int64_t i = 0; i < c.a.heads; ++i) run_head(c, i, r);
  return r;
}

template <class T>
Case<T> draw(std::mt19937& engine) {
  const auto one_of = [&](auto... n) {
    const std::int64_t all[] = {n...};
    return all[engine() % std::size(all)];
  };
  const auto numbers = [&](std::int64_t n) {
    std::normal_distribution<double> normal;
    std::vector<T> x(size_of(n));
    for (T& u : x) u = static_cast<T>(normal(engine));
    return x;
  };
  Case<T> c;
  Attention<T>& a = c.a;
  a.heads = one_of(1, 2, 9), a.queries = one_of(0, 1, 2, 100, 127, 128, 129, 257),
  a.keys = one_of(0, 1, 3, 90, 239, 240, 241, 500), a.size = one_of(1, 3, 8, 17),
  a.value_size = one_of(1, 5, 16);
  a.scale = static_cast<T>(one_of(1, 2, -1)), a.causal = engine() % 2;
  c.q = numbers(a.heads * a.queries * a.size), c.k = numbers(a.heads * a.keys * a.size),
  c.v = numbers(a.heads * a.keys * a.value_size), c.g = numbers(a.heads * a.queries * a.value_size);
  if (engine() % 4) {  // of all heads, or one for each; with queries that see nothing
    const std::int64_t rows = engine() % 2 ? a.queries : 1, columns = engine() % 2 ? a.keys : 1,
                       each = engine() % 2 ? rows * columns : 0;
    c.mask = numbers(std::max<std::int64_t>(a.heads * rows * columns, 1));
    for (T& u : c.mask)
      if (engine() % 3 == 0) u = -std::numeric_limits<T>::infinity();
    for (std::int64_t i = 0; i < a.heads; ++i) c.mask_of.push_back(i * each);
    a.mask_row = rows == 1 ? 0 : columns, a.mask_column = columns == 1 ? 0 : 1;
  }
  return c;
}

template <class T>
void check_near(const std::vector<T>& found, const Numbers& wanted, long double tolerance) {
  REQUIRE(found.size() == wanted.size());
  long double largest = 1, error = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    largest = std::max(largest, std::abs(wanted[i]));
    if (!(std::abs(found[i] - wanted[i]) <= error)) error = std::abs(found[i] - wanted[i]);
  }
  CHECK(error <= tolerance * largest);
}

template <class T>
void check(Case<T>& c, long double tolerance) {
  Attention<T>& a = c.a;
  a.q = c.q.data(), a.k = c.k.data(), a.v = c.v.data();
  if (!c.mask.empty()) a.mask = c.mask.data(), a.mask_of = c.mask_of.data();
  const Results wanted = expected(c);
  for (const bool blocks : {false, true}) {
    CAPTURE(blocks);
    std::vector<T> y(c.g.size(), NAN), dq(c.q.size(), NAN), dk(c.k.size(), NAN), dv(c.v.size(), NAN);
    std::vector<T> kept(size_of(a.heads * a.queries * (blocks ? 2 : a.keys)) + 1);
    const AttentionGradients<T> d = {dq.data(), dk.data(), dv.data()};

    if (blocks) {
      attend_by_blocks(a, kept.data(), y.data());
      attend_by_blocks_vjp(a, c.g.data(), y.data(), kept.data(), d);
    } else {
      attend_by_weights(a, kept.data(), y.data());
      attend_by_weights_vjp(a, c.g.data(), kept.data(), d);
    }

    check_near(y, wanted.y, tolerance), check_near(dq, wanted.q, tolerance);
    check_near(dk, wanted.k, tolerance), check_near(dv, wanted.v, tolerance);
  }
}

template <class T>
void check_many(int times, long double tolerance) {
  std::mt19937 engine(7);
  for (int i = 0; i < times; ++i) {
    Case<T> c = draw<T>(engine);
    CAPTURE(i);
    CAPTURE(c.a.heads);
    CAPTURE(c.a.queries);
    CAPTURE(c.a.keys);
    CAPTURE(c.a.size);
    CAPTURE(c.a.value_size);
    CAPTURE(c.a.causal);
    CAPTURE(c.a.mask_row);
    CAPTURE(c.a.mask_column);
    check(c, tolerance);
  }
}

}  // namespace

TEST_CASE("attention by weights and by blocks is that of a plain loop, with its gradients") {
  check_many<double>(150, 1e-13L);
  check_many<float>(150, 1e-4L);
}

TEST_CASE("scores of many thousands lose no places by blocks: the peak and the sum are kept apart") {
  // All scores of a row are one large number, so that each weight is 1 / keys.
  constexpr std::int64_t n = 300;
  Case<float> c;
  c.a = {.heads = 1, .queries = 1, .keys = n, .size = 1, .value_size = 1, .scale = 1};
  c.q = {12345.678f}, c.k.assign(n, 7.77f), c.g = {1};
  for (int j = 0; j < n; ++j) c.v.push_back(static_cast<float>(j % 2));

  check(c, 1e-6L);
}
