#pragma once

#include <concepts>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad {

/// Elements start, start + step, ... before stop, in an index: `Slice{1, 5}`, `Slice{.step = -1}`. As in
/// slice.
struct Slice {
  std::optional<std::int64_t> start = {};
  std::optional<std::int64_t> stop = {};
  std::int64_t step = 1;
};

/// In an index: all axes that the other items do not name.
struct Ellipsis {};
inline constexpr Ellipsis ellipsis{};

/// In an index: a new axis of size 1.
struct NewAxis {};
inline constexpr NewAxis new_axis{};

/// One item of an index: a number, a Slice, an array of numbers or booleans, `ellipsis` or `new_axis`.
class Index {
 public:
  template <std::integral T>
  requires(!std::same_as<T, bool>) Index(T i)
      : item_(static_cast<std::int64_t>(i)) {}      // NOLINT(google-explicit-constructor)
  Index(Slice s) : item_(s) {}                      // NOLINT(google-explicit-constructor)
  Index(Ellipsis e) : item_(e) {}                   // NOLINT(google-explicit-constructor)
  Index(NewAxis n) : item_(n) {}                    // NOLINT(google-explicit-constructor)
  Index(Tensor array) : item_(std::move(array)) {}  // NOLINT(google-explicit-constructor)

  const auto& item() const { return item_; }

 private:
  std::variant<std::int64_t, Slice, Ellipsis, NewAxis, Tensor> item_;
};

/// The part x[i_0, i_1, ...]. Each item takes one axis, from the first on; what is left is whole.
///
/// Numbers take their axis away; slices keep it; int64 arrays are broadcast together and put their axes in
/// its place, or in front if other axes stand between them; a boolean array takes as many axes as it has, and
/// stands for the int64 arrays of the places where it is true. Negative numbers count from the end. Elements
/// that are taken several times add up in the gradient. A part without arrays whose elements lie one behind
/// another shares the buffer. Throws Error for a number out of range (which item, which value), for more
/// items than axes, and for a boolean array of another shape than its axes; also where the part is empty.
Tensor index(const Tensor& x, const std::vector<Index>& indices);
/// x with values, broadcast to the part's shape, put at index(x, indices), or added there. Where elements are
/// named several times, the last value stays and it alone has a gradient, or all are added.
Tensor index_put(const Tensor& x, const std::vector<Index>& indices, const Tensor& values,
                 bool accumulate = false);
Tensor index_put(const Tensor& x, const std::vector<Index>& indices, Scalar value, bool accumulate = false);

// Of a temporary: see reshape.

inline Tensor index(Tensor&& x, const std::vector<Index>& indices) { return x.part(index(x, indices)); }

// By masks, boolean and broadcast to x; an Error otherwise.
// ---------------------------------------------------

/// value where the mask is true, else x.
Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value);
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value);
/// The elements where the mask is true, as a vector, in row-major order of the two broadcast together.
Tensor masked_select(const Tensor& x, const Tensor& mask);
/// The places of what is not 0, int64 [how many, axes of x], in row-major order. No gradient.
Tensor nonzero(const Tensor& x);

// By one index tensor. Indices are int64, and one that is out of range is an Error with its place and value.
// What several indices read adds up in the gradient.

/// Rows of x along axis by a vector of indices: y[..., i, ...] = x[..., index[i], ...].
Tensor index_select(const Tensor& x, int axis, const Tensor& index);
/// y[..., i, ...] = x[..., index[..., i, ...], ...] along axis; the index has x's rank and no larger other
/// sizes.
Tensor gather(const Tensor& x, int axis, const Tensor& index);
/// gather, after all sizes but those of axis are broadcast; without an axis, of the flattened elements.
Tensor take_along_dim(const Tensor& x, const Tensor& index, int axis);
Tensor take_along_dim(const Tensor& x, const Tensor& index);
/// x with the source put at the index along axis: y[..., index[..., i, ...], ...] = source[..., i, ...]. The
/// index has x's rank and no larger other sizes; the source is of x's dtype and no smaller than the index. Of
/// several to one place the last stays, and it alone has a gradient.
Tensor scatter(const Tensor& x, int axis, const Tensor& index, const Tensor& source);
Tensor scatter(const Tensor& x, int axis, const Tensor& index, Scalar value);
/// x with the source added at the index along axis, in the same way; the transpose of gather.
Tensor scatter_add(const Tensor& x, int axis, const Tensor& index, const Tensor& source);
/// Rows of a weight [rows, width] by input, [..., width]; the row padding_idx gets no gradient.
Tensor embedding(const Tensor& input, const Tensor& weight, std::optional<std::int64_t> padding_idx = {});
/// Classes to rows of 0 and 1, int64[..., classes]; classes = -1 takes the largest plus one.
Tensor one_hot(const Tensor& x, std::int64_t classes = -1);

}  // namespace xgrad
