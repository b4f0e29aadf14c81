#pragma once

// xtensor at the border: a Tensor from any xtensor expression, and a Tensor as an xtensor view without a
// copy. The only public header that includes xtensor; link xgrad::xtensor to use it.

#include <cstddef>
#include <memory>
#include <vector>

#if __has_include(<xtensor/containers/xadapt.hpp>)  // from 0.26 on
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#include <xtensor/core/xeval.hpp>
#else
#include <xtensor/xexpression_traits.hpp>
#if defined(__GNUC__) && !defined(__clang__) && __cplusplus > 201703L
// xtensor guards this specialisation by __cplusplus == 201703L; without it, g++ takes the capacity of a
// dynamic shape for a rank in C++20, and the type of an evaluated expression for xtensor<T, 4>.
namespace xt::detail {
template <>
struct xtype_for_shape<dynamic_shape<std::size_t> > {
  template <class T, layout_type L>
  using type = xarray<T, L>;
};
}  // namespace xt::detail
#endif
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xeval.hpp>
#endif

#include "xgrad/core/creation.hpp"

namespace xgrad {

/// A tensor with the values of an xtensor expression, in row-major order. Keeps float, double, bool; other
/// integers become int64. Copies.
template <class E>
Tensor from_xtensor(const xt::xexpression<E>& expression, TensorOptions options = {}) {
  const E& e = expression.derived_cast();
  using V = std::remove_cv_t<typename E::value_type>;
  using S = detail::stored_as<V>;
  Shape shape = Shape::filled(static_cast<int>(e.dimension()), 0);
  for (int i = 0; i < shape.rank(); ++i)
    shape[i] = static_cast<std::int64_t>(e.shape(static_cast<std::size_t>(i)));
  const auto values = std::make_unique<S[]>(static_cast<std::size_t>(shape.numel()));
  std::size_t i = 0;
  for (auto it = e.template begin<xt::layout_type::row_major>(); i < e.size(); ++it)
    values[i++] = static_cast<S>(*it);
  return tensor(std::span<const S>(values.get(), e.size()), shape, options);
}

namespace detail {
inline std::vector<std::size_t> xtensor_shape(const Tensor& t) {
  return {t.shape().begin(), t.shape().end()};
}
}  // namespace detail

/// A read-only view of the tensor's elements; valid while the tensor is. Throws Error unless T is their type.
template <Element T>
auto as_xtensor(const Tensor& t) {
  return xt::adapt(t.data<T>().data(), static_cast<std::size_t>(t.numel()), xt::no_ownership(),
                   detail::xtensor_shape(t));
}

/// The same of a temporary: the view holds it.
template <Element T>
auto as_xtensor(Tensor&& t) {
  const auto owner = std::make_shared<const Tensor>(std::move(t));
  return xt::adapt_smart_ptr(owner->data<T>().data(), detail::xtensor_shape(*owner), owner);
}

/// A view for writing: counts as one change, as Tensor::mutable_data does. Write through it before the next
/// op reads the tensor, and take a new view for the next change.
template <Element T>
auto as_mutable_xtensor(Tensor& t) {
  return xt::adapt(t.mutable_data<T>().data(), static_cast<std::size_t>(t.numel()), xt::no_ownership(),
                   detail::xtensor_shape(t));
}

}  // namespace xgrad
