#pragma once

#include <string>

#include "autodiff/listen.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/ops/shape.hpp"

// Batches of matrices: what the ops of linear algebra have in common.

namespace xgrad::detail {

/// The shape without its last two axes.
Shape batch_of(const Shape& shape);

/// How many vectors lie along the last axis.
std::int64_t rows_of(const Shape& shape);

/// A batch and the two sizes of its matrices.
Shape matrix_shape(const Shape& batch, std::int64_t rows, std::int64_t columns);

/// What a message says where inner sizes differ.
inline constexpr const char* inner_rule = "; a needs as many columns as b has rows";

/// What the batches of a and b broadcast to; throws Error when they do not.
Shape broadcast_batches(const char* op, const Tensor& a, const Tensor& b);

/// How many matrices there are, and how many elements each has.
struct MatrixSizes {
  std::int64_t count, rows, columns, elements;
  explicit MatrixSizes(const Tensor& a);
};

/// Throws unless a is floating and has at least two axes.
void check_matrices(const char* op, const Tensor& a);
/// Throws unless a is made of floating square matrices; `remedy` ends the message.
void check_square(const char* op, const Tensor& a, const char* remedy = "");
/// Throws, with the place, where a has a nan or an infinity.
void check_finite(const char* op, const Tensor& a);

/// True where the right-hand sides b of a system with a are a vector, or a batch of them that fits a's
/// exactly.
bool is_vectors(const Tensor& a, const Tensor& b);

/// "the matrix", or "the matrix at [1, 0]" of a batch.
std::string matrix_name(const Tensor& a, std::int64_t i);

/// Throws Error: a zero pivot was met in matrix i of a.
[[noreturn]] void fail_singular(const char* op, const Tensor& a, std::int64_t i);
/// Throws Error unless LAPACK said that its iteration over matrix i of a converged.
void check_converged(const char* op, const Tensor& a, std::int64_t i, int info);

/// Records an op with several outputs of which only output k has a gradient, and tells of all of them.
template <class... A>
void record_one(const Op& op, std::initializer_list<Ref> inputs, std::span<Tensor> outputs, std::size_t k,
                const A&... attributes) {
  {
    const Unheard within;
    outputs[k] = record(op, inputs, std::move(outputs[k]), attributes...);
  }
  if (!is_heard()) return;
  std::shared_ptr<const void> told;
  ((told = std::make_shared<A>(attributes)), ...);
  tell(op, {inputs.begin(), inputs.size()}, outputs, std::move(told));
}

/// The matrices transposed.
inline Tensor matrix_transpose(const Tensor& a) { return whole_result(transpose(a, -2, -1)); }

/// (a + a^T) / 2, unrecorded, in new storage.
Tensor symmetric_part(const Tensor& a);

/// The upper or the lower triangle, 0 elsewhere; `strict` without the diagonal.
Tensor triangle(const Tensor& a, bool upper, bool strict = false);

}  // namespace xgrad::detail
