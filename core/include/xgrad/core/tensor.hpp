#pragma once

#include <cassert>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/core/axes.hpp"
#include "xgrad/core/tensor_node.hpp"

namespace xgrad {

class Index;  // xgrad/core/ops/index.hpp
class Tensor;
struct ValuesAndIndices;  // xgrad/core/ops/reduce.hpp
template <class T>
class Elements;  // xgrad/core/elements.hpp

/// How to make a tensor: `{.dtype = float64, .requires_grad = true}`.
struct TensorOptions {
  std::optional<DType> dtype = {};  ///< where empty: what the values have, else float32
  bool requires_grad = false;
};

/// What backward keeps: see Tensor::backward.
struct BackwardOptions {
  bool retain_graph = false;  ///< keep the graph, so that a second backward can walk it
  bool create_graph = false;  ///< record the backward pass, so that gradients have gradients; retains too
};

/// An n-dimensional array that remembers how it was made.
///
/// A Tensor is a handle: copying it shares the data and the history, as copying a shared pointer does.
/// Results are contiguous, row-major and never change once they are recorded. A default-constructed Tensor
/// is undefined: it holds nothing, and ops reject it.
class Tensor {
 public:
  Tensor() noexcept = default;
  Tensor(const Tensor& o) noexcept : node_(o.node_) {
    if (node_) detail::add_handle(node_);
  }
  Tensor(Tensor&& o) noexcept : node_(std::exchange(o.node_, nullptr)) {}
  // Of lvalues only: `x[0] = y` would give the temporary x[0] another tensor, and leave x as it is. Elements
  // are assigned by `x[0].copy_(y)`, other parts by `x.index_put_({...}, y)`.
  Tensor& operator=(const Tensor& o) & noexcept {
    Tensor copy(o);
    std::swap(node_, copy.node_);
    return *this;
  }
  Tensor& operator=(Tensor&& o) & noexcept {
    Tensor taken(std::move(o));
    std::swap(node_, taken.node_);
    return *this;
  }
  ~Tensor() {
    if (node_) detail::drop_handle(node_);
  }

  /// False for a default-constructed tensor, and for the gradient of a leaf that has none.
  bool defined() const { return node_ != nullptr; }

  // `user` is the function that asks, which the error of an undefined tensor names.
  const Shape& shape(const char* user = __builtin_FUNCTION()) const& { return node(user)->shape; }
  Shape shape(const char* user = __builtin_FUNCTION()) const&& { return node(user)->shape; }
  /// Size along `axis`; negative axes count from the end. Throws Error when there is no such axis.
  std::int64_t size(int axis, const char* user = __builtin_FUNCTION()) const {
    const Shape& s = shape(user);
    const int i = axis < 0 ? axis + s.rank() : axis;
    if (i < 0 || i >= s.rank()) [[unlikely]]
      no_such_axis(axis);
    return s[i];
  }
  /// Number of axes.
  int dim(const char* user = __builtin_FUNCTION()) const { return node(user)->shape.rank(); }
  std::int64_t numel(const char* user = __builtin_FUNCTION()) const { return node(user)->numel; }
  DType dtype(const char* user = __builtin_FUNCTION()) const { return node(user)->dtype; }

  // Reading and writing elements ------------------------------------------------------------------------

  /// The elements in row-major order. T must be the C++ type of dtype(): throws Error otherwise. Those of a
  /// temporary come with a handle on it: `for (float v : exp(x).data<float>())` is safe.
  template <Element T>
  std::span<const T> data() const& {
    return {static_cast<const T*>(read(dtype_of<T>)), static_cast<std::size_t>(numel())};
  }
  template <Element T>
  Elements<const T> data() const&&;

  /// The elements for writing: counts as one change of the buffer, so a graph that saved the old values
  /// will say so instead of giving a wrong gradient. Write before the next op reads the tensor.
  ///
  /// Throws Error for a recorded result, and for a leaf that requires a gradient while recording is on; and
  /// where the write would be lost, as with the members below.
  template <Element T>
  std::span<T> mutable_data() & {
    return {static_cast<T*>(write(dtype_of<T>)), static_cast<std::size_t>(numel())};
  }
  template <Element T>
  Elements<T> mutable_data() &&;

  /// The value of a tensor with one element, converted to T. Throws Error for any other tensor.
  template <class T = double>
  T item() const {
    return item_scalar().to<T>("item");
  }

  /// The element at an index, one number an axis; negative numbers count from the end.
  template <class T = double>
  T at(std::initializer_list<std::int64_t> index) const {
    return at_scalar(std::span(index.begin(), index.size())).template to<T>("at");
  }

