#include <doctest/doctest.h>

#include <cmath>

#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

namespace {

Tensor vec(V v) { return tensor(v); }
V values(const Tensor& t) { return t.to_vector<double>(); }

Tensor products(const Tensor& x) { return stack({x[0] * x[1], x[1] * x[2], x[0] * x[0]}); }

/// Counts its calls.
struct Counted {
  int* calls;
  Tensor operator()(const Tensor& x) const { return ++*calls, sin(x) * x; }
};

void check_close(const Tensor& a, const Tensor& b) { CHECK(allclose(a, b, 1e-9, 1e-12)); }

}  // namespace

TEST_CASE("jvp keeps no tape and computes the function once") {
  int calls = 0;
  const std::int64_t nodes = memory_stats().live_nodes;
  const Tensor x = vec({1, 2}), v = vec({3, 5});

  const auto [y, along] = jvp(Counted{&calls}, x, v);

  CHECK(calls == 1);
  CHECK(memory_stats().live_nodes == nodes);
  CHECK_FALSE(along.requires_grad());
  check_close(along, v * (cos(x) * x + sin(x)));
}

TEST_CASE("several directions at once are those one by one") {
  int calls = 0;
  const Tensor x = vec({2, 3, 5});
  const std::vector<Tensor> v = {vec({1, 0, 0}), vec({0, 0, 0}), vec({1, 10, 100})};

  const auto [y, along] = jvps(
      [&](const Tensor& t) {
        ++calls;
        return products(t);
      },
      x, v);

  CHECK(calls == 1);
  for (std::size_t k = 0; k < v.size(); ++k) CHECK(values(along[k]) == values(jvp(products, x, v[k]).second));
}

TEST_CASE("what a function does not make of its input has a tangent of zeros") {
  const Tensor c = vec({7, 8});

  const auto [y, along] = jvp([&](const Tensor&) { return c * 2; }, vec({1}), vec({1}));

  CHECK(values(along) == V{0, 0});
}

TEST_CASE("forward over reverse over forward gives third derivatives") {
  const auto f = [](const Tensor& x) { return sum(exp(x) * sin(x) * x); };
  const auto d3 = [](double x) {  // of e^x sin(x) x
    return std::exp(x) * (3 * 2 * std::cos(x) + x * (2 * std::cos(x) - 2 * std::sin(x)));
  };
  const Tensor x = vec({0.3, -0.7}), v = ones_like(x);

  const Tensor forward_of_hvp = jvp([&](const Tensor& t) { return hvp(f, t, v).second; }, x, v).second;
  const auto slope = [&](const Tensor& t) { return jvp(f, t, v, {.create_graph = true}).second; };
  const auto gradient_of_slope = [&](const Tensor& t) { return vjp(slope, t).second; };
  const Tensor mixed =
      jvp([&](const Tensor& t) { return vjp(slope, t, ones({}, float64), {.create_graph = true}).second; }, x,
          v)
          .second;

  for (std::int64_t i = 0; i < 2; ++i) {
    CHECK(forward_of_hvp.at({i}) == doctest::Approx(d3(x.at({i}))).epsilon(1e-9));
    CHECK(mixed.at({i}) == doctest::Approx(d3(x.at({i}))).epsilon(1e-9));
  }
  check_close(gradient_of_slope(x), hvp(f, x, v).second);
}

TEST_CASE("nested forward passes keep their tangents apart") {
  // d/dx (x d/dy (x + y)) = 1 at any x: the inner derivative must not see the outer tangent.
  const auto outer = [](const Tensor& x) {
    return x * jvp([&](const Tensor& y) { return x + y; }, ones_like(x), ones_like(x)).second;
  };

  CHECK(jvp(outer, vec({3}), vec({1})).second.item() == 1);
}

TEST_CASE("create_graph lets a jvp and an hvp be differentiated with respect to the caller's input") {
  const auto cube = [](const Tensor& x) { return x * x * x; };
  const Tensor x = tensor(V{2, 3}, {.requires_grad = true}), v = ones({2}, float64);

  const Tensor along = jvp(cube, x, v, {.create_graph = true}).second;
  const Tensor hv = hvp([&](const Tensor& t) { return sum(cube(t)); }, x, v, {.create_graph = true}).second;

  CHECK(values(grad(sum(along), {x})[0]) == V{12, 18});
  CHECK(values(grad(sum(hv), {x})[0]) == V{6, 6});
}

TEST_CASE("tangents go through custom ops, checkpoints and ops with several outputs") {
  const CustomOp cube = custom_op(
      "cube", [](NoState&, const Tensor& x) { return x * x * x; },
      [](const CustomCall<NoState>& c, const Tensor& g) { return 3 * g * square(c.x(0)); });
  const Tensor x = vec({2, 3}), v = vec({1, 10});

  CHECK(values(jvp([&](const Tensor& t) { return cube(t); }, x, v).second) == V{12, 270});
  const auto sine = [](const Tensor& t) { return sin(t); };
  check_close(jvp([&](const Tensor& t) { return checkpoint(sine, t); }, x, v).second, v * cos(x));
  CHECK(values(jvp([&](const Tensor& t) { return split(t, 1)[1] * 2; }, x, v).second) == V{20});
  CHECK(values(jvp([&](const Tensor& t) { return unbind(t)[0] * 2; }, x, v).second).front() == 2);
  CHECK(values(jvp([&](const Tensor& t) { return sort(t, 0, true).values; }, x, v).second) == V{10, 1});
}

