#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <new>
#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

namespace {

/// Memory of exactly so many doubles on a boundary of 64 bytes: a sanitizer sees each access behind it.
double* aligned_doubles(std::size_t n) {
  return static_cast<double*>(::operator new(n * sizeof(double), std::align_val_t(64)));
}
void release_aligned(void* p) { ::operator delete(p, std::align_val_t(64)); }

Tensor numbers(std::size_t n) {
  double* p = aligned_doubles(n);
  for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<double>(i + 1);
  return from_memory(p, {static_cast<std::int64_t>(n)}, release_aligned);
}

}  // namespace

TEST_CASE("from_memory uses the caller's elements where they are") {
  std::array<double, 6> a{1, 2, 3, 4, 5, 6};

  const Tensor x = from_memory(a.data(), {2, 3});
  a[4] = 50;

  CHECK(std::as_const(x).data<double>().data() == a.data());
  CHECK(x.dtype() == float64);
  CHECK(x.at({1, 1}) == 50);
  Tensor(x).slice(0, 0, 1).fill_(7);
  CHECK(a == std::array<double, 6>{7, 7, 7, 4, 50, 6});
}

TEST_CASE("from_memory releases its memory once, with the last tensor that shares it") {
  std::array<float, 4> a{};
  int released = 0;
  void* at = nullptr;
  {
    Tensor part, flat, detached;
    {
      const Tensor x = from_memory(a.data(), {2, 2}, [&](void* p) { ++released, at = p; });
      part = x[0];
      flat = x.reshape({4});
      detached = x.detach();
    }
    CHECK(released == 0);
    part = {}, detached = {};
    CHECK(released == 0);
  }

  CHECK(released == 1);
  CHECK(at == a.data());
}

TEST_CASE("a recorded graph keeps the memory that its rules read") {
  std::array<double, 2> a{3, 4};
  int released = 0;
  const Tensor w = tensor(V{1, 2}, {.requires_grad = true});
  Tensor y;
  {
    const Tensor x = from_memory(a.data(), {2}, [&](void*) { ++released; });
    y = sum(w * x);
  }

  CHECK(released == 0);
  y.backward();
  CHECK(released == 1);
  CHECK(w.grad().to_vector<double>() == V{3, 4});
}

TEST_CASE("ops on foreign memory give what they give on the library's, and touch nothing behind it") {
  for (const std::size_t n : std::vector<std::size_t>{1, 3, 7, 8, 9, 15, 17, 100}) {
    const Tensor x = numbers(n), own = x.clone();
    Tensor w = numbers(n).requires_grad_();
    Tensor v = own.clone().requires_grad_();
    const auto f = [](const Tensor& a, const Tensor& b) {
      return sum(a * b + exp(-a) / b - 2 * tanh(a) + (a - 1) * sigmoid(b) + a * a) + mse_loss(a, b + 1) +
             logsumexp(a, 0) + sum(softmax(a, 0) * b) + norm(a) + sum(cumsum(a, 0) * b) +
             sum(linear(a.reshape({1, -1}), b.reshape({1, -1}), {}, Activation::tanh));
    };

    f(w, x).backward();
    f(w, x).backward();
    f(v, own).backward();
    f(v, own).backward();
    {
      const NoGrad guard;
      w -= 0.5 * w.grad();
      w.add_(x).mul_(2);
      v -= 0.5 * v.grad();
      v.add_(own).mul_(2);
    }

    CHECK(w.grad().to_vector<double>() == v.grad().to_vector<double>());
    CHECK(w.to_vector<double>() == v.to_vector<double>());
  }
}

TEST_CASE("a gradient never lies in foreign memory") {
  std::array<double, 2> cotangent{1, 10};
  const Tensor w = tensor(V{1, 2}, {.requires_grad = true});

  (w + 0).backward(from_memory(cotangent.data(), {2}));
  (w + 0).backward(from_memory(cotangent.data(), {2}));

  CHECK(w.grad().to_vector<double>() == V{2, 20});
  CHECK(cotangent == std::array<double, 2>{1, 10});
}

TEST_CASE("memory that is const is read and not written") {
  const std::array<double, 3> a{1, 2, 3};

  Tensor x = from_memory(a.data(), {3});

  CHECK(sum(x).item() == 6);
  CHECK_THROWS_WITH_AS(
      x.fill_(0),
      "fill_: the elements lie in memory that must not be written, see from_memory: x is f64[3]; "
      "change x.clone()",
      Error);
  CHECK_THROWS_AS(x += 1, Error);
  CHECK_THROWS_AS(x.mutable_data<double>(), Error);
  CHECK_THROWS_AS(x.slice(0, 0, 2).copy_(ones({2}, float64)), Error);
  CHECK_THROWS_AS(x.index_put_({tensor({0})}, 5), Error);
  x.clone().fill_(0);
  CHECK(a == std::array<double, 3>{1, 2, 3});
}

TEST_CASE("from_memory takes every dtype, no elements and no axes") {
  const std::array<bool, 2> b{true, false};
  const std::array<std::int64_t, 2> i{-1, 5};

  CHECK(from_memory(b.data(), {2}).to_vector<bool>() == std::vector<bool>{true, false});
  CHECK(from_memory(i.data(), {2}).to_vector<std::int64_t>() == std::vector<std::int64_t>{-1, 5});
  CHECK(from_memory(static_cast<void*>(nullptr), {0, 3}, float32).numel() == 0);
  CHECK(from_memory(&i[1], {}).item<int>() == 5);
}

TEST_CASE("from_memory refuses what it cannot use, and leaves it to the caller") {
  alignas(8) std::array<char, 24> bytes{};
  int released = 0;
  const auto release = [&](void*) { ++released; };

  CHECK_THROWS_WITH_AS(from_memory(bytes.data() + 4, {2}, float64, release),
                       "from_memory: the pointer is no multiple of the element's size, 8 bytes: the elements "
                       "would be f64[2]; copy them by tensor()",
                       Error);
  CHECK_THROWS_WITH_AS(from_memory(static_cast<void*>(nullptr), {2}, float64, release),
                       "from_memory: the pointer is null: the elements would be f64[2]", Error);
  CHECK_THROWS_AS(from_memory(bytes.data(), {-1}, float32, release), Error);
  CHECK_THROWS_AS(from_memory(bytes.data(), {1LL << 40, 1LL << 40}, float32, release), Error);
  CHECK(released == 0);
}
