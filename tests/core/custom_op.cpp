#include <doctest/doctest.h>

#include <xgrad/core.hpp>
#include <xgrad/core/xtensor.hpp>
#include <xtensor/xmath.hpp>

using namespace xgrad;
using V = std::vector<double>;

namespace {

const CustomOp cube = custom_op(
    "cube", [](NoState&, const Tensor& x) { return x * x * x; },
    [](const CustomCall<NoState>& c, const Tensor& g) { return 3 * g * c.x(0) * c.x(0); });

struct Inner {
  double scale = 0;
};

// a * b * scale, where scale depends on the call; forward by xtensor.
CustomOp scaled_product(double scale) {
  return custom_op<Inner>(
      "scaled_product",
      [scale](Inner& s, const Tensor& a, const Tensor& b) {
        s.scale = scale;
        return from_xtensor(as_xtensor<double>(a) * as_xtensor<double>(b) * scale);
      },
      [](const CustomCall<Inner>& c, const Tensor& g) {
        return std::vector<Tensor>{c.wants(0) ? g * c.x(1) * c.state.scale : Tensor(),
                                   c.wants(1) ? g * c.x(0) * c.state.scale : Tensor()};
      });
}

}  // namespace

TEST_CASE("a custom op passes gradcheck to the second order") {
  const Tensor x = tensor(V{0.5, -2, 3});

  const GradcheckResult result = gradcheck([](const Tensor& t) { return cube(t); }, {x}, {.order = 2});

  CHECK_MESSAGE(result.ok(), result.str());
}

TEST_CASE("a custom op of two inputs with a forward in xtensor passes gradcheck") {
  const CustomOp op = scaled_product(2.5);

  const auto result = gradcheck([&](const Tensor& a, const Tensor& b) { return op(a, b); },
                                {tensor(V{0.5, -2}), tensor(V{3, 4})}, {.order = 2});

  CHECK_MESSAGE(result.ok(), result.str());
}

TEST_CASE("a custom op keeps its name, and its definition lives as long as its graph") {
  const Tensor x = tensor(V{2}, {.requires_grad = true});
  Tensor y;
  {
    const CustomOp square = custom_op(
        "square of mine", [](NoState&, const Tensor& t) { return t * t; },
        [](const CustomCall<NoState>& c, const Tensor& g) { return 2 * g * c.x(0); });
    y = square(x);
  }

  CHECK(std::string(y.op_name()) == "square of mine");
  y.backward();
  CHECK(x.grad().item() == 4);
  CHECK(std::string(y.op_name()) == "square of mine");
}

TEST_CASE("a custom op may return its input") {
  const CustomOp same = custom_op(
      "same", [](NoState&, const Tensor& x) { return x; },
      [](const CustomCall<NoState>&, const Tensor& g) { return g; });
  const Tensor x = tensor(V{2}, {.requires_grad = true});

  (same(x) * 3).backward();

  CHECK(x.grad().item() == 3);
  CHECK(x.is_leaf());
}

TEST_CASE("a vjp that returns too few gradients is named") {
  const CustomOp bad = custom_op(
      "bad", [](NoState&, const Tensor& a, const Tensor& b) { return a * b; },
      [](const CustomCall<NoState>&, const Tensor& g) { return g; });
  const Tensor x = tensor(V{2}, {.requires_grad = true});

  CHECK_THROWS_WITH_AS(
      bad(x, x).backward(),
      "bad: its vjp must return a gradient for each of 2 inputs (an undefined one for none): it "
      "returned 1",
      Error);
}

TEST_CASE("a custom op leaves no node") {
  const std::int64_t before = memory_stats().live_nodes;
  {
    const Tensor x = tensor(V{2}, {.requires_grad = true});
    for (int i = 0; i < 100; ++i) grad(cube(x), {x}, {.create_graph = true});
  }
  CHECK(memory_stats().live_nodes == before);
}
