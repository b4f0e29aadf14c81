#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

// What layers refuse: an Error that names the layer, what it wants and what it got.

using namespace xgrad;
using namespace xgrad::nn;

TEST_CASE("convolutions refuse sizes that no convolution has") {
  CHECK_THROWS_WITH_AS(Conv2d(0, 1, 3), "Conv2d: in_channels must be at least 1: got 0", Error);
  CHECK_THROWS_WITH_AS(Conv1d(1, 1, 0), "Conv1d: kernel_size must be at least 1: got 0", Error);
  CHECK_THROWS_WITH_AS(Conv3d(1, 1, {1, 0, 1}), "Conv3d: kernel_size must be at least 1: got 0", Error);
  CHECK_THROWS_WITH_AS(Conv2d(3, 4, 3, {.groups = 2}),
                       "Conv2d: groups must divide in_channels: in_channels = 3, groups = 2", Error);
  CHECK_THROWS_WITH_AS(ConvTranspose2d(4, 3, 3, {.groups = 2}),
                       "ConvTranspose2d: groups must divide out_channels: out_channels = 3, groups = 2",
                       Error);
  CHECK_THROWS_WITH_AS(
      Conv2d(1, 1, 3, {.stride = {1, 2}, .padding = nn::same}),
      "Conv2d: padding = same needs a stride of 1: got stride = (1, 2); give the padding as a number", Error);
  CHECK_THROWS_WITH_AS(Conv1d(1, 1, 3, {.padding = -1}), "Conv1d: padding must be at least 0: got -1", Error);
  CHECK_THROWS_WITH_AS(Conv2d(1, 1, 3, {.dtype = int64}), "Conv2d: weights need a floating dtype: got i64",
                       Error);
  CHECK_THROWS_WITH_AS(Conv2d(3, 4, 3)(zeros({3, 5, 5})),
                       "Conv2d: x must be [batch, channels, height, width]: x is f32[3, 5, 5]", Error);
  CHECK_THROWS_WITH_AS(
      Conv3d(1, 1, 3)(zeros({1, 1, 2, 5, 5})),
      "Conv3d: the kernel reaches over more slices than there are: it needs 3, x with its padding "
      "is f32[1, 1, 2, 5, 5]; pad it",
      Error);
  CHECK_THROWS_AS(Conv2d(1, 1, 3)(zeros({1, 1, 2, 2})), Error);
  CHECK_THROWS_AS(Conv2d(1, 1, 3)(Tensor()), Error);
  CHECK_THROWS_AS(Conv2d(1, 1, 1, {.padding = {3, 3}, .padding_mode = PadMode::reflect})(zeros({1, 1, 2, 2})),
                  Error);
}

TEST_CASE("batch normalisation refuses to train on one value for each channel") {
  BatchNorm1d norm(4);
  const Tensor before = norm.running_mean.clone();
  CHECK_THROWS_WITH_AS(
      norm(zeros({1, 4})),
      "BatchNorm1d: training needs more than one value per channel: x is f32[1, 4]; make the "
      "batch larger, or call eval()",
      Error);
  CHECK(norm.num_batches_tracked.item<std::int64_t>() == 0);
  CHECK(norm.running_mean.to_vector<float>() == before.to_vector<float>());
  norm.eval();
  CHECK(norm(zeros({1, 4})).numel() == 4);
}

TEST_CASE("an empty batch in training leaves batch normalisation's statistics as they are") {
  BatchNorm1d norm(4);
  CHECK_THROWS_AS(norm(zeros({0, 4})), Error);
  CHECK(norm.num_batches_tracked.item<std::int64_t>() == 0);
  CHECK(norm.running_var.to_vector<float>() == std::vector<float>(4, 1));
}

