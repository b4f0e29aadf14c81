#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

// Lines that are wholly masked by -inf, and tails where thresholds cost digits.

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Tensor leaf(const V& v, const Shape& shape) {
  return tensor(v, shape, {.dtype = float64, .requires_grad = true});
}

}  // namespace

TEST_CASE("softmax of a line that is wholly masked is 0, with gradients of 0 to second order") {
  for (const std::int64_t n : {1, 2, 3, 7, 8, 17, 64})
    for (const DType dtype : {float32, float64})
      for (const int axis : {0, 1}) {  // lines of one row, and columns
        const Tensor row = full(axis == 1 ? Shape{1, n} : Shape{n, 1}, -inf, {.dtype = dtype});
        const Tensor x = cat({row, zeros_like(row)}, 1 - axis).detach().requires_grad_();

        const Tensor y = softmax(x, axis);
        const Tensor g = grad(sum(y * y), {x}, {.create_graph = true})[0];
        const Tensor h = grad(sum(g * g), {x})[0];

        const V masked(static_cast<std::size_t>(n), 0),
            even(static_cast<std::size_t>(n), 1.0 / static_cast<double>(n));
        CAPTURE(n);
        CHECK(select(y, 1 - axis, 0).to_vector<double>() == masked);
        CHECK(allclose(select(y, 1 - axis, 1).to(float64), tensor(even), 1e-6, 0));
        CHECK(select(g, 1 - axis, 0).to_vector<double>() == masked);
        CHECK(select(h, 1 - axis, 0).to_vector<double>() == masked);
      }
}

TEST_CASE("softmax of a line with nan is nan, masked or not") {
  const Tensor y = softmax(tensor(V{-inf, NAN, -inf}), 0);

  CHECK(all(isnan(y)).item<bool>());
}

TEST_CASE("a query of attention that sees no key gives 0, and no gradient to any key or value") {
  const Tensor mask = tensor({{0, 0}, {1, 1}}) > 0;
  const Tensor additive =
      where(mask, zeros({2, 2}, {.dtype = float64}), full({2, 2}, -inf, {.dtype = float64}));
  for (const Tensor& m : {mask, additive}) {
    const Tensor q = leaf({1, 1}, {1, 2, 1}), k = leaf({1, 1}, {1, 2, 1}), v = leaf({1, 1}, {1, 2, 1});

    const Tensor y = scaled_dot_product_attention(q, k, v, {.mask = m});
    const std::vector<Tensor> d = grad({y}, {q, k, v}, {tensor(V{0, 1}, Shape{1, 2, 1})});

    CHECK(y.to_vector<double>() == V{0, 1});
    CHECK(d[0].to_vector<double>() == V{0, 0});
    CHECK(d[1].to_vector<double>() == V{0, 0});
    CHECK(d[2].to_vector<double>() == V{0.5, 0.5});
  }
}

TEST_CASE("a masked query gives no gradient either when its cotangent is not 0, also composed and twice") {
  const Tensor mask = tensor({{0, 0}, {1, 1}}) > 0;
  const Tensor q = leaf({1, 2}, {1, 2, 1}), k = leaf({3, -1}, {1, 2, 1}), v = leaf({1, 5}, {1, 2, 1});
  const auto composed = [&] {
    const Tensor scores = where(mask, matmul(q, transpose(k, 1, 2)), full({2, 2}, -inf, {.dtype = float64}));
    return matmul(softmax(scores, -1), v);
  };
  const auto second = [&](const Tensor& y) {
    const std::vector<Tensor> g = grad({sum(square(y))}, {q, k, v}, {}, {.create_graph = true});
    return grad({sum(square(g[0])) + sum(square(g[1])) + sum(square(g[2]))}, {q, k, v}, {});
  };

  const std::vector<Tensor> a = second(scaled_dot_product_attention(q, k, v, {.mask = mask, .scale = 1})),
                            b = second(composed());

  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(all(isfinite(a[i])).item<bool>());
    CHECK(allclose(a[i], b[i], 1e-12, 1e-12));
  }
  CHECK(a[0].at({0, 0, 0}) == 0);
}

TEST_CASE("log_softmax of a line that is wholly masked is -inf, and passes its cotangent on") {
  for (const std::int64_t n : {1, 2, 3, 7, 8, 17, 64})
    for (const DType dtype : {float32, float64})
      for (const int axis : {0, 1}) {
        const Tensor row = full(axis == 1 ? Shape{1, n} : Shape{n, 1}, -inf, {.dtype = dtype});
        const Tensor x = cat({row, zeros_like(row)}, 1 - axis).detach().requires_grad_();
        const Tensor u = randn(x.shape(), {.dtype = dtype});

        const Tensor y = log_softmax(x, axis);
        const Tensor g = grad({y}, {x}, {u}, {.create_graph = true})[0];
        const Tensor h = grad({g}, {x}, {u})[0];

        CAPTURE(n);
        const auto first = [&](const Tensor& a) { return select(a, 1 - axis, 0).to_vector<double>(); };
        CHECK(first(y) == V(static_cast<std::size_t>(n), -inf));
        CHECK(first(g) == first(u));
        CHECK(first(h) == V(static_cast<std::size_t>(n), 0));
        CHECK(allclose(select(y, 1 - axis, 1).to(float64), full({n}, -std::log(n), {.dtype = float64}), 1e-6,
                       1e-7));
      }
}

