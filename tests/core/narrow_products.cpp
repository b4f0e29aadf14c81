// Products of many short rows go another way than others, to the same bits.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "kernels/blas/blas.hpp"
#include "kernels/blas/narrow.hpp"

using namespace xgrad;
using namespace xgrad::detail;

namespace {

template <class T>
std::vector<T> numbers(std::int64_t n, std::uint64_t seed) {
  return randn({n}, {.dtype = float64}, Generator(seed)).to(dtype_of<T>).template to_vector<T>();
}

template <class T>
bool same_bits(const T* a, const T* b, std::int64_t n) {
  return std::memcmp(a, b, static_cast<std::size_t>(n) * sizeof(T)) == 0;
}

/// c = a op(b), or c += a op(b), for all rows at once and for eight at a time, as too few go the usual way.
template <class T>
void check_rows(std::int64_t m, std::int64_t n, std::int64_t k, bool transposed, bool accumulate) {
  CAPTURE(m);
  CAPTURE(n);
  CAPTURE(k);
  CAPTURE(transposed);
  constexpr std::int64_t few = 8;
  std::vector<T> a = numbers<T>(m * k, 1), b = numbers<T>(k * n, 2), whole = numbers<T>(m * n, 3),
                 parts = whole;
  a[0] = std::numeric_limits<T>::infinity(), a[static_cast<std::size_t>(m * k - 1)] = 0;

  gemm(false, transposed, m, n, k, a.data(), b.data(), accumulate, whole.data());
  for (std::int64_t i = 0; i < m; i += few)
    gemm(false, transposed, std::min(few, m - i), n, k, a.data() + i * k, b.data(), accumulate,
         parts.data() + i * n);

  const std::int64_t last = m / few * few;  // a single row is a product with a vector
  CHECK(same_bits(whole.data(), parts.data(), last * n));
  for (std::int64_t i = last * n; i < m * n; ++i)
    CHECK(whole[static_cast<std::size_t>(i)] ==
          doctest::Approx(parts[static_cast<std::size_t>(i)]).epsilon(1e-5));
}

template <class T>
void check_all() {
  for (const std::int64_t n : {2, 3, 4, 7, 8, 9})
    for (const std::int64_t k : {5, 8, 16, 21, 32, 33})
      for (const std::int64_t m : {31, 32, 33, 100, 517})
        for (const bool transposed : {false, true})
          for (const bool accumulate : {false, true}) check_rows<T>(m, n, k, transposed, accumulate);
}

}  // namespace

TEST_CASE("many short rows times a small matrix have the bits of a few of them") {
  check_all<float>();
  check_all<double>();
}

TEST_CASE("products of many short rows have the same bits on any number of threads") {
  REQUIRE(is_narrow<float>(false, 100'000, 3, 3));
  const Tensor a = randn({100'000, 3}, {}, Generator(4)), b = randn({3, 3}, {}, Generator(5));
  const int before = num_threads();

  set_num_threads(1);
  const Tensor alone = matmul(a, b);
  set_num_threads(3);
  const Tensor together = matmul(a, b);
  set_num_threads(before);

  CHECK(equal(alone, together));
}

TEST_CASE("linear with few inputs and outputs adds its bias and takes its activation") {
  const Tensor x = randn({100, 4}, {.dtype = float64}, Generator(6)),
               w = randn({3, 4}, {.dtype = float64}, Generator(7)),
               b = randn({3}, {.dtype = float64}, Generator(8));

  const Tensor y = linear(x, w, b, Activation::relu);

  CHECK(allclose(y, relu(sum(unsqueeze(x, 1) * w, 2) + b), 1e-13, 1e-13));
}

TEST_CASE("narrow products without columns, or without terms, are empty, or their bias") {
  CHECK(linear(zeros({100, 4}), zeros({0, 4}), zeros({0})).shape() == Shape{100, 0});
  CHECK(equal(linear(zeros({100, 0}), zeros({2, 0}), tensor({1.0, -2.0})),
              expand(tensor({1.0, -2.0}), {100, 2})));
}
