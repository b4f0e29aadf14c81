#include <doctest/doctest.h>

#include <cmath>
#include <sstream>
#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

TEST_CASE("nested braces make a tensor of their shape and kind") {
  CHECK(tensor({1.0, 2.0}).describe() == "f32[2]");
  CHECK(tensor({1, 2, 3}).describe() == "i64[3]");
  CHECK(tensor({true, false}).describe() == "bool[2]");
  CHECK(tensor({1, 2.5}).describe() == "f32[2]");
  CHECK(tensor({{1, 2}, {3, 4}, {5, 6}}).describe() == "i64[3, 2]");
  CHECK(tensor({{1, 2}}).describe() == "i64[1, 2]");
  CHECK(tensor({{1}}).describe() == "i64[1, 1]");
  CHECK(tensor({{{1.0}, {2.0}}}).describe() == "f32[1, 2, 1]");
  CHECK(tensor(3.5).describe() == "f32[]");
  CHECK(tensor({{1, 2}, {3, 4}}).at({1, 0}) == 3);
  CHECK(tensor({1, 2}, {.dtype = float64}).describe() == "f64[2]");
}

TEST_CASE("nested braces must form a box") {
  CHECK_THROWS_WITH_AS(tensor({{1, 2}, {3}}),
                       "tensor: rows differ in length: 1 and 2 on axis 1; give all rows one length", Error);
  CHECK_THROWS_WITH_AS(
      tensor({{1, 2}, 3}),
      "tensor: nested braces differ in depth; each row must hold the same number of rows or numbers", Error);
}

TEST_CASE("vectors and spans keep their type") {
  CHECK(tensor(std::vector<float>{1, 2}).dtype() == float32);
  CHECK(tensor(std::vector<double>{1, 2}).dtype() == float64);
  CHECK(tensor(std::vector<int>{1, 2}).dtype() == int64);
  CHECK(tensor(std::vector<std::size_t>{1, 2}).dtype() == int64);
  CHECK(tensor(std::vector<bool>{true, false}).dtype() == boolean);
  const double raw[] = {1, 2, 3, 4};
  CHECK(tensor(std::span<const double>(raw), Shape{2, 2}).at({1, 1}) == 4);
}

TEST_CASE("values must fill the shape") {
  CHECK_THROWS_WITH_AS(tensor(V{1, 2, 3}, Shape{2, 2}),
                       "tensor: the shape needs 4 values: it is [2, 2], and there are 3", Error);
}

TEST_CASE("creation fills what it promises") {
  CHECK(zeros({2, 2}).to_vector<double>() == V{0, 0, 0, 0});
  CHECK(ones({}).item() == 1);
  CHECK(full({2}, 3).describe() == "i64[2]");
  CHECK(full({2}, 0.5, {.dtype = float64}).to_vector<double>() == V{0.5, 0.5});
  CHECK(eye(2).to_vector<double>() == V{1, 0, 0, 1});
  CHECK(eye(2, 3).to_vector<double>() == V{1, 0, 0, 0, 1, 0});
  CHECK(arange(4).to_vector<int>() == std::vector<int>{0, 1, 2, 3});
  CHECK(arange(5, 0, -2).to_vector<int>() == std::vector<int>{5, 3, 1});
  CHECK(arange(0, 1, 0.25).describe() == "f32[4]");
  CHECK(arange(3, 1).numel() == 0);
  CHECK(linspace(0, 1, 5, {.dtype = float64}).to_vector<double>() == V{0, 0.25, 0.5, 0.75, 1});
  CHECK(linspace(2, 3, 1).item() == 2);
  CHECK(zeros_like(tensor({1, 2})).dtype() == int64);
  CHECK(ones({2}, {.requires_grad = true}).requires_grad());
  CHECK(zeros({0, 3}).numel() == 0);
}

