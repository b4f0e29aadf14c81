#include "core/ops/matrices.hpp"

using namespace xgrad;
using namespace xgrad::test;
using V = std::vector<double>;

namespace {

const Tensor a =
    tensor(V{3, 0, 4, -5}, {2, 2});  // a^T a = [[25, -20], [-20, 25]]: singular values 45^(1/2), 5^(1/2)

double norm_of(double ord) { return matrix_norm(a, ord).item(); }

}  // namespace

TEST_CASE("a norm has all its places at every size, subnormal elements beside others included") {
  for (int e = -1060; e < 1020; ++e) {
    const double unit = std::ldexp(1.0, e);
    CHECK(norm(tensor(std::vector{3 * unit, 4 * unit})).item<double>() == 5 * unit);
    const float single = std::ldexp(1.0F, e / 8);
    CHECK(norm(tensor({3 * single, 4 * single})).item<float>() == 5 * single);
  }
}

TEST_CASE("matrix_norm is one of eight, from elements, rows, columns or singular values") {
  const double large = std::sqrt(45), small = std::sqrt(5);

  CHECK(matrix_norm(a).item() == doctest::Approx(std::sqrt(50)).epsilon(1e-15));
  CHECK(matrix_norm(a, "nuc").item() == doctest::Approx(large + small).epsilon(1e-15));
  CHECK(norm_of(2) == doctest::Approx(large).epsilon(1e-15));
  CHECK(norm_of(-2) == doctest::Approx(small).epsilon(1e-15));
  CHECK(norm_of(1) == 7);
  CHECK(norm_of(-1) == 5);
  CHECK(norm_of(INFINITY) == 9);
  CHECK(norm_of(-INFINITY) == 3);
}

TEST_CASE("matrix_norm takes batches, and keeps the two axes on request") {
  const Tensor x = numbers({2, 5, 3, 4});

  CHECK(matrix_norm(x, "nuc").shape() == Shape{2, 5});
  CHECK(matrix_norm(x, "fro", true).shape() == Shape{2, 5, 1, 1});
  CHECK(matrix_norm(x, 2, true).shape() == Shape{2, 5, 1, 1});
  CHECK(matrix_norm(x, 1, true).shape() == Shape{2, 5, 1, 1});
  CHECK(matrix_norm(zeros({0, 3})).item() == 0);
  CHECK(matrix_norm(zeros({2, 0, 3}), "nuc").shape() == Shape{2});
}

TEST_CASE("matrix_norm has gradients to the second order") {
  for (const Shape& shape : {Shape{3, 3}, Shape{4, 2}, Shape{2, 2, 3}}) {
    for (const char* ord : {"fro", "nuc"}) {
      CAPTURE(ord);
      check_gradients([=](const Tensor& x) { return matrix_norm(x, ord); }, {numbers(shape)});
    }
    for (const double ord :
         {1.0, -1.0, 2.0, -2.0, static_cast<double>(INFINITY), -static_cast<double>(INFINITY)}) {
      CAPTURE(ord);
      check_gradients([=](const Tensor& x) { return matrix_norm(x, ord); }, {numbers(shape)});
    }
  }
}

TEST_CASE("matrix_norm's gradient from singular values that are 0 is 0, that of least norm") {
  const auto gradient = [](const Tensor& at, auto... ord) {
    Tensor x = at.clone();
    x.requires_grad_();
    matrix_norm(x, ord...).backward();
    return x.grad();
  };
  const Tensor nothing = zeros({3, 2}, {.dtype = float64});
  const Tensor flat = tensor(V{0.6, 0.8, 0, 0, 0, 0}, {3, 2});  // of rank 1

  CHECK(distance(gradient(nothing, "fro"), nothing) == 0);
  CHECK(distance(gradient(nothing, "nuc"), nothing) == 0);
  CHECK(distance(gradient(nothing, 2), nothing) == 0);
  CHECK(distance(gradient(flat, "nuc"), flat) < 1e-15);
  CHECK(distance(gradient(flat, 2), flat) < 1e-15);
  CHECK(distance(gradient(flat, -2), nothing) == 0);
}

TEST_CASE("matrix_norm says what it cannot do") {
  CHECK(message_of([] { matrix_norm(a, "max"); }) ==
        "matrix_norm: the norm must be \"fro\", \"nuc\", 1, -1, 2, -2, inf or -inf: it is \"max\"");
  CHECK(message_of([] { matrix_norm(a, 3); }) ==
        "matrix_norm: the norm must be \"fro\", \"nuc\", 1, -1, 2, -2, inf or -inf: it is 3; norm takes any "
        "exponent, over elements");
  CHECK(message_of([] {
          matrix_norm(zeros({2, 0}), -2);
        }) ==
        "matrix_norm: there is no smallest of nothing: a is f32[2, 0]; use \"fro\" or \"nuc\", which are 0");
  CHECK(message_of([] { matrix_norm(zeros({3})); }) ==
        "matrix_norm: needs a matrix or a batch of matrices: a is f32[3]");
  CHECK(message_of([] {
          matrix_norm(full({1, 2}, INFINITY), 2);
        }) ==
        "matrix_norm: needs finite elements: a is f32[1, 2] with inf at [0, 0]; find where it arose, or "
        "replace it by "
        "where(isfinite(a), a, 0)");
}
