#include <doctest/doctest.h>

#include <functional>
#include <sstream>
#include <xgrad/xgrad.hpp>

using namespace xgrad;
using V = std::vector<double>;

// What is written without thinking: numbers in place of tensors, members in place of functions, a dtype by
// itself.

namespace {

V of(const Tensor& x) { return x.to_vector<double>(); }

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("numbers change a tensor in place") {
  Tensor x = tensor({1.0, 2.0});
  const Tensor same = x;

  x += 1;
  x *= 0.5;
  x -= 3;
  x /= 2;

  CHECK(of(same) == V{-1, -0.75});
  CHECK(of(x.add_(1, 2)) == V{1, 1.25});
  CHECK(of(zeros({2}).add_(3).mul_(2).sub_(1).div_(4)) == V{1.25, 1.25});
}

TEST_CASE("a number is taken in the tensor's dtype, and a fraction does not fit integers") {
  Tensor x = zeros({1}, float64), n = tensor({4, 6}), b = zeros({1}, boolean);

  x += 0.1;
  n += 1;
  n *= 2;

  CHECK(x.item() == 0.1);
  CHECK(n.dtype() == int64);
  CHECK(of(n) == V{10, 14});
  CHECK(
      message_of([&] { n *= 0.5; }) ==
      "mul_: the result would not fit the tensor that is changed: x is i64[2], the operand is f32[]; convert "
      "the tensor with .to() first");
  CHECK(message_of([&] { n /= 2; }) ==
        "div_: needs a floating tensor: x is i64[2]; convert it with x.to(float32)");
  CHECK(message_of([&] { b += 1; }).starts_with("add_: the result would not fit"));
}

TEST_CASE("a number changes a leaf outside recording only, and the graph that saved it notices") {
  Tensor w = tensor({1.0, 2.0}, {.requires_grad = true});
  CHECK(message_of([&] { w += 1; }).starts_with("add_: a leaf that requires a gradient"));

  const Tensor y = sum(w * w);
  {
    const NoGrad guard;
    w += 1;
  }
  CHECK(message_of([&] { y.backward(); }).find("changed") != std::string::npos);
  Tensor x = zeros({2, 3});
  CHECK(message_of([&] { x.t() += 1; }).starts_with("add_: the write would be lost"));
  x[0] += 1;
  CHECK(of(x) == V{1, 1, 1, 0, 0, 0});
}

TEST_CASE("reductions take one axis, several, or all") {
  const Tensor x = tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 7.0}});

  CHECK(of(x.sum(0)) == V{5, 7, 10});
  CHECK(of(x.sum(-1)) == V{6, 16});
  CHECK(of(x.sum({0, 1})) == V{22});
  CHECK(of(x.sum({})) == V{22});
  CHECK(x.sum(1, true).shape() == Shape{2, 1});
  CHECK(of(x.mean(0)) == V{2.5, 3.5, 5});
  CHECK(of(x.mean({0, 1}))[0] == doctest::Approx(22.0 / 6));
  const std::vector<int> axes = {1};
  CHECK(of(x.sum(axes)) == V{6, 16});
}

TEST_CASE("values are put into a part whose axes they exceed by axes of size 1 in front") {
  Tensor x = zeros({3});
  x.index_put_({0}, 5);
  x.index_put_({1}, tensor({7.0}));
  x.index_put_({2}, tensor(8.0));
  CHECK(of(x) == V{5, 7, 8});
  x.index_put_({Slice{0, 2}}, 1, true);
  CHECK(of(x) == V{6, 8, 8});

  zeros({1}).copy_(tensor({{3.0}}));
  CHECK(of(zeros({}).copy_(tensor({7.0}))) == V{7});
  CHECK(of(zeros({2}).copy_(tensor({{1.0, 2.0}}))) == V{1, 2});
  CHECK(of(index_put(zeros({2}), {1}, 4)) == V{0, 4});
  CHECK(message_of([] { zeros({2}).copy_(zeros({2, 2})); }).starts_with("copy_: "));
  CHECK(message_of([] { zeros({2}, int64).index_put_({0}, 0.5); }).starts_with("index_put_: "));
}

TEST_CASE("the gradient of values that are put goes back through the axes that were passed over") {
  const Tensor v = tensor({{2.0}}, {.dtype = float64, .requires_grad = true});

  const Tensor y = index_put(zeros({3}, float64), {1}, v);

  CHECK(of(y) == V{0, 2, 0});
  CHECK(of(grad(sum(y * tensor({1.0, 3.0, 5.0}, float64)), {v})[0]) == V{3});
}

