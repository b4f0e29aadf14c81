#pragma once

#include <utility>

#include "xgrad/core/dtype.hpp"

namespace xgrad::detail {

/// A type as a value, for lambdas that are called with one.
template <class T>
struct Type {
  using type = T;
};
template <class Tag>
using type_of = typename Tag::type;

/// Calls f(Type<float>{}) or f(Type<double>{}); the caller has checked that the dtype is floating.
template <class F>
decltype(auto) visit_floating(DType dtype, F&& f) {
  return dtype == float64 ? f(Type<double>{}) : f(Type<float>{});
}

/// Calls f with the element type of a number: float, double or int64.
template <class F>
decltype(auto) visit_number(DType dtype, F&& f) {
  return dtype == int64 ? f(Type<std::int64_t>{}) : visit_floating(dtype, std::forward<F>(f));
}

/// Calls f with the element type, whichever it is.
template <class F>
decltype(auto) visit_any(DType dtype, F&& f) {
  return dtype == boolean ? f(Type<bool>{}) : visit_number(dtype, std::forward<F>(f));
}

}  // namespace xgrad::detail