TEST_CASE("normalisations refuse other channels and shapes, and options out of range") {
  CHECK_THROWS_WITH_AS(BatchNorm2d(3)(zeros({2, 4, 5, 5})),
                       "BatchNorm2d: x must have 3 channels: x is f32[2, 4, 5, 5]", Error);
  CHECK_THROWS_WITH_AS(
      BatchNorm1d(3)(zeros({2, 3, 5, 5})),
      "BatchNorm1d: x must be [batch, channels] or [batch, channels, length]: x is f32[2, 3, 5, 5]", Error);
  CHECK_THROWS_WITH_AS(BatchNorm2d(3, {.momentum = 2}), "BatchNorm2d: momentum must be in [0, 1]: got 2",
                       Error);
  CHECK_THROWS_WITH_AS(BatchNorm2d(0), "BatchNorm2d: num_features must be at least 1: got 0", Error);
  CHECK_THROWS_WITH_AS(GroupNorm(3, 4),
                       "GroupNorm: num_groups must divide num_channels: num_groups = 3, num_channels = 4",
                       Error);
  CHECK_THROWS_WITH_AS(LayerNorm(6)(zeros({2, 5})),
                       "LayerNorm: the last sizes of x must be [6]: x is f32[2, 5]", Error);
  CHECK_THROWS_WITH_AS(LayerNorm({5, 6})(zeros({6})),
                       "LayerNorm: the last sizes of x must be [5, 6]: x is f32[6]", Error);
  CHECK_THROWS_WITH_AS(RMSNorm(Shape{}), "RMSNorm: normalized_shape must have at least one size: got []",
                       Error);
  CHECK_THROWS_WITH_AS(
      InstanceNorm2d(3)(zeros({2, 3, 1, 1})),
      "InstanceNorm2d: needs more than one position per channel: x is f32[2, 3, 1, 1]; a single "
      "value has no variance",
      Error);
}

TEST_CASE("embeddings refuse rows that are not there and offsets that lose indices") {
  const Embedding table(5, 2);
  CHECK_THROWS_AS(table(tensor({5})), Error);
  CHECK_THROWS_AS(table(tensor({-1})), Error);
  CHECK_THROWS_AS(table(tensor({0.5})), Error);
  CHECK_THROWS_WITH_AS(Embedding(5, 2, {.padding_idx = 5}),
                       "Embedding: padding_idx must be a row of the weight: got 5 of 5 rows", Error);
  const EmbeddingBag bag(5, 2);
  CHECK_THROWS_AS(bag(tensor({1, 2})), Error);
  CHECK_THROWS_AS(bag(tensor({1, 2, 3}), tensor({1, 2})), Error);
  CHECK_THROWS_AS(bag(tensor({1, 2, 3}), tensor({0, 4})), Error);
  CHECK_THROWS_AS(bag(tensor({1, 2, 3}), tensor({0, 2, 1})), Error);
  CHECK_THROWS_AS(bag(tensor({1, 2, 3}), tensor({0, 2}), ones({3})), Error);
}

TEST_CASE("bags by offsets are the rows between them, and an empty bag is zero") {
  for (const BagMode mode : {BagMode::sum, BagMode::mean, BagMode::max}) {
    const EmbeddingBag bag(5, 2, {.mode = mode});
    const Tensor y = bag(tensor({3, 1, 4, 1}), tensor({0, 1, 1}));
    const Tensor rows = bag.weight.detach();
    CHECK(y.shape() == Shape{3, 2});
    CHECK(y[0].to_vector<float>() == rows[3].to_vector<float>());
    CHECK(y[1].to_vector<float>() == std::vector<float>{0, 0});
    const Tensor last = index_select(rows, 0, tensor({1, 4, 1}));
    const Tensor expected = mode == BagMode::sum    ? sum(last, 0)
                            : mode == BagMode::mean ? mean(last, 0)
                                                    : amax(last, 0);
    CHECK(allclose(y[2], expected));
  }
  const EmbeddingBag weighted(5, 2, {.mode = BagMode::sum});
  const Tensor y = weighted(tensor({3, 1}), tensor({0}), tensor({2.0, -1.0}));
  CHECK(allclose(y[0], weighted.weight.detach()[3] * 2 - weighted.weight.detach()[1]));
}

