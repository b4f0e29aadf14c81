// Work that is large enough to be done in another way, by blocks or added to what is there, beside the same
// in parts.

#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"

using namespace xgrad;

namespace {

Tensor random(const Shape& shape, std::uint64_t seed) {
  return randn(shape, {.dtype = float64}, Generator(seed));
}

bool near(const Tensor& a, const Tensor& b) { return allclose(a, b, 1e-10, 1e-10); }

/// The gradients of sum(f(x) cos(3 f(x))), which weighs each element of the result in its own way.
std::vector<Tensor> gradients(const TensorFunction& f, std::vector<Tensor> x) {
  for (Tensor& t : x) t = t.detach().clone().requires_grad_();
  const Tensor y = f(x)[0];
  return grad(sum(y * cos(3 * y)), x);
}

/// f of all images at once is f of each, and so are its gradients: those of the first operand image by image,
/// those of the others in sum.
void check_images(const TensorFunction& f, const std::vector<Tensor>& x) {
  const Tensor y = f(x)[0];
  const std::vector<Tensor> d = gradients(f, x);
  std::vector<Tensor> values, slopes, sums(x.size());
  for (std::int64_t i = 0; i < x[0].size(0); ++i) {
    std::vector<Tensor> one = x;
    one[0] = narrow(x[0], 0, i, 1);
    values.push_back(f(one)[0]);
    const std::vector<Tensor> of_one = gradients(f, one);
    slopes.push_back(of_one[0]);
    for (std::size_t k = 1; k < x.size(); ++k) sums[k] = i == 0 ? of_one[k] : sums[k] + of_one[k];
  }
  CHECK(near(y, cat(values, 0)));
  CHECK(near(d[0], cat(slopes, 0)));
  for (std::size_t k = 1; k < x.size(); ++k) CHECK(near(d[k], sums[k]));
}

/// An operand that two calls share gets the sum of what it gets from each.
void check_shared(const TensorFunction& f, const std::vector<Tensor>& x, const std::vector<Tensor>& y) {
  for (std::size_t shared = 0; shared < x.size(); ++shared) {
    std::vector<Tensor> other = y;
    other[shared] = x[shared];
    const Tensor g = random(f(x)[0].shape(), 9);
    const auto of_one = [&](const std::vector<Tensor>& operands) {
      std::vector<Tensor> u = operands;
      u[shared] = u[shared].detach().clone().requires_grad_();
      return grad({f(u)[0]}, {u[shared]}, {g})[0];
    };
    const Tensor leaf = x[shared].detach().clone().requires_grad_();
    std::vector<Tensor> a = x, b = other;
    a[shared] = b[shared] = leaf;
    CHECK(near(grad({f(a)[0] + f(b)[0]}, {leaf}, {g})[0], of_one(x) + of_one(other)));
    for (std::vector<Tensor>* all : {&a, &b})
      for (Tensor& t : *all)
        if (!t.requires_grad()) t = t.detach().clone().requires_grad_();
    CHECK(near(grad({f(a)[0] + f(b)[0]}, {leaf}, {g})[0], of_one(x) + of_one(other)));
  }
}

TensorFunction of_two(Tensor (*f)(const Tensor&, const Tensor&)) { return as_function(f); }

}  // namespace

TEST_CASE("a large operand that two products share gets the sum of both gradients") {
  const auto operands = [](const Shape& a, const Shape& b, std::uint64_t seed) {
    return std::vector<Tensor>{random(a, seed), random(b, seed + 1)};
  };
  const Shape wide = {70, 90}, tall = {90, 70}, square = {80, 80};

  check_shared(of_two([](const Tensor& a, const Tensor& b) { return matmul(a, b); }), operands(wide, tall, 1),
               operands(wide, tall, 3));
  for (const bool ta : {false, true})
    for (const bool tb : {false, true})
      check_shared(as_function([=](const Tensor& a, const Tensor& b) { return gemm(a, b, ta, tb); }),
                   operands(square, square, 1), operands(square, square, 3));
  check_shared(of_two([](const Tensor& a, const Tensor& b) { return linear(a, b); }),
               operands(wide, {75, 90}, 1), operands(wide, {75, 90}, 3));
  check_shared(
      as_function([](const Tensor& x, const Tensor& h, const Tensor& w) { return rnn_cell(x, h, w); }),
      {random({65, 70}, 1), random({65, 70}, 2), random({70, 70}, 3) / 8},
      {random({65, 70}, 4), random({65, 70}, 5), random({70, 70}, 6) / 8});
}

