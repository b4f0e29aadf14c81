#pragma once

#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

/// gemm, whose errors begin with this name.
Tensor gemm_as(const char* name, const Tensor& a, const Tensor& b, bool transpose_a = false,
               bool transpose_b = false);

/// The product op(a) op(b).
struct Factors {
  Tensor a, b;
  bool transpose_a = false, transpose_b = false;
};

/// The product, added to `sum` in itself and returning that where it pays; else alone.
Tensor product_added_to(const Tensor& sum, const Factors& f);
/// The same, where `sum` may be undefined.
inline Tensor product_added(const Tensor& sum, const Factors& f) {
  return sum.defined() ? product_added_to(sum, f) : gemm_as("gemm", f.a, f.b, f.transpose_a, f.transpose_b);
}

/// The rule of an input whose gradient is a product: factors(g, f).
template <auto factors>
constexpr Rule product_rule(std::uint32_t keep) {
  return {keep, [](Grad g, Fn f) { return product_added({}, factors(g, f)); },
          [](Grad g, Fn f, const Tensor& sum) { return product_added(sum, factors(g, f)); }};
}

}  // namespace xgrad::detail
