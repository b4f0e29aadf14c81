#pragma once

#include "autodiff/sparse/coloring.hpp"
#include "xgrad/core/sparse_derivatives.hpp"

namespace xgrad::detail {

/// A pattern and how its elements are read from a few products with 0 and 1.
struct Compression {
  SparseRows pattern;
  Coloring colors;       ///< of the columns; of the rows where it is by rows
  bool by_rows = false;  ///< products from the left, by reverse mode
  Tensor rows, columns;  ///< of the elements, int64
  Tensor places;         ///< of each element in the products [colors, height], or [colors, width] by rows
};

/// The pattern in its order, checked. `op` is who asks.
SparseRows checked_pattern(const char* op, const SparsityPattern& pattern);

SparsityPattern as_pattern(const SparseRows& m);

std::shared_ptr<const Compression> compressed(SparseRows pattern);
std::shared_ptr<const Compression> compressed_symmetric(SparseRows pattern);

}  // namespace xgrad::detail
