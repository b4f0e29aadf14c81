#pragma once

#include <cstdint>
#include <vector>

namespace xgrad::detail {

/// The columns of each row of a sparse matrix, one row behind another, ascending and each once.
struct SparseRows {
  std::vector<std::int64_t> start = {0};  ///< of each row in `columns`, and the end of the last
  std::vector<std::int64_t> columns;
  std::int64_t width = 0;

  std::int64_t height() const { return static_cast<std::int64_t>(start.size()) - 1; }
  std::int64_t begin(std::int64_t row) const { return start[static_cast<std::size_t>(row)]; }
  std::int64_t end(std::int64_t row) const { return start[static_cast<std::size_t>(row) + 1]; }
  std::int64_t degree(std::int64_t row) const { return end(row) - begin(row); }
  std::int64_t column(std::int64_t at) const { return columns[static_cast<std::size_t>(at)]; }
  std::int64_t most() const;  ///< columns of a row
};

/// From places in any order, which may be there more than once.
SparseRows sparse_rows(std::int64_t height, std::int64_t width, const std::int64_t* rows,
                       const std::int64_t* columns, std::int64_t count);

SparseRows transposed(const SparseRows& m);

/// A color for each of several things.
struct Coloring {
  std::vector<std::int32_t> color;
  std::int32_t count = 0;

  std::int32_t of(std::int64_t i) const { return color[static_cast<std::size_t>(i)]; }
};

/// Colors for the columns such that no row has two columns of a color; greedy, by two orders.
Coloring color_columns(const SparseRows& m);

/// Colors for a symmetric matrix such that of each element (i, j) off the diagonal j is the only column of
/// its color in row i, or i that of its color in row j, and none in row i has the color of i: a star coloring
/// of its graph. Greedy, by three orders.
Coloring color_symmetric(const SparseRows& m);

/// Whether j is the only column of its color in row i, which has it.
bool is_alone(const SparseRows& m, const Coloring& colors, std::int64_t i, std::int64_t j);

}  // namespace xgrad::detail
