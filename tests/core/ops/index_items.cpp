// x.index({...}): numbers, slices, arrays, ellipsis and new axes, read and written.

#include <doctest/doctest.h>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::message_of;

namespace {

using Values = std::vector<double>;

Values of(const Tensor& x) { return x.to_vector<double>(); }

/// The numbers 0, 1, 2, ... in a shape.
Tensor numbers(const Shape& shape) { return arange(shape.numel(), {.dtype = float32}).reshape(shape); }

}  // namespace

TEST_CASE("numbers and slices") {
  const Tensor x = numbers({3, 4});

  CHECK(of(x.index({1})) == Values{4, 5, 6, 7});
  CHECK(of(x.index({-1, 2})) == Values{10});
  CHECK(of(x.index({Slice{}, -1})) == Values{3, 7, 11});
  CHECK(of(x.index({Slice{1, 3}, Slice{.step = 2}})) == Values{4, 6, 8, 10});
  CHECK(of(x.index({Slice{.step = -1}, 0})) == Values{8, 4, 0});
  CHECK(of(x.index({0, Slice{-2}})) == Values{2, 3});
}

TEST_CASE("an ellipsis stands for the axes that are not named, and new axes have size 1") {
  const Tensor x = numbers({2, 3, 4});

  CHECK(of(x.index({ellipsis, 0})) == Values{0, 4, 8, 12, 16, 20});
  CHECK(of(x.index({1, ellipsis, 3})) == Values{15, 19, 23});
  CHECK(x.index({new_axis, 1, ellipsis, new_axis}).shape() == Shape{1, 3, 4, 1});
}

TEST_CASE("arrays of numbers are broadcast together") {
  const Tensor x = numbers({3, 4});

  CHECK(of(x.index({tensor({2, 0, -1})})) == Values{8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11});
  CHECK(of(x.index({tensor({0, 1, 2}), tensor({3, 2, 1})})) == Values{3, 6, 9});
  CHECK(of(x.index({tensor({{0}, {2}}), tensor({1, 3})})) == Values{1, 3, 9, 11});
  CHECK(of(x.index({Slice{}, tensor({3, 0})})) == Values{3, 0, 7, 4, 11, 8});
}

TEST_CASE("the axes of arrays stand in their place, or in front if others stand between them") {
  const Tensor x = numbers({2, 3, 4, 5}), i = tensor({1, 0, 1, 1, 0, 1});

  CHECK(x.index({Slice{}, i, i}).shape() == Shape{2, 6, 5});
  CHECK(x.index({i, Slice{}, i}).shape() == Shape{6, 3, 5});
  CHECK(x.index({Slice{}, i, 0, i}).shape() == Shape{2, 6});
  CHECK(x.index({Slice{}, i, Slice{}, i}).shape() == Shape{6, 2, 4});
  CHECK(x.index({i, Slice{}, i}).at({0, 2, 3}) == x.at({1, 2, 1, 3}));
}

TEST_CASE("a boolean array takes what is true") {
  const Tensor x = numbers({2, 3});

  CHECK(of(x.index({x > 2.5})) == Values{3, 4, 5});
  CHECK(of(x.index({tensor({false, true})})) == Values{3, 4, 5});
  CHECK(of(x.index({Slice{}, tensor({true, false, true})})) == Values{0, 2, 3, 5});
  CHECK(x.index({x > 100}).shape() == Shape{0});
}

TEST_CASE("a part whose elements lie one behind another shares them") {
  const Tensor x = numbers({3, 4});

  CHECK(x.index({1}).data<float>().data() == x.data<float>().data() + 4);
  CHECK(x.index({Slice{1, 3}}).data<float>().data() == x.data<float>().data() + 4);
  CHECK(x.index({2, Slice{1, 3}}).data<float>().data() == x.data<float>().data() + 9);
}

TEST_CASE("parts of a leaf are written in place outside recording") {
  Tensor w = zeros({3, 4}).requires_grad_();
  const NoGrad guard;

  w.index_put_({1}, tensor({1.0, 2.0, 3.0, 4.0}));
  w.index_put_({Slice{}, 3}, tensor(9.0));
  w.index_put_({tensor({0, 0}), tensor({0, 0})}, tensor(2.0), true);
  w.index_put_({w > 8}, tensor(5));

  CHECK(of(w) == Values{4, 0, 0, 5, 1, 2, 3, 5, 0, 0, 0, 5});
}

TEST_CASE("a part of a tensor can be put into another part of it") {
  Tensor x = numbers({4});

  x.index_put_({Slice{1, 4}}, x.slice(0, 0, 3));

  CHECK(of(x) == Values{0, 0, 1, 2});
}

TEST_CASE("index_put leaves its operand as it was") {
  const Tensor x = zeros({3});

  CHECK(of(index_put(x, {1}, tensor(2.0))) == Values{0, 2, 0});
  CHECK(of(x) == Values{0, 0, 0});
}

TEST_CASE("a saved value that is written in part is noticed") {
  Tensor w = ones({3}).requires_grad_();
  const Tensor y = sum(w * w);
  {
    const NoGrad guard;
    w.index_put_({0}, tensor(5.0));
  }

  CHECK(message_of([&] { y.backward(); }).find("was changed in place after it was recorded") !=
        std::string::npos);
}

