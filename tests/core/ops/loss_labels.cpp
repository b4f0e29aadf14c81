#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"
#include "core/ops/slopes.hpp"

using namespace xgrad;

using test::close, test::slope, test::V;

namespace {

constexpr auto none = Reduction::none;
constexpr auto total = Reduction::sum;

Tensor leaf(V values, const Shape& shape) { return tensor(values, shape).requires_grad_(); }

}  // namespace

TEST_CASE("cross_entropy of labels is -log softmax at the label, its slope softmax less the label") {
  const Tensor x = randn({5, 33}, {.dtype = float64}, Generator(1)).requires_grad_();
  const Tensor t = tensor({3, 0, 32, 7, 3});

  const Tensor y = cross_entropy(x, t, {.reduction = total});

  CHECK(allclose(y, -sum(gather(log_softmax(x, 1), 1, t.unsqueeze(1))), 1e-14, 0));
  CHECK(allclose(grad(y, {x})[0], softmax(x.detach(), 1) - one_hot(t, 33), 1e-13, 1e-15));
}

TEST_CASE("cross_entropy and its slope are exact where the label outweighs the other classes") {
  const Tensor x = leaf({40, 0}, {1, 2});
  const double small = std::exp(-40.0);

  const Tensor y = cross_entropy(x, tensor({0}));

  CHECK(close({y.item()}, {small}));
  CHECK(close(slope(y, x), {-small, small}));
}

TEST_CASE("cross_entropy of huge logits is finite") {
  const Tensor x = leaf({1e4, -1e4}, {1, 2});

  const Tensor y = cross_entropy(x, tensor({1}));

  CHECK(y.item() == 20000);
  CHECK(slope(y, x) == V{1, -1});
}

TEST_CASE("cross_entropy of one row, and of rows with further axes") {
  const Tensor x = randn({2, 3, 4, 5}, {.dtype = float64}, Generator(1));
  const Tensor t = (arange(40) - 3 * ((arange(40) / 3).to(int64))).reshape({2, 4, 5});

  const Tensor y = cross_entropy(x, t, {.reduction = none});
  const Tensor rows =
      cross_entropy(x.permute({0, 2, 3, 1}).reshape({40, 3}), t.flatten(), {.reduction = none});
  const Tensor one = cross_entropy(tensor(V{1, 2, 3}), tensor(2));

  CHECK(y.shape() == Shape{2, 4, 5});
  CHECK(allclose(y.flatten(), rows, 1e-14, 0));
  CHECK(one.item() == doctest::Approx(std::log1p(std::exp(-1.0) + std::exp(-2.0))).epsilon(1e-15));
}

TEST_CASE("the mean of weighted labels is the weighted mean, and ignored rows count for nothing") {
  const Tensor x = randn({4, 3}, {.dtype = float64}, Generator(1)).requires_grad_();
  const Tensor t = tensor({2, 0, 1, 2}), w = tensor(V{1, 2, 5});
  const V l = cross_entropy(x, t, {.reduction = none}).to_vector<double>();

  const Tensor y = cross_entropy(x, t, {.weight = w, .ignore_index = 0});

  CHECK(y.item() == doctest::Approx((5 * l[0] + 2 * l[2] + 5 * l[3]) / 12).epsilon(1e-14));
  const V g = slope(y, x);
  CHECK(V(g.begin() + 3, g.begin() + 6) == V{0, 0, 0});
}

TEST_CASE("the mean over rows that are all ignored is nan, with a gradient of 0") {
  const Tensor x = leaf({1, 2, 3, 4}, {2, 2});

  const Tensor y = cross_entropy(x, tensor({-100, -100}));

  CHECK(std::isnan(y.item()));
  CHECK(slope(y, x) == V{0, 0, 0, 0});
}

TEST_CASE("labels are probabilities that are 1, smoothed or not") {
  const Tensor x = randn({4, 3}, {.dtype = float64}, Generator(1)).requires_grad_();
  const Tensor t = tensor({2, 0, 1, 2});
  for (const double e : {0.0, 0.3}) {
    const Tensor hard = cross_entropy(x, t, {.label_smoothing = e});
    const Tensor soft = cross_entropy(x, one_hot(t, 3).to(float64), {.label_smoothing = e});

    CHECK(hard.item() == doctest::Approx(soft.item()).epsilon(1e-14));
    CHECK(allclose(grad(hard, {x})[0], grad(soft, {x})[0], 1e-13, 1e-16));
  }
}

TEST_CASE("nll_loss of log_softmax is cross_entropy") {
  const Tensor x = randn({4, 3}, {.dtype = float64}, Generator(1)).requires_grad_();
  const Tensor t = tensor({2, 0, -100, 2}), w = tensor(V{1, 2, 5});

  const Tensor a = cross_entropy(x, t, {.weight = w}), b = nll_loss(log_softmax(x, 1), t, {.weight = w});

  CHECK(a.item() == doctest::Approx(b.item()).epsilon(1e-14));
  CHECK(allclose(grad(a, {x})[0], grad(b, {x})[0], 1e-13, 1e-16));
}
