#include "core/ops/matrices.hpp"
#include "kernels/blas/blas.hpp"
#include "ops/linalg/matrices.hpp"

using namespace xgrad;
using namespace xgrad::test;
using V = std::vector<double>;

namespace {

const Tensor vector3 = zeros({3}), matrix23 = zeros({2, 3}), matrix45 = zeros({4, 5}), number = zeros({});
const Tensor singular = tensor(V{1, 2, 2, 4}, {2, 2});
/// The second of three matrices is singular.
const Tensor batch = stack({eye(2, {.dtype = float64}), singular, eye(2, {.dtype = float64})});

}  // namespace

TEST_CASE("matmul says which sizes differ, which batches, and that it takes no numbers") {
  CHECK(message_of([&] { matmul(matrix23, matrix45); }) ==
        "matmul: inner sizes differ: a is f32[2, 3], b is f32[4, 5]; a needs as many columns as b has rows");
  CHECK(message_of([&] { matmul(vector3, matrix45); }) ==
        "matmul: inner sizes differ: a is f32[3], b is f32[4, 5]; a needs as many columns as b has rows");
  CHECK(message_of([&] { matmul(matrix45, vector3); }) ==
        "matmul: inner sizes differ: a is f32[4, 5], b is f32[3]; a needs as many columns as b has rows");
  CHECK(message_of([&] { matmul(vector3, zeros({4})); }) ==
        "matmul: inner sizes differ: a is f32[3], b is f32[4]; vectors need one size");
  CHECK(message_of([&] {
          matmul(zeros({2, 4, 5}), vector3);
        }) ==
        "matmul: inner sizes differ: a is f32[2, 4, 5], b is f32[3]; a needs as many columns as b has rows");
  CHECK(message_of([&] { matmul(number, matrix45); }) ==
        "matmul: needs vectors, matrices or batches of matrices: a is f32[], b is f32[4, 5]; use "
        "* for numbers");
  CHECK(message_of([&] {
          matmul(zeros({2, 3, 4}), zeros({5, 4, 3}));
        }) ==
        "matmul: the batches do not broadcast: a is f32[2, 3, 4], b is f32[5, 4, 3] differ in axis -3; sizes "
        "must agree, or one of them be 1");
  CHECK(message_of([&] {
          matmul(zeros({3, 3}), zeros({3, 3}, {.dtype = float64}));
        }) ==
        "matmul: operands mix float32 and float64: a is f32[3, 3], b is f64[3, 3]; convert one with "
        ".to(float64)");
}

TEST_CASE("mm, bmm, mv, dot and outer say which ranks they take") {
  CHECK(message_of([&] { mm(vector3, matrix45); }) ==
        "mm: needs two matrices: a is f32[3], b is f32[4, 5]; matmul takes other ranks");
  CHECK(message_of([&] { mm(matrix23, matrix45); }) ==
        "mm: inner sizes differ: a is f32[2, 3], b is f32[4, 5]; a needs as many columns as b has rows");
  CHECK(message_of([&] { bmm(matrix23, matrix45); }) ==
        "bmm: needs two batches of matrices: a is f32[2, 3], b is f32[4, 5]; matmul takes other ranks");
  CHECK(message_of([&] {
          bmm(zeros({1, 2, 3}), zeros({5, 3, 4}));
        }) ==
        "bmm: the batches differ in size: a is f32[1, 2, 3], b is f32[5, 3, 4]; matmul broadcasts them");
  CHECK(message_of([&] { mv(vector3, matrix23); }) ==
        "mv: needs a matrix and a vector: a is f32[3], x is f32[2, 3]; matmul takes other ranks");
  CHECK(message_of([&] { mv(matrix45, vector3); }) ==
        "mv: inner sizes differ: a is f32[4, 5], b is f32[3]; a needs as many columns as b has rows");
  CHECK(message_of([&] { dot(matrix23, vector3); }) ==
        "dot: needs two vectors: a is f32[2, 3], b is f32[3]; matmul takes other ranks");
  CHECK(message_of([&] { dot(vector3, zeros({4})); }) ==
        "dot: inner sizes differ: a is f32[3], b is f32[4]; vectors need one size");
  CHECK(message_of([&] { outer(matrix23, vector3); }) ==
        "outer: needs two vectors: a is f32[2, 3], b is f32[3]; kron takes other ranks");
}

