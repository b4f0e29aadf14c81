#include <doctest/doctest.h>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::Family;
using test::Input;
using test::Kind;
using test::message_of;
using test::Row;

namespace {

constexpr auto end = Tensor::end_of_axis;

template <class F>
Row part(std::string name, F f, Input in, std::vector<std::vector<Shape>> shapes = {}) {
  return test::row(std::move(name), Kind::smooth, {std::move(in)}, std::move(f), std::move(shapes));
}

const Family parts(
    "parts",
    {
        part("slice", [](const Tensor& x) { return slice(x, 0, 1, 3); }, {{4, 3}}, {{{0, 3}}}),
        part("slice", [](const Tensor& x) { return slice(x, 1, 0, end, 2); }, {{2, 5}}, {{{2, 0}}}),
        part("slice", [](const Tensor& x) { return slice(x, -1, -1, end, -2); }, {{2, 3, 5}}, {{{0}}}),
        part("select", [](const Tensor& x) { return select(x, 1, -1); }, {{2, 3, 4}}),
        part("select", [](const Tensor& x) { return x[1]; }, {{2, 3, 4}}, {{{2}}, {{2, 0}}}),
        part("narrow", [](const Tensor& x) { return narrow(x, 1, -3, 2); }, {{2, 5}}),
        part("pad",
             [](const Tensor& x) {
               return pad(x, {1, 2, 0, 1}, PadMode::constant, 2);
             },
             {{2, 3}}, {{{0, 3}}}),
        part("pad",
             [](const Tensor& x) {
               return pad(x, {-1, 2});
             },
             {{2, 3}}),
        part("pad",
             [](const Tensor& x) {
               return pad(x, {3, 2, 1, 0}, PadMode::reflect);
             },
             {{2, 4}}),
        part("pad",
             [](const Tensor& x) {
               return pad(x, {3, 5}, PadMode::replicate);
             },
             {{2, 4}}),
        part("pad",
             [](const Tensor& x) {
               return pad(x, {3, 4}, PadMode::circular);
             },
             {{2, 4}}),
        part("diag", [](const Tensor& x) { return diag(x, 1); }, {{3}}, {{{3, 4}}, {{0}}, {{0, 3}}}),
        part("diagonal", [](const Tensor& x) { return diagonal(x, -1, -1, 0); }, {{3, 2, 4}}, {{{0, 2}}}),
        part("diag_embed", [](const Tensor& x) { return diag_embed(x, 1, 0, -1); }, {{2, 3}}, {{{0}}}),
        part("tril", [](const Tensor& x) { return tril(x, 1); }, {{2, 4, 3}}, {{{0, 3}}}),
        part("triu", [](const Tensor& x) { return triu(x, -1); }, {{2, 4, 3}}, {{{2, 0}}}),
    });

using Values = std::vector<double>;

Values of(const Tensor& x) { return x.to_vector<double>(); }

/// The int64 numbers 0, 1, 2, ... in a shape.
Tensor numbers(const Shape& shape) { return arange(shape.numel()).reshape(shape); }

}  // namespace

TEST_CASE("parts: every row") { test::check_rows(parts); }

TEST_CASE("slices with steps, from either end, are those of NumPy") {
  const Tensor x = arange(6);

  CHECK(of(slice(x, 0, 1, 5, 2)) == Values{1, 3});
  CHECK(of(slice(x, 0, -2)) == Values{4, 5});
  CHECK(of(slice(x, 0, 0, -4)) == Values{0, 1});
  CHECK(of(slice(x, 0, 4, 1, -2)) == Values{4, 2});
  CHECK(of(slice(x, 0, -1, end, -1)) == Values{5, 4, 3, 2, 1, 0});
  CHECK(of(slice(x, 0, 100, end, -3)) == Values{5, 2});
  CHECK(slice(x, 0, 4, 2).numel() == 0);
  CHECK(slice(x, 0, 2, 4, -1).numel() == 0);
  CHECK(of(slice(x, 0, -100, 100)) == of(x));
}

TEST_CASE("leading rows share the elements, other parts are copies") {
  Tensor x = zeros({4, 3});

  x.slice(0, 1, 3).fill_(1);
  CHECK_THROWS_AS(x.slice(1, 0, 1).fill_(7), Error);  // nobody could see it
  x[3].fill_(2);

  CHECK(of(x) == Values{0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2});
}

TEST_CASE("padding: a value, mirrored, the edge, from the other end") {
  const Tensor x = arange(3);

  CHECK(of(pad(x, {1, 2}, PadMode::constant, 9)) == Values{9, 0, 1, 2, 9, 9});
  CHECK(of(pad(x, {2, 2}, PadMode::reflect)) == Values{2, 1, 0, 1, 2, 1, 0});
  CHECK(of(pad(x, {1, 2}, PadMode::replicate)) == Values{0, 0, 1, 2, 2, 2});
  CHECK(of(pad(x, {1, 2}, PadMode::circular)) == Values{2, 0, 1, 2, 0, 1});
  CHECK(of(pad(x, {-1, 1})) == Values{1, 2, 0});
  CHECK(pad(numbers({2, 3}), {0, 0, 1, 1}).shape() == Shape{4, 3});
}

