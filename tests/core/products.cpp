// Products of matrices against plain sums in long double, with each instruction set that the processor has.

#include "kernels/products/packed.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "xgrad/core.hpp"

using namespace xgrad;
using detail::InstructionSet;
using detail::MatrixProduct;

namespace {

std::vector<const InstructionSet*> instruction_sets() {
#if defined(__x86_64__)
  std::vector<const InstructionSet*> sets = {&detail::avx2};
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
    sets.push_back(&detail::avx512);
  return sets;
#else
  return {&detail::generic};
#endif
}

template <class T>
const detail::ProductKernels<T>& kernels_of(const InstructionSet& set) {
  if constexpr (std::is_same_v<T, float>)
    return set.f32;
  else
    return set.f64;
}

/// A product with operands of its own, each row of which has some elements behind it that belong to nobody,
/// with any form of b and any end.
template <class T>
struct Case {
  MatrixProduct<T> p = {};
  bool packs;
  std::vector<T> a, b, c, bias;
  std::vector<std::int64_t> rows_of_b;

  template <class Random>
  Case(Random& random, std::int64_t m, std::int64_t n, std::int64_t k) : packs(random() % 3 == 0) {
    const auto numbers = [&](std::int64_t count) {
      std::normal_distribution<T> normal;
      std::vector<T> v(static_cast<std::size_t>(count));
      for (T& x : v) x = normal(random);
      return v;
    };
    const auto behind = [&] { return static_cast<std::int64_t>(random() % 3); };
    p.transpose_a = random() % 2, p.transpose_b = random() % 2, p.add = random() % 2, p.relu = random() % 2;
    p.m = m, p.n = n, p.k = k;
    p.lda = (p.transpose_a ? m : k) + behind(), p.ldb = (p.transpose_b ? k : n) + behind(),
    p.ldc = n + behind();
    const std::int64_t height_of_b = p.transpose_b ? n : k;
    a = numbers((p.transpose_a ? k : m) * p.lda), b = numbers(height_of_b * p.ldb), c = numbers(m * p.ldc);
    bias = numbers(n);
    p.a = a.data(), p.b = b.data();
    if (random() % 2) p.bias = bias.data();
    if (packs || random() % 2) return;
    for (std::int64_t i = 0; i < height_of_b; ++i)  // with overlaps
      rows_of_b.push_back(
          static_cast<std::int64_t>(random() % static_cast<unsigned>((height_of_b - 1) * p.ldb + 1)));
    p.placed.rows = rows_of_b.data();
  }
  Case(const Case&) = delete;

  std::vector<T> run(const detail::ProductKernels<T>& kernels) {
    std::vector<T> y = c;
    p.c = y.data();
    detail::Workspace<T> packed(kernels.packed_columns(p.n) * p.k);
    MatrixProduct<T> q = p;
    if (packs) {
      kernels.pack(p.transpose_b, p.n, p.k, p.b, p.ldb, packed.data());
      q.packed = {packed.data(), kernels.packed_columns(p.n)}, q.b = nullptr;
    }
    const detail::Workspace<T> room(kernels.room(q) + 1);
    kernels.multiply(q, room.data());
    return y;
  }

  T left(std::int64_t i, std::int64_t q) const {
    return a[static_cast<std::size_t>(p.transpose_a ? q * p.lda + i : i * p.lda + q)];
  }
  T right(std::int64_t q, std::int64_t j) const {
    const std::int64_t row = p.transpose_b ? j : q, column = p.transpose_b ? q : j;
    return b[static_cast<std::size_t>(
        (rows_of_b.empty() ? row * p.ldb : rows_of_b[static_cast<std::size_t>(row)]) + column)];
  }

  /// The largest error of y, in units of eps times the sum of the terms' sizes.
  double error_of(const std::vector<T>& y) const {
    double worst = 0;
    for (std::int64_t i = 0; i < p.m; ++i)
      for (std::int64_t j = 0; j < p.ldc; ++j) {
        const auto at = static_cast<std::size_t>(i * p.ldc + j);
        if (j >= p.n) {
          CHECK(y[at] == c[at]);
          continue;
        }
        long double sum = p.add    ? c[at]
                          : p.bias ? bias[static_cast<std::size_t>(j)]
                                   : T(0),
                    sizes = std::abs(sum);
        for (std::int64_t q = 0; q < p.k; ++q) {
          const long double term =
              static_cast<long double>(left(i, q)) * static_cast<long double>(right(q, j));
          sum += term, sizes += std::abs(term);
        }
        if (p.relu) sum = std::max(sum, 0.0L);
        if (sizes > 0)
          worst = std::max(worst,
                           static_cast<double>(std::abs(static_cast<long double>(y[at]) - sum) / sizes /
                                               static_cast<long double>(std::numeric_limits<T>::epsilon())));
      }
    return worst;
  }
};

template <class T>
void check_shapes(int count, unsigned seed) {
  std::mt19937 random(seed);
  for (const InstructionSet* set : instruction_sets()) {
    double worst = 0;
    for (int i = 0; i < count; ++i) {
      const std::int64_t m = 1 + random() % 40, n = 1 + random() % 110,
                         k = random() % 4 ? random() % 40 : random() % 700;
      Case<T> one(random, m, n, k);
      if (k == 0) continue;  // is no kernel's business
      worst = std::max(worst, one.error_of(one.run(kernels_of<T>(*set))));
    }
    CAPTURE(set->name);
    CHECK(worst < 8);  // sums of up to 256 terms in order, and up to 3 of those
    CHECK(worst > 0);
  }
}

}  // namespace

