// Options and indices at their limits are taken, and refused one beyond. What `tests/mutants/run
// --boundaries` turns from < into <= has its case here, unless the case of the op has it.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::message_of;

namespace {

using V = std::vector<double>;

V of(const Tensor& x) { return x.to_vector<double>(); }

/// f throws an error that says this.
bool refused(const std::function<void()>& f, const std::string& text) {
  return message_of(f).find(text) != std::string::npos;
}

const Tensor numbers = arange(3), plane = arange(6).reshape({2, 3});
const Tensor ones4 = ones({1, 1, 1, 1}, {.dtype = float64});

}  // namespace

TEST_CASE("limits of a clamp may be equal") {
  const Tensor x = tensor(V{-1, 2, 5}).requires_grad_();

  CHECK(of(clamp(x, 2, 2)) == V{2, 2, 2});
  CHECK(of(grad(sum(clamp(x, 2, 2)), {x})[0]) == V{0, 1, 0});
  CHECK(of(clamp(numbers, 1, 1)) == V{1, 1, 1});
  CHECK(of(hardtanh(x, 2, 2)) == V{2, 2, 2});
}

TEST_CASE("an element at a limit stays what it is, its sign too where it is 0") {
  const V v = {-0.0, 0.0, -1, 1, 2, -INFINITY, INFINITY};
  for (const auto& [low, high] :
       std::vector<std::pair<double, double>>{{-1, 0.0}, {0.0, 1}, {-0.0, 1}, {-1, -0.0}})
    for (DType dtype : {float32, float64}) {
      const Tensor x = tensor(v).to(dtype);
      const V p = of(clamp(x, low, high)), q = of(hardtanh(x, low, high));
      for (std::size_t i = 0; i < v.size(); ++i) {
        const double right = std::clamp(v[i], low, high);
        CHECK((p[i] == right && std::signbit(p[i]) == std::signbit(right)));
        CHECK((q[i] == right && std::signbit(q[i]) == std::signbit(right)));
      }
    }
}

TEST_CASE("a shrinkage of 0 keeps all numbers") {
  const Tensor x = tensor(V{-1, 0, 2});

  CHECK(of(hardshrink(x, 0)) == of(x));
  CHECK(of(softshrink(x, 0)) == of(x));
}

TEST_CASE("probabilities and shares may be 0 and 1") {
  const Tensor x = tensor(V{0.25, 4}), scores = tensor(V{0, std::log(3.0)}, Shape{1, 2});
  const Tensor q = ones({1, 2, 1}, {.dtype = float64});

  CHECK(of(dropout(x, 0)) == of(x));
  CHECK(of(dropout(x, 1)) == V{0, 0});
  CHECK(of(scaled_dot_product_attention(q, q, q, {.dropout_p = 1})) == V{0, 0});
  CHECK(of(scaled_dot_product_attention(q, q, q, {.dropout_p = 0})) == V{1, 1});
  CHECK(cross_entropy(scores, tensor({1}), {.label_smoothing = 1}).item() ==
        doctest::Approx((std::log(4.0) + std::log(4.0 / 3)) / 2));
  CHECK(of(binary_cross_entropy(tensor(V{0, 1}), tensor(V{0, 1}), {.reduction = Reduction::none})) ==
        V{0, 0});
  CHECK(refused(
      [] {
        binary_cross_entropy(tensor(V{0, 1, 2}), zeros({3}, {.dtype = float64}));
      },
      "element 2"));
}

TEST_CASE("the running statistics keep what they have for a momentum of 0, and take the batch's for 1") {
  for (const double momentum : {0.0, 1.0}) {
    Tensor mean = tensor(V{7}), var = tensor(V{3});
    const Tensor x = tensor(V{1, 3}, Shape{2, 1});

    batch_norm(x, mean, var, {}, {}, {.training = true, .momentum = momentum});

    CHECK(of(mean) == V{momentum == 0 ? 7.0 : 2.0});
    CHECK(of(var) == V{momentum == 0 ? 3.0 : 2.0});
  }
}

TEST_CASE("eps may be 0") {
  const Tensor x = tensor(V{1, 3}, Shape{1, 2});

  CHECK(of(layer_norm(x, {2}, {}, {}, 0)) == V{-1, 1});
  CHECK(of(group_norm(x, 1, {}, {}, 0)) == V{-1, 1});
}

