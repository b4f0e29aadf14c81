#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::Family;
using test::Kind;
using test::message_of;
using test::row;

namespace {

const Family sorting(
    "sort",
    {
        row("sort", Kind::piecewise, {{{2, 5}}}, [](const Tensor& x) { return sort(x).values; },
            {{{}}, {{0, 3}}}),
        row("sort", Kind::piecewise, {{{4, 3}}}, [](const Tensor& x) { return sort(x, 0, true).values; }),
        row("argsort", Kind::not_differentiable, {{{2, 5}}}, [](const Tensor& x) { return argsort(x); },
            {{{}}, {{0, 3}}}),
        row("topk", Kind::piecewise, {{{2, 5}}}, [](const Tensor& x) { return topk(x, 2).values; },
            {{{0, 3}}}),
        row("topk", Kind::piecewise, {{{4, 3}}}, [](const Tensor& x) { return topk(x, 3, 0, false).values; }),
        row("median", Kind::piecewise, {{{2, 3, 4}}}, [](const Tensor& x) { return median(x); },
            {{{}}, {{1, 3, 1}}, {{40}}}),
        row("median", Kind::piecewise, {{{2, 3, 4}}}, [](const Tensor& x) { return median(x, 1).values; }),
    });

using Values = std::vector<double>;
using Places = std::vector<int>;

Tensor of(const Values& v) { return tensor(v); }

}  // namespace

TEST_CASE("sorting: every row") { test::check_rows(sorting); }

TEST_CASE("equal elements keep their order, also in descending order") {
  CHECK(sort(of({2, 1, 2, 1})).indices.to_vector<int>() == Places{1, 3, 0, 2});
  CHECK(sort(of({2, 1, 2, 1}), 0, true).indices.to_vector<int>() == Places{0, 2, 1, 3});
  CHECK(argsort(of({2, 1, 2, 1})).to_vector<int>() == Places{1, 3, 0, 2});
}

TEST_CASE("each cotangent goes to the element that it came from") {
  const Tensor x = of({2, 1, 2}).requires_grad_();
  const Tensor y = sum(sort(x).values * of({1, 2, 3}));

  CHECK(grad(y, {x})[0].to_vector<double>() == Values{2, 1, 3});
}

TEST_CASE("the first of equal elements are the largest k") {
  const Tensor x = of({2, 2, 2}).requires_grad_();
  const ValuesAndIndices top = topk(x, 2);

  CHECK(top.indices.to_vector<int>() == Places{0, 1});
  CHECK(grad(sum(top.values), {x})[0].to_vector<double>() == Values{1, 1, 0});
}

TEST_CASE("nan is larger than every number") {
  const Tensor x = of({NAN, 1, INFINITY, -1});

  CHECK(sort(x).indices.to_vector<int>() == Places{3, 1, 2, 0});
  CHECK(sort(x, 0, true).indices.to_vector<int>() == Places{0, 2, 1, 3});
  CHECK(topk(x, 1).indices.item<int>() == 0);
}

TEST_CASE("integers and bools are sorted") {
  CHECK(sort(tensor({3, -1, 2})).values.to_vector<int>() == Places{-1, 2, 3});
  CHECK(sort(tensor({true, false})).indices.to_vector<int>() == Places{1, 0});
}

TEST_CASE("more elements than there are cannot be taken") {
  CHECK(message_of([] {
          topk(ones({2, 3}), 4);
        }) == "topk: cannot take 4 elements of 3 along axis -1: x is f32[2, 3]; k must lie between 0 and 3");
  CHECK(message_of([] { topk(ones({3}), -1); }) ==
        "topk: cannot take -1 elements of 3 along axis -1: x is f32[3]; k must lie between 0 and 3");
}

TEST_CASE("an axis that is not there is an error") {
  CHECK(message_of([] { sort(ones({3}), 1); }) ==
        "sort: axis 1 is out of range: x is f32[3]; axes are -1 to 0");
}

TEST_CASE(
    "in a program the values and the places are the outputs of one call, and gradients follow the places") {
  const auto places = [](const Tensor& t) { return topk(t, 2).indices; };
  const auto largest = [](const Tensor& t) {
    const Tensor x = t.detach().requires_grad_();
    return grad(sum(max(x, 1).values), {x})[0];
  };

  const Program p = trace(places, {of({1, 3, 2})}), q = trace(largest, {tensor({{1.0, 2.0}, {4.0, 3.0}})});

  CHECK(p.calls().size() == 1);
  CHECK(p.calls()[0].outputs.size() == 2);
  CHECK(p.run({of({5, 1, 7})})[0].to_vector<int>() == Places{2, 0});
  CHECK(q.run({tensor({{2.0, 1.0}, {3.0, 4.0}})})[0].to_vector<double>() == Values{1, 0, 0, 1});
}