TEST_CASE("creation takes a dtype by itself") {
  const Shape s = {2};
  const Tensor like = zeros({2}, int64);
  for (const DType d : {float32, float64, int64}) {
    for (const Tensor& x :
         {empty(s, d), zeros(s, d), ones(s, d), full(s, 1.0, d), eye(2, d), eye(2, 3, d), arange(2, d),
          arange(0, 2, d), arange(0, 4, 2, d), linspace(0, 1, 2, d), empty_like(like, d), zeros_like(like, d),
          ones_like(like, d), full_like(like, 3, d), tensor({1, 2}, d), tensor({{1.0}, {2.0}}, d),
          tensor(std::vector<float>{1, 2}, d), tensor(std::vector<int>{1, 2}, Shape{2, 1}, d)})
      CHECK(x.dtype() == d);
  }
  CHECK(rand(s, float64).dtype() == float64);
  CHECK(randint(0, 5, s, float64).dtype() == float64);
  CHECK(randperm(5, float32).dtype() == float32);
  CHECK(bernoulli(0.5, s, int64).dtype() == int64);
  CHECK(randn(s, float64).dtype() == float64);
  CHECK(rand_like(like, float32).dtype() == float32);
  CHECK(randn_like(like, float64).dtype() == float64);
  // Braces stay options.
  CHECK(zeros_like(like, {}).dtype() == int64);
  CHECK(tensor({1, 2}, {}).dtype() == int64);
  CHECK(zeros(s, {float64}).dtype() == float64);
  CHECK(zeros(s, {.dtype = float64, .requires_grad = true}).requires_grad());
}

TEST_CASE("members are the functions of their names, to the bit, recorded") {
  const Tensor x = rand({3, 3}, {.dtype = float64, .requires_grad = true}), y = rand({3, 3}, float64);
  const auto same = [&](const Tensor& a, const Tensor& b) {
    CHECK(equal(a, b));
    CHECK(std::string(a.op_name()) == b.op_name());
  };
  same(x.abs(), abs(x)), same(x.exp(), exp(x)), same(x.log(), log(x)), same(x.sqrt(), sqrt(x));
  same(x.square(), square(x)), same(x.sin(), sin(x)), same(x.cos(), cos(x)), same(x.tanh(), tanh(x));
  same(x.sigmoid(), sigmoid(x)), same(x.relu(), relu(x)), same(x.round(), round(x)), same(x.neg(), neg(x));
  same(x.floor(), floor(x)), same(x.ceil(), ceil(x)), same(x.sign(), sign(x));
  same(x.pow(3), pow(x, 3)), same(x.pow(y), pow(x, y)), same(x.clamp(0.2, 0.6), clamp(x, 0.2, 0.6));
  same(x.softmax(1), softmax(x, 1)), same(x.log_softmax(-1), log_softmax(x, -1));
  same(x.eq(0.5), eq(x, 0.5)), same(x.ne(y), ne(x, y)), same(x.lt(y), lt(x, y)), same(x.le(0.5), le(x, 0.5));
  same(x.gt(y), gt(x, y)), same(x.ge(0.5), ge(x, 0.5)), same(x.eq(y), eq(x, y)), same(x.ne(0.5), ne(x, 0.5));
  same(x.lt(0.5), lt(x, 0.5)), same(x.le(y), le(x, y)), same(x.gt(0.5), gt(x, 0.5)), same(x.ge(y), ge(x, y));
  same(x.matmul(y), matmul(x, y)), same(x.mm(y), mm(x, y)), same(x[0].dot(y[0]), dot(x[0], y[0]));
  same(x.prod(), prod(x)), same(x.prod(0), prod(x, 0)), same(x.var(), var(x)), same(x.var(1), var(x, 1));
  same(x.std(), stddev(x)), same(x.std(0, 0, true), stddev(x, 0, 0, true)), same(x.norm(), norm(x));
  same(x.norm(1, 0), norm(x, 1, 0)), same(x.max(), max(x)), same(x.min(), min(x));
  same(x.max(0).values, max(x, 0).values), same(x.min(1, true).indices, min(x, 1, true).indices);
  same(x.argmax(), argmax(x)), same(x.argmax(1), argmax(x, 1)), same(x.argmin(), argmin(x));
  same(x.argmin(0, true), argmin(x, 0, true)), same(x.gt(0.5).all(), all(x > 0.5));
  same(x.gt(0.5).any(0), any(x > 0.5, 0)), same(x.cumsum(1), cumsum(x, 1));
  same(x.view({9}), view(x, {9})), same(x[0].expand({2, 3}), expand(x[0], {2, 3}));
  same(x.chunk(2, 1)[1], chunk(x, 2, 1)[1]), same(x.split(2)[0], split(x, 2)[0]);
  same(x.gather(1, argmax(x, 1, true)), gather(x, 1, argmax(x, 1, true)));
  same(x.masked_fill(y > 0.5, -1), masked_fill(x, y > 0.5, -1));
  CHECK(message_of([&] { x.detach().t().view({9}).fill_(1); }).starts_with("fill_: the write would be lost"));
}