TEST_CASE("a smooth loss of width 0 is the distance, a Huber loss of width 0 is refused") {
  CHECK(smooth_l1_loss(tensor(V{3}), tensor(V{1}), {.beta = 0}).item() == 2);
  CHECK(refused([] { huber_loss(tensor(V{3}), tensor(V{1}), {.delta = 0}); }, "delta"));
}

TEST_CASE("orders of derivatives of digamma go to 170") {
  double series = 0;  // -170! (1 / 200^171 + 1 / 201^171 + ...)
  for (int k = 0; k < 1000; ++k) series -= std::exp(std::lgamma(171.0) - 171 * std::log(200.0 + k));

  CHECK(polygamma(170, tensor(V{200})).item() == doctest::Approx(series).epsilon(1e-10));
  CHECK(refused([] { polygamma(171, tensor(V{200})); }, "between 0 and 170"));
}

TEST_CASE("all entries may be the largest, and none") {
  CHECK(of(topk(numbers, 3).values) == V{2, 1, 0});
  CHECK(topk(numbers, 0).values.numel() == 0);
  CHECK(refused([] { topk(numbers, 4); }, "topk: "));
}

TEST_CASE("indices go from -n to n - 1 and no further") {
  const auto index = [](std::int64_t i) { return [i] { numbers.index({tensor({i})}); }; };

  CHECK(of(select(numbers, 0, -3)) == V{0});
  CHECK(of(numbers.index({std::int64_t{-3}})) == V{0});
  CHECK(of(numbers.index({std::int64_t{2}})) == V{2});
  CHECK(of(numbers.index({tensor({-3, 2})})) == V{0, 2});
  CHECK(refused(index(-4), "out of range"));
  CHECK(refused(index(3), "out of range"));
  CHECK(refused([] { numbers.index({std::int64_t{3}}); }, "out of range"));
  CHECK(refused([] { numbers.index({std::int64_t{-4}}); }, "out of range"));
  CHECK(refused([] { select(numbers, 0, 3); }, "out of range"));
}

TEST_CASE("an index along an axis is no larger than what it is taken from in the others") {
  const Tensor x = plane.to(float64);

  CHECK(of(gather(x, 1, tensor({{2}}))) == V{2});
  CHECK(of(gather(x, 1, tensor({{2}, {0}}))) == V{2, 3});
  CHECK(refused([&] { gather(x, 1, tensor({{2}, {0}, {1}})); }, "no larger sizes apart from axis 1"));
  CHECK(refused([&] { gather(x, 0, tensor({{0, 1, 0, 1}})); }, "no larger sizes apart from axis 0"));
}

TEST_CASE("labels go from 0 to classes - 1, one_hot's and padding_idx too") {
  const Tensor table = tensor(V{1, 2, 3}, Shape{3, 1}).requires_grad_();
  const auto slopes = [&](std::int64_t pad) {
    return of(grad(sum(embedding(numbers, table, pad)), {table})[0]);
  };

  CHECK(slopes(0) == V{0, 1, 1});
  CHECK(slopes(2) == V{1, 1, 0});
  CHECK(slopes(-3) == V{0, 1, 1});
  CHECK(refused([&] { embedding(numbers, table, 3); }, "padding_idx 3 is out of range"));
  CHECK(refused([&] { embedding(numbers, table, -4); }, "padding_idx -4 is out of range"));
  CHECK(one_hot(zeros({0}, {.dtype = int64}), 0).shape() == Shape{0, 0});
  CHECK(refused([] { one_hot(tensor({0}), 0); }, "one_hot: "));
  CHECK(nll_loss(tensor(V{-1, -2}, Shape{1, 2}), tensor({0})).item() == 1);
  CHECK(nll_loss(tensor(V{-1, -2}, Shape{1, 2}), tensor({1})).item() == 2);
  CHECK(refused([] { nll_loss(ones({1, 2}), tensor({2})); }, "nll_loss: "));
}