TEST_CASE("convolutions and poolings of many images are those of each") {
  const Tensor x = random({37, 3, 9, 10}, 1), w = random({4, 3, 3, 3}, 2), b = random({4}, 3);

  check_images(as_function([](const Tensor& u, const Tensor& v, const Tensor& c) { return conv2d(u, v, c); }),
               {x, w, b});
  check_images(as_function([](const Tensor& u, const Tensor& v) {
                 return conv2d(u, v, {}, {.stride = 2, .padding = 1});
               }),
               {x, w});
  check_images(as_function([](const Tensor& u, const Tensor& v) { return conv_transpose2d(u, v); }),
               {random({37, 4, 6, 5}, 4), w});
  check_images(as_function([](const Tensor& u) { return max_pool2d(u, 2); }), {x});
  check_images(as_function([](const Tensor& u) { return avg_pool2d(u, 2); }), {x});
  check_images(as_function([](const Tensor& u) { return max_pool2d(u, 2); }), {random({40, 3, 32, 36}, 5)});
  check_images(as_function([](const Tensor& u) { return avg_pool2d(u, 2); }), {random({40, 3, 32, 36}, 5)});
  check_images(as_function([](const Tensor& u, const Tensor& v) { return conv2d(u, v); }),
               {random({40, 3, 20, 22}, 6), w});
}

TEST_CASE("products of many and of large matrices are those of each") {
  check_images(as_function([](const Tensor& a, const Tensor& b) { return matmul(a, b); }),
               {random({40, 33, 35}, 1), random({35, 34}, 2)});
  check_images(as_function([](const Tensor& a) { return matmul(a, a.transpose(-1, -2)); }),
               {random({70, 33, 35}, 3)});
  check_images(
      as_function([](const Tensor& a, const Tensor& w) { return linear(a, w, {}, Activation::tanh); }),
      {random({300, 70}, 4), random({65, 70}, 5) / 8});
}

TEST_CASE("attention over more pairs than are kept is softmax and products") {
  const Tensor q = random({1, 1030, 2}, 1), k = random({1, 1040, 2}, 2), v = random({1, 1040, 3}, 3);
  const TensorFunction fused = as_function([](const Tensor& a, const Tensor& b, const Tensor& c) {
    return scaled_dot_product_attention(a, b, c);
  });
  const TensorFunction composed = as_function([](const Tensor& a, const Tensor& b, const Tensor& c) {
    return matmul(softmax(matmul(a, b.transpose(-1, -2)) / std::sqrt(2.0), -1), c);
  });

  const std::vector<Tensor> d = gradients(fused, {q, k, v}), e = gradients(composed, {q, k, v});

  CHECK(near(fused({q, k, v})[0], composed({q, k, v})[0]));
  for (std::size_t i = 0; i < 3; ++i) CHECK(near(d[i], e[i]));
}

TEST_CASE("the masks of 8 x 8 triangles fill their blocks, so that the sanitizer sees their ends") {
  const auto of_square = [](const Tensor& a) {
    const Tensor l = cholesky(matmul(a, a.transpose(-1, -2)) + 8 * eye(8, {.dtype = float64}));
    return sum(l * l * l);
  };

  CHECK(gradcheck(of_square, {random({8, 8}, 1)}));
}