TEST_CASE("items that do not fit are errors") {
  const Tensor x = ones({2, 3});

  CHECK(message_of([&] { x.index({2}); }) ==
        "index: index 2 is out of range on axis 0: x is f32[2, 3]; indices are -2 to 1");
  CHECK(message_of([&] {
          x.index({0, 0, 0});
        }) == "index: there are more indices than axes: x is f32[2, 3]; give 2 at most");
  CHECK(message_of([&] {
          x.index({ellipsis, ellipsis});
        }) == "index: an index must have one ellipsis at most: there are 2, x is f32[2, 3]");
  CHECK(message_of([&] { x.index({Slice{.step = 0}}); }) ==
        "index: the step of a slice must not be 0: x is f32[2, 3]");
  CHECK(message_of([&] {
          x.index({tensor({0, 5})});
        }) ==
        "index: index 5 in an array is out of range on axis 0: x is f32[2, 3], the array is i64[2]; indices "
        "are -2 to 1");
  CHECK(message_of([&] {
          x.index({tensor({true, false, true})});
        }) ==
        "index: a boolean array must have the sizes of the axes that it indexes, from axis 0 on: x is f32[2, "
        "3], "
        "the array is bool[3]");
  CHECK(message_of([&] { x.index({ones({2})}); }) ==
        "index: arrays in an index must be int64 or boolean: one is f32[2], x is f32[2, 3]");
  CHECK(message_of([&] {
          x.index({tensor({0, 1}), tensor({0, 1, 2})});
        }).starts_with("index: shapes do not broadcast: i64[2] and i64[3]"));
}

TEST_CASE("values that do not fit are errors, and change nothing") {
  Tensor x = ones({2, 3});

  CHECK(message_of([&] { x.index_put_({0}, ones({2})); }).starts_with("index_put_: shapes do not broadcast"));
  CHECK(message_of([&] {
          x.index_put_({0, 0}, ones({2}));
        }) ==
        "index_put_: the values do not broadcast to the part: the part has shape [], the values are f32[2]; "
        "sizes must agree, or the values' be 1");
  CHECK(message_of([&] { index_put(x, {0}, ones({3}, {.dtype = float64})); }) ==
        "index_put: x and the values must have one dtype: x is f32[2, 3], the values are f64[3]; convert one "
        "with .to()");
  CHECK(message_of([&] { x.index_put_({tensor({0, 7})}, tensor(5.0)); }).starts_with("index_put_: index 7"));
  CHECK(equal(x, ones({2, 3})));
}

// Masks -----------------------------------------------------------------------------------------------------

TEST_CASE("masks fill and select") {
  const Tensor x = numbers({2, 3});

  CHECK(of(masked_fill(x, tensor({true, false, true}), -1)) == Values{-1, 1, -1, -1, 4, -1});
  CHECK(of(masked_select(x, tensor({true, false, true}))) == Values{0, 2, 3, 5});
  CHECK(of(nonzero(x > 3)) == Values{1, 1, 1, 2});
  CHECK(nonzero(tensor(true)).shape() == Shape{1, 0});
  CHECK(masked_fill(tensor({1, 2}), tensor({true, false}), 7).dtype() == int64);
}

TEST_CASE("masks of another dtype or shape are errors") {
  const Tensor x = ones({3});

  CHECK(message_of([&] { masked_fill(x, x, 0); }) ==
        "masked_fill: the mask must be boolean: it is f32[3]; compare it, as in x > 0");
  CHECK(message_of([&] {
          masked_fill(x, ones({2, 3}) > 0, 0);
        }) ==
        "masked_fill: the mask does not broadcast to x: x is f32[3], the mask is bool[2, 3]; sizes must "
        "agree, or the mask's be 1");
  CHECK(message_of([&] {
          masked_fill(tensor({1, 2}), tensor({true, false}), 0.5);
        }) ==
        "masked_fill: the value does not fit x: x is i64[2], the value is a floating number; convert x with "
        "x.to(float32)");
  CHECK(message_of([&] { masked_fill(x, x > 0, ones({3})); }) ==
        "masked_fill: the value must be a number of x's dtype: x is f32[3], the value is f32[3]");
  CHECK(message_of([&] { masked_select(x, x); }) ==
        "masked_select: the mask must be boolean: it is f32[3]; compare it, as in x > 0");
}

TEST_CASE("a program takes its parts anew, by the arrays and masks that it is given") {
  const Tensor x = numbers({4}), i = tensor({0, 1}), m = tensor({true, false, false, true});

  const Program by_array = trace([](const Tensor& t, const Tensor& at) { return t.index({at}); }, {x, i});
  const Program by_mask = trace([](const Tensor& t, const Tensor& at) { return t.index({at}); }, {x, m});
  const Program fills =
      trace([](const Tensor& t, const Tensor& at) { return index_put(t, {at}, 9); }, {x, m});

  CHECK(of(by_array.run({x, tensor({3, -2})})[0]) == Values{3, 2});
  CHECK(of(by_mask.run({x, tensor({true, true, true, false})})[0]) == Values{0, 1, 2});
  CHECK(of(fills.run({x, tensor({true, true, true, false})})[0]) == Values{9, 9, 9, 3});
  CHECK(by_array.calls()[0].op == std::string("index_plan"));
  CHECK(to_string(by_array.calls()[0].attributes[0]) == "indices=array");
}

TEST_CASE("a program of gradients follows arrays, and is an error where a mask names another part") {
  const auto slope = [](const Tensor& t, const Tensor& at) {
    const Tensor x = t.detach().requires_grad_();
    return grad(sum(x.index({at})), {x})[0];
  };
  const Tensor x = numbers({3});

  const Program by_array = trace(slope, {x, tensor({0, 1})});
  const Program by_mask = trace(slope, {x, tensor({true, false, true})});

  CHECK(of(by_array.run({x, tensor({2, 2})})[0]) == Values{0, 0, 2});
  CHECK(of(by_mask.run({x, tensor({false, true, true})})[0]) == Values{0, 1, 1});
  CHECK(message_of([&] {
          by_mask.run({x, tensor({true, true, true})});
        }) ==
        "index: the masks name another number of elements than those that were traced: the part has shape "
        "[3], its gradient is f32[2]; trace the function again");
}
