#include <doctest/doctest.h>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::Family;
using test::Input;
using test::keeping_integers;
using test::Kind;
using test::message_of;
using test::row;

namespace {

/// int64 places below a size, and a mask.
Input places(Shape shape, double size) { return {std::move(shape), 0, size, int64}; }
Input mask(Shape shape) { return {std::move(shape), 0, 1, boolean}; }

const Family indexing(
    "index",
    {
        row("index_select", Kind::indexed, {{{4, 3}}, places({5}, 4)},
            [](const Tensor& x, const Tensor& i) { return index_select(x, 0, i); },
            {{{4, 3}, {0}}, {{4}, {6}}}),
        row("index_select", Kind::indexed, {{{2, 4}}, places({5}, 4)},
            [](const Tensor& x, const Tensor& i) { return index_select(x, -1, i); }),
        row("gather", Kind::indexed, {{{2, 4}}, places({2, 3}, 4)},
            [](const Tensor& x, const Tensor& i) { return gather(x, 1, i); },
            {{{2, 4}, {1, 3}}, {{2, 4}, {2, 0}}}),
        row("gather", Kind::indexed, {{{4, 3, 2}}, places({2, 2, 2}, 4)},
            [](const Tensor& x, const Tensor& i) { return gather(x, 0, i); }),
        row("take_along_dim", Kind::indexed, {{{1, 4}}, places({2, 3}, 4)},
            [](const Tensor& x, const Tensor& i) { return take_along_dim(x, i, 1); }),
        row("take_along_dim", Kind::indexed, {{{2, 4}}, places({3}, 8)},
            [](const Tensor& x, const Tensor& i) { return take_along_dim(x, i); }),
        keeping_integers(row("scatter", Kind::indexed, {{{2, 4}}, places({2, 3}, 4), {{2, 3}}},
                             [](const Tensor& x, const Tensor& i, const Tensor& s) {
                               return scatter(x, 1, i, s);
                             },
                             {{{2, 4}, {1, 2}, {2, 3}}})),
        keeping_integers(row("scatter", Kind::indexed, {{{2, 4}}, places({2, 3}, 4)},
                             [](const Tensor& x, const Tensor& i) { return scatter(x, 1, i, 2); })),
        keeping_integers(row("scatter_add", Kind::indexed, {{{4, 3}}, places({5, 2}, 4), {{5, 3}}},
                             [](const Tensor& x, const Tensor& i, const Tensor& s) {
                               return scatter_add(x, 0, i, s);
                             },
                             {{{4, 3}, {0, 2}, {5, 3}}})),
        row("embedding", Kind::indexed, {places({2, 3}, 5), {{5, 4}}},
            [](const Tensor& i, const Tensor& w) { return embedding(i, w); }, {{{}, {5, 4}}, {{0}, {5, 4}}}),
        row("one_hot", Kind::not_differentiable, {places({2, 3}, 4)},
            [](const Tensor& i) { return one_hot(i, 5); }, {{{}}, {{0}}}),
        row("index", Kind::smooth, {{{3, 4, 5}}},
            [](const Tensor& x) {
              return x.index({1, Slice{.step = -2}, new_axis, Slice{1, 4}});
            },
            {{{2, 0, 6}}}),
        row("index", Kind::smooth, {{{3, 4}}},
            [](const Tensor& x) {
              return x.index({1}) + x.index({2, ellipsis});
            }),
        row("index", Kind::indexed, {{{3, 4, 5}}, places({2, 1}, 3), places({3}, 5)},
            [](const Tensor& x, const Tensor& i, const Tensor& j) {
              return x.index({i, Slice{0, 3}, j});
            }),
        row("index", Kind::indexed, {{{3, 4, 5}}, places({6}, 4)},
            [](const Tensor& x, const Tensor& i) {
              return x.index({Slice{}, i});
            },
            {{{3, 4, 5}, {0}}}),
        row("index", Kind::smooth, {{{3, 4, 2}}, mask({3, 4})},
            [](const Tensor& x, const Tensor& m) { return x.index({m}); }),
        keeping_integers(row("index_put", Kind::indexed, {{{3, 4}}, places({5}, 3), {{5, 4}}},
                             [](const Tensor& x, const Tensor& i, const Tensor& v) {
                               return index_put(x, {i}, v);
                             })),
        keeping_integers(row("index_put", Kind::indexed, {{{3, 4}}, places({5}, 4), {{3, 1}}},
                             [](const Tensor& x, const Tensor& i, const Tensor& v) {
                               return index_put(x, {Slice{}, i}, v, true);
                             })),
        keeping_integers(row("index_put", Kind::smooth, {{{3, 4}}, {{2}}},
                             [](const Tensor& x, const Tensor& v) {
                               return index_put(x, {Slice{.step = 2}, 1}, v);
                             })),
        keeping_integers(row("masked_fill", Kind::smooth, {{{2, 3}}, mask({3})},
                             [](const Tensor& x, const Tensor& m) { return masked_fill(x, m, 2); },
                             {{{}, {}}, {{0, 3}, {3}}})),
        keeping_integers(row("masked_fill", Kind::smooth, {{{2, 3}}, mask({3}), {{}}},
                             [](const Tensor& x, const Tensor& m, const Tensor& v) {
                               return masked_fill(x, m, v);
                             })),
        row("masked_select", Kind::smooth, {{{2, 3}}, mask({2, 3})},
            [](const Tensor& x, const Tensor& m) { return masked_select(x, m); }, {{{}, {2}}, {{0}, {0}}}),
        row("nonzero", Kind::not_differentiable, {mask({2, 3})}, [](const Tensor& x) { return nonzero(x); },
            {{{}}, {{0, 2}}}),
    });

using Values = std::vector<double>;

Values of(const Tensor& x) { return x.to_vector<double>(); }

}  // namespace

