#include <doctest/doctest.h>

#include <algorithm>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::Family;
using test::Input;
using test::keeping_integers;
using test::Kind;
using test::message_of;
using test::Row;

namespace {

/// A row for a function that moves elements: it takes any dtype.
template <class F>
Row moved(std::string name, F f, Input in = {{2, 3, 4}}, std::vector<std::vector<Shape>> shapes = {}) {
  return keeping_integers(
      test::row(std::move(name), Kind::smooth, {std::move(in)}, std::move(f), std::move(shapes)));
}

const std::vector<std::vector<Shape>> any_shape = {{{}}, {{0, 3}}, {{5}}};

const Family shapes(
    "shape", {
                 moved("reshape",
                       [](const Tensor& x) {
                         return reshape(x, {6, -1});
                       },
                       {{2, 3, 4}}, {{{6}}, {{0, 6}}}),
                 moved("reshape", [](const Tensor& x) { return reshape(x, {}); }, {{1, 1}}, {{{}}}),
                 moved("view",
                       [](const Tensor& x) {
                         return view(x, {4, 6});
                       }),
                 moved(
                     "flatten", [](const Tensor& x) { return flatten(x); }, {{2, 3, 4}}, any_shape),
                 moved("flatten", [](const Tensor& x) { return flatten(x, 1, -1); }),
                 moved("unflatten",
                       [](const Tensor& x) {
                         return unflatten(x, -1, {2, -1});
                       }),
                 moved(
                     "unsqueeze", [](const Tensor& x) { return unsqueeze(x, -1); }, {{2, 3, 4}}, any_shape),
                 moved(
                     "squeeze", [](const Tensor& x) { return squeeze(x); }, {{2, 1, 3, 1}}, any_shape),
                 moved("squeeze", [](const Tensor& x) { return squeeze(x, 1); }, {{2, 1, 3, 1}}, {{{2, 3}}}),
                 moved("transpose", [](const Tensor& x) { return transpose(x, 0, -1); }, {{2, 3, 4}},
                       {{{5}}, {{0, 3}}}),
                 moved("permute",
                       [](const Tensor& x) {
                         return permute(x, {2, 0, 1});
                       },
                       {{2, 3, 4}}, {{{2, 0, 3}}}),
                 moved("permute", [](const Tensor& x) { return permute(x, {}); }, {{}}),
                 moved("movedim",
                       [](const Tensor& x) {
                         return movedim(x, {0, 1}, {2, 0});
                       }),
                 moved("flip",
                       [](const Tensor& x) {
                         return flip(x, {0, 2});
                       },
                       {{2, 3, 4}}, {{{0, 2, 3}}}),
                 moved("roll", [](const Tensor& x) { return roll(x, -3, 1); }, {{2, 4, 3}}, {{{2, 0}}}),
                 moved(
                     "roll", [](const Tensor& x) { return roll(x, 5); }, {{2, 3, 4}}, any_shape),
                 moved("roll",
                       [](const Tensor& x) {
                         return roll(x, {1, -1}, {0, 2});
                       }),
                 moved("expand",
                       [](const Tensor& x) {
                         return expand(x, {2, 3, 4});
                       },
                       {{3, 1}}, {{{}}, {{4}}, {{2, 1, 4}}}),
                 moved("expand",
                       [](const Tensor& x) {
                         return expand(x, {0, -1});
                       },
                       {{1, 3}}),
                 moved("broadcast_to",
                       [](const Tensor& x) {
                         return broadcast_to(x, {2, 3});
                       },
                       {{2, 1}}, {{{}}, {{3}}}),
                 moved("repeat",
                       [](const Tensor& x) {
                         return repeat(x, {2, 1, 3});
                       },
                       {{2, 3}}, {{{}}, {{0, 3}}}),
                 moved("repeat",
                       [](const Tensor& x) {
                         return repeat(x, {0, 2});
                       },
                       {{2, 3}}),
                 moved(
                     "tile", [](const Tensor& x) { return tile(x, {2}); }, {{2, 3}}, any_shape),
                 keeping_integers(test::row("meshgrid", Kind::smooth, {{{2}}, {{3}}},
                                            [](const Tensor& a, const Tensor& b) {
                                              return meshgrid({a, b});
                                            },
                                            {{{}, {3}}, {{0}, {2}}})),
                 keeping_integers(test::row("cat", Kind::smooth, {{{2, 3}}, {{2, 1}}, {{2, 2}}},
                                            [](const std::vector<Tensor>& x) { return cat(x, 1); },
                                            {{{0, 1}, {0, 2}, {0, 1}}, {{2, 0}, {2, 1}, {2, 0}}})),
                 keeping_integers(test::row("cat", Kind::smooth, {{{2, 3}}, {{1, 3}}},
                                            [](const Tensor& a, const Tensor& b) {
                                              return cat({a, b, a});
                                            })),
                 keeping_integers(test::row("stack", Kind::smooth, {{{2, 3}}, {{2, 3}}},
                                            [](const std::vector<Tensor>& x) { return stack(x, -1); },
                                            {{{}, {}}, {{0, 2}, {0, 2}}})),
                 moved("split", [](const Tensor& x) { return split(x, 3, 2); }, {{2, 3, 4}}, {{{2, 1, 0}}}),
                 moved("split",
                       [](const Tensor& x) {
                         return split(x, {1, 0, 2});
                       },
                       {{3, 2}}),
                 moved("chunk", [](const Tensor& x) { return chunk(x, 3, 1); }, {{2, 5}}, {{{2, 0}}}),
                 moved("unbind", [](const Tensor& x) { return unbind(x, 1); }, {{2, 3, 2}}),
             });

using Values = std::vector<double>;

Values of(const Tensor& x) { return x.to_vector<double>(); }

/// The int64 numbers 0, 1, 2, ... in a shape.
Tensor numbers(const Shape& shape) { return arange(shape.numel()).reshape(shape); }

bool share(const Tensor& a, const Tensor& b) { return a.data<float>().data() == b.data<float>().data(); }

}  // namespace