  /// The elements as a vector, converted to T.
  template <class T>
  std::vector<T> to_vector() const {
    std::vector<T> v(static_cast<std::size_t>(numel("to_vector")));
    for (std::int64_t i = 0; i < numel(); ++i)
      v[static_cast<std::size_t>(i)] = flat_scalar(i).to<T>("to_vector");
    return v;
  }

  // In place: leaves only, outside recording. Each returns *this, of a temporary by value, so that
  // `zeros({3}).fill_(5)` makes a tensor and `x[0].fill_(5)` changes x. Where a temporary is a copy of a part
  // of another tensor, such as x.t() or x.slice(1, 0, 1), the write would be lost: throws Error.
  // -------------

  Tensor& fill_(Scalar value) &;
  Tensor& zero_() & { return fill_(0); }
  /// Copies the values of `source`, broadcast to this shape and converted to this dtype. Axes of size 1 that
  /// this tensor lacks in front are passed over: one number in a [1] is a number.
  Tensor& copy_(const Tensor& source) &;
  Tensor& add_(const Tensor& other, double alpha = 1) &;  ///< this += alpha * other
  Tensor& sub_(const Tensor& other, double alpha = 1) &;  ///< this -= alpha * other
  Tensor& mul_(const Tensor& other) &;
  Tensor& div_(const Tensor& other) &;
  Tensor& add_(Scalar other, double alpha = 1) &;
  Tensor& sub_(Scalar other, double alpha = 1) &;
  Tensor& mul_(Scalar other) &;
  Tensor& div_(Scalar other) &;
  Tensor& operator+=(const Tensor& other) & { return add_(other); }
  Tensor& operator-=(const Tensor& other) & { return sub_(other); }
  Tensor& operator*=(const Tensor& other) & { return mul_(other); }
  Tensor& operator/=(const Tensor& other) & { return div_(other); }
  Tensor& operator+=(Scalar other) & { return add_(other); }
  Tensor& operator-=(Scalar other) & { return sub_(other); }
  Tensor& operator*=(Scalar other) & { return mul_(other); }
  Tensor& operator/=(Scalar other) & { return div_(other); }

  Tensor fill_(Scalar value) && { return std::move(to_change("fill_").fill_(value)); }
  Tensor zero_() && { return std::move(to_change("zero_").zero_()); }
  Tensor copy_(const Tensor& source) && { return std::move(to_change("copy_").copy_(source)); }
  Tensor add_(const Tensor& other, double alpha = 1) && {
    return std::move(to_change("add_").add_(other, alpha));
  }
  Tensor sub_(const Tensor& other, double alpha = 1) && {
    return std::move(to_change("sub_").sub_(other, alpha));
  }
  Tensor mul_(const Tensor& other) && { return std::move(to_change("mul_").mul_(other)); }
  Tensor div_(const Tensor& other) && { return std::move(to_change("div_").div_(other)); }
  Tensor add_(Scalar other, double alpha = 1) && { return std::move(to_change("add_").add_(other, alpha)); }
  Tensor sub_(Scalar other, double alpha = 1) && { return std::move(to_change("sub_").sub_(other, alpha)); }
  Tensor mul_(Scalar other) && { return std::move(to_change("mul_").mul_(other)); }
  Tensor div_(Scalar other) && { return std::move(to_change("div_").div_(other)); }
  Tensor operator+=(const Tensor& other) && { return std::move(*this).add_(other); }
  Tensor operator-=(const Tensor& other) && { return std::move(*this).sub_(other); }
  Tensor operator*=(const Tensor& other) && { return std::move(*this).mul_(other); }
  Tensor operator/=(const Tensor& other) && { return std::move(*this).div_(other); }
  Tensor operator+=(Scalar other) && { return std::move(*this).add_(other); }
  Tensor operator-=(Scalar other) && { return std::move(*this).sub_(other); }
  Tensor operator*=(Scalar other) && { return std::move(*this).mul_(other); }
  Tensor operator/=(Scalar other) && { return std::move(*this).div_(other); }

  // The graph ---------------------------------------------------------------------------------------------

  bool requires_grad(const char* user = __builtin_FUNCTION()) const { return node(user)->requires_grad; }
  /// Marks a floating leaf as one whose gradient is wanted (or no longer). Returns *this.
  /// Throws Error for a recorded result and for integers.
  Tensor& requires_grad_(bool on = true) &;
  Tensor requires_grad_(bool on = true) && { return std::move(requires_grad_(on)); }
  /// True for a tensor that no recorded op made.
  bool is_leaf(const char* user = __builtin_FUNCTION()) const { return node(user)->op == nullptr; }
  /// The name of the op that made it, "" for a leaf.
  const char* op_name(const char* user = __builtin_FUNCTION()) const;