TEST_CASE("a part may be the whole, and nothing") {
  CHECK(of(narrow(numbers, 0, 0, 3)) == V{0, 1, 2});
  CHECK(narrow(numbers, 0, 3, 0).numel() == 0);
  CHECK(refused([] { narrow(numbers, 0, 1, 3); }, "narrow: "));
  CHECK(pad(numbers, {-1, -2}).numel() == 0);
  CHECK(refused([] { pad(numbers, {-2, -2}); }, "more is cut off"));
  CHECK(of(pad(numbers, {2, 0}, PadMode::reflect)) == V{2, 1, 0, 1, 2});
  CHECK(refused([] { pad(numbers, {3, 0}, PadMode::reflect); }, "pad by 2 at most"));
  CHECK(of(pad(plane, {0, 0, 1, 0})).size() == 9);
  CHECK(split(numbers, std::vector<std::int64_t>{0, 3})[0].numel() == 0);
  CHECK(split(numbers, 1).size() == 3);
  CHECK(chunk(numbers, 1).size() == 1);
}

TEST_CASE("shapes at their limits") {
  CHECK(flatten(plane, 1, 1).shape() == plane.shape());
  CHECK(reshape(plane, {-1, 3}).shape() == Shape{2, 3});
  CHECK(refused([] { reshape(plane, {-1, -1}); }, "apart from one -1"));
  CHECK(refused([] { reshape(zeros({0, 3}), {-1, 0}); }, "not determined"));
  CHECK(repeat(numbers, {1}).shape() == Shape{3});
  CHECK(meshgrid({numbers, tensor(1)})[0].shape() == Shape{3, 1});
}

TEST_CASE("matrices, vectors and rows of the fewest axes") {
  const Tensor i = eye(2, {.dtype = float64}), v = tensor(V{1, 2});

  CHECK(of(linear(v, i)) == of(v));
  CHECK(bilinear(v, v, ones({1, 2, 2}, {.dtype = float64})).item() == 9);
  CHECK(of(lstsq(i, v).solution) == of(v));
  CHECK(of(lstsq(i, v, 0).solution) == of(v));
  CHECK(lstsq(diag(tensor(V{1, 0x1p-70})), v, 0).rank.item<std::int64_t>() == 2);
  CHECK(lstsq(diag(tensor(V{1, 0x1p-70})), v).rank.item<std::int64_t>() == 1);
  CHECK(of(solve(i, v)) == of(v));
  CHECK(of(trace(i)) == V{2});
  const Tensor deepest = ones(Shape::filled(Shape::max_rank / 2, 1));
  CHECK(kron(deepest, deepest).shape() == deepest.shape());
  CHECK(of(prelu(tensor(V{-1, -1}, Shape{1, 2}), tensor(V{2, 3}))) == V{-2, -3});
  CHECK(cosine_embedding_loss(v, v, tensor(1.0, {.dtype = float64})).item() == doctest::Approx(0));
  CHECK(multi_margin_loss(tensor(V{0, 5}), tensor(1)).item() == 0);
}

TEST_CASE("windows and images of one pixel") {
  CHECK(of(max_pool2d(ones4, 1)) == V{1});
  CHECK(of(avg_pool2d(ones4, 2, {.padding = 1})) == V{0.25});
  CHECK(of(conv2d(ones4, ones4)) == V{1});
  CHECK(of(conv2d(ones4, ones4, {}, {.stride = 32767})) == V{1});
  CHECK(refused([] { conv2d(ones4, ones4, {}, {.stride = 32768}); }, "32767"));
  CHECK(of(conv_transpose2d(ones4, ones4)) == V{1});
  CHECK(of(interpolate(ones4, Pair{1, 1})) == V{1});
  CHECK(of(interpolate(ones4, Pair{1, 2})) == V{1, 1});
  CHECK(of(interpolate(ones4, Pair{2, 1})) == V{1, 1});
  CHECK(refused([] { interpolate(ones({1, 1, 0, 1}), Pair{1, 1}); }, "at least 1"));
  CHECK(refused([] { interpolate(ones({1, 1, 1, 0}), Pair{1, 1}); }, "at least 1"));
}

TEST_CASE("the normalized shape has at least one axis, the steps of ctc_loss two or three") {
  const Tensor one = tensor({1}), x = zeros({2, 2}, {.dtype = float64});

  CHECK(refused([] { layer_norm(ones({2}), Shape{}); }, "x must end in the normalized shape"));
  CHECK(ctc_loss(x, one, tensor({2}), one).dim() == 0);
  CHECK(ctc_loss(x.reshape({2, 1, 2}), one, tensor({2}), one).dim() == 0);
  CHECK(refused(
      [&] {
        ctc_loss(x.reshape({1, 2, 1, 2}), one, tensor({2}), one);
      },
      "log_probs needs the axes"));
  CHECK(refused([&] { ctc_loss(x[0], one, tensor({2}), one); }, "log_probs needs the axes"));
}