TEST_CASE("shapes: every row") { test::check_rows(shapes); }

// Values ----------------------------------------------------------------------------------------------------

TEST_CASE("what only changes the shape shares the elements") {
  const Tensor x = ones({2, 3});

  CHECK(share(reshape(x, {6}), x));
  CHECK(share(view(x, {3, 2}), x));
  CHECK(share(flatten(x), x));
  CHECK(share(unsqueeze(x, 0), x));
  CHECK(share(squeeze(x), x));
  CHECK_FALSE(share(expand(x, {2, 3}), x));
}

TEST_CASE("orders of axes") {
  const Tensor x = numbers({2, 3});

  CHECK(of(transpose(x, 0, 1)) == Values{0, 3, 1, 4, 2, 5});
  CHECK(permute(numbers({2, 3, 4}), {2, 0, 1}).shape() == Shape{4, 2, 3});
  CHECK(permute(numbers({2, 3, 4}), {2, 0, 1}).at({3, 1, 2}) == 23);
  CHECK(movedim(numbers({2, 3, 4}), 0, 2).shape() == Shape{3, 4, 2});
  CHECK(movedim(numbers({2, 3, 4}), {0, 1}, {-1, 0}).shape() == Shape{3, 4, 2});
  CHECK(of(flip(x, 1)) == Values{2, 1, 0, 5, 4, 3});
  CHECK(of(roll(x, 1, 1)) == Values{2, 0, 1, 5, 3, 4});
  CHECK(of(roll(x, -1)) == Values{1, 2, 3, 4, 5, 0});
  CHECK(of(roll(x, 7, 1)) == of(roll(x, 1, 1)));
}