TEST_CASE("what has no weights refuses the wrong shapes too") {
  CHECK_THROWS_AS(MaxPool2d(2)(zeros({4, 4})), Error);
  CHECK_THROWS_AS(AdaptiveMaxPool2d(0)(zeros({1, 1, 4, 4})), Error);
  CHECK_THROWS_AS(AdaptiveMaxPool2d(2)(zeros({1, 1, 0, 4})), Error);
  CHECK_THROWS_AS(PixelShuffle(2)(zeros({1, 6, 4, 4})), Error);
  CHECK_THROWS_AS(PixelShuffle(0), Error);
  CHECK_THROWS_AS(Upsample({.scale_factor = -1}), Error);
  CHECK_THROWS_AS(GLU()(zeros({3, 5})), Error);
  CHECK_THROWS_AS(GLU(2)(zeros({3, 4})), Error);
  CHECK_THROWS_AS(PReLU(0), Error);
  CHECK_THROWS_AS(Dropout2d(1.5), Error);
  CHECK_THROWS_AS(Dropout1d(0.5)(zeros({2, 3})), Error);
  CHECK_THROWS_AS(Bilinear(2, 3, 4)(zeros({5, 2}), zeros({6, 3})), Error);
  CHECK_THROWS_AS(weight_norm(Linear(2, 3), 2), Error);
  CHECK_THROWS_AS(spectral_norm(Linear(2, 3), {.n_power_iterations = 0}), Error);
}

TEST_CASE("the first of equal values takes the cotangent of an adaptive maximum") {
  Tensor x = zeros({1, 1, 4, 4}, {.requires_grad = true});
  sum(AdaptiveMaxPool2d(2)(x)).backward();
  CHECK(x.grad().to_vector<float>() == std::vector<float>{1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0});
}

TEST_CASE("RMSNorm is x over the root of its mean square, times the weight") {
  RMSNorm norm(3);
  norm.weight = tensor({1.0, 2.0, -1.0});
  const Tensor y = norm(tensor({{3.0, 0.0, -4.0}}));
  const double root = std::sqrt(25.0 / 3);
  const auto v = y.to_vector<double>();
  CHECK(v[0] == doctest::Approx(3 / root).epsilon(1e-6));
  CHECK(v[1] == 0);
  CHECK(v[2] == doctest::Approx(4 / root).epsilon(1e-6));
}

TEST_CASE("SwiGLU is silu of the first half times the second") {
  const Tensor y = SwiGLU()(tensor({{1.0, -2.0, 3.0, 0.5}}));
  const auto v = y.to_vector<double>();
  CHECK(v[0] == doctest::Approx(3 / (1 + std::exp(-1.0))).epsilon(1e-6));
  CHECK(v[1] == doctest::Approx(-1 / (1 + std::exp(2.0))).epsilon(1e-6));
}

TEST_CASE("a spectral norm converges to the largest singular value") {
  manual_seed(3);
  auto layer = spectral_norm(Linear(6, 4, {.dtype = float64}), {.n_power_iterations = 200});
  const Tensor x = randn({1, 6}, float64);
  layer(x);
  const Tensor bias = state_dict(layer).get<Tensor>("bias");
  const Tensor largest = max(svd(layer.weight_orig.detach()).s);
  const Tensor expected = matmul(x, layer.weight_orig.detach().t()) / largest + bias;
  CHECK(allclose(layer(x), expected, 1e-10, 1e-10));
}

TEST_CASE("two calls of a spectral norm before one backward work, as a discriminator makes them") {
  auto layer = spectral_norm(Conv2d(2, 3, 2));
  const Tensor x = randn({1, 2, 4, 4});
  (sum(layer(x)) + sum(square(layer(x * 2)))).backward();
  CHECK(layer.weight_orig.grad().defined());
}