TEST_CASE("creation rejects what makes no tensor") {
  CHECK_THROWS_WITH_AS(zeros({2, -1}), "zeros: sizes must not be negative: the shape is [2, -1]", Error);
  CHECK_THROWS_WITH_AS(
      zeros({1 << 30, 1 << 30}),
      "zeros: too many elements: the shape is [1073741824, 1073741824]; a tensor holds at most 2^45 elements",
      Error);
  CHECK_THROWS_WITH_AS(arange(0, 1, 0),
                       "arange: needs finite limits and a step that is not 0: from 0 to 1 by 0", Error);
  CHECK_THROWS_WITH_AS(zeros(Shape::filled(33, 1)),
                       "Shape: 33 axes are more than the 32 that a tensor can have; join some by reshape",
                       Error);
  CHECK_THROWS_WITH_AS(
      ones({2}, {.dtype = int64, .requires_grad = true}),
      "ones: only floating tensors have gradients: x is i64[2]; convert it with x.to(float32)", Error);
}

TEST_CASE("elements are read by index, by type and as a number") {
  const Tensor x = tensor({{1.5, 2.0}, {3.0, 4.0}});

  CHECK(x.at({0, 0}) == 1.5);
  CHECK(x.at({-1, -1}) == 4);
  CHECK(x.data<float>()[2] == 3);
  CHECK(x[1].to_vector<double>() == V{3, 4});
  CHECK(x[1][0].item<float>() == 3.0f);
  CHECK(x.size(-1) == 2);
}

TEST_CASE("reading with the wrong type, index or shape is an error") {
  const Tensor x = tensor({{1.5, 2.0}, {3.0, 4.0}});

  CHECK_THROWS_WITH_AS(
      x.data<double>(),
      "data: the elements are not f64: x is f32[2, 2]; ask for float, or convert x with x.to(float64)",
      Error);
  CHECK_THROWS_WITH_AS(
      x.item(),
      "item: needs a tensor with one element: x is f32[2, 2]; take one by x.at({...}), or all by to_vector()",
      Error);
  CHECK_THROWS_WITH_AS(x.at({0}), "at: needs one index for each axis: there are 1, x is f32[2, 2]", Error);
  CHECK_THROWS_WITH_AS(x.at({0, 2}),
                       "at: index 2 is out of range on axis 1: x is f32[2, 2]; indices are -2 to 1", Error);
  CHECK_THROWS_WITH_AS(x.size(2), "size: axis 2 is out of range: x is f32[2, 2]; axes are -2 to 1", Error);
}

TEST_CASE("copying a tensor shares its data") {
  Tensor x = zeros({2});
  const Tensor y = x;

  x.fill_(3);

  CHECK(y.to_vector<double>() == V{3, 3});
}

TEST_CASE("clone copies, detach shares") {
  Tensor x = zeros({2});
  const Tensor copy = x.clone(), alias = x.detach();

  x.fill_(3);

  CHECK(copy.to_vector<double>() == V{0, 0});
  CHECK(alias.to_vector<double>() == V{3, 3});
}

TEST_CASE("in-place arithmetic broadcasts its operand and keeps the dtype") {
  Tensor x = tensor({{1.0, 2.0}, {3.0, 4.0}});

  x += tensor({10.0, 20.0});
  x *= tensor({{1.0}, {2.0}});
  x.add_(ones({2, 2}), -1);

  CHECK(x.to_vector<double>() == V{10, 21, 25, 47});
}

TEST_CASE("in-place arithmetic that would not fit is an error and changes nothing") {
  Tensor x = ones({2}), i = arange(2);

  CHECK_THROWS_WITH_AS(x += ones({3}),
                       "add_: shapes do not broadcast: f32[2] and f32[3] differ in axis -1; sizes must "
                       "agree, or one of them be 1",
                       Error);
  CHECK_THROWS_WITH_AS(x += ones({2, 2}),
                       "add_: the operand does not broadcast to the tensor that is changed: x is f32[2], the "
                       "operand is f32[2, 2]; sizes must agree, or the operand's be 1",
                       Error);
  CHECK_THROWS_WITH_AS(i += x,
                       "add_: the result would not fit the tensor that is changed: x is i64[2], the operand "
                       "is f32[2]; convert the tensor with .to() first",
                       Error);
  CHECK(x.to_vector<double>() == V{1, 1});
}