TEST_CASE("addmm and baddbmm say what does not fit") {
  CHECK(message_of([&] { addmm(vector3, matrix23, matrix45); }) ==
        "addmm: inner sizes differ: a is f32[2, 3], b is f32[4, 5]; a needs as many columns as b has rows");
  CHECK(message_of([&] {
          addmm(vector3, matrix23, zeros({3, 4}));
        }) ==
        "addmm: x does not broadcast to the product: x is f32[3], the product has shape [2, 4]; sizes must "
        "agree, or x's be 1");
  CHECK(message_of([&] {
          addmm(zeros({5, 2, 4}), matrix23, zeros({3, 4}));
        }) ==
        "addmm: x does not broadcast to the product: x is f32[5, 2, 4], the product has shape [2, 4]; sizes "
        "must agree, or x's be 1");
  CHECK(message_of([&] { baddbmm(vector3, matrix23, matrix45); }) ==
        "baddbmm: needs two batches of matrices: a is f32[2, 3], b is f32[4, 5]; matmul takes other ranks");
  const Tensor i = tensor({{1, 2}, {3, 4}});
  CHECK(
      message_of([&] { addmm(i, i, i, 0.5); }) ==
      "addmm: beta and alpha must be integers for integer operands: a is i64[2, 2], b is i64[2, 2], beta is "
      "0.5, alpha is 1");
}

TEST_CASE("linear, bilinear, kron and trace say what does not fit") {
  CHECK(message_of([&] { linear(matrix23, matrix45); }) ==
        "linear: the last size of x must be the weight's second: x is f32[2, 3], weight is f32[4, 5]");
  CHECK(message_of([&] {
          linear(matrix23, zeros({4, 3}, {.dtype = float64}));
        }) ==
        "linear: operands mix float32 and float64: x is f32[2, 3], weight is f64[4, 3]; convert x with "
        ".to(), or the model");
  CHECK(message_of([&] { linear(matrix23, vector3); }) ==
        "linear: the weight must be a matrix [out, in]: x is f32[2, 3], weight is f32[3]");
  CHECK(message_of([&] { bilinear(matrix23, matrix23, matrix23); }) ==
        "bilinear: the weight must have three axes [out, in1, in2]: x1 is f32[2, 3], x2 is f32[2, "
        "3], weight is "
        "f32[2, 3]");
  CHECK(message_of([&] {
          bilinear(matrix23, matrix23, zeros({5, 3, 4}));
        }) ==
        "bilinear: the last sizes of x1 and x2 must be the weight's second and third: x1 is f32[2, 3], x2 is "
        "f32[2, 3], weight is f32[5, 3, 4]");
  CHECK(
      message_of([&] {
        bilinear(matrix23, zeros({4, 3}), zeros({5, 3, 3}));
      }) ==
      "bilinear: x1 and x2 must agree in all axes but the last: x1 is f32[2, 3], x2 is f32[4, 3], weight is "
      "f32[5, 3, 3]");
  CHECK(message_of([&] {
          bilinear(matrix23, matrix23, zeros({5, 3, 3}), vector3);
        }) ==
        "bilinear: the bias must have the weight's first size: x1 is f32[2, 3], x2 is f32[2, 3], weight is "
        "f32[5, 3, 3], bias is f32[3]");
  CHECK(message_of([&] { trace(vector3); }) == "trace: needs a matrix or a batch of matrices: x is f32[3]");
}

