#include <doctest/doctest.h>

#include <cmath>
#include <xgrad/core.hpp>
#include <xgrad/core/xtensor.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xview.hpp>

using namespace xgrad;
using V = std::vector<double>;

TEST_CASE("a view of a temporary holds it") {
  const auto view = as_xtensor<float>(ones({2, 3}) * 2);
  const Tensor other = zeros({2, 3});  // takes the block that a freed one would have left

  CHECK(view.dimension() == 2);
  CHECK(xt::sum(view)() == 12);
}

TEST_CASE("a tensor takes the values of any xtensor expression") {
  const xt::xarray<double> a{{1, 2, 3}, {4, 5, 6}};

  CHECK(from_xtensor(a * 2.0 + 1.0).to_vector<double>() == V{3, 5, 7, 9, 11, 13});
  CHECK(from_xtensor(xt::transpose(a)).describe() == "f64[3, 2]");
  CHECK(from_xtensor(xt::transpose(a)).to_vector<double>() == V{1, 4, 2, 5, 3, 6});
  CHECK(from_xtensor(xt::view(a, xt::all(), 1)).to_vector<double>() == V{2, 5});
  CHECK(from_xtensor(a > 3.0).dtype() == boolean);
  CHECK(from_xtensor(xt::xarray<int>{1, 2}).dtype() == int64);
  CHECK(from_xtensor(xt::xarray<float>{1, 2}, {.requires_grad = true}).requires_grad());
}

TEST_CASE("a column-major array arrives in row-major order") {
  const xt::xarray<double, xt::layout_type::column_major> a{{1, 2}, {3, 4}};

  CHECK(from_xtensor(a).to_vector<double>() == V{1, 2, 3, 4});
}

TEST_CASE("a tensor is read as an xtensor view without a copy") {
  const Tensor x = tensor({{1.0, 2.0}, {3.0, 4.0}}, {.dtype = float64});

  const auto view = as_xtensor<double>(x);

  CHECK(view.data() == x.data<double>().data());
  CHECK(view.dimension() == 2);
  CHECK(view(1, 0) == 3);
  CHECK(xt::sum(view)() == 10);
}

TEST_CASE("writing through a view writes the tensor") {
  Tensor x = zeros({2, 2}, {.dtype = float64});

  auto view = as_mutable_xtensor<double>(x);
  view += 2.0;
  view(0, 1) = 7;

  CHECK(x.to_vector<double>() == V{2, 7, 2, 2});
}

TEST_CASE("an evaluated expression of a view keeps its number of axes") {
  const Tensor x = ones({2, 3}, {.dtype = float64});

  const auto y = xt::eval(as_xtensor<double>(x) + 1.0);

  CHECK(y.dimension() == 2);
}

TEST_CASE("a view of the wrong type is an error") {
  CHECK_THROWS_WITH_AS(
      as_xtensor<double>(ones({2})),
      "data: the elements are not f64: x is f32[2]; ask for float, or convert x with x.to(float64)", Error);
}
