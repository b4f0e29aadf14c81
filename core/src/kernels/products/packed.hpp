#pragma once

#include "kernels/products/product.hpp"
#include "tensor/workspace.hpp"

namespace xgrad::detail {

/// op(b), k x n, packed once for many products: a tenth of a product with 32 rows is packing.
template <class T>
class PackedMatrix {
 public:
  PackedMatrix() = default;
  PackedMatrix(bool transpose_b, std::int64_t n, std::int64_t k, const T* b, std::int64_t ldb);

  Packed<T> operator*() const { return {memory_.data(), columns_}; }

 private:
  std::int64_t columns_ = 0;
  Workspace<T> memory_;
};
extern template class PackedMatrix<float>;
extern template class PackedMatrix<double>;

}  // namespace xgrad::detail