TEST_CASE("every permutation of five axes agrees with its definition") {
  const Shape shape = {3, 2, 9, 1, 10};
  const Tensor x = numbers(shape);
  std::vector<int> axes = {0, 1, 2, 3, 4};
  do {
    const Tensor y = permute(x, axes);
    for (std::int64_t flat = 0; flat < y.numel(); flat += 7) {
      std::int64_t rest = flat, from = 0;
      std::int64_t place[5];
      for (int i = 4; i >= 0; --i)
        place[axes[static_cast<std::size_t>(i)]] = rest % y.shape()[i], rest /= y.shape()[i];
      for (int i = 0; i < 5; ++i) from = from * shape[i] + place[i];
      REQUIRE(y.data<std::int64_t>()[static_cast<std::size_t>(flat)] == from);
    }
  } while (std::next_permutation(axes.begin(), axes.end()));
}

TEST_CASE("large transpositions move every element of every dtype") {
  for (DType t : {float32, float64, int64, boolean})
    for (const Shape& s : {Shape{67, 130}, Shape{8, 8}, Shape{1, 50}, Shape{129, 64}}) {
      const Tensor x = remainder(numbers(s), 251).to(t), y = transpose(x, 0, 1);
      CHECK(equal(transpose(y, 0, 1), x));
      CHECK(y.at({s[1] - 1, s[0] / 2}) == x.at({s[0] / 2, s[1] - 1}));
    }
}

TEST_CASE("repetition") {
  CHECK(of(repeat(numbers({2, 2}), {1, 2})) == Values{0, 1, 0, 1, 2, 3, 2, 3});
  CHECK(repeat(numbers({2}), {3, 1}).shape() == Shape{3, 2});
  CHECK(of(tile(numbers({2, 1}), {2})) == Values{0, 0, 1, 1});
  CHECK(of(expand(numbers({2, 1}), {-1, 3})) == Values{0, 0, 0, 1, 1, 1});
  const auto grids = meshgrid({numbers({2}), numbers({3})});
  CHECK(of(grids[0]) == Values{0, 0, 0, 1, 1, 1});
  CHECK(of(grids[1]) == Values{0, 1, 2, 0, 1, 2});
}

TEST_CASE("joining and splitting") {
  const Tensor x = numbers({2, 3});

  CHECK(of(cat({x, x}, 1)) == Values{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5});
  CHECK(of(stack({x, x}, 2)) == Values{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5});
  CHECK(of(split(x, 2, 1)[1]) == Values{2, 5});
  CHECK(chunk(numbers({5}), 3).size() == 3);
  CHECK(chunk(numbers({5}), 3)[2].numel() == 1);
  CHECK(of(unbind(x, 1)[2]) == Values{2, 5});
}

TEST_CASE("the gradient of one part of a split is 0 for the others") {
  const Tensor x = ones({2, 3}).requires_grad_();
  const auto parts = split(x, {1, 2}, 1);

  sum(parts[1]).backward();

  CHECK(of(x.grad()) == Values{0, 1, 1, 0, 1, 1});
}

TEST_CASE("tensors of up to 32 axes can be permuted and reduced") {
  const Tensor x = numbers(Shape::filled(32, 1)).to(float32).requires_grad_();
  std::vector<int> axes(32);
  for (int i = 0; i < 32; ++i) axes[static_cast<std::size_t>(i)] = 31 - i;

  sum(permute(x, axes)).backward();

  CHECK(x.grad().item<double>() == 1);
}

// Errors ----------------------------------------------------------------------------------------------------