  /// The gradient that backward has added up in this leaf; undefined before the first backward.
  Tensor grad(const char* user = __builtin_FUNCTION()) const;
  /// Replaces the gradient; an undefined tensor clears it. Throws Error on another shape or dtype, and for a
  /// temporary that nothing else holds, such as x[0].
  void set_grad(const Tensor& g) &;
  void set_grad(const Tensor& g) &&;
  /// Forgets the gradient.
  void zero_grad();

  /// Adds d(this)/d(leaf) to every leaf that requires a gradient and frees the graph.
  ///
  /// This tensor must have one element. Throws Error otherwise, when nothing requires a gradient, when the
  /// graph was freed before, and when a saved value has changed; no `.grad()` has changed then.
  ///
  /// With {.create_graph = true} each leaf's gradient holds a graph that leads back to the leaf: neither is
  /// freed before zero_grad(), and memory_stats().recorded_gradients counts them. `grad` makes no such cycle.
  void backward(BackwardOptions options = {}) const;
  /// The same from a cotangent of this shape and dtype: adds sum(cotangent * d(this)/d(leaf)).
  void backward(const Tensor& cotangent, BackwardOptions options = {}) const;

  /// The same data without history: shares the buffer and requires no gradient.
  Tensor detach() const&;
  Tensor detach() const&& { return part(detach()); }
  /// A copy of the data, recorded as an identity.
  Tensor clone() const;
  /// Converted to another dtype; recorded between floating types. Returns *this when nothing changes.
  Tensor to(DType dtype) const&;
  Tensor to(DType dtype) && {
    if (dtype == this->dtype()) return std::move(*this);
    return part(to(dtype));
  }

  // Shapes and parts: the ops of the same names ------------------------------------------------------------

  Tensor reshape(const Shape& shape) const&;
  Tensor view(const Shape& shape) const&;
  Tensor flatten(int start = 0, int end = -1) const&;
  Tensor transpose(int axis0, int axis1) const;
  Tensor permute(const std::vector<int>& axes) const;
  Tensor squeeze(int axis) const&;
  Tensor unsqueeze(int axis) const&;
  Tensor t() const;  ///< of a matrix
  Tensor expand(const Shape& shape) const;
  std::vector<Tensor> chunk(std::int64_t chunks, int axis = 0) const;
  std::vector<Tensor> split(std::int64_t size, int axis = 0) const;
  Tensor gather(int axis, const Tensor& index) const;
  Tensor masked_fill(const Tensor& mask, Scalar value) const;
  /// Elements start, start + step, ... below stop along axis; negative start and stop count from the end.
  Tensor slice(int axis, std::int64_t start, std::int64_t stop = end_of_axis, std::int64_t step = 1) const&;
  /// x[i]: the i-th row, one axis less.
  Tensor operator[](std::int64_t i) const&;

  /// x[i_0, i_1, ...]: numbers, slices, arrays of numbers or booleans; see `index`.
  Tensor index(const std::vector<Index>& indices) const&;
  /// Puts values, broadcast as by copy_, at such a part, or adds them. In place, under the conditions above.
  Tensor& index_put_(const std::vector<Index>& indices, const Tensor& values, bool accumulate = false) &;
  Tensor& index_put_(const std::vector<Index>& indices, Scalar value, bool accumulate = false) &;
  Tensor index_put_(const std::vector<Index>& indices, const Tensor& values, bool accumulate = false) && {
    return std::move(to_change("index_put_").index_put_(indices, values, accumulate));
  }
  Tensor index_put_(const std::vector<Index>& indices, Scalar value, bool accumulate = false) && {
    return std::move(to_change("index_put_").index_put_(indices, value, accumulate));
  }

  // What shares the elements of a temporary copy is as temporary: x.t()[0].fill_(5) throws Error too.
  Tensor reshape(const Shape& shape) const&& { return part(reshape(shape)); }
  Tensor view(const Shape& shape) const&& { return part(view(shape)); }
  Tensor flatten(int start = 0, int end = -1) const&& { return part(flatten(start, end)); }
  Tensor squeeze(int axis) const&& { return part(squeeze(axis)); }
  Tensor unsqueeze(int axis) const&& { return part(unsqueeze(axis)); }
  Tensor slice(int axis, std::int64_t start, std::int64_t stop = end_of_axis, std::int64_t step = 1) const&& {
    return part(slice(axis, start, stop, step));
  }
  Tensor operator[](std::int64_t i) const&& { return part((*this)[i]); }
  Tensor index(const std::vector<Index>& indices) const&& { return part(index(indices)); }

  // The functions of the same names, for what is written in chains: elementwise functions of one tensor in
  // everyday use, comparisons, products and reductions. All others are functions only. ---------------------