TEST_CASE("diagonals") {
  const Tensor x = numbers({2, 3});

  CHECK(of(diag(x)) == Values{0, 4});
  CHECK(of(diag(x, 1)) == Values{1, 5});
  CHECK(of(diag(x, -1)) == Values{3});
  CHECK(diag(x, 5).numel() == 0);
  CHECK(of(diag(arange(1, 3), -1)) == Values{0, 0, 0, 1, 0, 0, 0, 2, 0});
  CHECK(diagonal(numbers({2, 3, 4}), 0, 0, 2).shape() == Shape{3, 2});
  CHECK(diag_embed(numbers({2, 3})).shape() == Shape{2, 3, 3});
  CHECK(diag_embed(numbers({2, 3}), 0, 0, 1).shape() == Shape{3, 3, 2});
}

TEST_CASE("triangles") {
  CHECK(of(tril(numbers({3, 3}))) == Values{0, 0, 0, 3, 4, 0, 6, 7, 8});
  CHECK(of(triu(numbers({3, 3}), 1)) == Values{0, 1, 2, 0, 0, 5, 0, 0, 0});
  CHECK(of(tril(numbers({2, 3}), 5)) == of(numbers({2, 3})));
  CHECK(tril(ones({2, 2}).to(boolean)).dtype() == boolean);
}

TEST_CASE("parts that are not there are errors") {
  const Tensor x = ones({2, 3});

  CHECK(message_of([&] { slice(x, 0, 0, 2, 0); }) == "slice: the step must not be 0: x is f32[2, 3]");
  CHECK(message_of([&] { slice(x, 2, 0); }) ==
        "slice: axis 2 is out of range: x is f32[2, 3]; axes are -2 to 1");
  CHECK(message_of([&] { select(x, 0, 2); }) ==
        "select: index 2 is out of range along axis 0: x is f32[2, 3]; indices are -2 to 1");
  CHECK(message_of([&] { x[-3]; }) ==
        "select: index -3 is out of range along axis 0: x is f32[2, 3]; indices are -2 to 1");
  CHECK(message_of([&] { narrow(x, 1, 2, 2); }) ==
        "narrow: 2 entries from 2 on are not all there along axis 1: x is f32[2, 3]; the axis has 3 entries");
}

TEST_CASE("planes are padded as one axis after the other is, and their gradients cut as well") {
  for (const DType dtype : {float32, float64, int64, boolean})
    for (const Shape& shape :
         {Shape{2, 3}, Shape{3, 2, 1, 40}, Shape{2, 5, 33}, Shape{2, 0, 3}, Shape{0, 2, 2}, Shape{1, 1}})
      for (const std::vector<std::int64_t>& by : std::vector<std::vector<std::int64_t>>{
               {1, 1, 1, 1}, {0, 3, 2, 0}, {4, 0, 0, 1}, {9, 0, 1, 0}, {17, 2, 3, 5}}) {
        const Tensor x = randn(shape, {.dtype = float64}, Generator(1)).to(dtype);
        CAPTURE(x.describe());
        const auto by_axes = [&](const Tensor& u) {
          return pad(pad(u, {by[0], by[1]}, PadMode::constant, 1), {0, 0, by[2], by[3]}, PadMode::constant,
                     1);
        };

        const Tensor y = pad(x, by, PadMode::constant, 1);

        CHECK(equal(y, by_axes(x)));
        if (!is_floating(dtype)) continue;
        const Tensor leaf = x.clone().requires_grad_(), g = randn(y.shape(), {.dtype = dtype}, Generator(2));
        CHECK(equal(grad({pad(leaf, by)}, {leaf}, {g})[0], grad({by_axes(leaf)}, {leaf}, {g})[0]));
      }
}

TEST_CASE("pads that do not fit are errors") {
  const Tensor x = ones({2, 3});

  CHECK(message_of([&] { pad(x, {1}); }) ==
        "pad: needs two numbers an axis, for 2 axes at most: there are 1, x is f32[2, 3]");
  CHECK(message_of([&] {
          pad(x, {-2, -2});
        }) ==
        "pad: more is cut off than axis 1 has: the pads are -2 and -2, x is f32[2, 3]; cut off 3 at most");
  CHECK(message_of([&] {
          pad(x, {3, 0}, PadMode::reflect);
        }) ==
        "pad: 3 is more than the 2 entries that axis 1 has to pad with in this mode: x is f32[2, 3]; pad by "
        "2 at most");
  CHECK(message_of([&] {
          pad(zeros({2, 0}), {1, 0}, PadMode::replicate);
        }).starts_with("pad: 1 is more than the 0 entries"));
}

TEST_CASE("diagonals and triangles need their axes") {
  CHECK(message_of([] { diag(ones({2, 2, 2})); }) == "diag: needs a vector or a matrix: x is f32[2, 2, 2]");
  CHECK(message_of([] {
          diagonal(ones({2, 2}), 0, 1, -1);
        }) == "diagonal: needs two different axes: both are 1, x is f32[2, 2]");
  CHECK(message_of([] { diag_embed(tensor(1.0)); }) == "diag_embed: needs at least one axis: x is f32[]");
  CHECK(message_of([] { tril(ones({2})); }) == "tril: needs at least two axes: x is f32[2]");
}

TEST_CASE("slice: steps of any size take one entry or none") {
  const Tensor x = arange(5);
  for (const std::int64_t step : {INT64_MAX, std::int64_t{5}, INT64_MIN, std::int64_t{-5}}) {
    const std::int64_t first = step > 0 ? 0 : 4;
    CHECK(slice(x, 0, first, Tensor::end_of_axis, step).to_vector<std::int64_t>() == std::vector{first});
    CHECK(x.index({Slice{.step = step}}).to_vector<std::int64_t>() == std::vector{first});
  }
}