TEST_CASE("shapes that do not fit are errors") {
  const Tensor x = ones({2, 3});

  CHECK(message_of([&] { reshape(x, {4}); }) ==
        "reshape: the numbers of elements differ: x is f32[2, 3] with 6 elements, the shape is [4]; its "
        "sizes must have the product 6");
  CHECK(message_of([&] {
          reshape(x, {4, -1});
        }) ==
        "reshape: the numbers of elements differ: x is f32[2, 3] with 6 elements, the shape is [4, -1]; its "
        "sizes must have the product 6");
  CHECK(message_of([&] {
          view(x, {-1, -1});
        }) == "view: sizes must not be negative, apart from one -1: the shape is [-1, -1]");
  CHECK(message_of([&] {
          reshape(zeros({0}), {0, -1});
        }) ==
        "reshape: the size for -1 is not determined beside a size of 0: x is f32[0], the shape is [0, -1]; "
        "write "
        "the size out");
  CHECK(message_of([&] { flatten(x, 1, 0); }) ==
        "flatten: the last axis must not be before the first: axes 1 to 0, x is f32[2, 3]");
  CHECK(message_of([&] {
          expand(x, {2, 4});
        }) ==
        "expand: x does not broadcast to the shape: x is f32[2, 3], the shape is [2, 4]; sizes are matched "
        "from the "
        "right, and must agree where x's is not 1");
  CHECK(message_of([&] { expand(x, {3}); }).starts_with("expand: x does not broadcast to the shape"));
  CHECK(message_of([&] { repeat(x, {2}); }) ==
        "repeat: needs a repeat for each axis: x is f32[2, 3], the repeats are [2]");
  CHECK(message_of([&] { tile(x, {-1}); }) == "tile: repeats must not be negative: they are [1, -1]");
}

TEST_CASE("axes that do not fit are errors") {
  const Tensor x = ones({2, 3});

  CHECK(message_of([&] { transpose(x, 0, 2); }) ==
        "transpose: axis 2 is out of range: x is f32[2, 3]; axes are -2 to 1");
  CHECK(message_of([&] { permute(x, {0}); }) ==
        "permute: 1 axes for a tensor of 2: x is f32[2, 3]; name every axis once");
  CHECK(message_of([&] {
          permute(x, {1, 1});
        }) == "permute: axis 1 is named twice: x is f32[2, 3]; name each axis once");
  CHECK(message_of([&] {
          movedim(x, {0, 1}, 0);
        }) == "movedim: needs a destination for each source: there are 2 sources and 1 destinations");
  CHECK(message_of([&] { unsqueeze(x, 4); }) ==
        "unsqueeze: axis 4 is out of range: x is f32[2, 3]; axes are -3 to 2");
  CHECK(message_of([&] {
          roll(x, {1, 2}, {0});
        }) == "roll: needs one shift for each axis: there are 2 shifts and 1 axes");
}

TEST_CASE("tensors that cannot be joined are errors") {
  CHECK(message_of([] { cat(std::vector<Tensor>{}); }) ==
        "cat: needs at least one tensor: the list is empty");
  CHECK(message_of([] {
          cat({ones({2, 3}), ones({3, 3})}, 1);
        }) == "cat: dtypes and all sizes but those of axis 1 must agree: a is f32[2, 3], b is f32[3, 3]");
  CHECK(message_of([] {
          cat({ones({2}), ones({2}, {.dtype = float64})});
        }) == "cat: dtypes and all sizes but those of axis 0 must agree: a is f32[2], b is f64[2]");
  CHECK(message_of([] {
          stack({ones({2}), ones({3})});
        }) == "stack: dtypes and shapes must agree: a is f32[2], b is f32[3]");
  CHECK(message_of([] {
          meshgrid({ones({2, 2})});
        }) == "meshgrid: needs vectors: one of the tensors is f32[2, 2]");
}

TEST_CASE("parts that do not add up are errors") {
  const Tensor x = ones({5});

  CHECK(message_of([&] {
          split(x, {2, 2});
        }) == "split: the sizes must sum to the size of axis 0: they sum to 4, x is f32[5]");
  CHECK(message_of([&] { split(x, {6, -1}); }) == "split: sizes must not be negative: they are [6, -1]");
  CHECK(message_of([&] { split(x, 0); }) == "split: the size of the parts must be positive: it is 0");
  CHECK(message_of([&] { chunk(x, 0); }) == "chunk: needs at least one chunk: asked for 0");
}