TEST_CASE("the cross-entropy of a masked label is inf, with the gradient softmax(x) - target") {
  for (const bool smooth : {false, true})
    for (const Reduction reduction : {Reduction::none, Reduction::sum}) {
      const Tensor x = leaf({-inf, -inf, -inf, -inf, 0, 0}, {2, 3});
      const Tensor labels = tensor<std::int64_t>({1, 0});
      const double e = smooth ? 0.3 : 0;

      const Tensor y = cross_entropy(x, labels, {.label_smoothing = e, .reduction = reduction});
      const Tensor g = grad(sum(y), {x}, {.create_graph = true})[0];
      const Tensor h = grad(sum(square(g)), {x})[0];

      CHECK(all(y == inf).item<bool>());
      const double s = e / 3;
      CHECK(
          allclose(g, tensor(V{-s, e - 1 - s, -s, e - 1 - s, 0.5 - s, 0.5 - s}, Shape{2, 3}), 1e-14, 1e-15));
      CHECK(all(isfinite(h)).item<bool>());
    }
}

TEST_CASE("what is masked and has no weight in a loss adds nothing to it") {
  const Tensor x = leaf({-inf, 0, 0}, {1, 3});
  const Tensor none = tensor<std::int64_t>({-100});
  const Tensor weight = tensor(V{0, 1, 1});
  const auto gives = [&](const Tensor& y, double value) {
    CHECK(y.item() == doctest::Approx(value).epsilon(1e-15));
    CHECK(all(isfinite(grad(y, {x})[0])).item<bool>());
  };

  gives(cross_entropy(x, none, {.reduction = Reduction::sum}), 0);
  gives(cross_entropy(x, tensor<std::int64_t>({0}), {.weight = weight, .reduction = Reduction::sum}), 0);
  gives(cross_entropy(x, tensor<std::int64_t>({1}), {.weight = weight}), std::log(2));
  gives(cross_entropy(x, tensor<std::int64_t>({1}),
                      {.weight = weight, .label_smoothing = 0.3, .reduction = Reduction::sum}),
        0.7 * std::log(2) + 0.1 * 2 * std::log(2));
  gives(cross_entropy(x, tensor(V{0, 0.5, 0.5}, Shape{1, 3})), std::log(2));
  gives(nll_loss(log_softmax(x, 1), tensor<std::int64_t>({1})), std::log(2));
  gives(kl_div(log_softmax(x, 1), tensor(V{0, 0.5, 0.5}, Shape{1, 3}), {.reduction = Reduction::sum}), 0);
  gives(poisson_nll_loss(x, tensor(V{0, 1, 0}, Shape{1, 3}), {.reduction = Reduction::sum}), 2);
  gives(binary_cross_entropy_with_logits(x, tensor(V{0, 1, 0}, Shape{1, 3}), {.reduction = Reduction::sum}),
        2 * std::log(2));
}

TEST_CASE("logits of +-inf that are right have a binary cross-entropy of 0") {
  for (const DType dtype : {float32, float64}) {
    const Tensor x = tensor({inf, -inf}).to(dtype).detach().requires_grad_();
    const Tensor y =
        binary_cross_entropy_with_logits(x, tensor({1.0, 0.0}).to(dtype), {.reduction = Reduction::sum});

    CHECK(y.item() == 0);
    CHECK(grad(y, {x})[0].to_vector<double>() == V{0, 0});
  }
}

TEST_CASE("softplus is exact in its tails, with its derivatives") {
  // log(1 + e^x) = x + log1p(e^-x); its slope is 1 / (1 + e^-x), its curvature e^-x / (1 + e^-x)^2.
  for (const double at : {19.9, 20.1, 30.0, 40.0, 700.0, -20.1, -40.0, -700.0}) {
    const Tensor x = leaf({at}, {1});
    const double e = std::exp(-std::abs(at));

    const Tensor y = softplus(x);
    const Tensor g = grad(y, {x}, {.create_graph = true})[0];

    CAPTURE(at);
    CHECK(y.item() == doctest::Approx(std::max(at, 0.0) + std::log1p(e)).epsilon(1e-15));
    CHECK(g.item() == doctest::Approx(at > 0 ? 1 / (1 + e) : e / (1 + e)).epsilon(1e-15));
    CHECK(std::abs(grad(g, {x})[0].item() / (e / (1 + e) / (1 + e)) - 1) < 1e-14);
  }
}