TEST_CASE("an empty target of ctc_loss counts as one of length 1 in the mean") {
  const Tensor x = log(tensor(V{0.25, 0.75}, Shape{1, 2}));

  CHECK(ctc_loss(x, zeros({0}, {.dtype = int64}), tensor({1}), tensor({0})).item() ==
        doctest::Approx(std::log(4.0)));
}

TEST_CASE("the slope for the target of a binary cross entropy is bounded by 100 on either side") {
  Tensor t = tensor(V{0.5, 0.5, 0.5}).requires_grad_();
  const Tensor y = binary_cross_entropy(tensor(V{0, 1, 0.5}), t, {.reduction = Reduction::sum});

  CHECK(of(grad(y, {t})[0]) == V{100, -100, 0});
}

TEST_CASE("the vectors of a matrix of zeros have no gradient, as those of equal values") {
  const Tensor a = zeros({2, 2}, {.dtype = float64}).requires_grad_(), w = tensor(V{1, 2, 3, 4}, Shape{2, 2});

  CHECK(refused([&] { sum(eigh(a).eigenvectors * w).backward(); }, "eigh: "));
}

TEST_CASE("each side of a window has its own padding, dilation and output padding") {
  const Tensor x = arange(1, 9).to(float64).reshape({1, 1, 2, 4});

  CHECK(of(max_pool2d(x, 2, {.padding = Pair{1, 0}})) == V{2, 4, 6, 8});
  CHECK(of(max_pool2d(x, 2, {.padding = Pair{0, 1}})) == V{5, 7, 8});
  CHECK(of(conv_transpose2d(ones4, ones4, {}, {.stride = 2, .output_padding = Pair{0, 1}})) == V{1, 0});
  CHECK(conv_transpose2d(ones4, ones4, {}, {.stride = 2, .output_padding = Pair{1, 0}}).shape() ==
        Shape{1, 1, 2, 1});
  for (const Pair& p : {Pair{-1, 0}, Pair{0, -1}, Pair{2, 0}, Pair{0, 2}})
    CHECK(refused(
        [&] {
          conv_transpose2d(ones({1, 1, 3, 3}), ones({1, 1, 1, 1}), {}, {.stride = 2, .output_padding = p});
        },
        "output_padding"));
  for (const Pair& p : {Pair{0, 1}, Pair{1, 0}}) {
    CHECK(refused([&] { max_pool2d(x, 2, {.dilation = p}); }, "must lie between 1"));
    CHECK(refused([&] { max_pool2d(x, p); }, "must lie between 1"));
    CHECK(refused([&] { conv2d(x, ones4, {}, {.stride = p}); }, "conv2d: "));
    CHECK(refused([&] { conv2d(x, ones4, {}, {.dilation = p}); }, "conv2d: "));
  }
}

TEST_CASE("a cell of another batch than its hidden size") {
  const auto number = [](const Shape& s, std::uint64_t seed) {
    return randn(s, {.dtype = float64}, Generator(seed));
  };
  const Tensor x = number({3, 4}, 1), h = number({3, 2}, 2), c = number({3, 2}, 3);
  const Tensor w_ih = number({8, 4}, 4), w_hh = number({8, 2}, 5);

  const LstmState fused = lstm_cell(x, {h, c}, w_ih, w_hh),
                  composed = lstm_cell(linear(x, w_ih), linear(h, w_hh), c);

  CHECK(allclose(fused.h, composed.h, 1e-13, 1e-13));
  CHECK(allclose(fused.c, composed.c, 1e-13, 1e-13));
}

TEST_CASE("normalization of the fewest axes, and of two values a channel") {
  const Tensor x = tensor(V{1, 3}, Shape{2, 1});
  Tensor none;

  CHECK(of(batch_norm(x, none, none, {}, {}, {.training = true, .eps = 0})) == V{-1, 1});
  CHECK(of(instance_norm(tensor(V{1, 3}, Shape{1, 1, 2}), {}, {}, 0)) == V{-1, 1});
}