TEST_CASE("indexing: every row") { test::check_rows(indexing); }

// By one index tensor ---------------------------------------------------------------------------------------

TEST_CASE("what is read several times adds up in the gradient") {
  const Tensor x = tensor({1.0, 2.0}).requires_grad_();

  sum(gather(x, 0, tensor({0, 0, 1}))).backward();
  sum(index_select(x, 0, tensor({1, 1, 1}))).backward();
  sum(x.index({tensor({0, 0})})).backward();

  CHECK(of(x.grad()) == Values{4, 4});
}

TEST_CASE("of several values to one place the last stays, and alone has a gradient") {
  const Tensor x = zeros({3}).requires_grad_(), s = tensor({5.0, 6.0, 7.0}).requires_grad_();
  const Tensor at = tensor({1, 2, 1});
  const Tensor y = scatter(x, 0, at, s), z = index_put(x, {at}, s);

  sum(y + z).backward();

  CHECK(of(y) == Values{0, 7, 6});
  CHECK(equal(y, z));
  CHECK(of(x.grad()) == Values{2, 0, 0});
  CHECK(of(s.grad()) == Values{0, 2, 2});
}

TEST_CASE("the row of an embedding that pads has no gradient") {
  const Tensor w = ones({3, 2}).requires_grad_();

  sum(embedding(tensor({0, 2, 2}), w, -1)).backward();

  CHECK(of(w.grad()) == Values{1, 1, 0, 0, 0, 0});
}

TEST_CASE("one_hot takes the largest class plus one unless told") {
  CHECK(of(one_hot(tensor({1, 0}))) == Values{0, 1, 1, 0});
  CHECK(one_hot(tensor({1, 0}), 3).shape() == Shape{2, 3});
  CHECK(one_hot(tensor({1, 0})).dtype() == int64);
}

TEST_CASE("an index out of range is an error with its place and value, and changes nothing") {
  const Tensor x = ones({2, 3});

  CHECK(message_of([&] {
          index_select(x, 0, tensor({0, 2}));
        }) ==
        "index_select: index 2 at place 1 is out of range for a size of 2: the index is i64[2]; indices are "
        "0 to 1");
  CHECK(message_of([&] {
          gather(x, 1, tensor({{0, -1}}));
        }) ==
        "gather: index -1 at place 1 is out of range for a size of 3: the index is i64[1, 2]; indices are 0 "
        "to 2");
  CHECK(message_of([&] { scatter_add(x, 1, tensor({{3}}), x); }) ==
        "scatter_add: index 3 at place 0 is out of range for a size of 3: the index is i64[1, 1]; indices "
        "are 0 to 2");
  CHECK(message_of([&] { embedding(tensor({5}), x); }) ==
        "embedding: index 5 at place 0 is out of range for a size of 2: the index is i64[1]; indices are 0 "
        "to 1");
  CHECK(
      message_of([&] {
        one_hot(tensor({0, 4}), 3);
      }) ==
      "one_hot: index 4 at place 1 is out of range for a size of 3: the index is i64[2]; indices are 0 to 2");
}

TEST_CASE("index tensors of another dtype or shape are errors") {
  const Tensor x = ones({2, 3});

  CHECK(message_of([&] {
          gather(x, 1, ones({2, 1}));
        }) == "gather: indices must be int64: index is f32[2, 1]; convert it with index.to(int64)");
  CHECK(
      message_of([&] { gather(x, 1, tensor({0})); }) ==
      "gather: the index must have the rank of x, and no larger sizes apart from axis 1: x is f32[2, 3], the "
      "index is i64[1]");
  CHECK(message_of([&] {
          scatter(x, 1, tensor({{0, 1}}), ones({1, 1}));
        }) ==
        "scatter: the source must have the rank of the index, and sizes that are not smaller: the source is "
        "f32[1, 1], the index has shape [1, 2]");
  CHECK(message_of([&] {
          scatter(x, 1, tensor({{0}}), ones({1, 1}, {.dtype = float64}));
        }) == "scatter: x and the source must have one dtype: x is f32[2, 3], the source is f64[1, 1]");
  CHECK(message_of([&] { take_along_dim(x, tensor({0}), 1); }) ==
        "take_along_dim: the index must have the rank of x: x is f32[2, 3], the index is i64[1]");
  CHECK(message_of([&] { index_select(x, 0, tensor({{0}})); }) ==
        "index_select: the index must be a vector: it is i64[1, 1]");
  CHECK(message_of([&] {
          index_select(zeros({}), 0, tensor({0, 0}));
        }) ==
        "index_select: a number has one element, which takes one index: x is f32[], the index is i64[2]; use "
        "expand for copies");
  CHECK(message_of([&] { embedding(tensor({0}), ones({3})); }) ==
        "embedding: the weight must be a matrix: it is f32[3]");
  CHECK(message_of([&] { embedding(tensor({0}), x, 2); }) ==
        "embedding: padding_idx 2 is out of range: the weight is f32[2, 3]; rows are -2 to 1");
  CHECK(message_of([&] { one_hot(zeros({0}).to(int64)); }) ==
        "one_hot: the number of classes must be given for an empty tensor: x is i64[0]");
}
