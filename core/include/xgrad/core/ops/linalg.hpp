#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/tensor.hpp"

// Linear algebra. A tensor with more than two axes is a batch of matrices, which lie in its last two axes,
// and batches broadcast. Operands have one floating dtype between them, as in arithmetic. Products take
// integers too; everything below them needs floating tensors. Square, singular, positive definite and finite
// are demanded of every matrix in a batch, and the Error names the first one that is not.
//
// Formulas of the gradients, first unless noted: Giles, An extended collection of matrix derivative results,
// 2008. They are written in ops, so gradients have gradients.

namespace xgrad {

class PackedWeight;  // packed_weight.hpp

// Products --------------------------------------------------------------------------------------------------

/// The matrix product, as NumPy's @: vector with vector gives a number, matrix with vector a vector, and more
/// than two axes are a batch that broadcasts. Throws Error when inner sizes differ and for numbers.
Tensor matmul(const Tensor& a, const Tensor& b);
/// op(a) op(b) over the last two axes, where op transposes on request; batches broadcast. No copy is made.
Tensor gemm(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b);
/// x weight^T + bias: x[..., in], weight[out, in], bias[out] (may be undefined) to [..., out].
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

/// activation(x weight^T + bias): bias may be undefined. It keeps the value alone, from which the slope is
/// computed: y (1 - y) of the sigmoid and 1 - y^2 of tanh, within eps.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation);
/// The same of a weight that is used again and again, as a layer's in evaluation: its copy in the order of
/// the kernel is kept in `packed`, which makes products with 2 to 16 rows 1.5 to 4 times as fast. The bits of
/// a value may differ from those without.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation,
              const PackedWeight& packed);

/// The product of two matrices. Throws Error for any other ranks.
Tensor mm(const Tensor& a, const Tensor& b);
/// The products of two batches of as many matrices, a[n, i, k] and b[n, k, j].
Tensor bmm(const Tensor& a, const Tensor& b);
/// a x for a matrix a[i, k] and a vector x[k].
Tensor mv(const Tensor& a, const Tensor& x);
/// sum_i a_i b_i of two vectors of one length.
Tensor dot(const Tensor& a, const Tensor& b);
/// a_i b_j of two vectors.
Tensor outer(const Tensor& a, const Tensor& b);

/// beta x + alpha a b for matrices a and b; x broadcasts to the product. Where beta is 0, x is not read.
Tensor addmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);
/// beta x + alpha a b for batches a[n, i, k] and b[n, k, j]; as addmm.
Tensor baddbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);

/// y_o = x1^T weight_o x2 + bias_o: x1[..., i], x2[..., j], weight[out, i, j], bias[out] (may be undefined)
/// to
/// [..., out].
Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias = {});

/// The Kronecker product: every element of a times all of b, in blocks. Any ranks; sizes multiply axis by
/// axis.
Tensor kron(const Tensor& a, const Tensor& b);

/// The sum of the diagonal, of each matrix.
Tensor trace(const Tensor& x);

/// Sums of products in Einstein's notation: `einsum("bij,bjk->bik", {x, y})`.
///
/// A letter names an axis of an operand; what carries one letter has one size (a size of 1 broadcasts),
/// letters behind the arrow are the axes of the result in their order, all others are summed over. A letter
/// twice in one operand takes its diagonal. `...` stands for all axes without a letter, which broadcast.
/// Without an arrow the result has the `...` and then, in alphabetical order, the letters that occur once.
///
/// Any number of operands; each step contracts the pair whose result and effort are smallest. Throws Error
/// for a malformed equation, a wrong number of operands or axes, and sizes that differ.
Tensor einsum(std::string_view equation, std::span<const Tensor> operands);
Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands);
Tensor einsum(std::string_view equation, const std::vector<Tensor>& operands);

// Systems of equations
// ----------------------------------------------------------------------------------------

/// The inverse of a square matrix. Throws Error for a singular one.
Tensor inverse(const Tensor& a);

/// e^a of a square matrix, or of a batch, by scaling and squaring (Higham, 2005). Its derivatives of every
/// order are those of the matrix function: blocks of the exponential of a larger matrix (Mathias, 1996). nan
/// where a has elements that are not finite.
Tensor matrix_exp(const Tensor& a);

/// The x with a x = b, or with x a = b where left is false.
///
/// b is a matrix or a batch of them; or, with left, a vector [n], or a batch of vectors [..., n] when its
/// shape is that of a without the last axis. Throws Error for a singular a.
Tensor solve(const Tensor& a, const Tensor& b, bool left = true);

/// The x with a x = b (x a = b where left is false) for a triangular a, of which only the upper or lower
/// triangle is read, and where unitriangular its diagonal counts as ones. b as for solve. Throws Error for a
/// 0 on the diagonal.
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left = true,
                        bool unitriangular = false);
