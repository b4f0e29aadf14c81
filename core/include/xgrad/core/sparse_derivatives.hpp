#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "xgrad/core/function.hpp"

// Jacobians and Hessians most of whose elements are 0, in as many passes as a compressed one has columns. f
// takes one tensor and returns one; the matrix is that of their elements in row-major order.

namespace xgrad {

/// Where the elements of a matrix may be other than 0: each in row rows[k] and column columns[k].
struct SparsityPattern {
  Tensor rows;     ///< int64[elements]
  Tensor columns;  ///< int64[elements]
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// A matrix by what may be other than 0 of it, row by row and in a row from left to right, each element once.
struct SparseMatrix {
  Tensor rows;     ///< int64[elements]
  Tensor columns;  ///< int64[elements]
  Tensor values;   ///< [elements]
  std::int64_t height = 0;
  std::int64_t width = 0;

  /// [height, width], with zeros elsewhere.
  Tensor dense() const;
};

/// What a pattern is found with: tangents that are 0 outside of some columns, and in them this.
enum class Probe : std::uint8_t {
  /// nan, which no product with a zero stops: finds what depends on what by the ops that were run, also where
  /// the derivative is 0 at x. Only what a branch, a maximum or an index has left out is missed.
  nan,
  /// Random numbers: finds what is other than 0 at x. Fewer elements where the function multiplies by a
  /// matrix that is itself full of zeros; at another x there may be more.
  random,
};

struct SparsityOptions {
  Probe probe = Probe::nan;
  std::uint64_t seed = 0;  ///< of the random numbers
};

struct SparseOptions {
  bool create_graph = false;  ///< record, so that the values can be differentiated with respect to x
  /// Compare the product with a random vector, one more pass, and throw Error where the pattern lacks an
  /// element that is other than 0. Not done with create_graph.
  bool check = true;
};

namespace detail {
struct Compression;
SparsityPattern jacobian_sparsity_of(const TensorFunction& f, const Tensor& x, SparsityOptions options);
SparsityPattern hessian_sparsity_of(const TensorFunction& f, const Tensor& x, SparsityOptions options);
SparseMatrix sparse_jacobian_of(const Compression& by, const TensorFunction& f, const Tensor& x,
                                SparseOptions options);
SparseMatrix sparse_hessian_of(const Compression& by, const TensorFunction& f, const Tensor& x,
                               SparseOptions options);
}  // namespace detail

/// The Jacobians of functions with one pattern: columns that meet in no row share a tangent, or rows that
/// meet in no column a cotangent, whichever needs fewer. The pattern is compressed once; each call then takes
/// `passes()` tangents, several at once, or cotangents. Curtis, Powell and Reid, On the estimation of sparse
/// Jacobian matrices, 1974; Coleman and Moré, Estimation of sparse Jacobian matrices and graph coloring
/// problems, 1983.
class SparseJacobian {
 public:
  /// Throws Error for indices out of their range, and where there are not as many rows as columns.
  explicit SparseJacobian(const SparsityPattern& pattern);

  /// df_i/dx_j. Throws Error for a function of another size, and for one that the pattern does not fit.
  template <class F>
  SparseMatrix operator()(F f, const Tensor& x, SparseOptions options = {}) const {
    return detail::sparse_jacobian_of(*by_, as_function(std::move(f), "sparse_jacobian"), x, options);
  }

  std::int64_t passes() const;
  bool is_forward() const;  ///< by tangents, not cotangents

 private:
  std::shared_ptr<const detail::Compression> by_;
};

/// The same for Hessians of functions with one element, whose pattern is symmetric: an element is read where
/// its column, or by symmetry its row, is the only one of its group. The passes are tangents through the
/// gradient, forward over reverse. Coleman and Moré, Estimation of sparse Hessian matrices and graph coloring
/// problems, 1984; Gebremedhin, Manne and Pothen, What color is your Jacobian?, 2005.
class SparseHessian {
 public:
  /// What the pattern has on one side of the diagonal it has on the other. Throws Error as SparseJacobian
  /// does, and for a pattern that is not square.
  explicit SparseHessian(const SparsityPattern& pattern);

  /// d2f / dx_i dx_j.
  template <class F>
  SparseMatrix operator()(F f, const Tensor& x, SparseOptions options = {}) const {
    return detail::sparse_hessian_of(*by_, as_function(std::move(f), "sparse_hessian"), x, options);
  }

  std::int64_t passes() const;

 private:
  std::shared_ptr<const detail::Compression> by_;
};

/// Where the Jacobian of f may be other than 0, found at x by probing ranges of columns, of which those that
/// were hit are parted again: for n columns about 2 log2(n) times the passes of the Jacobian itself. Griewank
/// and Mitev, Detecting Jacobian sparsity patterns by Bayesian probing, 2002, without their guesses. See
/// Probe for what can be missed.
template <class F>
SparsityPattern jacobian_sparsity(F f, const Tensor& x, SparsityOptions options = {}) {
  return detail::jacobian_sparsity_of(as_function(std::move(f), "jacobian_sparsity"), x, options);
}

/// The same of the Hessian of a function with one element.
template <class F>
SparsityPattern hessian_sparsity(F f, const Tensor& x, SparsityOptions options = {}) {
  return detail::hessian_sparsity_of(as_function(std::move(f), "hessian_sparsity"), x, options);
}

/// The Jacobian by its elements that may be other than 0, whose places are found first. Where it is asked for
/// again and again, keep a SparseJacobian.
template <class F>
SparseMatrix sparse_jacobian(F f, const Tensor& x, SparseOptions options = {}) {
  const TensorFunction g = as_function(std::move(f), "sparse_jacobian");
  return SparseJacobian(detail::jacobian_sparsity_of(g, x, {}))(g, x, options);
}
/// The same with a pattern that is known.
template <class F>
SparseMatrix sparse_jacobian(F f, const Tensor& x, const SparsityPattern& pattern,
                             SparseOptions options = {}) {
  return SparseJacobian(pattern)(std::move(f), x, options);
}

/// The Hessian of a function with one element, likewise.
template <class F>
SparseMatrix sparse_hessian(F f, const Tensor& x, SparseOptions options = {}) {
  const TensorFunction g = as_function(std::move(f), "sparse_hessian");
  return SparseHessian(detail::hessian_sparsity_of(g, x, {}))(g, x, options);
}
template <class F>
SparseMatrix sparse_hessian(F f, const Tensor& x, const SparsityPattern& pattern,
                            SparseOptions options = {}) {
  return SparseHessian(pattern)(std::move(f), x, options);
}

}  // namespace xgrad