TEST_CASE("tangents that are recorded do not outlive their pass") {
  const std::int64_t nodes = memory_stats().live_nodes;

  hvp([](const Tensor& x) { return sum(exp(x) / (1 + tanh(x)) * rsqrt(x)); }, vec({1, 2}), vec({3, 4}));

  CHECK(memory_stats().live_nodes == nodes);
}

TEST_CASE("a write into a tensor with a tangent is an error") {
  const auto f = [](const Tensor& x) {
    Tensor y = x * 2;
    y.fill_(1);
    return y;
  };

  CHECK_THROWS_WITH_AS(
      jvp(f, vec({1}), vec({1})),
      "fill_: the tensor has a tangent, which a write would leave behind: it is f64[1]; compute a new tensor "
      "instead, or write into a detach()",
      Error);
}

TEST_CASE("jacobian by columns and by rows agree, and the function is called no more than it takes") {
  int calls = 0;
  const auto tall = [&](const Tensor& x) {
    ++calls;
    return cat({products(x), products(x) * 2});
  };
  const Tensor x = vec({2, 3, 5});

  const Tensor columns = jacobian(tall, x);

  CHECK(calls == 2);
  const Tensor rows = jacobian(products, x);
  CHECK(values(columns) == values(cat({rows, 2 * rows})));
}

TEST_CASE("independent rows give the blocks of a Jacobian in as many passes as they have rows") {
  const Tensor a = arange(0, 6, 1, {.dtype = float64}).reshape({3, 2});
  int passes = 0;
  const auto f = [&](const Tensor& x) {
    const Tensor y = sin(matmul(x, a)) * sum(square(x), {1}, true);
    register_hook(y, [&](const Tensor&) { return ++passes, Tensor(); });
    return y;
  };
  const Tensor x = arange(0, 12, 1, {.dtype = float64}).reshape({4, 3}) / 10;

  const Tensor blocks = jacobian(f, x, {.independent_rows = true});

  CHECK(passes == 2);
  CHECK(blocks.shape() == Shape{4, 2, 3});
  const Tensor whole = jacobian(f, x);  // [4, 2, 4, 3]
  for (std::int64_t i = 0; i < 4; ++i) check_close(blocks[i], select(whole[i], 1, i));
}

TEST_CASE("independent rows give the blocks and the diagonal of a Hessian") {
  const auto f = [](const Tensor& x) { return sum(exp(sum(x * x, {1})) + prod(x, {1}, false)); };
  const Tensor x = arange(0, 6, 1, {.dtype = float64}).reshape({3, 2}) / 5;

  const Tensor blocks = hessian(f, x, {.independent_rows = true});

  const Tensor whole = hessian(f, x);  // [3, 2, 3, 2]
  for (std::int64_t i = 0; i < 3; ++i) check_close(blocks[i], select(whole[i], 1, i));
  const Tensor diagonal_of_whole = diagonal(reshape(whole, {6, 6})).reshape({3, 2});
  check_close(hessian_diagonal(f, x), diagonal_of_whole);
  check_close(hessian_diagonal(f, x, {.independent_rows = true}), diagonal_of_whole);
}

TEST_CASE("functions without rows in common are named") {
  CHECK_THROWS_WITH_AS(
      jacobian([](const Tensor& x) { return sum(x); }, vec({1, 2}), {.independent_rows = true}),
      "jacobian: with independent_rows the inputs and the result have as many rows: the result "
      "is f64[], x is f64[2]; leave the option out for other functions",
      Error);
}

TEST_CASE("value_and_grad calls the function once") {
  int calls = 0;
  const auto f = [&](const Tensor& a, const Tensor& b) { return ++calls, sum(a * a * b); };

  const auto [y, g] = value_and_grad(f, vec({2}), vec({5}));

  CHECK(calls == 1);
  CHECK(y.item() == 20);
  CHECK(g[0].item() == 20);
  CHECK(g[1].item() == 4);
  CHECK_FALSE(y.requires_grad());
  const auto [z, h] = value_and_grad([](const Tensor& x) { return sum(x * x); }, vec({3}));
  CHECK(h.item() == 6);
  CHECK_THROWS_WITH_AS(value_and_grad(products, vec({2, 3, 5})),
                       "value_and_grad: the function must return one element: it returned f64[3]", Error);
}

TEST_CASE("vjp of a number needs no cotangent") {
  const auto [y, g] = vjp([](const Tensor& x) { return sum(x * x); }, vec({3, 4}));

  CHECK(y.item() == 25);
  CHECK(values(g) == V{6, 8});
}

TEST_CASE("jacobians of several outputs have one for each") {
  const auto f = [](const Tensor& x) { return std::vector<Tensor>{x * x, sum(x)}; };

  const std::vector<Tensor> j = jacobians(f, vec({3, 4}));

  CHECK(values(j[0]) == V{6, 0, 0, 8});
  CHECK(values(j[1]) == V{1, 1});
}

TEST_CASE("a MAML step of 20 inner steps differentiates through all of them, at a constant cost a step") {
  const auto nodes_of = [](int steps) {
    const Tensor start = tensor(V{1, 2}, {.requires_grad = true});
    const std::int64_t before = memory_stats().live_nodes;
    Tensor x = start;
    for (int k = 0; k < steps; ++k) x = x - 0.1 * grad(sum(square(x)), {x}, {.create_graph = true})[0];
    const std::int64_t nodes = memory_stats().live_nodes - before;
    const Tensor meta = grad(sum(x), {start})[0];
    CHECK(meta.at({0}) == doctest::Approx(std::pow(0.8, steps)).epsilon(1e-12));
    return nodes;
  };

  const std::int64_t ten = nodes_of(10), twenty = nodes_of(20), thirty = nodes_of(30);

  CHECK(twenty - ten == thirty - twenty);
}
