#include "gradcheck/position.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/planted.hpp"
#include "xgrad/core/gradcheck.hpp"

// Where wrong entries lie, in words, and what is guessed from it.

using namespace xgrad;

namespace {

/// The position of these entries among all of a tensor of this shape.
std::string position(const Shape& shape, const std::vector<std::int64_t>& wrong) {
  std::vector<checking::Compared> entries;
  for (std::int64_t i = 0; i < shape.numel(); ++i)
    entries.push_back({i, std::find(wrong.begin(), wrong.end(), i) != wrong.end()});
  return checking::position_of(shape, std::move(entries));
}

/// tanh whose gradient is multiplied by `factor` at one entry of twelve.
template <int at>
GradcheckResult check_one(double factor, std::uint64_t seed) {
  static double by;
  by = factor;
  static constexpr detail::Op op = planted::op_of("one", [](detail::Grad g, detail::Fn f) {
    const NoGrad guard;
    Tensor dx = g * planted::slope(f);
    dx.mutable_data<double>()[at] *= by;
    return dx;
  });
  const Tensor x = randn({3, 4}, {.dtype = float64}, Generator(3));
  return gradcheck([](const Tensor& a) { return planted::tanh_as(op, a); }, {x}, {.seed = seed});
}

}  // namespace

TEST_CASE("positions are said in a few words") {
  CHECK(position({3, 4}, {6}) == "at [1, 2] alone, of 12 compared");
  CHECK(position({3, 4}, {3, 7, 11}) == "at index 3 of axis 1 alone, of 12 compared");
  CHECK(position({3, 4}, {4, 5, 6, 7}) == "at index 1 of axis 0 alone, of 12 compared");
  CHECK(position({2, 3, 2}, {2, 3, 8, 9}) == "at index 1 of axis 1 alone, of 12 compared");
  CHECK(position({3, 4}, {9, 10, 11}) == "in the last 3 alone, of 12 compared");
  CHECK(position({13}, {0, 1, 2, 3}) == "in the first 4 alone, of 13 compared");
  CHECK(position({13}, {4, 5, 6}) == "from [4] to [6] alone, of 13 compared");
  CHECK(position({13}, {1, 5, 9}) == "at every 4th from [1] on alone, of 13 compared");
  CHECK(position({13}, {1, 3, 4}) == "at [1], [3] and [4] alone, of 13 compared");
  CHECK(position({13}, {1, 3}) == "at [1] and [3] alone, of 13 compared");
  CHECK(position({13}, {1, 3, 4, 7}).empty());
  CHECK(position({3}, {0, 1, 2}).empty());
  CHECK(position({3}, {}).empty());
}

TEST_CASE("the cause is guessed: one lost element, whatever its cotangent") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CHECK(check_one<6>(0, seed).cause == "input 0: lost at [1, 2] alone, of 12 compared");
    CHECK(check_one<11>(0, seed).cause == "input 0: lost at [2, 3] alone, of 12 compared");
  }
}

TEST_CASE("the cause is guessed: one element that is off by 1 %") {
  CHECK(check_one<6>(1.01, 1).cause ==
        "input 0: a constant factor: 1.01 times the slope, at [1, 2] alone, of 12 compared");
}

TEST_CASE("the cause is guessed: the last element of every row is lost") {
  static constexpr detail::Op op = planted::op_of("rows", [](detail::Grad g, detail::Fn f) {
    const NoGrad guard;
    Tensor dx = g * planted::slope(f);
    for (std::size_t i = 3; i < 12; i += 4) dx.mutable_data<double>()[i] = 0;
    return dx;
  });
  const Tensor x = randn({3, 4}, {.dtype = float64}, Generator(3));

  const GradcheckResult r = gradcheck([](const Tensor& a) { return planted::tanh_as(op, a); }, {x});

  CHECK(r.cause == "input 0: lost at index 3 of axis 1 alone, of 12 compared");
}

TEST_CASE("the cause is guessed: a path that is dropped is dropped, whatever entries have a slope of 0") {
  const auto f = [](const Tensor& x) { return planted::tanh_as(planted::drops_the_path, relu(x)); };

  const GradcheckResult r = gradcheck(f, {randn({3, 4}, {.dtype = float64}, Generator(3))});

  CHECK(r.cause.rfind("input 0: dropped path", 0) == 0);
}

TEST_CASE("the cause is guessed: a relu on the cotangent, for every seed that has both signs") {
  const Tensor x = randn({3, 4}, {.dtype = float64}, Generator(3));
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const GradcheckResult r =
        gradcheck([](const Tensor& a) { return planted::tanh_as(planted::relus_the_cotangent, a); }, {x},
                  {.seed = seed});

    CHECK(r.cause == "input 0: lost where the cotangent is negative: a relu or clamp was applied to it");
  }
}