TEST_CASE("einsum says what is wrong with its equation, and shows it with the operands") {
  CHECK(message_of([&] { einsum("ij,jk", {matrix23}); }) ==
        "einsum: 2 terms for 1 operand; write a term for each, between commas: the equation is \"ij,jk\"; "
        "operand 0 is f32[2, 3]");
  CHECK(message_of([&] { einsum("ij->ij", {}); }) ==
        "einsum: 1 term for 0 operands; write a term for each, between commas: the equation is \"ij->ij\"");
  CHECK(
      message_of([&] { einsum("i1->i", {matrix23}); }) ==
      "einsum: '1' is no letter; axes are a to z and A to Z, an ellipsis is three dots, the arrow is ->: the "
      "equation is \"i1->i\"; operand 0 is f32[2, 3]");
  CHECK(message_of([&] { einsum("ijk->i", {matrix23}); }) ==
        "einsum: term 0 names 3 axes of an operand with 2; name no more: the equation is \"ijk->i\"; operand "
        "0 is f32[2, 3]");
  CHECK(
      message_of([&] {
        einsum("ij,k->ij", {matrix23, matrix45});
      }) ==
      "einsum: term 1 names 1 axis of an operand with 2; name all, or write ... for the others: the equation "
      "is \"ij,k->ij\"; operand 0 is f32[2, 3], operand 1 is f32[4, 5]");
  CHECK(message_of([&] {
          einsum("ij,jk->ik", {matrix23, matrix45});
        }) ==
        "einsum: letter j has sizes 3 and 4; they must agree: the equation is \"ij,jk->ik\"; operand 0 is "
        "f32[2, 3], operand 1 is f32[4, 5]");
  CHECK(message_of([&] {
          einsum("ii->i", {zeros({1, 3})});
        }) ==
        "einsum: letter i has sizes 1 and 3; they must agree: the equation is \"ii->i\"; operand 0 is f32[1, "
        "3]");
  CHECK(message_of([&] {
          einsum("...i,...i", {matrix23, zeros({4, 3})});
        }) ==
        "einsum: axis -1 of the ellipsis has sizes 2 and 4; they must agree: the equation is \"...i,...i\"; "
        "operand 0 is f32[2, 3], operand 1 is f32[4, 3]");
  CHECK(message_of([&] { einsum("ij->ik", {matrix23}); }) ==
        "einsum: letter k of the result is in no operand; name it in a term: the equation is \"ij->ik\"; "
        "operand 0 is f32[2, 3]");
  CHECK(
      message_of([&] { einsum("ij->ii", {matrix23}); }) ==
      "einsum: letter i is twice in the result; give it another letter, or multiply by eye(n): the equation "
      "is \"ij->ii\"; operand 0 is f32[2, 3]");
  CHECK(message_of([&] { einsum("...i...->i", {matrix23}); }) ==
        "einsum: a term has two ellipses; write one: the equation is \"...i...->i\"; operand 0 is f32[2, 3]");
}

TEST_CASE("ops on square matrices name another shape, other dtypes and what takes them") {
  CHECK(message_of([&] { inverse(matrix23); }) ==
        "inverse: needs square matrices: a is f32[2, 3]; pinv takes any matrix");
  CHECK(message_of([&] { inverse(vector3); }) ==
        "inverse: needs a matrix or a batch of matrices: a is f32[3]");
  CHECK(message_of([&] {
          inverse(tensor({{1, 2}, {3, 4}}));
        }) == "inverse: needs a floating tensor: a is i64[2, 2]; convert it with a.to(float64)");
  CHECK(message_of([&] { det(matrix23); }) == "det: needs square matrices: a is f32[2, 3]");
  CHECK(message_of([&] { slogdet(matrix23); }) == "slogdet: needs square matrices: a is f32[2, 3]");
  CHECK(message_of([&] { logdet(matrix23); }) == "logdet: needs square matrices: a is f32[2, 3]");
  CHECK(message_of([&] { cholesky(matrix23); }) == "cholesky: needs square matrices: a is f32[2, 3]");
  CHECK(message_of([&] { eigh(matrix23); }) ==
        "eigh: needs square matrices: a is f32[2, 3]; svd takes any matrix");
  CHECK(message_of([&] { svd(vector3); }) == "svd: needs a matrix or a batch of matrices: a is f32[3]");
  CHECK(message_of([&] { qr(vector3); }) == "qr: needs a matrix or a batch of matrices: a is f32[3]");
  CHECK(message_of([&] { qr(matrix23, "raw"); }) ==
        "qr: the mode must be \"reduced\" or \"complete\": it is \"raw\"");
}

TEST_CASE("solvers say which right-hand sides fit") {
  const Tensor a = eye(3);
  CHECK(message_of([&] { solve(matrix23, vector3); }) ==
        "solve: needs square matrices: a is f32[2, 3]; lstsq takes any matrix");
  CHECK(message_of([&] { solve(a, matrix23); }) ==
        "solve: b must have as many rows as a: a is f32[3, 3], b is f32[2, 3]");
  CHECK(message_of([&] { solve(a, zeros({4})); }) ==
        "solve: b must be as long as a has rows: a is f32[3, 3], b is f32[4]");
  CHECK(message_of([&] { solve(a, matrix45, false); }) ==
        "solve: b must have as many columns as a: a is f32[3, 3], b is f32[4, 5]");
  CHECK(message_of([&] { solve(a, vector3, false); }) ==
        "solve: b must be a matrix or a batch of matrices: a is f32[3, 3], b is f32[3]");
  CHECK(message_of([&] { solve_triangular(a, matrix23, true); }) ==
        "solve_triangular: b must have as many rows as a: a is f32[3, 3], b is f32[2, 3]");
  CHECK(message_of([&] { triangular_solve(matrix23, a); }) ==
        "triangular_solve: b must have as many rows as a: a is f32[3, 3], b is f32[2, 3]");
  CHECK(message_of([&] { lstsq(matrix23, vector3); }) ==
        "lstsq: b must have as many rows as a: a is f32[2, 3], b is f32[3]");
  CHECK(message_of([&] { pinv(matrix23, -1.0); }) ==
        "pinv: rcond must not be negative: it is -1; leave it out for the default");
}

