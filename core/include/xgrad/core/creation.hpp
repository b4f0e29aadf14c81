#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad {

/// Numbers in nested braces, as `tensor` takes them.
class Nested {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> Nested(T value) : value_(value), leaf_(true) {}  // NOLINT
  Nested(std::initializer_list<Nested> items) : value_(0), items_(items) {}         // NOLINT

  bool is_number() const { return leaf_; }
  Scalar number() const { return value_; }
  const std::vector<Nested>& items() const { return items_; }

 private:
  Scalar value_;
  bool leaf_ = false;
  std::vector<Nested> items_;
};

/// A tensor from nested braces: `tensor({{1.0, 2.0}, {3.0, 4.0}})` is f32[2, 2].
///
/// Floating numbers make float32, integers int64, bools boolean; a mix takes the widest.
/// Throws Error when rows differ in length.
Tensor tensor(Nested values, TensorOptions options = {});

/// A tensor of this shape from values in row-major order; keeps their dtype.
/// Throws Error when their number is not that of the shape.
template <Element T>
Tensor tensor(std::span<const T> values, const Shape& shape, TensorOptions options = {});

/// A tensor from a vector: float and double keep their type, bool makes boolean, integers int64.
template <class T>
Tensor tensor(const std::vector<T>& values, TensorOptions options = {});
template <class T>
Tensor tensor(const std::vector<T>& values, const Shape& shape, TensorOptions options = {});

/// Uninitialised.
Tensor empty(const Shape& shape, TensorOptions options = {});
Tensor zeros(const Shape& shape, TensorOptions options = {});
Tensor ones(const Shape& shape, TensorOptions options = {});
/// Filled with value; the dtype is value's (float32 for a floating number) unless given.
Tensor full(const Shape& shape, Scalar value, TensorOptions options = {});
/// The identity matrix of n rows and m columns (n where m is left out).
Tensor eye(std::int64_t n, TensorOptions options = {});
Tensor eye(std::int64_t n, std::int64_t m, TensorOptions options = {});
/// start, start + step, ... below end; int64 when all three are integers.
Tensor arange(Scalar end, TensorOptions options = {});
Tensor arange(Scalar start, Scalar end, Scalar step = 1, TensorOptions options = {});
/// `steps` evenly spaced numbers from start to end, both included.
Tensor linspace(double start, double end, std::int64_t steps, TensorOptions options = {});

/// A tensor of the elements at `data`, row by row, which stay where they are: in a mapped file, an array of
/// the caller's, a window that other processes see. `release(data)` is called once, by whichever thread lets
/// go of the last tensor that shares the elements (a reshape, a slice of leading rows, a detached handle),
/// and must not throw. Until then the memory must stay as it is for others; writes to the tensor change it,
/// and where `data` points to const they are an Error. Booleans are bytes of 0 or 1.
///
/// Throws Error, and leaves the memory to the caller, for a null pointer where there are elements, a negative
/// size, and a pointer that is no multiple of the element's size.
Tensor from_memory(void* data, const Shape& shape, DType dtype, std::function<void(void*)> release = {});
Tensor from_memory(const void* data, const Shape& shape, DType dtype,
                   std::function<void(void*)> release = {});
template <Element T>
Tensor from_memory(T* data, const Shape& shape, std::function<void(void*)> release = {}) {
  return from_memory(static_cast<void*>(data), shape, dtype_of<T>, std::move(release));
}
template <Element T>
Tensor from_memory(const T* data, const Shape& shape, std::function<void(void*)> release = {}) {
  return from_memory(static_cast<const void*>(data), shape, dtype_of<T>, std::move(release));
}

Tensor empty_like(const Tensor& x, TensorOptions options = {});
Tensor zeros_like(const Tensor& x, TensorOptions options = {});
Tensor ones_like(const Tensor& x, TensorOptions options = {});
Tensor full_like(const Tensor& x, Scalar value, TensorOptions options = {});

// -----------------------------------------------------------------------------------------------------------

namespace detail {
/// Copies `n` values of type `stored` into a new tensor, converted to the dtype of the options.
Tensor from_values(const void* values, DType stored, std::int64_t n, const Shape& shape,
                   const TensorOptions& options);

template <class T>
using stored_as = std::conditional_t<Element<T>, T, std::int64_t>;
}  // namespace detail

template <Element T>
Tensor tensor(std::span<const T> values, const Shape& shape, TensorOptions options) {
  return detail::from_values(values.data(), dtype_of<T>, static_cast<std::int64_t>(values.size()), shape,
                             options);
}

template <class T>
Tensor tensor(const std::vector<T>& values, const Shape& shape, TensorOptions options) {
  using S = detail::stored_as<T>;
  if constexpr (std::same_as<S, T> && !std::same_as<T, bool>) {
    return tensor(std::span<const S>(values), shape, options);
  } else {
    const std::size_t n = values.size();
    const auto copy = std::make_unique<S[]>(n);
    for (std::size_t i = 0; i < n; ++i) copy[i] = static_cast<S>(values[i]);
    return tensor(std::span<const S>(copy.get(), n), shape, options);
  }
}

template <class T>
Tensor tensor(const std::vector<T>& values, TensorOptions options) {
  return tensor(values, Shape{static_cast<std::int64_t>(values.size())}, options);
}

// The same where a dtype is all there is to say: `zeros({2, 3}, float64)`. Templates, so that `{}` and braces
// with names stay options.

template <std::same_as<DType> D>
Tensor tensor(Nested values, D dtype) {
  return tensor(std::move(values), TensorOptions{dtype});
}
template <class T, std::same_as<DType> D>
Tensor tensor(const std::vector<T>& values, D dtype) {
  return tensor(values, TensorOptions{dtype});
}
template <class T, std::same_as<DType> D>
Tensor tensor(const std::vector<T>& values, const Shape& shape, D dtype) {
  return tensor(values, shape, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor empty(const Shape& shape, D dtype) {
  return empty(shape, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor zeros(const Shape& shape, D dtype) {
  return zeros(shape, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor ones(const Shape& shape, D dtype) {
  return ones(shape, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor full(const Shape& shape, Scalar value, D dtype) {
  return full(shape, value, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor eye(std::int64_t n, D dtype) {
  return eye(n, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor eye(std::int64_t n, std::int64_t m, D dtype) {
  return eye(n, m, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor arange(Scalar end, D dtype) {
  return arange(end, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor arange(Scalar start, Scalar end, D dtype) {
  return arange(start, end, 1, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor arange(Scalar start, Scalar end, Scalar step, D dtype) {
  return arange(start, end, step, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor linspace(double start, double end, std::int64_t steps, D dtype) {
  return linspace(start, end, steps, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor empty_like(const Tensor& x, D dtype) {
  return empty_like(x, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor zeros_like(const Tensor& x, D dtype) {
  return zeros_like(x, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor ones_like(const Tensor& x, D dtype) {
  return ones_like(x, TensorOptions{dtype});
}
template <std::same_as<DType> D>
Tensor full_like(const Tensor& x, Scalar value, D dtype) {
  return full_like(x, value, TensorOptions{dtype});
}

}  // namespace xgrad