TEST_CASE("a number stands for a tensor on either side, with the gradient of the tensor") {
  const Tensor x = tensor({0.5, 2.0}, {.dtype = float64, .requires_grad = true});
  const auto as = [&](double v) { return full({}, v, float64); };
  const auto same = [&](const Tensor& a, const Tensor& b) {
    CHECK(equal(a, b));
    CHECK(equal(grad(sum(a), {x})[0], grad(sum(b), {x})[0]));
  };
  same(maximum(1, x), maximum(as(1), x)), same(minimum(1, x), minimum(as(1), x));
  same(fmod(3, x), fmod(as(3), x)), same(remainder(3, x), remainder(as(3), x));
  same(atan2(x, 1), atan2(x, as(1))), same(atan2(1, x), atan2(as(1), x));
  same(hypot(x, 1), hypot(x, as(1))), same(hypot(1, x), hypot(as(1), x));
  same(logaddexp(x, 0), logaddexp(x, as(0))), same(logaddexp(0, x), logaddexp(as(0), x));
  same(lerp(x, 1, 0.25), lerp(x, as(1), 0.25)), same(lerp(1, x, 0.25), lerp(as(1), x, 0.25));
  same(lerp(x, 1, as(0.25)), lerp(x, as(1), as(0.25))), same(lerp(1, x, as(0.25)), lerp(as(1), x, as(0.25)));
  CHECK(of(floor_divide(5, tensor({2, 3}))) == V{2, 1});
  CHECK(lerp(tensor({1, 2}), 4, 0.5).dtype() == float32);
}

TEST_CASE("numbers are compared with tensors from either side; shapes and dtypes are printed") {
  const Tensor x = tensor({1.0, 2.0});
  CHECK(of(1.0 == x) == V{1, 0});
  CHECK(of(x == 1.0) == V{1, 0});
  CHECK(of(1 != x) == V{0, 1});
  CHECK(of(x != 1) == V{0, 1});
  std::ostringstream out;
  out << x.shape() << " " << x.dtype();
  CHECK(out.str() == "[2] f32");
}

TEST_CASE("names of ops are escaped in pictures, and long ones are whole in summaries") {
  const std::string name =
      "say \"x\\y\"\nagain, with a name that is longer than any column of any table would be "
      "and than a buffer of 128 characters would hold";
  const CustomOp op = custom_op(
      name, [](NoState&, const Tensor& x) { return x * 2; },
      [](const CustomCall<NoState>&, const Tensor& g) { return g * 2; });
  const Tensor y = op(ones({2}, {.requires_grad = true}));

  CHECK(to_dot(y).find("label=\"say \\\"x\\\\y\\\"\\nagain, with") != std::string::npos);
  CHECK(summary(y).find(
            "say \"x\\y\"\\nagain, with a name that is longer than any column of any table would be "
            "and than a buffer of 128 characters would hold") != std::string::npos);
}

TEST_CASE("a number that an integer type does not hold is no element of that type") {
  const Tensor big = tensor({std::int64_t{1} << 40, std::int64_t{-1}});

  CHECK_THROWS_WITH_AS(big[0].item<int>(),
                       "item: no integer of the wanted type holds the number: it is 1099511627776; use a "
                       "floating type, or a number in range",
                       Error);
  CHECK_THROWS_WITH_AS(
      big.at<unsigned>({1}),
      "at: no integer of the wanted type holds the number: it is -1; use a floating type, or a "
      "number in range",
      Error);
  CHECK_THROWS_WITH_AS(tensor({255, 256}).to_vector<std::uint8_t>(),
                       "to_vector: no integer of the wanted type holds the number: it is 256; use a floating "
                       "type, or a number in range",
                       Error);
  CHECK(tensor({255, 0}).to_vector<std::uint8_t>() == std::vector<std::uint8_t>{255, 0});
  CHECK(big.at<std::int64_t>({0}) == std::int64_t{1} << 40);
}