TEST_CASE("a singular matrix is an error that says where in the batch") {
  const char* remedy = "; add a small multiple of the identity, or use pinv or lstsq";
  CHECK(message_of([&] { inverse(singular); }) ==
        std::string("inverse: the matrix is singular: a is f64[2, 2]") + remedy);
  CHECK(message_of([&] { inverse(batch); }) ==
        std::string("inverse: the matrix at [1] is singular: a is f64[3, 2, 2]") + remedy);
  CHECK(message_of([&] {
          solve(unsqueeze(batch, 0), ones({2, 1}, {.dtype = float64}));
        }) == std::string("solve: the matrix at [0, 1] is singular: a is f64[1, 3, 2, 2]") + remedy);
  CHECK(message_of([&] {
          solve_triangular(tensor(V{1, 2, 3, 0}, {2, 2}), ones({2, 1}, {.dtype = float64}), true);
        }) ==
        "solve_triangular: the matrix is singular, with a 0 in row 1 of its diagonal: a is f64[2, "
        "2]; use pinv or "
        "lstsq");
}

TEST_CASE("cholesky says which leading minor of which matrix is not positive") {
  const Tensor bad = tensor(V{1, 2, 0, 2, 1, 0, 0, 0, 1}, {3, 3});
  const char* rest = "; add a small multiple of the identity, or use eigh";
  CHECK(message_of([&] { cholesky(bad); }) ==
        std::string("cholesky: the matrix is not positive definite, its leading minor of order 2 "
                    "is not positive: a is f64[3, 3]") +
            rest);
  CHECK(
      message_of([&] {
        cholesky(stack({eye(3, {.dtype = float64}), -bad}));
      }) ==
      std::string("cholesky: the matrix at [1] is not positive definite, its leading minor of order 1 is not "
                  "positive: a is f64[2, 3, 3]") +
          rest);
}

TEST_CASE("iterations refuse nan and inf, and say where they are") {
  Tensor x = zeros({2, 2, 2}, {.dtype = float64});
  x.mutable_data<double>()[6] = NAN;
  const char* rest =
      "needs finite elements: a is f64[2, 2, 2] with nan at [1, 1, 0]; find where it arose, or replace it by "
      "where(isfinite(a), a, 0)";
  CHECK(message_of([&] { svd(x); }) == std::string("svd: ") + rest);
  CHECK(message_of([&] { eigh(x); }) == std::string("eigh: ") + rest);
  CHECK(message_of([&] { pinv(x); }) == std::string("pinv: ") + rest);
  CHECK(message_of([&] { lstsq(x, ones({2, 2}, {.dtype = float64})); }) == std::string("lstsq: ") + rest);
  x.mutable_data<double>()[6] = -INFINITY;
  CHECK(message_of([&] { svd(x); }) ==
        "svd: needs finite elements: a is f64[2, 2, 2] with -inf at [1, 1, 0]; find where it "
        "arose, or replace it "
        "by where(isfinite(a), a, 0)");
}

TEST_CASE("factorisations pass nan on") {
  const Tensor x = full({4, 4}, NAN, {.dtype = float64});

  CHECK(std::isnan(inverse(x).at({0, 0})));
  CHECK(std::isnan(det(x).item()));
  CHECK(std::isnan(slogdet(x).logabsdet.item()));
  CHECK(std::isnan(slogdet(x).sign.item()));
  CHECK(std::isnan(cholesky(x).at({0, 0})));
  CHECK(std::isnan(qr(x).r.at({0, 0})));
  CHECK(std::isnan(solve(x, ones({4, 1}, {.dtype = float64})).at({0, 0})));
}

TEST_CASE("an iteration of LAPACK that does not converge is an error that says where") {
  CHECK_NOTHROW(detail::check_converged("svd", batch, 1, 0));
  CHECK(message_of([&] { detail::check_converged("svd", batch, 1, 3); }) ==
        "svd: LAPACK's iteration did not converge for the matrix at [1] (info 3): a is f64[3, 2, 2]; scale a "
        "towards 1, or compute in float64");
}

TEST_CASE("a size that BLAS cannot take is an error") {
  CHECK(message_of([] { detail::blas_int(std::int64_t{1} << 31); }) ==
        "blas: a size is more than BLAS and LAPACK take, which is 2147483647: it is 2147483648; cut the "
        "operand into parts");
}