TEST_CASE("products of random shapes agree with sums in long double") {
  check_shapes<float>(5000, 1);
  check_shapes<double>(5000, 2);
}

TEST_CASE("an element has the same bits whatever stands beside it and however the product is cut") {
  std::mt19937 random(3);
  for (const InstructionSet* set : instruction_sets())
    for (int i = 0; i < 40; ++i) {
      Case<float> whole(random, 1 + random() % 70, 1 + random() % 130, 1 + random() % 600);
      const auto& kernels = set->f32;
      whole.packs = false, whole.p.placed = {}, whole.p.bias = nullptr;
      const std::vector<float> all = whole.run(kernels);
      const std::int64_t row = random() % static_cast<unsigned>(whole.p.m),
                         column = random() % static_cast<unsigned>(whole.p.n);
      MatrixProduct<float>& p = whole.p;
      p.a += p.transpose_a ? row : row * p.lda, p.b += p.transpose_b ? column * p.ldb : column;
      p.m = p.n = 1;
      float alone = whole.c[static_cast<std::size_t>(row * p.ldc + column)];
      p.c = &alone;
      const detail::Workspace<float> room(kernels.room(p) + 1);
      kernels.multiply(p, room.data());
      CHECK(std::memcmp(&alone, &all[static_cast<std::size_t>(row * p.ldc + column)], sizeof alone) == 0);
    }
}

TEST_CASE("products have the same bits with each instruction set") {
  std::mt19937 random(4);
  for (int i = 0; i < 40; ++i) {
    Case<double> one(random, 1 + random() % 30, 1 + random() % 70, 1 + random() % 600);
    const std::vector<double> first = one.run(instruction_sets().front()->f64);
    CHECK(first == one.run(instruction_sets().back()->f64));
  }
}

TEST_CASE("products have the same bits on any number of threads") {
  manual_seed(5);
  const Shape shapes[] = {{300, 200, 400}, {32, 512, 128}, {1000, 10, 300}, {10, 1000, 300}};
  for (const Shape& s : shapes) {
    const Tensor a = randn({s[0], s[2]}), b = randn({s[2], s[1]});
    const int before = num_threads();
    set_num_threads(1);
    const std::vector<float> one = matmul(a, b).to_vector<float>();
    for (int threads : {2, 3, 4}) {
      set_num_threads(threads);
      CHECK(matmul(a, b).to_vector<float>() == one);
    }
    set_num_threads(before);
  }
}

TEST_CASE("a product of packed rows has the same bits on any number of threads as one that is not packed") {
  manual_seed(6);
  const int before = num_threads();
  for (const Shape& s : {Shape{300, 200, 400}, Shape{32, 512, 128}, Shape{20, 1000, 300}, Shape{60, 64, 300},
                         Shape{50, 208, 300}, Shape{20, 193, 300}}) {
    const std::int64_t m = s[0], n = s[1], k = s[2];
    const Tensor a = randn({m, k}), b = randn({n, k}), bias = randn({n});
    const float *pa = a.data<float>().data(), *pb = b.data<float>().data();
    const detail::PackedMatrix<float> packed(true, n, k, pb, k);
    std::vector<float> expected(static_cast<std::size_t>(m * n)), y(expected.size());
    MatrixProduct<float> p{false, true, false, m, n, k, pa, k, pb, k, expected.data(), n};
    p.bias = bias.data<float>().data(), p.relu = true;
    set_num_threads(1);
    multiply(p);
    p.packed = *packed, p.b = nullptr, p.c = y.data();
    for (int threads : {1, 2, 3, 4}) {
      set_num_threads(threads);
      std::fill(y.begin(), y.end(), 0.0f);
      multiply(p);
      CHECK(y == expected);
    }
  }
  set_num_threads(before);
}

TEST_CASE("nan, inf and zeros go through products as through a plain loop") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor a = full({20, 20}, 1);
  Tensor b = zeros({20, 30});
  b.index_put_({3, 4}, inf);
  b.index_put_({5, 6}, nan);
  b.index_put_({7, 4}, -inf);
  const Tensor y = matmul(a, b);

  CHECK(std::isnan(y.at({2, 4})));
  CHECK(std::isnan(y.at({19, 6})));
  CHECK(y.at({19, 29}) == 0);
  CHECK_FALSE(std::signbit(matmul(full({9, 9}, -1), zeros({9, 9})).at({0, 0})));
}

TEST_CASE("nothing to multiply gives zeros, or leaves what is there") {
  CHECK(matmul(zeros({3, 0}), zeros({0, 4})).to_vector<double>() == std::vector<double>(12, 0));
  CHECK(matmul(zeros({0, 5}), zeros({5, 4})).shape() == Shape{0, 4});
  float c[] = {1, 2};
  multiply(MatrixProduct<float>{false, false, true, 1, 2, 0, nullptr, 1, nullptr, 2, c, 2});
  CHECK(c[1] == 2);
  const float bias[] = {3, -4};
  MatrixProduct<float> p{false, false, false, 1, 2, 0, nullptr, 1, nullptr, 2, c, 2};
  p.bias = bias, p.relu = true;
  multiply(p);
  CHECK(c[0] == 3);
  CHECK(c[1] == 0);
}

TEST_CASE("relu at the end of a product keeps nan") {
  float a = std::numeric_limits<float>::quiet_NaN(), b[20] = {1}, c[20];
  MatrixProduct<float> p{false, false, false, 1, 20, 1, &a, 1, b, 20, c, 20};
  p.relu = true;
  multiply(p);
  CHECK(std::isnan(c[0]));
  CHECK(std::isnan(c[19]));
}
