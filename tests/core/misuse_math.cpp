#include "core/misuse.hpp"

using namespace xgrad;
using test::Misuse;

TEST_CASE_FIXTURE(Misuse, "misuse: reductions and orders") {
  says([&] { sum(x, 2); }, "sum: axis 2 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says([&] { sum(x, {0, 0}); }, "sum: axis 0 is named twice: x is f32[2, 3]; name each axis once");
  says([&] { sum(u); },
       "sum: a tensor is undefined: default-constructed, or a gradient that is not there; give it a value");
  says([&] { mean(i); }, "mean: needs a floating tensor: x is i64[2]; convert it with x.to(float32)");
  says([&] { mean(x, {0, 1, 1}); }, "mean: axis 1 is named twice: x is f32[2, 3]; name each axis once");
  says([&] { prod(x, -3); }, "prod: axis -3 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says([&] { amax(e); }, "amax: needs an element to choose along the axis: x is f32[0]");
  says([&] { max(e); }, "max: needs an element to choose along the axis: x is f32[0]");
  says([&] { max(x, 2); }, "max: axis 2 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says([&] { argmax(e); }, "argmax: needs an element to choose along the axis: x is f32[0]");
  says([&] { argmin(e2, 0); }, "argmin: needs an element to choose along the axis: x is f32[0, 3]");
  says([&] { median(e); }, "median: needs an element to choose along the axis: x is f32[0]");
  says([&] { var(i); }, "var: needs a floating tensor: x is i64[2]; convert it with x.to(float32)");
  says([&] { norm(x, nan); }, "norm: the order p must be a number: it is nan");
  says([&] { norm(i); }, "norm: needs a floating tensor: x is i64[2]; convert it with x.to(float32)");
  says([&] { norm(e, -inf); }, "norm: needs an element to choose along the axis: x is f32[0]");
  says([&] { topk(x, 4); },
       "topk: cannot take 4 elements of 3 along axis -1: x is f32[2, 3]; k must lie between 0 and 3");
  says([&] { sum(x, Axes(std::vector<int>(40, 0))); },
       "Axes: 40 axes are more than the 32 that a tensor can have; name each axis once");
}

TEST_CASE_FIXTURE(Misuse, "misuse: elementwise functions") {
  says([&] { x + y; },
       "add: shapes do not broadcast: f32[2, 3] and f32[3, 2] differ in axis -2; sizes must agree, or one of "
       "them be 1");
  says(
      [&] { x + d; },
      "add: operands mix float32 and float64: a is f32[2, 3], b is f64[2, 3]; convert one with .to(float64)");
  says([&] { x + u; },
       "add: a tensor is undefined: default-constructed, or a gradient that is not there; give it a value");
  says([&] { x - y; },
       "sub: shapes do not broadcast: f32[2, 3] and f32[3, 2] differ in axis -2; sizes must agree, or one of "
       "them be 1");
  says([&] { x* y; },
       "mul: shapes do not broadcast: f32[2, 3] and f32[3, 2] differ in axis -2; sizes must agree, or one of "
       "them be 1");
  says([&] { x / y; },
       "div: shapes do not broadcast: f32[2, 3] and f32[3, 2] differ in axis -2; sizes must agree, or one of "
       "them be 1");
  says([&] { pow(x, y); },
       "pow: shapes do not broadcast: f32[2, 3] and f32[3, 2] differ in axis -2; sizes must agree, or one of "
       "them be 1");
  says([&] { pow(i, -1); },
       "pow: an integer to a negative power is no integer: x is i64[2], p is i64[]; convert x with "
       "x.to(float32)");
  says([&] { maximum(x, d); },
       "maximum: operands mix float32 and float64: a is f32[2, 3], b is f64[2, 3]; convert one with "
       ".to(float64)");
  says([&] { where(x, x, x); },
       "where: the condition must be boolean: it is f32[2, 3]; compare it, as in x > 0");
  says([&] { where(b, x, d); },
       "where: operands mix float32 and float64: a is f32[2, 3], b is f64[2, 3]; convert one with "
       ".to(float64)");
  says([&] { clamp(x, 2, 1); }, "clamp: low must not be above high: low is 2, high is 1");
  says([&] { hypot(x, d); },
       "hypot: operands mix float32 and float64: a is f32[2, 3], b is f64[2, 3]; convert one with "
       ".to(float64)");
  says([&] { fmod(i, 0); },
       "fmod: integers are divided by 0: a is i64[2], b is i64[]; convert one with .to(float32)");
  says([&] { remainder(i, 0); },
       "remainder: integers are divided by 0: a is i64[2], b is i64[]; convert one with .to(float32)");
  says([&] { floor_divide(i, 0); },
       "floor_divide: integers are divided by 0: a is i64[2], b is i64[]; convert one with .to(float32)");
  says([&] { lerp(x, d, 0.5); },
       "lerp: operands mix float32 and float64: a is f32[2, 3], b is f64[2, 3]; convert one with "
       ".to(float64)");
  says([&] { polygamma(-1, x); },
       "polygamma: n must lie between 0 and 170, whose factorial is the largest: it is -1");
  says([&] { softplus(x, 0); }, "softplus: beta must not be 0");
  says([&] { celu(x, 0); }, "celu: alpha must not be 0");
  says([&] { hardtanh(x, 1, -1); }, "hardtanh: low must not be above high: low is 1, high is -1");
  says([&] { hardshrink(x, -1); }, "hardshrink: lambda must not be negative: it is -1");
  says([&] { prelu(x, zeros({2})); },
       "prelu: the weight needs one element, or one for each entry of axis 1: x is f32[2, 3], weight is "
       "f32[2]");
}

TEST_CASE_FIXTURE(Misuse, "misuse: linear algebra") {
  says([&] { matmul(x, x); },
       "matmul: inner sizes differ: a is f32[2, 3], b is f32[2, 3]; a needs as many columns as b has rows");
  says([&] { matmul(s, x); },
       "matmul: needs vectors, matrices or batches of matrices: a is f32[], b is f32[2, 3]; use * for "
       "numbers");
  says([&] { matmul(x, d); },
       "matmul: operands mix float32 and float64: a is f32[2, 3], b is f64[2, 3]; convert one with "
       ".to(float64)");
  says(
      [&] { matmul(u, x); },
      "matmul: a tensor is undefined: default-constructed, or a gradient that is not there; give it a value");
  says([&] { gemm(x, x, false, false); },
       "gemm: inner sizes differ: a is f32[2, 3], b is f32[2, 3]; a needs as many columns as b has rows");
  says([&] { gemm(v, v, false, true); }, "gemm: needs matrices: a is f32[3], b is f32[3]");
  says([&] { mm(v, v); }, "mm: needs two matrices: a is f32[3], b is f32[3]; matmul takes other ranks");
  says([&] { bmm(x, x); },
       "bmm: needs two batches of matrices: a is f32[2, 3], b is f32[2, 3]; matmul takes other ranks");
  says([&] { mv(x, x); },
       "mv: needs a matrix and a vector: a is f32[2, 3], x is f32[2, 3]; matmul takes other ranks");
  says([&] { dot(x, x); },
       "dot: needs two vectors: a is f32[2, 3], b is f32[2, 3]; matmul takes other ranks");
  says([&] { outer(x, x); },
       "outer: needs two vectors: a is f32[2, 3], b is f32[2, 3]; kron takes other ranks");
  says([&] { addmm(s, x, x); },
       "addmm: inner sizes differ: a is f32[2, 3], b is f32[2, 3]; a needs as many columns as b has rows");
  says([&] { addmm(x, x, y, nan); },
       "addmm: x does not broadcast to the product: x is f32[2, 3], the product has shape [2, 2]; sizes must "
       "agree, or x's be 1");
  says([&] { baddbmm(x, x, x); },
       "baddbmm: needs two batches of matrices: a is f32[2, 3], b is f32[2, 3]; matmul takes other ranks");
  says([&] { linear(x, y, randn({9})); },
       "linear: the last size of x must be the weight's second: x is f32[2, 3], weight is f32[3, 2], bias is "
       "f32[9]");
  says([&] { linear(s, x); },
       "linear: the last size of x must be the weight's second: x is f32[], weight is f32[2, 3]");
  says(
      [&] {
        linear(x, randn({4, 3}), randn({5}));
      },
      "linear: the bias must have the weight's first size: x is f32[2, 3], weight is f32[4, 3], bias is "
      "f32[5]");
  says([&] { bilinear(x, x, x); },
       "bilinear: the weight must have three axes [out, in1, in2]: x1 is f32[2, 3], x2 is f32[2, 3], weight "
       "is f32[2, 3]");
  says([&] { trace(v); }, "trace: needs a matrix or a batch of matrices: x is f32[3]");
  says([&] { einsum("", {}); },
       "einsum: 1 term for 0 operands; write a term for each, between commas: the equation is \"\"");
  says([&] { einsum("", {x}); },
       "einsum: term 0 names 0 axes of an operand with 2; name all, or write ... for the others: the "
       "equation is \"\"; operand 0 is f32[2, 3]");
  says([&] { einsum("ij", {}); },
       "einsum: 1 term for 0 operands; write a term for each, between commas: the equation is \"ij\"");
  says([&] { einsum("ij,jk->ik", {x}); },
       "einsum: 2 terms for 1 operand; write a term for each, between commas: the equation is \"ij,jk->ik\"; "
       "operand 0 is f32[2, 3]");
  says([&] { einsum("ij->k", {x}); },
       "einsum: letter k of the result is in no operand; name it in a term: the equation is \"ij->k\"; "
       "operand 0 is f32[2, 3]");
  says([&] { einsum("ij-", {x}); },
       "einsum: '-' is no letter; axes are a to z and A to Z, an ellipsis is three dots, the arrow is ->: "
       "the equation is \"ij-\"; operand 0 is f32[2, 3]");
  says([&] { einsum("ij->ij->ij", {x}); },
       "einsum: '-' is no letter; axes are a to z and A to Z, an ellipsis is three dots, the arrow is ->: "
       "the equation is \"ij->ij->ij\"; operand 0 is f32[2, 3]");
  says([&] { einsum("i...j...", {x}); },
       "einsum: a term has two ellipses; write one: the equation is \"i...j...\"; operand 0 is f32[2, 3]");
  says([&] { einsum("..", {x}); },
       "einsum: '.' is no letter; axes are a to z and A to Z, an ellipsis is three dots, the arrow is ->: "
       "the equation is \"..\"; operand 0 is f32[2, 3]");
  says([&] { einsum("ij->ji>", {x}); },
       "einsum: '>' is no letter; axes are a to z and A to Z, an ellipsis is three dots, the arrow is ->: "
       "the equation is \"ij->ji>\"; operand 0 is f32[2, 3]");
  says(
      [&] {
        einsum("ij,jk", {x, d});
      },
      "einsum: letter j has sizes 3 and 2; they must agree: the equation is \"ij,jk\"; operand 0 is f32[2, "
      "3], operand 1 is f64[2, 3]");
  says(
      [&] {
        einsum(",,,", {x, x, x, x});
      },
      "einsum: term 0 names 0 axes of an operand with 2; name all, or write ... for the others: the equation "
      "is \",,,\"; operand 0 is f32[2, 3], operand 1 is f32[2, 3], operand 2 is f32[2, 3], operand 3 is "
      "f32[2, 3]");
  says([&] { inverse(x); }, "inverse: needs square matrices: a is f32[2, 3]; pinv takes any matrix");
  says(
      [&] {
        inverse(zeros({2, 2}));
      },
      "inverse: the matrix is singular: a is f32[2, 2]; add a small multiple of the identity, or use pinv or "
      "lstsq");
  says([&] { solve(x, x); }, "solve: needs square matrices: a is f32[2, 3]; lstsq takes any matrix");
  says([&] { solve(eye(2), randn({3})); },
       "solve: b must be as long as a has rows: a is f32[2, 2], b is f32[3]");
  says([&] { cholesky(-eye(2)); },
       "cholesky: the matrix is not positive definite, its leading minor of order 1 is not positive: a is "
       "f32[2, 2]; add a small multiple of the identity, or use eigh");
  says([&] { pinv(x, nan); }, "pinv: rcond must not be negative: it is nan; leave it out for the default");
  says([&] { pinv(e); }, "pinv: needs a matrix or a batch of matrices: a is f32[0]");
  says([&] { lstsq(x, v); }, "lstsq: b must have as many rows as a: a is f32[2, 3], b is f32[3]");
  says(
      [&] {
        lstsq(x, randn({2, 1}), nan);
      },
      "lstsq: rcond must not be negative: it is nan; leave it out for the default");
  says([&] { det(x); }, "det: needs square matrices: a is f32[2, 3]");
  says([&] { logdet(v); }, "logdet: needs a matrix or a batch of matrices: a is f32[3]");
  says([&] { qr(x, "bad"); }, "qr: the mode must be \"reduced\" or \"complete\": it is \"bad\"");
  says([&] { qr(v); }, "qr: needs a matrix or a batch of matrices: a is f32[3]");
  says(
      [&] {
        svd(full({2, 2}, nan));
      },
      "svd: needs finite elements: a is f32[2, 2] with nan at [0, 0]; find where it arose, or replace it by "
      "where(isfinite(a), a, 0)");
  says([&] { svd(i); }, "svd: needs a matrix or a batch of matrices: a is i64[2]");
  says([&] { eigh(x); }, "eigh: needs square matrices: a is f32[2, 3]; svd takes any matrix");
  says(
      [&] {
        eigh(full({2, 2}, inf));
      },
      "eigh: needs finite elements: a is f32[2, 2] with inf at [0, 0]; find where it arose, or replace it by "
      "where(isfinite(a), a, 0)");
  says([&] { matrix_norm(v); }, "matrix_norm: needs a matrix or a batch of matrices: a is f32[3]");
  says([&] { matrix_norm(x, "bad"); },
       "matrix_norm: the norm must be \"fro\", \"nuc\", 1, -1, 2, -2, inf or -inf: it is \"bad\"");
  says([&] { matrix_norm(x, 3); },
       "matrix_norm: the norm must be \"fro\", \"nuc\", 1, -1, 2, -2, inf or -inf: it is 3; norm takes any "
       "exponent, over elements");
  says(
      [&] {
        matrix_norm(zeros({0, 2}), 2);
      },
      "matrix_norm: there is no largest of nothing: a is f32[0, 2]; use \"fro\" or \"nuc\", which are 0");
  says([&] { triangular_solve(x, x); },
       "triangular_solve: needs square matrices: a is f32[2, 3]; lstsq takes any matrix");
  says(
      [&] {
        solve_triangular(zeros({2, 2}), x, true);
      },
      "solve_triangular: the matrix is singular, with a 0 in row 0 of its diagonal: a is f32[2, 2]; use pinv "
      "or lstsq");
  says([&] { v.t(); }, "t: needs a matrix: x is f32[3]; use transpose(axis0, axis1)");
}
