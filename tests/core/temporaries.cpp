// What a temporary tensor gives out is safe to keep, or the compiler refuses it.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>

#include "xgrad/core.hpp"

using namespace xgrad;

namespace {

using Floats = std::vector<float>;

Tensor made() { return full({4}, 1) + arange(4.); }

template <class E>
concept gives_pointer = requires(E&& e, const float* p) {
  p = std::forward<E>(e).data();
};
template <class E>
concept gives_iterator = requires(E&& e) {
  std::forward<E>(e).begin();
};

using Read = decltype(std::declval<Tensor>().data<float>());
using Write = decltype(std::declval<Tensor>().mutable_data<float>());

}  // namespace

TEST_CASE("a loop over the elements of a temporary reads them") {
  Floats seen;
  for (float v : made().data<float>()) seen.push_back(v);

  CHECK(seen == Floats{1, 2, 3, 4});
}

TEST_CASE("a loop over the sizes of a temporary reads them") {
  std::vector<std::int64_t> seen;
  for (auto n : zeros({2, 3, 4, 5, 6}).shape()) seen.push_back(n);  // five axes lie outside the shape

  CHECK(seen == std::vector<std::int64_t>{2, 3, 4, 5, 6});
  static_assert(std::is_same_v<decltype(std::declval<Tensor>().shape()), Shape>);
  static_assert(std::is_same_v<decltype(std::declval<const Tensor&>().shape()), const Shape&>);
}

TEST_CASE("a loop over the elements of a temporary that shares them writes them") {
  Tensor x = zeros({2, 2});
  for (float& v : x[1].mutable_data<float>()) v = 5;
  x[0].mutable_data<float>()[1] = 3;

  CHECK(x.to_vector<float>() == Floats{0, 3, 5, 5});
}

TEST_CASE("the elements of a temporary can be kept under a name") {
  const auto e = made().data<float>();
  const std::span<const float> s = e;

  CHECK(e.size() == 4);
  CHECK_FALSE(e.empty());
  CHECK(e[2] == 3);
  CHECK(e.front() == 1);
  CHECK(e.back() == 4);
  CHECK(e.data() == static_cast<const void*>(s.data()));
  CHECK(std::accumulate(e.begin(), e.end(), 0.f) == 10);
  CHECK(std::ranges::equal(e, Floats{1, 2, 3, 4}));
  static_assert(std::random_access_iterator<decltype(std::declval<Read&>().begin())>);
  static_assert(std::random_access_iterator<decltype(std::declval<const Read&>().begin())>);
}

TEST_CASE("one element of a temporary is read as a value") {
  static_assert(std::is_same_v<decltype(std::declval<Read>()[0]), float>);
  static_assert(std::is_same_v<decltype(std::declval<Read>().front()), float>);
  Tensor x = zeros({2, 2});

  const float written = x[0].mutable_data<float>()[1];

  CHECK(made().data<float>()[3] == 4);
  CHECK(written == 0);
}

TEST_CASE("the elements of a gradient are read in loops, by index and under a name") {
  Tensor w = ones({3}, {.requires_grad = true});
  sum(w * w).backward();

  float total = 0;
  for (float v : w.grad().data<float>()) total += v;
  const auto g = w.grad().data<float>();

  CHECK(total == 6);
  CHECK(w.grad().data<float>()[1] == 2);
  CHECK(g[2] == 2);
}

TEST_CASE("a span of a temporary's elements does not compile") {
  static_assert(!std::is_convertible_v<Read, std::span<const float>>);
  static_assert(!std::is_constructible_v<std::span<const float>, Read>);
  static_assert(!std::is_convertible_v<Write, std::span<float>>);
  static_assert(!std::is_constructible_v<std::span<float>, Write>);
  static_assert(!std::is_constructible_v<std::span<const float>, Write>);
  static_assert(!std::ranges::contiguous_range<Read>);
  static_assert(std::is_convertible_v<Read&, std::span<const float>>);
  static_assert(std::is_convertible_v<const Write&, std::span<float>>);
}

TEST_CASE("pointers and iterators into a temporary's elements do not compile") {
  static_assert(gives_pointer<Read&> && gives_iterator<const Read&>);
  static_assert(!gives_pointer<Read> && !gives_iterator<Read>);
  static_assert(!gives_pointer<Write> && !gives_iterator<Write>);
  static_assert(!gives_pointer<const Read&> &&
                std::is_same_v<decltype(std::data(std::declval<Read>())), const void*>);
}

TEST_CASE("what std::begin makes of a temporary keeps the elements alive") {
  auto at = std::begin(made().data<float>());
  Tensor other = full({4}, 9);  // where the elements would be, were they let go of

  CHECK(at[3] == 4);
  CHECK(*(at + 2) == 3);
  CHECK(*at++ == 1);
  CHECK(*at == 2);
}

TEST_CASE("where a temporary's elements lie can be compared, and copied from at once") {
  const Tensor x = arange(4.).reshape({2, 2});
  float copy[2];

  std::memcpy(copy, (x[1] + 1).data<float>().data(), sizeof copy);

  CHECK(x[1].data<float>().data() == x.data<float>().data() + 2);
  CHECK(copy[1] == 4);
}

TEST_CASE("the elements of a named tensor are a plain span") {
  static_assert(std::is_same_v<decltype(std::declval<Tensor&>().data<float>()), std::span<const float>>);
  static_assert(
      std::is_same_v<decltype(std::declval<const Tensor&>().data<float>()), std::span<const float>>);
  static_assert(std::is_same_v<decltype(std::declval<Tensor&>().mutable_data<float>()), std::span<float>>);
}