/// solve_triangular by its older name and order of arguments: the x with a x = b, or a^T x = b.
Tensor triangular_solve(const Tensor& b, const Tensor& a, bool upper = true, bool transpose = false,
                        bool unitriangular = false);

/// The lower triangular l with l l^T = a for a symmetric positive definite a; the upper u = l^T where upper.
///
/// a counts as (a + a^T) / 2, so the gradient is symmetric. Throws Error where a is not positive definite.
/// Gradient: Murray, Differentiation of the Cholesky decomposition, 2016.
Tensor cholesky(const Tensor& a, bool upper = false);

/// The pseudo-inverse of Moore and Penrose; singular values up to rcond times the largest count as 0, with
/// rcond = max(n, m) eps where left out.
///
/// The gradient holds where the rank does not change: Golub and Pereyra, 1973. Throws Error for nan and inf.
Tensor pinv(const Tensor& a, std::optional<double> rcond = {});

/// What lstsq returns.
struct LeastSquares {
  Tensor solution;   ///< x[..., n, k]
  Tensor residuals;  ///< sum (a x - b)^2 over each column, [..., k]; of size 0 unless n < m and rank = n
  Tensor rank;       ///< int64, no gradient
  Tensor singular_values;  ///< of a, no gradient
};
/// The x of smallest norm among those that make |a x - b| smallest, for a[..., m, n] and b[..., m, k], or
/// b[..., m] when its shape is that of a without the last axis. Gradient, rcond and errors as in pinv.
LeastSquares lstsq(const Tensor& a, const Tensor& b, std::optional<double> rcond = {});

// Determinants
// ------------------------------------------------------------------------------------------------

/// The determinant. Its gradient is the matrix of cofactors, also where a is singular, to second order;
/// beyond that a must be regular, or have no more than three rows.
Tensor det(const Tensor& a);

struct SignAndLogarithm {
  Tensor sign;       ///< -1, 0 or 1; no gradient
  Tensor logabsdet;  ///< log |det a|, -inf for a singular matrix
};
/// The sign and the logarithm of the absolute value of the determinant, which neither overflow nor underflow.
/// d logabsdet = a^-T, for a singular matrix inf and nan; a cotangent of 0 contributes 0.
SignAndLogarithm slogdet(const Tensor& a);
/// log det a: nan where the determinant is negative, -inf where it is 0. Gradient as slogdet.
Tensor logdet(const Tensor& a);

// Decompositions
// ----------------------------------------------------------------------------------------------

struct QR {
  Tensor q, r;
};
/// a = q r, q with orthonormal columns and r upper triangular: q[..., m, p] and r[..., p, n] with p = min(m,
/// n) in mode "reduced", p = m in mode "complete".
///
/// The first min(m, n) columns must be independent for a gradient, which mode "complete" does not have for
/// m > n. Gradient: Walter and Lehmann, Algorithmic differentiation of linear algebra functions, 2010.
QR qr(const Tensor& a, std::string_view mode = "reduced");

struct SVD {
  Tensor u, s, vh;
};
/// a = u diag(s) vh with s descending and orthonormal columns in u and rows in vh: u[..., m, k], s[..., k]
/// and vh[..., k, n] with k = min(m, n); square u and vh where full_matrices, which is PyTorch's default.
///
/// The signs of vectors are free, and so is the basis where singular values are equal, so only functions that
/// do not depend on these choices have a gradient: for others backward throws Error where values are equal.
/// A function of s alone always has one. Throws Error for nan and inf. Gradient: Townsend, 2016.
SVD svd(const Tensor& a, bool full_matrices = false);

struct Eigh {
  Tensor eigenvalues;   ///< ascending
  Tensor eigenvectors;  ///< as columns
};
/// a = v diag(w) v^T for a symmetric a, which counts as (a + a^T) / 2, so the gradient is symmetric.
///
/// Where eigenvalues are equal, to rounding, only functions of eigenvalues and of whole eigenspaces have a
/// gradient, and no second one: backward throws Error for others. Throws Error for nan and inf.
Eigh eigh(const Tensor& a);

/// The norm of each matrix: "fro" is Frobenius', "nuc" the sum of singular values, 2 and -2 the largest and
/// smallest of them, 1 and -1 the largest and smallest sum of absolute values over a column, infinity and
/// -infinity over a row.
///
/// Where singular values are 0, up to rounding, they contribute a gradient of 0. Throws Error for a largest
/// or smallest of nothing, and where singular values are asked of nan and inf.
Tensor matrix_norm(const Tensor& a, std::string_view ord = "fro", bool keepdim = false);
Tensor matrix_norm(const Tensor& a, double ord, bool keepdim = false);

}  // namespace xgrad