  Tensor abs() const;
  Tensor exp() const;
  Tensor log() const;
  Tensor sqrt() const;
  Tensor square() const;
  Tensor sin() const;
  Tensor cos() const;
  Tensor tanh() const;
  Tensor sigmoid() const;
  Tensor relu() const;
  Tensor round() const;
  Tensor floor() const;
  Tensor ceil() const;
  Tensor sign() const;
  Tensor neg() const;
  Tensor pow(const Tensor& p) const;
  Tensor pow(Scalar p) const;
  Tensor clamp(Scalar low, Scalar high) const;
  Tensor softmax(int axis) const;
  Tensor log_softmax(int axis) const;

  Tensor eq(const Tensor& b) const;
  Tensor eq(Scalar b) const;
  Tensor ne(const Tensor& b) const;
  Tensor ne(Scalar b) const;
  Tensor lt(const Tensor& b) const;
  Tensor lt(Scalar b) const;
  Tensor le(const Tensor& b) const;
  Tensor le(Scalar b) const;
  Tensor gt(const Tensor& b) const;
  Tensor gt(Scalar b) const;
  Tensor ge(const Tensor& b) const;
  Tensor ge(Scalar b) const;

  Tensor matmul(const Tensor& b) const;
  Tensor mm(const Tensor& b) const;
  Tensor dot(const Tensor& b) const;

  Tensor sum() const;
  Tensor sum(const Axes& axes, bool keepdim = false) const;
  Tensor mean() const;
  Tensor mean(const Axes& axes, bool keepdim = false) const;
  Tensor prod() const;
  Tensor prod(const Axes& axes, bool keepdim = false) const;
  Tensor var(const Axes& axes = {}, int correction = 1, bool keepdim = false) const;
  Tensor std(const Axes& axes = {}, int correction = 1,
             bool keepdim = false) const;  ///< stddev, named here as elsewhere
  Tensor norm(double p = 2, const Axes& axes = {}, bool keepdim = false) const;
  Tensor max() const;
  Tensor min() const;
  ValuesAndIndices max(int axis, bool keepdim = false) const;
  ValuesAndIndices min(int axis, bool keepdim = false) const;
  Tensor argmax() const;
  Tensor argmax(int axis, bool keepdim = false) const;
  Tensor argmin() const;
  Tensor argmin(int axis, bool keepdim = false) const;
  Tensor all(const Axes& axes = {}, bool keepdim = false) const;
  Tensor any(const Axes& axes = {}, bool keepdim = false) const;
  Tensor cumsum(int axis) const;

  static constexpr std::int64_t end_of_axis = INT64_MAX;

  /// Values, shape, dtype, requires_grad and the op that made it; large tensors are shortened.
  std::string str() const;
  /// dtype and shape alone, as errors show them: "f32[2, 3]".
  std::string describe() const;

  // For the library and for ops written outside it
  // -----------------------------------------------------------

  /// Takes over one handle that the caller owns.
  static Tensor adopt(detail::Node* n) {
    Tensor t;
    t.node_ = n;
    return t;
  }
  /// One more handle on a node.
  static Tensor share(detail::Node* n) {
    detail::add_handle(n);
    return adopt(n);
  }
  detail::Node* node(const char* user = __builtin_FUNCTION()) const {
    if (!node_) [[unlikely]]
      undefined(user);
    return node_;
  }
  detail::Node* release() { return std::exchange(node_, nullptr); }
  /// This tensor, for a change in place of a temporary. Throws "op: the write would be lost ..." where it is
  /// a copy of a part of another tensor that nothing else holds.
  Tensor& to_change(const char* op) {
    if (node(op)->copy_of != detail::CopyOf::nothing) [[unlikely]]
      refuse_lost_write(op);
    return *this;
  }
  /// y, made of the elements of this temporary tensor: a copy of a part of another where this is one.
  Tensor part(Tensor y) const {
    if (node_->copy_of > y.node_->copy_of) y.node_->copy_of = node_->copy_of;
    return y;
  }

 private:
  [[noreturn]] static void undefined(const char* user);
  [[noreturn]] void no_such_axis(int axis) const;
  void refuse_lost_write(const char* op) const;
  const void* read(DType as) const;
  void* write(DType as);
  Scalar item_scalar() const;
  Scalar flat_scalar(std::int64_t i) const;
  Scalar at_scalar(std::span<const std::int64_t> index) const;

  detail::Node* node_ = nullptr;
};

std::ostream& operator<<(std::ostream& out, const Tensor& t);
std::ostream& operator<<(std::ostream& out, const Shape& shape);  ///< "[2, 3]"
std::ostream& operator<<(std::ostream& out, DType dtype);         ///< "f32"

}  // namespace xgrad

#include "xgrad/core/elements.hpp"
