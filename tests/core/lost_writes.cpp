// No write is lost in silence: it works, or it does not compile, or it throws with a remedy.

#include <doctest/doctest.h>

#include <type_traits>
#include <utility>

#include "xgrad/core.hpp"

using namespace xgrad;

namespace {

using Numbers = std::vector<double>;

Tensor matrix() { return tensor({{1., 2., 3.}, {4., 5., 6.}}); }

/// The error of a change in place of a temporary copy.
std::string lost(const std::string& op, const std::string& shape) {
  return op + ": the write would be lost: the tensor is a temporary copy of a part of another one, f32" +
         shape + "; change that one by index_put_ or copy_, or give the copy a name first";
}

template <class F>
std::string said(F f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("assigning to a temporary does not compile") {
  static_assert(std::is_assignable_v<Tensor&, Tensor>);
  static_assert(std::is_assignable_v<Tensor&, const Tensor&>);
  static_assert(!std::is_assignable_v<Tensor, Tensor>);  // x[0] = y
  static_assert(!std::is_assignable_v<Tensor, const Tensor&>);
  static_assert(!std::is_assignable_v<Tensor, Tensor&>);
}

TEST_CASE("a change of a row changes the whole") {
  Tensor x = matrix();

  x[0].fill_(7);
  x.slice(0, 1, 2).mul_(tensor(2.f));
  x[1] += ones({3});
  x.reshape({6})[0].zero_();

  CHECK(x.to_vector<double>() == Numbers{0, 7, 7, 9, 11, 13});
}

TEST_CASE("a new tensor can be made by a change of a temporary") {
  CHECK(zeros({2}).fill_(5).to_vector<double>() == Numbers{5, 5});
  CHECK(ones({2}).add_(ones({2})).mul_(tensor(3.f)).to_vector<double>() == Numbers{6, 6});
  const Tensor& kept = zeros({2}).fill_(5);  // by value: it lives as long as the reference
  CHECK(kept.to_vector<double>() == Numbers{5, 5});
}

TEST_CASE("a change of a temporary copy of a part is an error, whichever op made the copy") {
  Tensor x = matrix();
  const Tensor rows = tensor({1, 0});

  CHECK(said([&] { x.slice(1, 0, 1).fill_(5); }) == lost("fill_", "[2, 1]"));
  CHECK(said([&] { slice(x, 0, -1, Tensor::end_of_axis, -1).fill_(5); }) == lost("fill_", "[2, 3]"));
  CHECK(said([&] { narrow(x, 1, 1, 2).fill_(5); }) == lost("fill_", "[2, 2]"));
  CHECK(said([&] { select(x, 1, 0).fill_(5); }) == lost("fill_", "[2]"));
  CHECK(said([&] { x.t().fill_(5); }) == lost("fill_", "[3, 2]"));
  CHECK(said([&] { x.transpose(0, 1).fill_(5); }) == lost("fill_", "[3, 2]"));
  CHECK(said([&] { x.permute({1, 0}).fill_(5); }) == lost("fill_", "[3, 2]"));
  CHECK(said([&] { movedim(x, 0, 1).fill_(5); }) == lost("fill_", "[3, 2]"));
  CHECK(said([&] { expand(x[0], {2, 3}).fill_(5); }) == lost("fill_", "[2, 3]"));
  CHECK(said([&] { broadcast_to(x[0], {2, 3}).fill_(5); }) == lost("fill_", "[2, 3]"));
  CHECK(said([&] { diagonal(x).fill_(5); }) == lost("fill_", "[2]"));
  CHECK(said([&] { x.index({rows}).fill_(5); }) == lost("fill_", "[2, 3]"));
  CHECK(said([&] { x.index({ellipsis, 1}).fill_(5); }) == lost("fill_", "[2]"));
  CHECK(said([&] { index_select(x, 0, rows).fill_(5); }) == lost("fill_", "[2, 3]"));
  CHECK(said([&] { gather(x, 0, rows.reshape({1, 2})).fill_(5); }) == lost("fill_", "[1, 2]"));
  CHECK(said([&] { masked_select(x, x > 2).fill_(5); }) == lost("fill_", "[4]"));
  CHECK(x.to_vector<double>() == matrix().to_vector<double>());
}

TEST_CASE("each change of a temporary copy is an error of its own name") {
  Tensor x = matrix();
  const Tensor one = ones({1});

  CHECK(said([&] { x.t().zero_(); }) == lost("zero_", "[3, 2]"));
  CHECK(said([&] { x.t().copy_(one); }) == lost("copy_", "[3, 2]"));
  CHECK(said([&] { x.t().add_(one); }) == lost("add_", "[3, 2]"));
  CHECK(said([&] { x.t().sub_(one); }) == lost("sub_", "[3, 2]"));
  CHECK(said([&] { x.t().mul_(one); }) == lost("mul_", "[3, 2]"));
  CHECK(said([&] { x.t().div_(one); }) == lost("div_", "[3, 2]"));
  CHECK(said([&] { x.t() += one; }) == lost("add_", "[3, 2]"));
  CHECK(said([&] { x.t() -= one; }) == lost("sub_", "[3, 2]"));
  CHECK(said([&] { x.t() *= one; }) == lost("mul_", "[3, 2]"));
  CHECK(said([&] { x.t() /= one; }) == lost("div_", "[3, 2]"));
  CHECK(said([&] { x.t().index_put_({0}, one); }) == lost("index_put_", "[3, 2]"));
  CHECK(said([&] { x.t().mutable_data<float>(); }) == lost("mutable_data", "[3, 2]"));

  const Tensor stats = ones({3, 2});
  CHECK(said([&] { batch_norm(x, select(stats, 1, 0), {}, {}, {}, {.training = true}); }) ==
        lost("batch_norm", "[3]"));
}

TEST_CASE("what shares the elements of a temporary copy is as temporary") {
  Tensor x = matrix();

  CHECK(said([&] { x.t()[0].fill_(5); }) == lost("fill_", "[2]"));
  CHECK(said([&] { x.t().reshape({6}).fill_(5); }) == lost("fill_", "[6]"));
  CHECK(said([&] { x.t().flatten().fill_(5); }) == lost("fill_", "[6]"));
  CHECK(said([&] { x.t().unsqueeze(0).fill_(5); }) == lost("fill_", "[1, 3, 2]"));
  CHECK(said([&] { x.slice(1, 0, 1).squeeze(1).fill_(5); }) == lost("fill_", "[2]"));
  CHECK(said([&] { x.t().slice(0, 1).fill_(5); }) == lost("fill_", "[2, 2]"));
  CHECK(said([&] { x.t().index({1}).fill_(5); }) == lost("fill_", "[2]"));
  CHECK(said([&] { x.t().detach().fill_(5); }) == lost("fill_", "[3, 2]"));
  CHECK(said([&] { x.t().to(float32).fill_(5); }) == lost("fill_", "[3, 2]"));
  CHECK(said([&] { x.to(float64).t().to(float32).fill_(5); }) == lost("fill_", "[3, 2]"));
}

TEST_CASE("functions of a temporary copy make what is as temporary") {
  const Tensor x = matrix();

  CHECK(said([&] { reshape(x.t(), {6}).fill_(5); }) == lost("fill_", "[6]"));
  CHECK(said([&] { view(x.t(), {6}).fill_(5); }) == lost("fill_", "[6]"));
  CHECK(said([&] { flatten(x.t()).fill_(5); }) == lost("fill_", "[6]"));
  CHECK(said([&] { unflatten(x.t(), 0, {3, 1}).fill_(5); }) == lost("fill_", "[3, 1, 2]"));
  CHECK(said([&] { unsqueeze(x.t(), 0).fill_(5); }) == lost("fill_", "[1, 3, 2]"));
  CHECK(said([&] { squeeze(x.slice(1, 0, 1)).fill_(5); }) == lost("fill_", "[2]"));
  CHECK(said([&] { squeeze(x.slice(1, 0, 1), 1).fill_(5); }) == lost("fill_", "[2]"));
  CHECK(said([&] { slice(x.t(), 0, 1).fill_(5); }) == lost("fill_", "[2, 2]"));
  CHECK(said([&] { select(x.t(), 0, 1).fill_(5); }) == lost("fill_", "[2]"));
  CHECK(said([&] { narrow(x.t(), 0, 0, 1).fill_(5); }) == lost("fill_", "[1, 2]"));
  CHECK(said([&] { index(x.t(), {1}).fill_(5); }) == lost("fill_", "[2]"));
  CHECK(said([&] { squeeze(unsqueeze(x.t(), 0), 0)[0].fill_(5); }) == lost("fill_", "[2]"));
}

TEST_CASE("functions of a temporary that shares elements, or that is new, make what can be changed") {
  Tensor x = matrix();

  reshape(x[0], {3, 1}).fill_(7);
  select(x.reshape({3, 2}), 0, 2).fill_(8);
  x.to(float32).slice(0, 1).mul_(tensor(2.f));

  CHECK(x.to_vector<double>() == Numbers{7, 7, 7, 4 * 2, 8 * 2, 8 * 2});
  CHECK(reshape(zeros({4}), {2, 2}).fill_(5).at({0, 0}) == 5);
  CHECK(zeros({2}).to(float64).fill_(5).at({0}) == 5);
}

TEST_CASE("a copy of a part that has a name can be changed, and so can its rows") {
  const Tensor x = matrix();
  Tensor y = x.t();

  y.fill_(1);
  y[0].fill_(2);
  y.reshape({6})[5] += tensor(2.f);

  CHECK(y.to_vector<double>() == Numbers{2, 2, 1, 1, 1, 3});
  CHECK(x.to_vector<double>() == matrix().to_vector<double>());
}

TEST_CASE("a clone and a result of arithmetic are no parts") {
  const Tensor x = matrix();

  CHECK(x.t().clone().fill_(5).at({0, 0}) == 5);
  CHECK((x.t() * 2).fill_(5).at({0, 0}) == 5);
  CHECK(einsum("ij->ji", {x}).fill_(5).at({0, 0}) == 5);
  CHECK(pad(x, {1, 1}, PadMode::replicate).fill_(5).at({0, 0}) == 5);
  CHECK(pinv(x).fill_(5).at({0, 0}) == 5);
  CHECK(scatter(x, 0, tensor({{0}}), ones({1, 1})).fill_(5).at({0, 0}) == 5);
  CHECK(index_put(x, {0}, ones({3})).fill_(5).at({0, 0}) == 5);
}

TEST_CASE("parts in a list that are copies are not changed in the place of the whole") {
  Tensor x = matrix();
  const std::string message =
      "fill_: a copy of a part of another tensor would change, and not that one: x is f32[2, 1]; change that "
      "one "
      "by index_put_ or copy_, or take x.clone() first";

  CHECK(said([&] { split(x, 1, 1)[0].fill_(5); }) == message);
  CHECK(said([&] { chunk(x, 3, 1)[0].fill_(5); }) == message);
  CHECK(said([&] { unbind(x, 1)[0].fill_(5); }).starts_with("fill_: a copy of a part"));
  CHECK(said([&] { split(x, 1, 1)[0][0].fill_(5); }) == lost("fill_", "[1]"));
  CHECK(x.to_vector<double>() == matrix().to_vector<double>());

  unbind(x, 0)[1].fill_(5);  // rows share
  CHECK(x.to_vector<double>() == Numbers{1, 2, 3, 5, 5, 5});
}

TEST_CASE("a part in a list is a leaf of its own once it requires a gradient, and so is a gradient") {
  Tensor x = matrix();
  Tensor w = split(x, 1, 1)[0].requires_grad_();
  w.set_grad(split(x, 1, 1)[1]);

  const NoGrad guard;
  w.grad().fill_(3);
  w.fill_(5);

  CHECK(w.to_vector<double>() == Numbers{5, 5});
  CHECK(w.grad().to_vector<double>() == Numbers{3, 3});
}

TEST_CASE("setting the gradient of a temporary that nothing else holds is an error") {
  Tensor x = matrix();

  CHECK(said([&] { x[0].set_grad(ones({3})); }) ==
        "set_grad: the gradient would be lost: the tensor is a temporary that nothing else holds, f32[3]; "
        "give it "
        "a name first");
  Tensor(x).set_grad(ones({2, 3}));
  CHECK(x.grad().to_vector<double>() == Numbers{1, 1, 1, 1, 1, 1});
}

TEST_CASE("a change in place does not drop the history of its operand in silence") {
  const Tensor w = ones({2}, {.requires_grad = true});
  Tensor total = zeros({}), row = zeros({2});

  CHECK_THROWS_WITH_AS(
      total += sum(square(w)),
      "add_: the operand requires a gradient, which a change in place would not pass on: x is "
      "f32[], the operand is f32[]; compute a new tensor (x = x + y), or use y.detach() or NoGrad "
      "guard;",
      Error);
  CHECK_THROWS_AS(row.mul_(w), Error);
  CHECK_THROWS_AS(row.copy_(w * 2), Error);
  CHECK_THROWS_AS(row[0].copy_(sum(w)), Error);
  CHECK_THROWS_AS(row.index_put_({0}, sum(w)), Error);
  CHECK(equal(row, zeros({2})));

  row.add_((w * 2).detach());
  {
    const NoGrad guard;
    row.add_(w);
  }
  CHECK(equal(row, full({2}, 3.0)));
}