TEST_CASE("an in-place op may read the tensor that it changes") {
  Tensor x = tensor({1.0, 2.0, 3.0, 4.0});

  x.slice(0, 1).copy_(x.slice(0, 0, 3));

  CHECK(x.to_vector<double>() == V{1, 1, 2, 3});
}

TEST_CASE("float32 with float64 is an error that names both") {
  CHECK_THROWS_WITH_AS(
      ones({2}) + ones({2}, {.dtype = float64}),
      "add: operands mix float32 and float64: a is f32[2], b is f64[2]; convert one with .to(float64)",
      Error);
}

TEST_CASE("integers, bools and numbers take the floating dtype of the other operand") {
  const Tensor x = ones({2}, {.dtype = float64});

  CHECK((x * arange(2)).dtype() == float64);
  CHECK((x * (x > 0)).dtype() == float64);
  CHECK((x * 2).dtype() == float64);
  CHECK((arange(2) * 2).dtype() == int64);
  CHECK((arange(2) * 2.5).describe() == "f32[2]");
  CHECK((arange(2) / arange(1, 3)).dtype() == float32);
  CHECK((x / std::vector<int>{1, 2, 3}.size()).dtype() == float64);
  CHECK((tensor({true, true}) + tensor({true, false})).to_vector<int>() == std::vector<int>{2, 1});
}

TEST_CASE("shapes that do not broadcast are named") {
  CHECK_THROWS_WITH_AS(ones({2, 3}) * ones({2}),
                       "mul: shapes do not broadcast: f32[2, 3] and f32[2] differ in axis -1; sizes must "
                       "agree, or one of them be 1",
                       Error);
}

TEST_CASE("a shape has the sizes it is given") {  // which g++ 12.2 has got wrong, see shape.hpp
  const Shape shape{2, 2, 0, 0};
  CHECK(shape[0] == 2);
  CHECK(shape[1] == 2);
  CHECK(shape[2] == 0);
  CHECK(shape[3] == 0);
  CHECK(Shape{3, 3, 0}.str() == "[3, 3, 0]");
  CHECK(Shape{1, 0, 0, 1}.str() == "[1, 0, 0, 1]");
}

TEST_CASE("shapes of more than four axes behave as others") {
  Shape s{1, 2, 3, 4, 5, 6};
  Shape t = s;

  t.erase(0);
  t.insert(2, 9);

  CHECK(t == Shape{2, 3, 9, 4, 5, 6});
  CHECK(s.numel() == 720);
  t = Shape{2};
  CHECK(t == Shape{2});
  s = std::move(t);
  CHECK(s.str() == "[2]");
  CHECK(ones({1, 2, 1, 2, 1, 2}).sum().item() == 8);
}

TEST_CASE("printing shows values, dtype, shape, requires_grad and the op") {
  const Tensor x = tensor({{1.5, -2.0}, {0.25, 4.0}}, {.requires_grad = true});

  CHECK(x.str() == "[[ 1.5000, -2.0000],\n [ 0.2500,  4.0000]]  f32[2, 2] requires_grad");
  CHECK((x * 2).str() == "[[ 3.0000, -4.0000],\n [ 0.5000,  8.0000]]  f32[2, 2] from mul_number");
  CHECK(tensor({1, 20, 300}).str() == "[  1,  20, 300]  i64[3]");
  CHECK(tensor({1.0, 2.0}).str() == "[1., 2.]  f32[2]");
  CHECK(tensor(true).str() == "true  bool[]");
  CHECK(zeros({0}).str() == "[]  f32[0]");
  CHECK(Tensor().str() == "undefined");
  CHECK(tensor({1e10, 1.0}).str() == "[1.0000e+10, 1.0000e+00]  f32[2]");
  CHECK(tensor({double(NAN), 1.0}).str() == "[nan,  1.]  f32[2]");
}

TEST_CASE("printing shortens large tensors") {
  CHECK(arange(2000).str() == "[   0,    1,    2, ..., 1997, 1998, 1999]  i64[2000]");

  std::ostringstream out;
  out << zeros({100, 100});
  CHECK(out.str().size() < 400);
}
